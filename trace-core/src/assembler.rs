//! Records in, traces out: pure, without a thread or a clock of its own.
//!
//! A trace is complete when nothing of it is open (no announced span, no carrier) and a whole later pass brought no record
//! of it; or at once, if one thread wrote all of it and that thread is the last to be read. Why that is enough: whatever still runs in a trace runs under something that was announced, by something announced
//! before. If one such thing was open at the end of the pass that closed the last one known, then its announcement was
//! written before the next pass began, so that pass brings it, and the trace is not quiet.

#[cfg(test)]
mod schedules;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::assembly::{Assembly, Plain, Start};
use crate::callsite::Callsite;
use crate::clock::Timebase;
use crate::detail::{Detail, What};
use crate::id::{SpanId, TraceId};
use crate::long_polls::{LongPoll, LongPolls};
use crate::news::News;
use crate::poll_log::Segment;
use crate::portrait::{Omissions, Rules};
use crate::record::{Group, Origin, Record};
use crate::resource::Resource;
use crate::rings::{STRAYS, ThreadNumber};
use crate::scalar::Pair;
use crate::seed::Seed;
use crate::span_data::SpanData;
use crate::span_record::{Marks, SpanRecord};
use crate::spent::Spent;
use crate::status::{Outcome, Status};
use crate::trace::{Common, Completeness, Trace};
use crate::wake_up::WakeUp;

/// A trace gets room for as many spans as the last one had, up to 6 KiB.
const MOST_TYPICAL_SPANS: usize = 128;

/// How settled spans leave a trace that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    /// For good.
    Out,
    /// For good, with copies of what is open.
    OutWithOpen,
    /// As copies, each once.
    Copies,
}

/// When a trace that is not complete is handed on in parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartRules {
    pub(crate) max_age: Duration,
    /// How many ended spans of one trace wait for the rest of it.
    pub(crate) max_spans: usize,
    /// From which length on a poll is long.
    pub(crate) long_poll_nanos: u64,
}

/// The traces of one pipeline that are being put together.
#[derive(Debug)]
pub(crate) struct Assembler {
    /// What the traces that begin in this pass share.
    common: Arc<Common>,
    rules: Rules,
    parts: PartRules,
    /// Assemblies, of which those that are free keep their memory for the next trace.
    seats: Vec<Assembly>,
    free: Vec<usize>,
    places: HashMap<TraceId, usize, Seed>,
    /// The trace of the last record: the next one is likely its too.
    last: Option<(TraceId, usize)>,
    /// Whether that trace stands in `places` already: one that begins and ends before another has a record never does.
    last_is_listed: bool,
    /// Whose records come now, and whether they come last in the pass.
    thread: ThreadNumber,
    is_last_thread: bool,
    /// Where the items of the last group go.
    group: Option<(usize, Group, SpanId, u64)>,
    /// The attributes of the span that this thread closes next, and those of other threads' that were cut off by the end of a pass.
    pair: Option<Pair>,
    pairs: Vec<(ThreadNumber, Pair)>,
    touched: Vec<usize>,
    settling: Vec<usize>,
    /// Traces of which more has ended than may wait.
    large: Vec<usize>,
    /// Traces that are complete.
    complete: Vec<Trace>,
    long_polls: LongPolls,
    pass: u64,
    now: Instant,
    typical_spans: usize,
    spent: Spent,
    holding: Holding,
    counts: Counts,
    /// Where futures begin in which guards were left open that never ended.
    leaks: Vec<&'static Callsite>,
    /// What begins and ends, where somebody wants to hear of it at once.
    news: Option<News>,
}

/// What the assembler counted since it was last asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Spans that ended.
    pub(crate) closed: u64,
    /// Spans handed on after the rest of their trace.
    pub(crate) late: u64,
    /// Said of spans that were gone or never came.
    pub(crate) without_span: u64,
    pub(crate) omissions: Omissions,
}

impl Assembler {
    pub(crate) fn new(resource: Arc<Resource>, rules: Rules, parts: PartRules, now: Instant) -> Self {
        Self {
            common: Arc::new(Common { resource, timebase: Timebase::UNIX_NANOS }),
            rules,
            parts,
            seats: Vec::new(),
            free: Vec::new(),
            places: HashMap::with_hasher(Seed::random()),
            last: None,
            last_is_listed: false,
            thread: STRAYS,
            is_last_thread: false,
            group: None,
            pair: None,
            pairs: Vec::new(),
            touched: Vec::new(),
            settling: Vec::new(),
            large: Vec::new(),
            complete: Vec::new(),
            long_polls: LongPolls::default(),
            pass: 1,
            now,
            typical_spans: 4,
            spent: Spent::new(),
            holding: Holding::default(),
            counts: Counts::default(),
            leaks: Vec::new(),
            news: None,
        }
    }

