//! W3C trace context: `traceparent` and `tracestate` together.

use crate::propagation::carrier::{Extractor, Found, Injector, all, one};
use crate::propagation::context::Context;
use crate::propagation::extracted::{Extracted, HeaderError};
use crate::propagation::propagator::Propagator;
use crate::propagation::traceparent::parse;
use crate::trace_state::TraceState;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// [W3C trace context level 2](https://www.w3.org/TR/trace-context-2/): the headers `traceparent` and `tracestate`.
///
/// Where `traceparent` is absent, broken or there twice, `tracestate` is not looked at. Where `tracestate` is broken, it is
/// reported and left out, and the trace goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceContext;

impl Propagator for TraceContext {
    fn fields(&self) -> Vec<&'static str> {
        vec![TRACEPARENT, TRACESTATE]
    }

    fn extract(&self, carrier: &dyn Extractor, found: &mut Extracted) {
        let parsed = match one(carrier, TRACEPARENT) {
            Found::Absent => return,
            Found::Several => return found.report(TRACEPARENT, HeaderError::Duplicate),
            Found::One(value) => parse(&value),
        };
        match parsed {
            Err(error) => found.report(TRACEPARENT, error),
            Ok(span) => {
                let values = all(carrier, TRACESTATE);
                let state = TraceState::from_headers(values.iter().map(Vec::as_slice)).unwrap_or_else(|error| {
                    found.report(TRACESTATE, error);
                    TraceState::new()
                });
                found.set_span(span, state);
            }
        }
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Injector) {
        let Some(span) = context.span_context() else { return };
        carrier.set(TRACEPARENT, &span.traceparent());
        match context.trace_state() {
            state if state.is_empty() => carrier.remove(TRACESTATE),
            state => carrier.set(TRACESTATE, state.as_str()),
        }
    }
}
