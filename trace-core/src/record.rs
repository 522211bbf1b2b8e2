//! What a thread writes down: one record of 64 bytes, a cache line, for each thing that is said about a span.
//!
//! | record | bytes used | when |
//! |---|---|---|
//! | [`Closed`](Record::Closed) | 64 | the end of a span that nobody was told of before: everything about it |
//! | [`Opened`](Record::Opened) | 56 | the start of a local root, and of a span that leaves its scope or thread |
//! | [`Ended`](Record::Ended) | 40 | the end of an opened span |
//! | [`EndedInPoll`](Record::EndedInPoll) | 64 | the same and its last poll, if polls are timed: one reading of the clock for both |
//! | [`CarrierOpened`](Record::CarrierOpened), [`CarrierClosed`](Record::CarrierClosed) | 24 | a context is taken out of its scope, and let go |
//! | [`Scalar`](Record::Scalar) | 64 | an attribute with a static key and a number or truth value; further attributes of the same moment may follow as items |
//! | [`Event`](Record::Event) | 56 | an event with a static name; its attributes may follow as items |
//! | [`Poll`](Record::Poll), [`LongPoll`](Record::LongPoll) | 64 | a poll of a span's future, if polls are timed |
//! | [`Pair`](Record::Pair) | 64 | right before [`Closed`](Record::Closed) or [`Opened`](Record::Opened): one or two attributes with static keys and numbers or truth values, said before anybody knew of the span |
//! | [`Group`](Record::Group) | 40 | anything else said of a span; its item records follow it at once |
//! | items | at most 56 | an attribute, an event's name, a link's target, a status, a name, a start time |
//!
//! Ids stand in the records at full length, so that any thread can speak of any span it knows. The tag, the kind, the
//! outcome, the flags and the pipeline share the first 8 bytes; the compiler lays out the rest.

use std::borrow::Cow;

use crate::callsite::Callsite;
use crate::id::{SpanId, TraceId};
use crate::kind::SpanKind;
use crate::scalar::{Pair, Scalar};
use crate::span_context::{SpanContext, TraceFlags};
use crate::status::{Outcome, Status};
use crate::trace_state::TraceState;
use crate::value::Attribute;
use crate::waits::Dropped;
use crate::wake_up::WakeUp;