    /// Keeps what begins and ends for [`Self::take_news`].
    pub(crate) fn tell_news(&mut self) {
        self.news = Some(News::default());
    }

    /// What all its spans have in common.
    pub(crate) fn resource(&self) -> &Arc<Resource> {
        &self.common.resource
    }

    /// What began and ended since it was last asked, in order of time: spans that announced themselves.
    pub(crate) fn take_news(&mut self) -> Vec<SpanData> {
        let Some(mut news) = self.news.take() else { return Vec::new() };
        // So that the trace of the last record is among the others.
        self.leave_last();
        let told = news.take(|trace, span| {
            let name = self.places.get(&trace).map(|&seat| self.seats[seat].name_of_open(span));
            name.unwrap_or_default()
        });
        self.news = Some(news);
        told
    }

    /// Begins a pass: traces that are new in it get this timebase.
    pub(crate) fn begin_pass(&mut self, now: Instant, timebase: Option<Timebase>) {
        self.now = now;
        if let Some(timebase) = timebase {
            self.common = Arc::new(Common { resource: Arc::clone(&self.common.resource), timebase });
        }
    }

    /// What follows was written by this thread. If it `is_last`, everything in this pass that others wrote before it wrote any
    /// of that has been taken; then traces of this thread alone are complete as soon as nothing of them is open.
    pub(crate) fn stream(&mut self, thread: ThreadNumber, is_last: bool) {
        self.change_pair(thread);
        (self.thread, self.is_last_thread) = (thread, is_last);
        // So that each trace is looked up, and marked as touched and as this thread's, once.
        self.leave_last();
    }

    /// Keeps the attributes whose span this thread has still to close, for when it is its turn again.
    fn change_pair(&mut self, next: ThreadNumber) {
        if let Some(pair) = self.pair.take() {
            self.pairs.push((self.thread, pair));
        }
        if let Some(place) = self.pairs.iter().position(|(thread, _)| *thread == next) {
            self.pair = Some(self.pairs.swap_remove(place).1);
        }
    }

    /// Takes the first of these records, of which the first is this pipeline's; tells how many. Items follow their group at
    /// once.
    #[inline]
    pub(crate) fn take(&mut self, records: &mut [Record]) -> usize {
        let plain = match *records {
            [Record::Closed { trace, pipeline, .. } | Record::Scalar { trace, pipeline, .. }, ..] => {
                Some((trace, pipeline))
            }
            [Record::Pair { pipeline, .. }, Record::Closed { trace, pipeline: other, .. }, ..] if pipeline == other => {
                Some((trace, pipeline))
            }
            _ => None,
        };
        if let Some((trace, pipeline)) = plain {
            return self.take_plain(trace, pipeline, records);
        }
        let Some(record) = records.first_mut() else { return 0 };
        match *record {
            // Its span comes later, or is announced next.
            Record::Pair { scalar, second, span, keys, bits, .. } => {
                let pair = Pair { scalars: (scalar, second), span, keys, bits };
                let orphans = self.pair.replace(pair).map_or(0, |pair| pair.len());
                self.counts.without_span += orphans as u64;
            }
            Record::Opened { kind, flags, origin, trace, span, parent, start, callsite, .. } => {
                let mut marks = match origin {
                    Origin::Child | Origin::LocalRoot => Marks::NONE,
                    Origin::Remote => Marks::PARENT_IS_REMOTE,
                    Origin::ChosenRoot => Marks::CHOSEN_ROOT,
                };
                marks.set(Marks::ANNOUNCED);
                let (id, end, outcome, extra) = (span, start, Outcome::Open, None);
                let span = SpanRecord { id, parent, start, end, callsite, kind, outcome, flags, marks, extra };
                self.holding.open += 1;
                self.tell(trace, span, Cow::Borrowed(callsite.name()), Status::Unset);
                let pair = self.pair.take();
                let start = self.at(trace).opened(span, origin != Origin::Child);
                if let Some(pair) = pair {
                    self.counts.without_span += self.at(trace).pair(&pair) as u64;
                }
                if start == Start::AfterItsEnd {
                    self.holding.open -= 1;
                    self.count_closed();
                    if let Some(ended) = self.at(trace).newest() {
                        self.tell(trace, ended, Cow::Borrowed(callsite.name()), Status::Unset);
                    }
                }
            }
            Record::Ended { outcome, trace, span, end, .. } => self.end(trace, span, end, outcome),
            Record::EndedInPoll { outcome, trace, span, end, poll, .. } => {
                let (start, wake) = (end.saturating_sub(poll.ticks()), poll.wake);
                self.poll(trace, span, Segment { start, end, wake, thread: self.thread }, poll.nested());
                self.end(trace, span, end, outcome);
            }
            Record::CarrierOpened { trace, .. } => self.at(trace).carrier(1),
            Record::CarrierClosed { trace, .. } => {
                self.at(trace).carrier(-1);
                self.finish_if_over();
            }
            Record::Poll { trace, span, start, poll, .. } => {
                let (end, wake) = (start.saturating_add(poll.ticks()), poll.wake);
                self.poll(trace, span, Segment { start, end, wake, thread: self.thread }, poll.nested());
            }
            Record::LongPoll { trace, span, start, end, nested, woken, .. } => {
                let wake = WakeUp { at: woken, by: None };
                self.poll(trace, span, Segment { start, end, wake, thread: self.thread }, nested);
            }
            Record::Lost { lost: Group::Polls, trace, span, .. } => self.at(trace).lost_poll(span),
            Record::Lost { lost, trace, span, .. } => {
                self.at(trace).detail(Detail { span, ticks: 0, what: What::Lost(lost) });
            }
            Record::Event { trace, span, ticks, name, .. } => {
                let (name, attributes) = (Cow::Borrowed(name), Vec::new());
                self.at(trace).detail(Detail { span, ticks, what: What::Event { name, attributes } });
                self.group = self.last.map(|(_, seat)| (seat, Group::Event, span, ticks));
            }
            Record::Group { what, trace, span, ticks, .. } => {
                self.at(trace);
                self.group = self.last.map(|(_, seat)| (seat, what, span, ticks));
            }
            _ => {
                if let Some((seat, what, span, ticks)) = self.group {
                    let item = std::mem::replace(record, Record::Taken);
                    self.seats[seat].item(what, span, ticks, item);
                }
            }
        }
        1
    }

