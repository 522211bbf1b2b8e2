//! One trace while it is put together.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Instant;

use crate::attribute_runs::{AttributeRuns, TAKEN};
use crate::callsite::{Callsite, NO_PLACE};
use crate::clock::Timebase;
use crate::detail::{Detail, Said, What};
use crate::findings::OPEN_GUARD_ATTRIBUTE;
use crate::id::{SpanId, TraceId};
use crate::open_spans::{OpenSpans, SpanMap};
use crate::paired_attributes::PairedAttributes;
use crate::poll_log::{PollLog, Segment};
use crate::portrait::{self, Omissions, Room, Rules};
use crate::record::{Group, Pair, Record};
use crate::rings::{STRAYS, ThreadNumber};
use crate::span_record::{Extras, Marks, SpanRecord};
use crate::spent::Spent;
use crate::status::{Outcome, Status};
use crate::trace::{Common, Completeness, Trace};
use crate::trace_state::TraceState;
use crate::value::Attribute;

/// The id of an assembly that is free.
const NO_TRACE: TraceId = match TraceId::from_u128(u128::MAX) {
    Some(id) => id,
    None => unreachable!(),
};

/// What a span is reckoned at: its record, and the room that its end and its place in the maps take.
const SPAN_BYTES: usize = 96;

/// Room for so many details stays when a trace has gone.
const KEPT_DETAILS: usize = 1024;

#[derive(Debug)]
pub(crate) struct Assembly {
    id: TraceId,
    common: Arc<Common>,
    born: Instant,
    /// The pass that brought its last record.
    pub(crate) last_pass: u64,
    /// Whether it waits for a quiet pass.
    pub(crate) settling: bool,
    writers: Writers,
    /// Which thread wrote the spans from which place on.
    threads: Vec<(u32, ThreadNumber)>,
    spans: Vec<SpanRecord>,
    said: Said,
    room: Room,
    open: OpenSpans,
    /// What is known of the polls of spans.
    polls: SpanMap<Box<PollLog>>,
    /// Contexts that were taken out of their scope and not let go. Below zero while a pass has seen the end first.
    carriers: i64,
    /// Ends whose starts have not come yet.
    early_ends: Vec<(SpanId, u64, Outcome)>,
    /// That of its first local root.
    state: TraceState,
    /// Closed spans that were not handed on, or not ahead of the trace.
    pub(crate) closed: usize,
    /// Of these, the ones that were not handed on as copies.
    pub(crate) fresh: usize,
    /// Whether nothing follows from the outcomes and times of all spans that have ended.
    all_plain: bool,
    /// Whether a local root of it was seen: what comes without one is late.
    rooted: bool,
    in_parts: bool,
    bytes: usize,
    /// What of these bytes the assembler knows of.
    pub(crate) reckoned: usize,
}

impl Assembly {
    /// An assembly of no trace yet.
    pub(crate) fn new(now: Instant, common: &Arc<Common>) -> Self {
        Self {
            id: NO_TRACE,
            common: Arc::clone(common),
            born: now,
            last_pass: 0,
            settling: false,
            writers: Writers::None,
            threads: Vec::new(),
            spans: Vec::new(),
            said: Said::default(),
            room: Room::default(),
            open: OpenSpans::default(),
            polls: SpanMap::default(),
            carriers: 0,
            early_ends: Vec::new(),
            state: TraceState::new(),
            closed: 0,
            fresh: 0,
            all_plain: true,
            rooted: false,
            in_parts: false,
            bytes: 0,
            reckoned: 0,
        }
    }

    /// Begins a trace, in the memory of the one before.
    pub(crate) fn begin(&mut self, id: TraceId, common: &Arc<Common>, born: Instant, capacity: usize) {
        (self.id, self.born) = (id, born);
        if !Arc::ptr_eq(&self.common, common) {
            self.common = Arc::clone(common);
        }
        self.spans.reserve(capacity);
    }

    pub(crate) const fn id(&self) -> TraceId {
        self.id
    }

    pub(crate) const fn born(&self) -> Instant {
        self.born
    }

    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    pub(crate) const fn carriers(&self) -> i64 {
        self.carriers
    }

