//! The formats that this process reads and writes.

use std::sync::{Arc, PoisonError, RwLock};

use crate::config::PropagatorName;
use crate::context;
use crate::env::EnvReader;
use crate::propagation::b3::B3;
use crate::propagation::baggage::W3cBaggage;
use crate::propagation::carrier::{Extractor, Injector};
use crate::propagation::context::Context;
use crate::propagation::extracted::Extracted;
use crate::propagation::jaeger::Jaeger;
use crate::propagation::propagator::{CompositePropagator, Propagator};
use crate::propagation::trace_context::TraceContext;
use crate::tally;

static PROPAGATOR: RwLock<Option<Arc<dyn Propagator>>> = RwLock::new(None);

/// The formats of this process: those of [`PipelineBuilder::propagator`](crate::PipelineBuilder::propagator), else those of
/// `OTEL_PROPAGATORS`, else W3C trace context and W3C baggage. They work without an `init` as well.
#[must_use]
pub fn propagator() -> Arc<dyn Propagator> {
    if let Some(propagator) = &*PROPAGATOR.read().unwrap_or_else(PoisonError::into_inner) {
        return Arc::clone(propagator);
    }
    let fresh = of_names(crate::config::propagators(&EnvReader::of_process()).as_deref());
    let mut place = PROPAGATOR.write().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(place.get_or_insert(fresh))
}

/// Sets the formats of this process.
pub(crate) fn set_propagator(propagator: Arc<dyn Propagator>) {
    *PROPAGATOR.write().unwrap_or_else(PoisonError::into_inner) = Some(propagator);
}

/// The formats of these names, in their order; the defaults where nothing is named.
pub(crate) fn of_names(names: Option<&[PropagatorName]>) -> Arc<dyn Propagator> {
    let names = names.unwrap_or(&[PropagatorName::TraceContext, PropagatorName::Baggage]);
    Arc::new(names.iter().fold(CompositePropagator::new(), |all, name| match name {
        PropagatorName::TraceContext => all.and(TraceContext),
        PropagatorName::Baggage => all.and(W3cBaggage),
        PropagatorName::B3 => all.and(B3::single()),
        PropagatorName::B3Multi => all.and(B3::multi()),
        PropagatorName::Jaeger => all.and(Jaeger),
    }))
}

/// Reads the context that came with a request, in the formats of this process. See [`propagator`].
#[must_use]
pub fn extract(carrier: &dyn Extractor) -> Extracted {
    extract_with(&*propagator(), carrier)
}

/// [`extract`] in other formats than those of this process.
#[must_use]
pub fn extract_with(propagator: &dyn Propagator, carrier: &dyn Extractor) -> Extracted {
    let mut found = Extracted::new();
    propagator.extract(carrier, &mut found);
    if !found.broken().is_empty() {
        tally::BROKEN_HEADERS.add(found.broken().len() as u64);
    }
    found
}

/// Writes the current context into a request, in the formats of this process. See [`propagator`].
///
/// Inside of [`suppressed`](crate::suppressed) work nothing is written.
pub fn inject(carrier: &mut dyn Injector) {
    inject_with(&*propagator(), carrier);
}

/// [`inject`] in other formats than those of this process.
pub fn inject_with(propagator: &dyn Propagator, carrier: &mut dyn Injector) {
    if !context::current().is_suppressed() {
        propagator.inject(&Context::current(), carrier);
    }
}