    /// Takes spans that say everything about themselves, and what was said of them, as long as nothing else comes.
    #[inline]
    fn take_plain(&mut self, trace: TraceId, pipeline: u32, records: &mut [Record]) -> usize {
        let pair = self.pair.take();
        let Plain { spans, taken, group, pair, orphans } = self.at(trace).take_plain(records, pipeline, pair);
        self.pair = pair;
        self.counts.without_span += orphans as u64;
        self.counts.closed += spans as u64;
        self.holding.closed += spans;
        if let Some((span, ticks)) = group {
            self.group = self.last.map(|(_, seat)| (seat, Group::Attributes, span, ticks));
        }
        taken
    }

    /// Takes the end of a span that announced itself.
    #[inline]
    fn end(&mut self, trace: TraceId, span: SpanId, end: u64, outcome: Outcome) {
        let open = if self.news.is_some() { self.at(trace).open_span(span) } else { None };
        if self.at(trace).ended(span, end, outcome) {
            self.holding.open -= 1;
            self.count_closed();
            if let Some((record, name, status)) = open {
                self.tell(trace, SpanRecord { end, outcome, ..record }, name, status);
            }
            self.finish_if_over();
        }
    }

    /// Makes it news, where somebody wants to hear it.
    #[inline]
    fn tell(&mut self, trace: TraceId, span: SpanRecord, name: Cow<'static, str>, status: Status) {
        if let Some(mut news) = self.news.take() {
            news.add(trace, span, name, status, self.at(trace).timebase());
            self.news = Some(news);
        }
    }

    /// Takes a poll.
    fn poll(&mut self, trace: TraceId, span: SpanId, poll: Segment, nested: u64) {
        let (threshold, Segment { start, end, thread, .. }) = (self.parts.long_poll_nanos, poll);
        let assembly = self.at(trace);
        assembly.poll(span, poll, nested);
        if assembly.timebase().nanos(end.saturating_sub(start)) >= threshold {
            let name = assembly.name_of_open(span);
            self.long_polls.add(LongPoll { trace, span, name, thread, start, end });
        }
    }

    /// Hands on the trace of the last record if it is this thread's alone, nothing of it is open, and no other thread can
    /// have a part in it that is still to be read.
    ///
    /// Whatever of it would run still, or have run unseen, does so on another thread; the context it runs under was
    /// announced, by this thread, as open until that other thread lets go of it, and nobody else has a record of it.
    #[inline]
    fn finish_if_over(&mut self) {
        if self.is_last_thread
            && let Some((_, seat)) = self.last
            && self.seats[seat].is_over(self.thread)
        {
            self.finish(seat);
        }
    }

