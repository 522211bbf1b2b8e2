//! What of a span crosses a process border.

use std::fmt;

use crate::id::{SpanId, TraceId};

/// The flags that travel with a trace, as in
/// [W3C trace context, `trace-flags`](https://www.w3.org/TR/trace-context-2/#trace-flags).
///
/// ```
/// use trace_core::TraceFlags;
///
/// assert!(TraceFlags::SAMPLED.is_sampled());
/// assert_eq!(TraceFlags::from_bits(3), TraceFlags::SAMPLED | TraceFlags::RANDOM);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TraceFlags(u8);

impl TraceFlags {
    /// No flag is set.
    pub const NONE: Self = Self(0);
    /// The caller may have recorded the trace.
    pub const SAMPLED: Self = Self(1);
    /// At least the low 56 bits of the trace id are random (level 2).
    pub const RANDOM: Self = Self(2);

    /// Flags with these bits; unknown ones are kept.
    #[must_use]
    pub const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    /// All bits, known or not.
    #[must_use]
    pub const fn bits(self) -> u8 {
        self.0
    }

    /// The same flags but these.
    #[must_use]
    pub const fn without(self, flags: Self) -> Self {
        Self(self.0 & !flags.0)
    }

    /// Whether the sampled flag is set.
    #[must_use]
    pub const fn is_sampled(self) -> bool {
        self.0 & Self::SAMPLED.0 != 0
    }

    /// Whether the random flag is set.
    #[must_use]
    pub const fn is_random(self) -> bool {
        self.0 & Self::RANDOM.0 != 0
    }
}

impl std::ops::BitOr for TraceFlags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The identity of a span, for passing to other threads and processes, as in
/// [OpenTelemetry's `SpanContext`](https://opentelemetry.io/docs/specs/otel/trace/api/#spancontext).
///
/// ```
/// use trace_core::{SpanContext, SpanId, TraceFlags, TraceId};
///
/// let context = SpanContext::new(TraceId::random(), SpanId::random(), TraceFlags::SAMPLED).remote();
/// assert!(context.is_remote() && context.flags().is_sampled());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SpanContext {
    trace_id: TraceId,
    span_id: SpanId,
    flags: TraceFlags,
    remote: bool,
}

impl SpanContext {
    /// The context of a span of this process.
    #[must_use]
    pub const fn new(trace_id: TraceId, span_id: SpanId, flags: TraceFlags) -> Self {
        Self { trace_id, span_id, flags, remote: false }
    }

    /// The same, received from another process.
    #[must_use]
    pub const fn remote(mut self) -> Self {
        self.remote = true;
        self
    }

    /// The trace the span belongs to.
    #[must_use]
    pub const fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// The span.
    #[must_use]
    pub const fn span_id(&self) -> SpanId {
        self.span_id
    }

    /// The flags that travel with the trace.
    #[must_use]
    pub const fn flags(&self) -> TraceFlags {
        self.flags
    }

    /// Whether the sampled flag is set.
    #[must_use]
    pub const fn is_sampled(&self) -> bool {
        self.flags.is_sampled()
    }

    /// Whether it was received from another process.
    #[must_use]
    pub const fn is_remote(&self) -> bool {
        self.remote
    }
}

impl fmt::Debug for SpanContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let remote = if self.remote { ", remote" } else { "" };
        write!(f, "SpanContext({}-{}-{:02x}{remote})", self.trace_id, self.span_id, self.flags.bits())
    }
}
