//! W3C baggage: the header `baggage`.

use crate::baggage::Baggage;
use crate::propagation::carrier::{Extractor, Injector, all};
use crate::propagation::context::Context;
use crate::propagation::extracted::Extracted;
use crate::propagation::propagator::Propagator;

const BAGGAGE: &str = "baggage";

/// [W3C baggage](https://www.w3.org/TR/baggage/): the header `baggage`.
///
/// A member that breaks the grammar is reported and left out; the others travel on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct W3cBaggage;

impl Propagator for W3cBaggage {
    fn fields(&self) -> Vec<&'static str> {
        vec![BAGGAGE]
    }

    fn extract(&self, carrier: &dyn Extractor, found: &mut Extracted) {
        let values = all(carrier, BAGGAGE);
        let (baggage, broken) = Baggage::from_headers(values.iter().map(Vec::as_slice));
        if let Some(error) = broken {
            found.report(BAGGAGE, error);
        }
        if !baggage.is_empty() {
            found.set_baggage(baggage);
        }
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Injector) {
        if !context.baggage().is_empty() {
            carrier.set(BAGGAGE, context.baggage().as_str());
        }
    }
}
