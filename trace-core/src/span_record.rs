//! What a trace stores of its spans, packed: the records under the views of [`Trace`](crate::Trace).

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::callsite::Callsite;
use crate::id::SpanId;
use crate::kind::SpanKind;
use crate::long_polls::LongPoll;
use crate::poll_log::PollLog;
use crate::span_context::{SpanContext, TraceFlags};
use crate::span_data::DroppedCounts;
use crate::status::{Outcome, Status};
use crate::trace_state::TraceState;
use crate::value::Attribute;
use crate::waits::{CriticalShare, Dropped, InTheWay};

/// One span of a trace: 48 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpanRecord {
    pub(crate) id: SpanId,
    pub(crate) parent: Option<SpanId>,
    pub(crate) start: u64,
    /// While the outcome is [`Outcome::Open`], when the span was looked at, or its start.
    pub(crate) end: u64,
    pub(crate) callsite: &'static Callsite,
    pub(crate) kind: SpanKind,
    pub(crate) outcome: Outcome,
    pub(crate) flags: TraceFlags,
    pub(crate) marks: Marks,
    /// One more than the index into [`Extras::spans`].
    pub(crate) extra: Option<NonZeroU32>,
}

/// Yes-or-no facts of a span, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks(u8);

impl Marks {
    pub(crate) const NONE: Self = Self(0);
    /// The parent is a span of another process.
    pub(crate) const PARENT_IS_REMOTE: Self = Self(1);
    /// It ended at least one whole pass ago, so that everything said of it is here.
    pub(crate) const SETTLED: Self = Self(2);
    /// It was handed on ahead of its trace.
    pub(crate) const HANDED_ON: Self = Self(4);

    /// It announced itself when it started.
    pub(crate) const ANNOUNCED: Self = Self(8);
    /// Somebody asked for it to be a root, or for work without a context.
    pub(crate) const CHOSEN_ROOT: Self = Self(16);

    const DROPPED_IN_POLL: Self = Self(32);
    const DROPPED_WITH_PARENT: Self = Self(64);
    /// Both.
    const DROPPED_FROM_OUTSIDE: Self = Self(96);

    /// That its future was dropped like this.
    pub(crate) const fn of_drop(how: Dropped) -> Self {
        match how {
            Dropped::InParentsPoll => Self::DROPPED_IN_POLL,
            Dropped::WithParent => Self::DROPPED_WITH_PARENT,
            Dropped::FromOutside => Self::DROPPED_FROM_OUTSIDE,
            Dropped::Unknown => Self::NONE,
        }
    }

    /// How its future was dropped, as far as that was seen.
    pub(crate) const fn drop(self) -> Dropped {
        match self.0 & Self::DROPPED_FROM_OUTSIDE.0 {
            0 => Dropped::Unknown,
            32 => Dropped::InParentsPoll,
            64 => Dropped::WithParent,
            _ => Dropped::FromOutside,
        }
    }

    /// These marks if `condition` holds.
    pub(crate) const fn if_so(self, condition: bool) -> Self {
        if condition { self } else { Self::NONE }
    }

    pub(crate) const fn has(self, mark: Self) -> bool {
        self.0 & mark.0 != 0
    }

    pub(crate) const fn set(&mut self, mark: Self) {
        self.0 |= mark.0;
    }
}

/// What only some traces and some spans have, packed for all spans of a trace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    pub(crate) state: TraceState,
    /// Long polls of this and other traces in its time.
    pub(crate) long_polls: Vec<LongPoll>,
    pub(crate) spans: Vec<Extra>,
    pub(crate) more: Vec<More>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) events: Vec<EventRecord>,
    pub(crate) links: Vec<LinkRecord>,
    /// What lies behind the attributes and the polls, in bytes.
    heap: usize,
    /// Who was in whose way, once somebody has asked.
    pub(crate) in_the_way: OnceLock<Box<InTheWay>>,
    /// What each span has of the critical path, once somebody has asked.
    pub(crate) critical: OnceLock<HashMap<SpanId, CriticalShare>>,
    /// The names of its threads, for a trace from elsewhere; one of this process finds them in `thread_names`.
    pub(crate) threads: Option<BTreeMap<u32, Arc<str>>>,
    /// Which thread wrote the spans from which place on, in order of place; zero where that is not known. Of traces whose polls
    /// were timed.
    pub(crate) threads_of_spans: Vec<(u32, u32)>,
}

