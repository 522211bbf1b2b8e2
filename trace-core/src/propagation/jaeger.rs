//! The format of Jaeger's own clients.

use crate::baggage::{Baggage, encode};
use crate::cargo::Mark;
use crate::propagation::carrier::{Extractor, Found, Injector, all, one};
use crate::propagation::context::Context;
use crate::propagation::extracted::{Extracted, HeaderError};
use crate::propagation::jaeger_header::parse;
use crate::propagation::propagator::Propagator;
use crate::trace_state::TraceState;

const ID: &str = "uber-trace-id";
const BAGGAGE_PREFIX: &str = "uberctx-";
/// What people write by hand while they debug.
const BAGGAGE: &str = "jaeger-baggage";

/// [Jaeger's format](https://www.jaegertracing.io/sdk-migration/#propagation-format): the header `uber-trace-id`, and
/// `uberctx-*`, one for each member of the baggage; `jaeger-baggage` is read, too.
///
/// Ids are read with up to 32 and 16 digits, in any case, and written with all of them. The debug flag travels on. The
/// specification calls the format deprecated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Jaeger;

impl Propagator for Jaeger {
    fn fields(&self) -> Vec<&'static str> {
        vec![ID]
    }

    fn extract(&self, carrier: &dyn Extractor, found: &mut Extracted) {
        let read = match one(carrier, ID) {
            Found::Absent => None,
            Found::Several => Some(Err(HeaderError::Duplicate)),
            Found::One(value) => Some(parse(&value).map_err(HeaderError::Jaeger)),
        };
        match read {
            None => {}
            Some(Ok((span, mark))) => {
                found.set_span(span, TraceState::new());
                found.mark = mark;
            }
            Some(Err(error)) => found.report(ID, error),
        }
        extract_baggage(carrier, found);
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Injector) {
        if let Some(span) = context.span_context() {
            let flags = match (context.mark(), span.is_sampled()) {
                (Mark::Debug, _) => 3,
                (_, sampled) => u8::from(sampled),
            };
            carrier.set(ID, &format!("{}:{}:0:{flags}", span.trace_id(), span.span_id()));
        }
        for (key, value) in context.baggage().iter() {
            carrier.set(&format!("{BAGGAGE_PREFIX}{key}"), &encode(&value));
        }
    }
}

fn extract_baggage(carrier: &dyn Extractor, found: &mut Extracted) {
    let mut names = Vec::new();
    carrier.names(&mut |name| {
        let prefix = name.get(..BAGGAGE_PREFIX.len());
        if prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(BAGGAGE_PREFIX)) {
            names.push(name.to_ascii_lowercase());
        }
    });
    names.sort_unstable();
    names.dedup();
    let mut text = all(carrier, BAGGAGE).join(&b',');
    for name in names {
        let Found::One(value) = one(carrier, &name) else { continue };
        text.extend([b",", &name.as_bytes()[BAGGAGE_PREFIX.len()..], b"=", &value].concat());
    }
    if text.is_empty() {
        return;
    }
    let (baggage, broken) = Baggage::from_headers([&*text]);
    if let Some(error) = broken {
        found.report(BAGGAGE, error);
    }
    if !baggage.is_empty() {
        found.set_baggage(baggage);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn baggage_comes_in_a_header_for_each_member_or_in_one_for_all() {
        let headers = [("Uberctx-City", "K%C3%B6ln"), ("jaeger-baggage", "a=1, b=2"), ("uberctx-broken", "a b")];
        let mut found = Extracted::new();
        Jaeger.extract(&headers, &mut found);
        assert_eq!(found.baggage().as_str(), "a=1,b=2,city=K%C3%B6ln");
        assert_eq!((found.span_context(), found.broken().len()), (None, 1));
    }
}