    /// Whether nothing of it is known to run still.
    pub(crate) fn is_quiet(&self) -> bool {
        self.carriers <= 0 && self.open.is_empty()
    }

    /// Whether no trace is in it.
    pub(crate) fn is_free(&self) -> bool {
        self.id == NO_TRACE
    }

    /// Notes whose records come now.
    pub(crate) fn written_by(&mut self, thread: ThreadNumber) {
        self.writers = match self.writers {
            Writers::None if thread != STRAYS => Writers::One(thread),
            Writers::One(known) if known == thread => self.writers,
            _ => Writers::Several,
        };
        let place = self.spans.len() as u32;
        match self.threads.last_mut() {
            Some((_, known)) if *known == thread => {}
            Some((first, known)) if *first == place => *known = thread,
            _ => self.threads.push((place, thread)),
        }
    }

    /// Whether this thread wrote all of it, and nothing of it runs.
    pub(crate) fn is_over(&self, thread: ThreadNumber) -> bool {
        self.is_quiet() && self.early_ends.is_empty() && self.writers == Writers::One(thread)
    }

    /// Takes spans that say everything about themselves, and attributes with the items that follow them, up to the first
    /// record of another trace or kind. The first is one of these. Tells how many spans and records these were, and to which
    /// span and tick an item would belong that comes next.
    ///
    /// A thread that runs through a trace leaves many of them in a row.
    ///
    /// A pair of attributes comes right before its span; one is handed over if it came before these records, and stays there if
    /// its span did not come.
    pub(crate) fn take_plain(&mut self, records: &mut [Record], number: u32, mut pair: Option<Pair>) -> Plain {
        let (id, before) = (self.id, self.spans.len());
        let (mut taken, mut group, mut orphans, mut all_plain) = (0, None, 0, true);
        for record in records {
            match *record {
                Record::Closed { kind, outcome, flags, pipeline, trace, span, parent, start, end, callsite }
                    if trace == id && pipeline == number =>
                {
                    let (id, marks, extra) = (span, Marks::NONE, None);
                    let span = SpanRecord { id, parent, start, end, callsite, kind, outcome, flags, marks, extra };
                    all_plain &= is_plain(&span);
                    self.spans.push(span);
                    if let Some(pair) = pair.take() {
                        orphans += self.pair(&pair);
                    }
                    group = None;
                }
                Record::Pair { scalar, second, pipeline, span, keys, bits } if pipeline == number => {
                    let next = Pair { scalars: (scalar, second), span, keys, bits };
                    orphans += pair.replace(next).map_or(0, |pair| pair.len());
                }
                Record::Scalar { scalar, pipeline, trace, span, ticks, key, bits }
                    if trace == id && pipeline == number =>
                {
                    self.said.attributes.push_scalar(span, ticks, key, scalar, bits);
                    self.bytes += AttributeRuns::BYTES;
                    group = Some((span, ticks));
                }
                Record::Attribute(ref mut attribute) => {
                    let Some((span, ticks)) = group else { break };
                    self.attribute(span, ticks, std::mem::replace(attribute, TAKEN));
                }
                _ => break,
            }
            taken += 1;
        }
        let spans = self.spans.len() - before;
        self.all_plain &= all_plain;
        self.closed += spans;
        self.fresh += spans;
        self.bytes += spans * SPAN_BYTES;
        Plain { spans, taken, group, pair, orphans }
    }

    /// Takes attributes that came right before the last span. If they are another's, whose own record found no memory, tells
    /// how many these are.
    #[inline]
    pub(crate) fn pair(&mut self, pair: &Pair) -> usize {
        let Some(span) = self.spans.last_mut() else { return pair.len() };
        if pair.span != span.id {
            return pair.len();
        }
        self.said.pairs.add(span, pair);
        self.bytes += PairedAttributes::BYTES;
        0
    }