/// What one span has beyond its record: 20 bytes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extra {
    pub(crate) attributes: Range<u32>,
    pub(crate) events: Range<u32>,
    /// One more than the index into [`Extras::more`].
    pub(crate) more: Option<NonZeroU32>,
}

/// What few spans have.
#[derive(Clone, Debug, Default)]
pub(crate) struct More {
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) status: Status,
    pub(crate) links: Range<u32>,
    pub(crate) dropped: DroppedCounts,
    pub(crate) polls: Option<Box<PollLog>>,
}

impl More {
    /// Whether it says nothing.
    fn is_nothing(&self) -> bool {
        self.name.is_none()
            && self.status == Status::Unset
            && self.links.is_empty()
            && self.dropped == DroppedCounts::default()
            && self.polls.is_none()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct EventRecord {
    pub(crate) name: Cow<'static, str>,
    pub(crate) ticks: u64,
    pub(crate) attributes: Range<u32>,
    pub(crate) dropped_attributes: u32,
}

/// The other span, and what its trace state is.
pub(crate) type LinkTarget = (SpanContext, TraceState);

#[derive(Clone, Debug)]
pub(crate) struct LinkRecord {
    pub(crate) target: Box<LinkTarget>,
    pub(crate) attributes: Range<u32>,
    pub(crate) dropped_attributes: u32,
}

impl Extras {
    pub(crate) const fn new() -> Self {
        Self {
            state: TraceState::new(),
            long_polls: Vec::new(),
            spans: Vec::new(),
            more: Vec::new(),
            attributes: Vec::new(),
            events: Vec::new(),
            links: Vec::new(),
            heap: 0,
            in_the_way: OnceLock::new(),
            critical: OnceLock::new(),
            threads: None,
            threads_of_spans: Vec::new(),
        }
    }

    /// What this span has beyond its record.
    #[inline]
    pub(crate) fn of(&self, span: &SpanRecord) -> Option<&Extra> {
        span.extra.and_then(|extra| self.spans.get(extra.get() as usize - 1))
    }

    /// What this span has and few others have.
    pub(crate) fn more_of(&self, span: &SpanRecord) -> Option<&More> {
        self.of(span)?.more.and_then(|more| self.more.get(more.get() as usize - 1))
    }

    /// The same, made if there is nothing yet.
    pub(crate) fn more_or_new(&mut self, span: &mut SpanRecord) -> &mut More {
        let extra = match span.extra {
            Some(extra) => extra.get() as usize - 1,
            None => {
                self.set(span, Extra::default());
                self.spans.len() - 1
            }
        };
        let more = match self.spans[extra].more {
            Some(more) => more.get() as usize - 1,
            None => {
                self.more.push(More::default());
                self.spans[extra].more = NonZeroU32::new(self.more.len() as u32);
                self.more.len() - 1
            }
        };
        &mut self.more[more]
    }

    /// Sets what this span has.
    pub(crate) fn set(&mut self, span: &mut SpanRecord, extra: Extra) {
        match span.extra {
            Some(place) => self.spans[place.get() as usize - 1] = extra,
            None => {
                self.spans.push(extra);
                span.extra = NonZeroU32::new(self.spans.len() as u32);
            }
        }
    }

    /// Keeps this if it says anything, and tells where.
    pub(crate) fn keep_more(&mut self, more: More) -> Option<NonZeroU32> {
        if more.is_nothing() {
            return None;
        }
        self.more.push(more);
        NonZeroU32::new(self.more.len() as u32)
    }

    /// The memory on the heap, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(&*self.spans)
            + size_of_val(&*self.more)
            + size_of_val(&*self.events)
            + self.links.len() * (size_of::<LinkRecord>() + size_of::<LinkTarget>())
            + size_of_val(&*self.attributes)
            + self.heap
    }

    /// The memory of its lists, in bytes, whatever is in them.
    pub(crate) const fn room(&self) -> usize {
        size_of::<Self>()
            + self.spans.capacity() * size_of::<Extra>()
            + self.more.capacity() * size_of::<More>()
            + self.attributes.capacity() * size_of::<Attribute>()
            + self.events.capacity() * size_of::<EventRecord>()
            + self.links.capacity() * size_of::<LinkRecord>()
            + self.long_polls.capacity() * size_of::<LongPoll>()
    }

    /// Which thread wrote the span in this place; zero where that is not known.
    pub(crate) fn thread_of(&self, place: u32) -> u32 {
        let threads = self.threads_of_spans.as_slice();
        threads[..threads.partition_point(|&(first, _)| first <= place)].last().map_or(0, |&(_, thread)| thread)
    }

    /// Of the spans only those in these places stay, in this order.
    pub(crate) fn keep_threads_of(&mut self, places: impl Iterator<Item = u32>) {
        let mut threads: Vec<(u32, u32)> = Vec::new();
        for (place, before) in (0..).zip(places) {
            let thread = self.thread_of(before);
            if threads.last().is_none_or(|&(_, known)| known != thread) {
                threads.push((place, thread));
            }
        }
        self.threads_of_spans = threads;
    }

    /// Forgets attributes of spans, where nothing else was said of them.
    pub(crate) fn forget_attributes(&mut self) {
        self.spans.clear();
        self.attributes.clear();
    }

    /// Forgets everything and keeps the room.
    pub(crate) fn clear(&mut self) {
        if self.heap == 0 {
            // None of them owns anything, so that none needs to be looked at.
            self.attributes.drain(..).for_each(std::mem::forget);
        }
        let mut attributes = std::mem::take(&mut self.attributes);
        let (mut spans, mut more) = (std::mem::take(&mut self.spans), std::mem::take(&mut self.more));
        let (mut events, mut links) = (std::mem::take(&mut self.events), std::mem::take(&mut self.links));
        attributes.clear();
        spans.clear();
        more.clear();
        events.clear();
        links.clear();
        *self = Self { spans, more, attributes, events, links, ..Self::new() };
    }

    /// Takes all attributes at once, and what they own in bytes; gives the empty list for it while there are none here.
    pub(crate) fn take_attributes(&mut self, attributes: &mut Vec<Attribute>, heap: &mut usize) {
        if self.attributes.is_empty() {
            std::mem::swap(&mut self.attributes, attributes);
        } else {
            self.attributes.append(attributes);
        }
        self.heap += std::mem::take(heap);
    }

    /// Keeps these attributes and tells where.
    pub(crate) fn keep(&mut self, attributes: Vec<Attribute>) -> Range<u32> {
        let first = self.attributes.len();
        self.attributes.extend(attributes);
        self.reckon(first)
    }

    /// Reckons with the attributes from this place on, and tells where they are.
    pub(crate) fn reckon(&mut self, first: usize) -> Range<u32> {
        self.heap += self.attributes[first..].iter().map(Attribute::heap_bytes).sum::<usize>();
        first as u32..self.attributes.len() as u32
    }

    /// Keeps what is known of a span's polls.
    pub(crate) fn keep_polls(&mut self, span: &mut SpanRecord, polls: Box<PollLog>) {
        self.heap += polls.bytes();
        self.more_or_new(span).polls = Some(polls);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_without_attributes_takes_48_bytes() {
        assert_eq!(size_of::<SpanRecord>(), 48);
    }

    #[test]
    fn what_a_span_has_beyond_its_record_takes_20_bytes() {
        assert_eq!(size_of::<Extra>(), 20);
    }
}
