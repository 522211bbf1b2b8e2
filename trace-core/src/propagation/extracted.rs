//! What was found in an incoming request.

use std::fmt;

use crate::baggage::{Baggage, BaggageError};
use crate::cargo::{Cargo, Mark};
use crate::plan::{PlannedCargo, PlannedParent};
use crate::propagation::b3_header::B3Error;
use crate::propagation::context::Context;
use crate::propagation::jaeger_header::JaegerError;
use crate::propagation::traceparent::TraceparentError;
use crate::span::Parent;
use crate::span_context::SpanContext;
use crate::trace_state::{TraceState, TraceStateError};

/// What was found in an incoming request. Give it to [`SpanBuilder::parent`](crate::SpanBuilder::parent).
///
/// With a span it makes a child of that span; without one, be it absent or broken, the root of a new trace, whatever span is
/// current. The trace state and the baggage that were found travel with it; none of the current context do.
///
/// ```
/// use trace_core::propagation::extract;
///
/// let absent = extract(&[("accept", "*/*")]);
/// assert!(absent.span_context().is_none() && absent.broken().is_empty());
///
/// let broken = extract(&[("traceparent", "00-zero-one-01")]);
/// assert!(broken.span_context().is_none());
/// assert_eq!(broken.broken()[0].to_string(), "traceparent: expected 55 bytes, found 14");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Extracted {
    span: Option<SpanContext>,
    state: TraceState,
    pub(crate) mark: Mark,
    baggage: Baggage,
    broken: Vec<BrokenHeader>,
}

impl Extracted {
    /// Nothing so far: what a [`Propagator`](crate::propagation::Propagator) is given first.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The span of the other process; `None` if it was absent or broken.
    #[must_use]
    pub const fn span_context(&self) -> Option<SpanContext> {
        self.span
    }

    /// The trace state that came with the span.
    #[must_use]
    pub const fn trace_state(&self) -> &TraceState {
        &self.state
    }

    /// The baggage.
    #[must_use]
    pub const fn baggage(&self) -> &Baggage {
        &self.baggage
    }

    /// What was there and broke its grammar, in the order in which it was met; empty for what is absent or right.
    #[must_use]
    pub fn broken(&self) -> &[BrokenHeader] {
        &self.broken
    }

    /// Sets the span that was found, with its trace state; one that another format found before is replaced.
    pub fn set_span(&mut self, span: SpanContext, state: TraceState) {
        (self.span, self.state, self.mark) = (Some(span.remote()), state, Mark::None);
    }

    /// Sets the baggage that was found; a member that another format found before stays, if it has a key of its own and there
    /// is room.
    pub fn set_baggage(&mut self, baggage: Baggage) {
        let before = std::mem::replace(&mut self.baggage, baggage);
        for (key, value) in before.iter() {
            if self.baggage.metadata(key).is_none() {
                let metadata = before.metadata(key).unwrap_or_default();
                self.baggage.insert_with_metadata(key, &value, metadata).ok();
            }
        }
    }

    /// Tells of a header that is there and breaks its grammar.
    pub fn report(&mut self, header: &'static str, error: impl Into<HeaderError>) {
        self.broken.push(BrokenHeader { header, error: error.into() });
    }

    /// The context that was found, without what was broken.
    #[must_use]
    pub fn into_context(self) -> Context {
        let trace = self.span.map(|span| span.trace_id());
        let state = if trace.is_some() { self.state } else { TraceState::new() };
        let cargo = Cargo { trace, state, mark: self.mark, baggage: self.baggage };
        Context::of_elsewhere(self.span, cargo.share())
    }
}

impl From<Extracted> for Parent {
    fn from(extracted: Extracted) -> Self {
        let context = extracted.into_context();
        let span = context.span_context().map_or(PlannedParent::None, PlannedParent::Context);
        Self::new(span, PlannedCargo::Own(context.carry.cargo))
    }
}

impl From<&Extracted> for Parent {
    fn from(extracted: &Extracted) -> Self {
        Self::from(extracted.clone())
    }
}

/// A header that was there and broke its grammar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenHeader {
    header: &'static str,
    error: HeaderError,
}

impl BrokenHeader {
    /// Its name, in lower case.
    #[must_use]
    pub const fn header(&self) -> &'static str {
        self.header
    }

    /// What is wrong with it. Nothing of its value is told but single bytes.
    #[must_use]
    pub const fn error(&self) -> &HeaderError {
        &self.error
    }
}

/// The header and what is wrong with it, in one line.
impl fmt::Display for BrokenHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.header, self.error)?;
        let mut source = std::error::Error::source(&self.error);
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

/// What is wrong with a header.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// It stands there more than once.
    Duplicate,
    /// It is no `traceparent`.
    Traceparent(TraceparentError),
    /// It is no `tracestate`.
    TraceState(TraceStateError),
    /// It, or a part of it, is no baggage.
    Baggage(BaggageError),
    /// It does not follow B3.
    B3(B3Error),
    /// It does not follow Jaeger.
    Jaeger(JaegerError),
    /// It does not follow a format that this library does not know.
    Other(String),
}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate => f.write_str("stands there more than once"),
            Self::Traceparent(error) => error.fmt(f),
            Self::TraceState(error) => error.fmt(f),
            Self::Baggage(error) => error.fmt(f),
            Self::B3(error) => error.fmt(f),
            Self::Jaeger(error) => error.fmt(f),
            Self::Other(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for HeaderError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Traceparent(error) => error.source(),
            Self::B3(error) => error.source(),
            Self::Jaeger(error) => error.source(),
            Self::Duplicate | Self::TraceState(_) | Self::Baggage(_) | Self::Other(_) => None,
        }
    }
}

macro_rules! from {
    ($($error:ty => $variant:ident),+) => {
        $(impl From<$error> for HeaderError {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })+
    };
}

from!(TraceparentError => Traceparent, TraceStateError => TraceState, BaggageError => Baggage, B3Error => B3,
    JaegerError => Jaeger, String => Other);
