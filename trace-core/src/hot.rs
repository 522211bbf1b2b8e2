//! The words of a context: which span, in which state, recorded by which pipeline.

use crate::id::{SpanId, TraceId};
use crate::span_context::{SpanContext, TraceFlags};
use crate::waits::Dropped;

/// What the context says of the current span. The order matters: recorded or not is one comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// There is no span.
    None,
    /// Nothing records here, but ids that came in travel on.
    PassThrough,
    /// The trace has ids and is not recorded: its spans cost nothing.
    Unsampled,
    /// The trace is recorded.
    Sampled,
}

/// The context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hot {
    trace: (u64, u64),
    /// Zero where there is no span.
    pub(crate) span: u64,
    /// The state and the flags, and in the upper half the pipeline that records it: 0 is the one of `init`, others belong
    /// to captures.
    pub(crate) bits: u64,
}

const STATE: u64 = 0b11;
/// The thread has tombstones.
pub(crate) const TOMBS: u64 = 1 << 2;
/// The pipeline has a clock, ids or hooks of its own, so that the short path must not be taken.
const SPECIAL: u64 = 1 << 3;
/// The future around this is being dropped before it was done.
pub(crate) const DROPPING: u64 = 1 << 4;
/// Nothing is recorded here: an exporter is at work.
const SUPPRESSED: u64 = 1 << 5;
/// The span is one of another process.
const REMOTE: u64 = 1 << 6;
/// In a span that was left out, which lives in its parent's context: what is said here is not kept. Children are not muted.
const MUTED: u64 = 1 << 7;
const TRACE_FLAGS: u32 = 8;
const PIPELINE: u32 = 32;
/// The trace begins here, as far as this process goes.
const LOCAL_ROOT: u64 = 1 << 16;
/// Polls are timed in this trace.
const TIMES_POLLS: u64 = 1 << 17;
/// The context was taken along without its span, which ends elsewhere.
pub(crate) const LENT: u64 = 1 << 18;
/// The context has cargo, which lies on top of the thread's frames.
pub(crate) const LOADED: u64 = 1 << 19;
/// There is no span because somebody asked for none.
const DETACHED: u64 = 1 << 20;
/// Wake-ups are timed in this trace.
const TIMES_WAKES: u64 = 1 << 21;
/// What is being dropped is a context without a span of its own, from outside of the trace, or in a poll of a span of it.
pub(crate) const DROPPED_FROM_OUTSIDE: u64 = 1 << 22;
pub(crate) const DROPPED_IN_POLL: u64 = 1 << 23;
/// What belongs to the thread's present and not to a span: a restore keeps it.
const OF_THE_THREAD: u64 = TOMBS | DROPPING | LOADED | DROPPED_FROM_OUTSIDE | DROPPED_IN_POLL;

impl Hot {
    pub(crate) const NONE: Self = Self { trace: (0, 0), span: 0, bits: 0 };

    /// A span's context.
    pub(crate) fn of_span(context: SpanContext, state: State, pipeline: u32, special: bool) -> Self {
        let remote = if context.is_remote() { REMOTE } else { 0 };
        let special = if special { SPECIAL } else { 0 };
        Self {
            trace: context.trace_id().words(),
            span: context.span_id().to_u64(),
            bits: state as u64
                | special
                | remote
                | u64::from(context.flags().bits()) << TRACE_FLAGS
                | u64::from(pipeline) << PIPELINE,
        }
    }

    /// No span, and this pipeline for traces that begin here.
    pub(crate) const fn none_in(pipeline: u32) -> Self {
        Self { bits: (pipeline as u64) << PIPELINE, ..Self::NONE }
    }

    /// The same place without a span.
    pub(crate) const fn without_span(self) -> Self {
        Self { bits: self.bits & (OF_THE_THREAD | SUPPRESSED | u64::MAX << PIPELINE), ..Self::NONE }
    }

    /// The same place without a span, because somebody asked for that.
    pub(crate) const fn detached(self) -> Self {
        let bare = self.without_span();
        Self { bits: bare.bits | DETACHED, ..bare }
    }

    pub(crate) const fn is_detached(self) -> bool {
        self.bits & DETACHED != 0
    }

    /// The context of a child of this span.
    #[inline]
    pub(crate) const fn child(self, span: SpanId) -> Self {
        Self { span: span.to_u64(), bits: self.bits & !(REMOTE | LOCAL_ROOT | LENT | MUTED), ..self }
    }

    #[inline]
    pub(crate) const fn state(self) -> State {
        match self.bits & STATE {
            0 => State::None,
            1 => State::PassThrough,
            2 => State::Unsampled,
            _ => State::Sampled,
        }
    }

    #[inline]
    pub(crate) const fn is_sampled(self) -> bool {
        self.bits & STATE == State::Sampled as u64
    }

    /// Whether what is said through a handle with this context is kept.
    #[inline]
    pub(crate) const fn is_recording(self) -> bool {
        self.bits & (STATE | MUTED | SUPPRESSED) == State::Sampled as u64
    }

