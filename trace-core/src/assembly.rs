//! One trace while it is put together: records in. How it goes on is said in [`leaving`](crate::leaving).

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use crate::attribute_runs::{AttributeRuns, TAKEN};
use crate::clock::Timebase;
use crate::detail::{Detail, Said, What};
use crate::findings::OPEN_GUARD_ATTRIBUTE;
use crate::id::{SpanId, TraceId};
use crate::open_spans::{OpenSpans, SpanMap};
use crate::paired_attributes::PairedAttributes;
use crate::poll_log::{PollLog, Segment};
use crate::portrait::Room;
use crate::record::{Group, Record};
use crate::rings::{STRAYS, ThreadNumber};
use crate::scalar::Pair;
use crate::span_record::{Marks, SpanRecord};
use crate::status::{Outcome, Status};
use crate::trace::Common;
use crate::trace_state::TraceState;
use crate::value::Attribute;

/// The id of an assembly that is free.
pub(crate) const NO_TRACE: TraceId = match TraceId::from_u128(u128::MAX) {
    Some(id) => id,
    None => unreachable!(),
};

/// What a span is reckoned at: its record, and the room that its end and its place in the maps take.
pub(crate) const SPAN_BYTES: usize = 96;

#[derive(Debug)]
pub(crate) struct Assembly {
    pub(crate) id: TraceId,
    pub(crate) common: Arc<Common>,
    pub(crate) born: Instant,
    /// The pass that brought its last record.
    pub(crate) last_pass: u64,
    /// Whether it waits for a quiet pass.
    pub(crate) settling: bool,
    pub(crate) writers: Writers,
    /// Which thread wrote the spans from which place on.
    pub(crate) threads: Vec<(u32, ThreadNumber)>,
    pub(crate) spans: Vec<SpanRecord>,
    pub(crate) said: Said,
    pub(crate) room: Room,
    pub(crate) open: OpenSpans,
    /// What is known of the polls of spans.
    pub(crate) polls: SpanMap<Box<PollLog>>,
    /// Contexts that were taken out of their scope and not let go. Below zero while a pass has seen the end first.
    pub(crate) carriers: i64,
    /// Ends whose starts have not come yet.
    pub(crate) early_ends: Vec<(SpanId, u64, Outcome)>,
    /// That of its first local root.
    pub(crate) state: TraceState,
    /// Closed spans that were not handed on, or not ahead of the trace.
    pub(crate) closed: usize,
    /// Of these, the ones that were not handed on as copies.
    pub(crate) fresh: usize,
    /// Whether nothing follows from the outcomes and times of all spans that have ended.
    pub(crate) all_plain: bool,
    /// Whether a local root of it was seen: what comes without one is late.
    pub(crate) rooted: bool,
    pub(crate) in_parts: bool,
    pub(crate) bytes: usize,
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
        while let Some(record) = records.get_mut(taken) {
            if let Some(span) = whole(record, id, number) {
                all_plain &= is_plain(&span);
                self.spans.push(span);
                if let Some(pair) = pair.take() {
                    orphans += self.pair(&pair);
                }
                group = None;
                taken += 1;
                continue;
            }
            match *record {
                Record::Pair { scalar, second, pipeline, span, keys, bits } if pipeline == number => {
                    let next = Pair { scalars: (scalar, second), span, keys, bits };
                    // Its span nearly always comes next: then it is put there, and not down before that.
                    let its_span = records.get(taken + 1).and_then(|record| whole(record, id, number));
                    match its_span.filter(|its_span| its_span.id == span && pair.is_none()) {
                        Some(mut span) => {
                            all_plain &= is_plain(&span);
                            span.extra = self.said.pairs.add(&next);
                            self.spans.push(span);
                            self.bytes += PairedAttributes::BYTES;
                            group = None;
                            taken += 1;
                        }
                        None => orphans += pair.replace(next).map_or(0, |pair| pair.len()),
                    }
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
        span.extra = self.said.pairs.add(pair);
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

    /// The memory it takes, in bytes.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}

/// Which threads wrote records of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writers {
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

/// The span of this trace that this record says everything about.
#[inline(always)]
fn whole(record: &Record, of: TraceId, number: u32) -> Option<SpanRecord> {
    let Record::Closed { kind, outcome, flags, pipeline, trace, span, parent, start, end, callsite } = *record else {
        return None;
    };
    let (id, marks, extra) = (span, Marks::NONE, None);
    let is_of_this = trace == of && pipeline == number;
    is_of_this.then_some(SpanRecord { id, parent, start, end, callsite, kind, outcome, flags, marks, extra })
}

/// Whether nothing follows from the span's outcome, and its times are in order.
pub(crate) fn is_plain(span: &SpanRecord) -> bool {
    span.outcome == Outcome::Ok && span.end >= span.start
}