#[derive(Debug)]
pub(crate) enum Record {
    Closed {
        kind: SpanKind,
        outcome: Outcome,
        flags: TraceFlags,
        pipeline: u32,
        trace: TraceId,
        span: SpanId,
        parent: Option<SpanId>,
        start: u64,
        end: u64,
        callsite: &'static Callsite,
    },
    Opened {
        kind: SpanKind,
        flags: TraceFlags,
        origin: Origin,
        pipeline: u32,
        trace: TraceId,
        span: SpanId,
        parent: Option<SpanId>,
        start: u64,
        callsite: &'static Callsite,
    },
    Ended {
        outcome: Outcome,
        pipeline: u32,
        trace: TraceId,
        span: SpanId,
        end: u64,
    },
    EndedInPoll {
        outcome: Outcome,
        pipeline: u32,
        trace: TraceId,
        span: SpanId,
        end: u64,
        poll: ShortPoll,
    },
    CarrierOpened {
        pipeline: u32,
        trace: TraceId,
    },
    CarrierClosed {
        pipeline: u32,
        trace: TraceId,
    },
    Scalar {
        scalar: Scalar,
        pipeline: u32,
        trace: TraceId,
        span: SpanId,
        ticks: u64,
        key: &'static str,
        bits: u64,
    },
    Event {
        pipeline: u32,
        trace: TraceId,
        span: SpanId,
        ticks: u64,
        name: &'static str,
    },
    Group {
        what: Group,
        pipeline: u32,
        trace: TraceId,
        span: SpanId,
        ticks: u64,
    },
    /// One poll of a span's future.
    Poll {
        pipeline: u32,
        trace: TraceId,
        span: SpanId,
        start: u64,
        poll: ShortPoll,
    },
    /// The same, if it took too long for a [`ShortPoll`]: then nobody is told who woke it.
    LongPoll {
        pipeline: u32,
        trace: TraceId,
        span: SpanId,
        start: u64,
        end: u64,
        /// What polls of other spans inside took.
        nested: u64,
        /// When its waker was called; zero where that is not known.
        woken: u64,
    },
    /// Something of this span was lost for want of memory.
    Lost {
        lost: Group,
        pipeline: u32,
        trace: TraceId,
        span: SpanId,
    },
    /// Attributes of the span of the next [`Record::Closed`] or [`Record::Opened`] of the same thread; the second may be none.
    Pair {
        scalar: Scalar,
        second: Option<Scalar>,
        pipeline: u32,
        span: SpanId,
        keys: [&'static str; 2],
        bits: [u64; 2],
    },
    Attribute(Attribute),
    EventName(Cow<'static, str>),
    LinkTo(SpanContext, TraceState),
    Status(Status),
    Name(Cow<'static, str>),
    StartUnixNanos(u64),
    /// How its future was dropped before it was ready.
    Dropped(Dropped),
    /// Its guard was open when a poll of this span's future returned.
    OpenGuard(SpanId),
    /// Of a local root.
    TraceState(TraceState),
    /// What is left in the place of an item that was taken.
    Taken,
}

impl Record {
    pub(crate) const fn of_pair(pair: Pair, pipeline: u32) -> Self {
        let Pair { scalars: (scalar, second), span, keys, bits } = pair;
        Self::Pair { scalar, second, pipeline, span, keys, bits }
    }
}

/// How a span that announces itself came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A child of a span of this process.
    Child,
    /// The trace begins here, because nothing was current.
    LocalRoot,
    /// The trace begins here, because somebody asked for it.
    ChosenRoot,
    /// The trace goes on here after coming from another process.
    Remote,
}

/// What a [`Record::Group`] says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Attributes of the span.
    Attributes,
    /// An event: its name, then its attributes.
    Event,
    /// A link: its target, then its attributes.
    Link,
    /// A status, a name, a start time, how it was dropped, where its guard was open.
    Change,
    /// A poll; never a group, only lost as one.
    Polls,
}

/// A poll of less than 2^32 ticks, about a second, wherever it began or ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ShortPoll {
    /// How long it took, and in the lower half what polls of other spans inside took. One word, because a processor makes a copy
    /// of both wait that was stored as two.
    ticks: u64,
    pub(crate) wake: WakeUp,
}

impl ShortPoll {
    /// `None` if it took too long.
    #[inline]
    pub(crate) const fn new(ticks: u64, nested: u64, wake: WakeUp) -> Option<Self> {
        if ticks > u32::MAX as u64 {
            return None;
        }
        // What is inside cannot have taken longer.
        let nested = if nested < ticks { nested } else { ticks };
        Some(Self { ticks: ticks << 32 | nested, wake })
    }

    pub(crate) const fn ticks(&self) -> u64 {
        self.ticks >> 32
    }

    pub(crate) const fn nested(&self) -> u64 {
        self.ticks & u32::MAX as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_cache_line() {
        assert_eq!(size_of::<Record>(), 64);
    }

    #[test]
    fn a_short_poll_survives_its_bits_and_a_long_one_is_none() {
        let longest = u64::from(u32::MAX);
        for (ticks, nested) in [(0, 0), (7, 3), (longest, longest), (longest, 0)] {
            let poll = ShortPoll::new(ticks, nested, WakeUp::UNKNOWN).unwrap();
            assert_eq!((poll.ticks(), poll.nested()), (ticks, nested));
        }
        assert!(ShortPoll::new(longest + 1, 0, WakeUp::UNKNOWN).is_none());
        assert_eq!(ShortPoll::new(5, longest + 1, WakeUp::UNKNOWN).unwrap().nested(), 5);
    }
}