    /// Whether a child of this span takes the short path.
    #[inline]
    pub(crate) const fn is_plainly_sampled(self) -> bool {
        self.bits & (STATE | SPECIAL | SUPPRESSED) == State::Sampled as u64
    }

    pub(crate) const fn is_special(self) -> bool {
        self.bits & SPECIAL != 0
    }

    pub(crate) const fn is_suppressed(self) -> bool {
        self.bits & SUPPRESSED != 0
    }

    pub(crate) const fn is_dropping(self) -> bool {
        self.bits & DROPPING != 0
    }

    /// How a future of this context is dropped at this moment of the thread.
    pub(crate) fn is_dropped_in(self, thread: Self) -> Dropped {
        if !thread.is_sampled() || thread.trace != self.trace || thread.bits & DROPPED_FROM_OUTSIDE != 0 {
            Dropped::FromOutside
        } else if thread.is_dropping() && thread.bits & DROPPED_IN_POLL == 0 {
            Dropped::WithParent
        } else {
            Dropped::InParentsPoll
        }
    }

    pub(crate) const fn is_loaded(self) -> bool {
        self.bits & LOADED != 0
    }

    pub(crate) const fn is_remote(self) -> bool {
        self.bits & REMOTE != 0
    }

    pub(crate) const fn is_local_root(self) -> bool {
        self.bits & LOCAL_ROOT != 0
    }

    #[inline]
    pub(crate) const fn times_polls(self) -> bool {
        self.bits & TIMES_POLLS != 0
    }

    pub(crate) const fn times_wakes(self) -> bool {
        self.bits & TIMES_WAKES != 0
    }

    pub(crate) const fn timing(self, polls: bool, wakes: bool) -> Self {
        let polls = if polls { TIMES_POLLS } else { 0 };
        let wakes = if wakes { TIMES_WAKES } else { 0 };
        Self { bits: self.bits | polls | wakes, ..self }
    }

    pub(crate) const fn local_root(self) -> Self {
        Self { bits: self.bits | LOCAL_ROOT, ..self }
    }

    /// This context, taken along without its span.
    pub(crate) const fn lent(self) -> Self {
        Self { bits: self.bits | LENT, ..self }
    }

    pub(crate) const fn muted(self) -> Self {
        Self { bits: self.bits | MUTED, ..self }
    }

    pub(crate) const fn suppressed(self) -> Self {
        Self { bits: self.bits | SUPPRESSED, ..self }
    }

    pub(crate) const fn pipeline(self) -> u32 {
        (self.bits >> PIPELINE) as u32
    }

    pub(crate) const fn flags(self) -> TraceFlags {
        TraceFlags::from_bits((self.bits >> TRACE_FLAGS) as u8)
    }

    #[inline]
    pub(crate) const fn trace_id(self) -> Option<TraceId> {
        TraceId::from_words(self.trace.0, self.trace.1)
    }

    #[inline]
    pub(crate) const fn span_id(self) -> Option<SpanId> {
        SpanId::from_u64(self.span)
    }

    /// Both ids; `None` where there is no span.
    #[inline]
    pub(crate) const fn ids(self) -> Option<(TraceId, SpanId)> {
        match (self.trace_id(), self.span_id()) {
            (Some(trace), Some(span)) => Some((trace, span)),
            _ => None,
        }
    }

    pub(crate) fn span_context(self) -> Option<SpanContext> {
        let (trace, span) = self.ids()?;
        let context = SpanContext::new(trace, span, self.flags());
        Some(if self.is_remote() { context.remote() } else { context })
    }

    /// This context at another moment of the thread, of which `present` knows.
    #[inline]
    pub(crate) const fn at(self, present: Self) -> Self {
        Self { bits: self.bits & !OF_THE_THREAD | present.bits & OF_THE_THREAD, ..self }
    }

    /// The same span with these bits.
    #[inline]
    pub(crate) const fn with_bits(self, bits: u64) -> Self {
        Self { bits, ..self }
    }

    /// Itself, word by word: the trace's two, the span's and the bits.
    #[inline]
    pub(crate) const fn words(&self) -> (u64, u64, u64, u64) {
        (self.trace.0, self.trace.1, self.span, self.bits)
    }

    /// The context of these [words](Self::words).
    pub(crate) const fn from_words(high: u64, low: u64, span: u64, bits: u64) -> Self {
        Self { trace: (high, low), span, bits }
    }

    /// What a future keeps of it: who it is, but not what the thread was doing.
    pub(crate) const fn to_keep(self) -> Self {
        Self { bits: self.bits & !OF_THE_THREAD, ..self }
    }

    pub(crate) fn is_same_span(self, other: Self) -> bool {
        self.span == other.span && self.trace == other.trace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_is_32_bytes() {
        assert_eq!(size_of::<Hot>(), 32);
    }
}