    /// Takes the start of a span.
    pub(crate) fn opened(&mut self, mut span: SpanRecord, is_root: bool) -> Start {
        self.rooted |= is_root;
        self.bytes += SPAN_BYTES;
        let start = match self.early_ends.iter().position(|&(id, ..)| id == span.id) {
            Some(place) => {
                (_, span.end, span.outcome) = self.early_ends.swap_remove(place);
                self.all_plain &= is_plain(&span);
                self.closed += 1;
                self.fresh += 1;
                Start::AfterItsEnd
            }
            None => {
                self.open.insert(span.id, self.spans.len() as u32);
                Start::First
            }
        };
        self.spans.push(span);
        start
    }

    /// Takes the end of a span that announced itself. Returns whether its start is here.
    pub(crate) fn ended(&mut self, id: SpanId, end: u64, outcome: Outcome) -> bool {
        let Some(place) = self.open.remove(id) else {
            self.early_ends.push((id, end, outcome));
            return false;
        };
        let span = &mut self.spans[place as usize];
        (span.end, span.outcome) = (end, outcome);
        self.all_plain &= is_plain(span);
        self.closed += 1;
        self.fresh += 1;
        true
    }

    pub(crate) const fn carrier(&mut self, change: i64) {
        self.carriers += change;
    }