    /// Ends a pass.
    pub(crate) fn end_pass(&mut self) {
        self.leave_last();
        let mut settling = std::mem::take(&mut self.settling);
        for seat in settling.drain(..) {
            let assembly = &mut self.seats[seat];
            assembly.settling = false;
            // What this pass brought it, if anything, has put it among the touched.
            if assembly.last_pass < self.pass && assembly.is_quiet() {
                self.finish(seat);
            }
        }
        for seat in self.touched.drain(..) {
            let assembly = &mut self.seats[seat];
            if assembly.is_free() {
                continue;
            }
            self.holding.bytes = self.holding.bytes + assembly.bytes() - assembly.reckoned;
            assembly.reckoned = assembly.bytes();
            if assembly.is_quiet() {
                assembly.settling = true;
                settling.push(seat);
            } else if assembly.fresh > self.parts.max_spans {
                self.large.push(seat);
            }
        }
        self.settling = settling;
        self.pass += 1;
    }

    /// The traces that were found complete.
    pub(crate) fn take_complete(&mut self) -> Vec<Trace> {
        let next = Vec::with_capacity(self.complete.len());
        std::mem::replace(&mut self.complete, next)
    }

    /// Takes traces back that nobody needs any more: their memory is that of the next ones.
    pub(crate) fn take_back(&mut self, traces: &mut Vec<Trace>) {
        self.spent.put_back(traces);
    }

    /// Whether another pass, even an empty one, completes something.
    pub(crate) fn is_settling(&self) -> bool {
        !self.settling.is_empty()
    }

    /// What has settled of the traces of which more has ended than may wait.
    pub(crate) fn take_large(&mut self, how: Take) -> Vec<Trace> {
        let large = std::mem::take(&mut self.large);
        large.into_iter().filter_map(|seat| self.take_from(seat, how)).collect()
    }

    /// What has settled of the traces that wait too long for their end.
    pub(crate) fn take_overdue(&mut self) -> Vec<Trace> {
        let is_overdue = |assembly: &Assembly| self.now.duration_since(assembly.born()) > self.parts.max_age;
        let overdue: Vec<_> = (0..self.seats.len()).filter(|&seat| is_overdue(&self.seats[seat])).collect();
        overdue.into_iter().filter_map(|seat| self.take_from(seat, Take::Out)).collect()
    }

    /// Everything that has settled, of traces that go on.
    pub(crate) fn take_settled(&mut self, how: Take) -> Vec<Trace> {
        (0..self.seats.len()).filter_map(|seat| self.take_from(seat, how)).collect()
    }

    fn take_from(&mut self, seat: usize, how: Take) -> Option<Trace> {
        let assembly = &mut self.seats[seat];
        if assembly.settling || assembly.closed == 0 && how != Take::OutWithOpen {
            return None;
        }
        let take = match how {
            Take::Out => Assembly::take_settled,
            Take::OutWithOpen => Assembly::take_settled_and_open,
            Take::Copies => Assembly::copy_settled,
        };
        let closed = assembly.closed;
        let mut trace = take(assembly, &self.rules, &mut self.counts.omissions);
        if let Some(trace) = &mut trace {
            add_long_polls(trace, &self.long_polls);
        }
        self.holding.closed -= closed - assembly.closed;
        self.holding.bytes -= assembly.reckoned.saturating_sub(assembly.bytes());
        assembly.reckoned = assembly.reckoned.min(assembly.bytes());
        assembly.settle();
        trace
    }

    /// Marks everything that has ended by now as settled by the next pass.
    pub(crate) fn settle(&mut self) {
        self.seats.iter_mut().filter(|assembly| assembly.closed > 0).for_each(Assembly::settle);
    }

    /// All that is here, complete or not, with what is open as open. Nothing stays.
    pub(crate) fn take_all(&mut self) -> Vec<Trace> {
        self.touched.clear();
        self.settling.clear();
        let taken: Vec<_> = self.places.values().copied().collect();
        taken.into_iter().for_each(|seat| self.finish(seat));
        self.take_complete()
    }

    /// What has ended so far of a trace.
    pub(crate) fn snapshot(&self, trace: TraceId) -> Option<Trace> {
        let seat = *self.places.get(&trace)?;
        Some(self.seats[seat].snapshot(&self.rules))
    }

