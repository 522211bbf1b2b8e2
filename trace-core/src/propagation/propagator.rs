//! The contract of a format in which contexts travel.

use std::fmt;
use std::sync::Arc;

use crate::propagation::carrier::{Extractor, Injector};
use crate::propagation::context::Context;
use crate::propagation::extracted::Extracted;

/// A format in which contexts travel, as in
/// [OpenTelemetry's `TextMapPropagator`](https://opentelemetry.io/docs/specs/otel/context/api-propagators/#textmap-propagator).
///
/// It is called on the thread that receives or sends a request, on several at once, and should take no longer than a
/// microsecond. It has no errors: what cannot be read is [reported](Extracted::report).
pub trait Propagator: fmt::Debug + Send + Sync {
    /// The names that it reads and writes, in lower case, as far as they are fixed: what a cache must vary by.
    fn fields(&self) -> Vec<&'static str>;

    /// Reads from an incoming request. What a format before it has found stays if there is nothing of its own.
    fn extract(&self, carrier: &dyn Extractor, found: &mut Extracted);

    /// Writes into an outgoing request. Where the context has nothing to write, the request stays as it is: the program may
    /// have put something there itself. What would stand beside what is written and belong to another context must go.
    fn inject(&self, context: &Context, carrier: &mut dyn Injector);
}

/// Several formats: each is read, the later over the earlier, and all are written.
///
/// ```
/// use trace_core::propagation::{B3, CompositePropagator, Propagator, TraceContext};
///
/// let both = CompositePropagator::new().and(B3::single()).and(TraceContext);
/// assert_eq!(both.fields(), ["b3", "traceparent", "tracestate"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct CompositePropagator {
    parts: Vec<Arc<dyn Propagator>>,
}

impl CompositePropagator {
    /// One without formats: nothing travels.
    #[must_use]
    pub const fn new() -> Self {
        Self { parts: Vec::new() }
    }

    /// The same with this format behind the others.
    #[must_use]
    pub fn and(mut self, part: impl Propagator + 'static) -> Self {
        self.parts.push(Arc::new(part));
        self
    }
}

impl Propagator for CompositePropagator {
    fn fields(&self) -> Vec<&'static str> {
        let mut fields = Vec::new();
        for field in self.parts.iter().flat_map(|part| part.fields()) {
            if !fields.contains(&field) {
                fields.push(field);
            }
        }
        fields
    }

    fn extract(&self, carrier: &dyn Extractor, found: &mut Extracted) {
        self.parts.iter().for_each(|part| part.extract(carrier, found));
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Injector) {
        self.parts.iter().for_each(|part| part.inject(context, carrier));
    }
}