    /// What an open span is called at this moment.
    pub(crate) fn name_of_open(&self, span: SpanId) -> Cow<'static, str> {
        let renamed = self.said.details.iter().rev().find_map(|detail| match &detail.what {
            What::Name(name) if detail.span == span => Some(name.clone()),
            _ => None,
        });
        let at_callsite = || self.open.get(span).map_or("", |place| self.spans[place as usize].callsite.name());
        renamed.unwrap_or_else(|| Cow::Borrowed(at_callsite()))
    }

    /// The span that was taken last.
    pub(crate) fn newest(&self) -> Option<SpanRecord> {
        self.spans.last().copied()
    }

    /// A span that is open, with what is known of it at this moment.
    pub(crate) fn open_span(&self, span: SpanId) -> Option<(SpanRecord, Cow<'static, str>, Status)> {
        let record = self.spans[self.open.get(span)? as usize];
        let status = self.said.details.iter().rev().find_map(|detail| match &detail.what {
            What::Status(status) if detail.span == span => Some(status.clone()),
            _ => None,
        });
        Some((record, self.name_of_open(span), status.unwrap_or_default()))
    }

    pub(crate) fn timebase(&self) -> &Timebase {
        &self.common.timebase
    }

    /// Takes a poll of a span.
    pub(crate) fn poll(&mut self, span: SpanId, poll: Segment, nested: u64) {
        let log = self.polls.entry(span).or_default();
        let before = if log.count == 0 { 0 } else { log.bytes() };
        log.add(poll, nested);
        self.bytes += log.bytes() - before;
    }

    /// Takes the word that a poll of a span was lost.
    pub(crate) fn lost_poll(&mut self, span: SpanId) {
        self.polls.entry(span).or_default().is_incomplete = true;
    }

    /// Takes an attribute of a span.
    fn attribute(&mut self, span: SpanId, ticks: u64, attribute: Attribute) {
        self.bytes += AttributeRuns::BYTES + attribute.heap_bytes();
        self.said.attributes.push(span, ticks, attribute);
    }

    /// Takes something else that was said of a span.
    pub(crate) fn detail(&mut self, detail: Detail) {
        self.bytes += detail.bytes();
        self.said.details.push(detail);
    }

    /// Takes an item of the group that was begun last, of this span and at this tick.
    pub(crate) fn item(&mut self, what: Group, span: SpanId, ticks: u64, item: Record) {
        let new = match (what, item) {
            (Group::Attributes, Record::Attribute(attribute)) => return self.attribute(span, ticks, attribute),
            (_, Record::Attribute(attribute)) => {
                self.bytes += size_of_val(&attribute) + attribute.heap_bytes();
                if let Some(What::Event { attributes, .. } | What::Link { attributes, .. }) =
                    self.said.details.last_mut().map(|detail| &mut detail.what)
                {
                    attributes.push(attribute);
                }
                return;
            }
            (_, Record::EventName(name)) => What::Event { name, attributes: Vec::new() },
            (_, Record::LinkTo(context, state)) => {
                What::Link { target: Box::new((context, state)), attributes: Vec::new() }
            }
            (_, Record::Status(status)) => What::Status(status),
            (_, Record::Name(name)) => What::Name(name),
            (_, Record::StartUnixNanos(nanos)) => What::StartUnixNanos(nanos),
            (_, Record::Dropped(how)) => What::Dropped(how),
            (_, Record::OpenGuard(future)) => {
                self.attribute(span, ticks, Attribute::new(OPEN_GUARD_ATTRIBUTE, true));
                What::OpenGuard(future)
            }
            (_, Record::TraceState(state)) => {
                if self.state.is_empty() {
                    self.state = state;
                }
                return;
            }
            _ => return,
        };
        self.detail(Detail { span, ticks, what: new });
    }

    /// Marks what has ended by now, so that a later pass may hand it on.
    pub(crate) fn settle(&mut self) {
        for span in self.spans.iter_mut().filter(|span| span.outcome != Outcome::Open) {
            span.marks.set(Marks::SETTLED);
        }
    }

    /// Everything: what has ended, and what is open as open. The assembly is free for another trace.
    pub(crate) fn finish(&mut self, rules: &Rules, omissions: &mut Omissions, spent: &mut Spent) -> (Trace, Remains) {
        let completeness = match (self.rooted, self.in_parts) {
            (_, true) => Completeness::Part,
            (true, false) => Completeness::Whole,
            (false, false) => Completeness::Late,
        };
        let spans = std::mem::replace(&mut self.spans, spent.take_spans());
        if self.is_bare() && rules.leave_pairs_alone() {
            let extras = self.pairs(spent);
            let closed = spans.len();
            let trace = self.trace_of(spans, closed, completeness, extras);
            self.leave();
            return (trace, Remains::default());
        }
        let (mut said, mut room) = (std::mem::take(&mut self.said), std::mem::take(&mut self.room));
        room.extras.get_or_insert_with(|| spent.take_extras());
        let mut trace = self.trace(spans, &mut said, &mut room, completeness, rules, omissions);
        // In what is left of a trace that was handed on in parts, places are others.
        if !self.in_parts
            && !self.polls.is_empty()
            && let Some(extras) = &mut trace.extras
        {
            extras.threads_of_spans = self.threads.clone();
        }
        let leaks = leaks(&said.details, &trace);
        let of_guards = said.details.iter().filter(|detail| matches!(detail.what, What::OpenGuard(_))).count();
        // Each of a guard comes with an attribute.
        let remains = Remains { details: said.len() - 2 * of_guards, ends: self.early_ends.len(), leaks };
        // What one large trace needed is not kept for many small ones.
        said.clear(KEPT_DETAILS);
        room.shrink_to(KEPT_DETAILS);
        (self.said, self.room) = (said, room);
        self.early_ends.clear();
        self.open.clear();
        self.polls.clear();
        self.state = TraceState::new();
        self.leave();
        (trace, remains)
    }

    /// What came with its spans, if anything did.
    fn pairs(&mut self, spent: &mut Spent) -> Option<Box<Extras>> {
        let pairs = &mut self.said.pairs;
        (!pairs.is_empty()).then(|| {
            let mut extras = self.room.extras.take().unwrap_or_else(|| spent.take_extras());
            pairs.exchange(&mut extras);
            pairs.reserve((extras.attributes.len(), extras.spans.len()));
            extras
        })
    }

    /// Whether all its spans have ended, and there is nothing of them but their records and what came with them: so it is with
    /// most traces.
    fn is_bare(&self) -> bool {
        self.all_plain
            && self.said.are_pairs()
            && self.open.is_empty()
            && self.early_ends.is_empty()
            && self.polls.is_empty()
            && self.state.is_empty()
    }

    /// Makes it free for another trace, of whose lists none has anything in it.
    fn leave(&mut self) {
        self.threads.clear();
        self.id = NO_TRACE;
        (self.carriers, self.closed, self.fresh, self.bytes, self.reckoned) = (0, 0, 0, 0, 0);
        (self.settling, self.rooted, self.in_parts, self.all_plain) = (false, false, false, true);
        self.writers = Writers::None;
    }

    /// What was settled, taken out; what is open, and what was said of it, stays.
    pub(crate) fn take_settled(&mut self, rules: &Rules, omissions: &mut Omissions) -> Option<Trace> {
        self.said.dissolve(&mut self.spans);
        let settled = self.split_settled();
        if settled.is_empty() {
            return None;
        }
        let mut said = std::mem::take(&mut self.said);
        let trace = self.trace(settled, &mut said, &mut Room::default(), Completeness::Part, rules, omissions);
        self.said = said;
        self.forget_polls(&trace);
        self.bytes = self.spans.len() * SPAN_BYTES + self.said.bytes();
        Some(trace)
    }

    /// What was settled, taken out, and copies of what is open beside it.
    pub(crate) fn take_settled_and_open(&mut self, rules: &Rules, omissions: &mut Omissions) -> Option<Trace> {
        let open = self.spans.iter().filter(|span| span.outcome == Outcome::Open).copied().collect::<Vec<_>>();
        if open.is_empty() {
            return self.take_settled(rules, omissions);
        }
        self.said.dissolve(&mut self.spans);
        let settled = self.split_settled();
        // What was said of the open ones is told now and again with their end.
        let kept = self.said.of(|id| open.iter().any(|span| span.id == id));
        let mut said = std::mem::take(&mut self.said);
        let spans = settled.into_iter().chain(open.iter().copied()).collect();
        let trace = self.trace(spans, &mut said, &mut Room::default(), Completeness::Part, rules, omissions);
        said.append(kept);
        self.said = said;
        self.forget_polls(&trace);
        self.bytes = self.spans.len() * SPAN_BYTES + self.said.bytes();
        Some(trace)
    }

    /// Forgets the polls of spans that have gone.
    fn forget_polls(&mut self, gone: &Trace) {
        for span in gone.spans.iter().filter(|span| span.outcome != Outcome::Open) {
            self.polls.remove(&span.id);
        }
    }

    /// Takes what was settled out of the spans.
    fn split_settled(&mut self) -> Vec<SpanRecord> {
        let is_settled = |span: &&SpanRecord| span.marks.has(Marks::SETTLED);
        let settled: Vec<_> = self.spans.iter().filter(is_settled).copied().collect();
        if !settled.is_empty() {
            let copied = settled.iter().filter(|span| span.marks.has(Marks::HANDED_ON)).count();
            self.spans.retain(|span| !span.marks.has(Marks::SETTLED));
            self.open.clear();
            self.index();
            self.closed -= settled.len();
            self.fresh -= settled.len() - copied;
            self.in_parts = true;
        }
        settled
    }

    /// What was settled and not handed on before, as a copy; all of it stays.
    pub(crate) fn copy_settled(&mut self, rules: &Rules, _: &mut Omissions) -> Option<Trace> {
        let fresh =
            self.spans.iter_mut().filter(|span| span.marks.has(Marks::SETTLED) && !span.marks.has(Marks::HANDED_ON));
        let copies: Vec<_> = fresh
            .map(|span| {
                span.marks.set(Marks::HANDED_ON);
                *span
            })
            .collect();
        if copies.is_empty() {
            return None;
        }
        self.fresh -= copies.len();
        let mut said = self.said.clone();
        // What is left out is counted when the whole trace goes.
        let omissions = &mut Omissions::default();
        Some(self.trace(copies, &mut said, &mut Room::default(), Completeness::Part, rules, omissions))
    }

    /// What is open, as a copy.
    pub(crate) fn open_spans(&self, rules: &Rules) -> Trace {
        let spans = self.spans.iter().filter(|span| span.outcome == Outcome::Open).copied().collect();
        let mut said = self.said.clone();
        self.trace(spans, &mut said, &mut Room::default(), Completeness::Part, rules, &mut Omissions::default())
    }

    /// What has ended so far, as a copy.
    pub(crate) fn snapshot(&self, rules: &Rules) -> Trace {
        let spans = self.spans.iter().filter(|span| span.outcome != Outcome::Open).copied().collect();
        let mut said = self.said.clone();
        self.trace(spans, &mut said, &mut Room::default(), Completeness::Part, rules, &mut Omissions::default())
    }

    /// The memory it takes, in bytes.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    fn trace(
        &self,
        mut spans: Vec<SpanRecord>,
        said: &mut Said,
        room: &mut Room,
        completeness: Completeness,
        rules: &Rules,
        omissions: &mut Omissions,
    ) -> Trace {
        let (mut closed, mut plain) = (0, true);
        for span in &spans {
            closed += usize::from(span.outcome != Outcome::Open);
            plain &= is_plain(span);
        }
        let is_bare = plain && said.is_empty() && self.polls.is_empty() && self.state.is_empty();
        let extras = (!is_bare).then(|| self.extras(&mut spans, said, room, rules, omissions));
        self.trace_of(spans, closed, completeness, extras)
    }

    fn trace_of(
        &self,
        spans: Vec<SpanRecord>,
        closed: usize,
        completeness: Completeness,
        extras: Option<Box<Extras>>,
    ) -> Trace {
        Trace {
            id: self.id,
            completeness,
            times_polls: !self.polls.is_empty(),
            common: Arc::clone(&self.common),
            spans,
            closed,
            extras,
            tree: OnceLock::new(),
        }
    }

    /// What these spans have beyond their records, and the trace beyond its spans.
    fn extras(
        &self,
        spans: &mut [SpanRecord],
        said: &mut Said,
        room: &mut Room,
        rules: &Rules,
        omissions: &mut Omissions,
    ) -> Box<Extras> {
        let mut extras = room.extras.take().unwrap_or_default();
        extras.state = self.state.clone();
        portrait::apply(spans, said, &mut extras, room, &self.common.timebase, rules, omissions);
        if !self.polls.is_empty() {
            for span in spans {
                if let Some(log) = self.polls.get(&span.id) {
                    extras.keep_polls(span, log.clone());
                }
            }
        }
        extras
    }

    /// Tells anew where the open spans stand.
    fn index(&mut self) {
        for (place, span) in (0_u32..).zip(&self.spans) {
            if span.outcome == Outcome::Open {
                self.open.insert(span.id, place);
            }
        }
    }
}