    /// The open spans of this trace.
    pub(crate) fn open_spans_of(&self, trace: TraceId) -> Option<Trace> {
        let seat = *self.places.get(&trace)?;
        Some(self.seats[seat].open_spans(&self.rules))
    }

    /// The open spans of each trace, and nothing else of it.
    pub(crate) fn open_spans(&self) -> Vec<Trace> {
        let with_open = self.seats.iter().filter(|assembly| assembly.open() > 0);
        with_open.map(|assembly| assembly.open_spans(&self.rules)).collect()
    }

    /// What it holds at this moment; memory as of the last pass.
    pub(crate) const fn holding(&self) -> Holding {
        self.holding
    }

    /// How many contexts are carried somewhere, and spans open, all told.
    pub(crate) fn running(&self) -> usize {
        let carriers = |assembly: &Assembly| usize::try_from(assembly.carriers()).unwrap_or(0);
        self.holding.open + self.seats.iter().map(carriers).sum::<usize>()
    }

    fn count_closed(&mut self) {
        self.counts.closed += 1;
        self.holding.closed += 1;
    }

    /// Takes the callsites of the spans in whose futures guards were left open that had not ended when their traces were complete.
    pub(crate) fn take_leaks(&mut self) -> Vec<&'static Callsite> {
        std::mem::take(&mut self.leaks)
    }

    /// Takes the counts.
    pub(crate) fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }

    #[inline]
    fn at(&mut self, trace: TraceId) -> &mut Assembly {
        let seat = match self.last {
            Some((last, seat)) if last == trace => seat,
            _ => self.go_to(trace),
        };
        &mut self.seats[seat]
    }

    /// Makes a trace the last one.
    fn go_to(&mut self, trace: TraceId) -> usize {
        self.leave_last();
        let known = self.places.get(&trace).copied();
        let seat = known.unwrap_or_else(|| {
            let seat = self.free.pop().unwrap_or_else(|| {
                self.seats.push(Assembly::new(self.now, &self.common));
                self.seats.len() - 1
            });
            self.seats[seat].begin(trace, &self.common, self.now, self.typical_spans);
            seat
        });
        self.last = Some((trace, seat));
        self.last_is_listed = known.is_some();
        let assembly = &mut self.seats[seat];
        assembly.written_by(self.thread);
        if assembly.last_pass != self.pass {
            assembly.last_pass = self.pass;
            self.touched.push(seat);
        }
        seat
    }

    /// Makes no trace the last one.
    fn leave_last(&mut self) {
        if let Some((trace, seat)) = self.last.take()
            && !self.last_is_listed
        {
            self.places.insert(trace, seat);
        }
    }

    /// Finds a trace complete. One without a span is nothing.
    fn finish(&mut self, seat: usize) {
        let assembly = &mut self.seats[seat];
        self.free.push(seat);
        match self.last {
            Some((_, last)) if last == seat && !self.last_is_listed => {}
            _ => drop(self.places.remove(&assembly.id())),
        }
        self.last = None;
        self.group = None;
        self.holding.open -= assembly.open();
        self.holding.closed -= assembly.closed;
        self.holding.bytes -= assembly.reckoned;
        let (omissions, complete) = (&mut self.counts.omissions, &mut self.complete);
        let remains = assembly.finish(&self.rules, omissions, &mut self.spent, complete);
        self.counts.without_span += (remains.details + remains.ends) as u64;
        self.leaks.extend(remains.leaks);
        let Some(trace) = complete.last_mut() else { return };
        add_long_polls(trace, &self.long_polls);
        self.typical_spans = trace.len().min(MOST_TYPICAL_SPANS);
        if trace.completeness() == Completeness::Late {
            self.counts.late += trace.len() as u64;
        }
        if trace.is_empty() {
            complete.pop();
        }
    }
}

/// Gives a trace the long polls, of whatever trace, that its own spans may have waited behind.
fn add_long_polls(trace: &mut Trace, known: &LongPolls) {
    if trace.times_polls && !known.is_empty() {
        let start = trace.spans.iter().map(|span| span.start).min().unwrap_or(0);
        let end = trace.spans.iter().map(|span| span.end).max().unwrap_or(0);
        trace.extras_mut().long_polls = known.overlapping(start, end);
    }
}

/// What the assembler holds at this moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Holding {
    /// Spans that announced themselves and have not ended.
    pub(crate) open: usize,
    /// Spans that ended and were not handed on, but for copies.
    pub(crate) closed: usize,
    /// The memory of all of it.
    pub(crate) bytes: usize,
}