/// Which threads wrote records of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writers {
    None,
    One(ThreadNumber),
    Several,
}

/// What was taken at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plain {
    pub(crate) spans: usize,
    /// How many records.
    pub(crate) taken: usize,
    /// The span and the tick of the last attribute, if that came last.
    pub(crate) group: Option<(SpanId, u64)>,
    /// Attributes whose span did not come yet.
    pub(crate) pair: Option<Pair>,
    /// Attributes whose span will not come.
    pub(crate) orphans: usize,
}

/// When the start of a span came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    First,
    AfterItsEnd,
}

/// Whether nothing follows from the span's outcome, and its times are in order.
fn is_plain(span: &SpanRecord) -> bool {
    span.outcome == Outcome::Ok && span.end >= span.start
}

/// What was left of an assembly when its spans were handed on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remains {
    /// Details of spans that are not here.
    pub(crate) details: usize,
    /// Ends of spans whose start never came.
    pub(crate) ends: usize,
    /// Where the spans begin in whose futures guards were left open that never ended.
    pub(crate) leaks: Vec<&'static Callsite>,
}

/// The callsites of the spans in whose futures guards were open whose own spans are not here, one for each guard.
fn leaks(details: &[Detail], trace: &Trace) -> Vec<&'static Callsite> {
    let guard = |detail: &Detail| match detail.what {
        What::OpenGuard(future) => Some((detail.span, future)),
        _ => None,
    };
    let mut guards: Vec<_> = details.iter().filter_map(guard).collect();
    guards.sort_unstable();
    guards.dedup_by_key(|&mut (guard, _)| guard);
    let place = |(_, future)| trace.spans.iter().find(|span| span.id == future).map_or(&NO_PLACE, |span| span.callsite);
    guards.into_iter().map(place).collect()
}
