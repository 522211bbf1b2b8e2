//! B3, the format of Zipkin: in one header, or in several.

use crate::cargo::Mark;
use crate::propagation::b3_header::{B3Error, DEFERRED, Read, context, parse_single};
use crate::propagation::carrier::{Extractor, Found, Injector, one};
use crate::propagation::context::Context;
use crate::propagation::extracted::{Extracted, HeaderError};
use crate::propagation::propagator::Propagator;
use crate::span_context::TraceFlags;
use crate::trace_state::TraceState;

const SINGLE: &str = "b3";
const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const PARENT_ID: &str = "x-b3-parentspanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

/// [B3](https://github.com/openzipkin/b3-propagation): the header `b3`, or `x-b3-traceid`, `x-b3-spanid`, `x-b3-sampled`,
/// `x-b3-parentspanid` and `x-b3-flags`.
///
/// Both forms are read, the single header first; one of them is written. Trace ids of 16 digits are read and written with 32.
/// A caller's debug flag travels on, and a caller that leaves the sampling decision open (no `x-b3-sampled`) gets the decision
/// of this process. A decision without ids says nothing of a span, and counts as absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct B3 {
    writes: Form,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Single,
    Multi,
}

impl B3 {
    /// Writes the single header.
    #[must_use]
    pub const fn single() -> Self {
        Self { writes: Form::Single }
    }

    /// Writes several headers.
    #[must_use]
    pub const fn multi() -> Self {
        Self { writes: Form::Multi }
    }
}

impl Propagator for B3 {
    fn fields(&self) -> Vec<&'static str> {
        match self.writes {
            Form::Single => vec![SINGLE],
            Form::Multi => vec![TRACE_ID, SPAN_ID, PARENT_ID, SAMPLED, FLAGS],
        }
    }

    fn extract(&self, carrier: &dyn Extractor, found: &mut Extracted) {
        let read = match one(carrier, SINGLE) {
            Found::Several => return found.report(SINGLE, HeaderError::Duplicate),
            Found::One(value) => parse_single(&value).map_err(|error| (SINGLE, error.into())),
            Found::Absent => read_multi(carrier),
        };
        match read {
            Ok(Some((span, mark))) => {
                found.set_span(span, TraceState::new());
                found.mark = mark;
            }
            Ok(None) => {}
            Err((header, error)) => found.report(header, error),
        }
    }

    fn inject(&self, context: &Context, carrier: &mut dyn Injector) {
        let Some(span) = context.span_context() else { return };
        let sampled = match (span.is_sampled(), context.mark()) {
            (_, Mark::Debug) => Some("d"),
            // Nobody has decided yet.
            (false, Mark::Deferred) => None,
            (true, _) => Some("1"),
            (false, _) => Some("0"),
        };
        let (trace, id) = (span.trace_id().to_string(), span.span_id().to_string());
        match self.writes {
            Form::Single => match sampled {
                Some(sampled) => carrier.set(SINGLE, &format!("{trace}-{id}-{sampled}")),
                None => carrier.set(SINGLE, &format!("{trace}-{id}")),
            },
            Form::Multi => {
                carrier.set(TRACE_ID, &trace);
                carrier.set(SPAN_ID, &id);
                carrier.remove(PARENT_ID);
                let (sampled, flags) = if sampled == Some("d") { (None, Some("1")) } else { (sampled, None) };
                for (name, value) in [(SAMPLED, sampled), (FLAGS, flags)] {
                    match value {
                        Some(value) => carrier.set(name, value),
                        None => carrier.remove(name),
                    }
                }
            }
        }
    }
}

fn read_multi(carrier: &dyn Extractor) -> Result<Read, (&'static str, HeaderError)> {
    let find = |name| match one(carrier, name) {
        Found::Absent => Ok(None),
        Found::One(value) => Ok(Some(value)),
        Found::Several => Err((name, HeaderError::Duplicate)),
    };
    let (trace, span) = match (find(TRACE_ID)?, find(SPAN_ID)?) {
        (None, None) => return Ok(None),
        (Some(trace), Some(span)) => (trace, span),
        (None, _) => return Err((TRACE_ID, B3Error::Missing.into())),
        (_, None) => return Err((SPAN_ID, B3Error::Missing.into())),
    };
    let sampled = match find(SAMPLED)?.as_deref() {
        None => DEFERRED,
        // Early tracers wrote words.
        Some(b"0" | b"false") => (TraceFlags::NONE, Mark::None),
        Some(b"1" | b"true") => (TraceFlags::SAMPLED, Mark::None),
        Some(_) => return Err((SAMPLED, B3Error::Sampled.into())),
    };
    let (flags, mark) = match find(FLAGS)?.as_deref() {
        Some(b"1") => (TraceFlags::SAMPLED, Mark::Debug),
        _ => sampled,
    };
    let context = context(&trace, &span, flags).map_err(|error| match error {
        B3Error::TraceId(_) => (TRACE_ID, error.into()),
        _ => (SPAN_ID, error.into()),
    })?;
    Ok(Some((context, mark)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "80f198ee56343ba864fe8b2a57d3eff7";
    const SPAN: &str = "e457b5a2e4d86bd1";

    fn extract(headers: &[(&str, &str)]) -> Extracted {
        let mut found = Extracted::new();
        B3::single().extract(&headers, &mut found);
        found
    }

    #[test]
    fn several_headers_are_read_together() {
        let ids = [(TRACE_ID, TRACE), (SPAN_ID, SPAN)];
        let table: [(&[(&str, &str)], _, &str); 8] = [
            (&[], (TraceFlags::NONE, Mark::Deferred), "the decision is left open"),
            (&[(SAMPLED, "1")], (TraceFlags::SAMPLED, Mark::None), "sampled"),
            (&[(SAMPLED, "true")], (TraceFlags::SAMPLED, Mark::None), "in a word"),
            (&[(SAMPLED, "0")], (TraceFlags::NONE, Mark::None), "not sampled"),
            (&[(SAMPLED, "false")], (TraceFlags::NONE, Mark::None), "in a word"),
            (&[(FLAGS, "1")], (TraceFlags::SAMPLED, Mark::Debug), "debug"),
            (&[(FLAGS, "1"), (SAMPLED, "0")], (TraceFlags::SAMPLED, Mark::Debug), "debug wins"),
            (&[(FLAGS, "0"), (SAMPLED, "1")], (TraceFlags::SAMPLED, Mark::None), "flags that are not set"),
        ];
        for (more, expected, reason) in table {
            let found = extract(&[&ids, more].concat());
            assert_eq!((found.span_context().unwrap().flags(), found.mark), expected, "{reason}");
            assert!(found.broken().is_empty(), "{reason}");
        }
        let broken = [
            (&[(TRACE_ID, TRACE)][..], SPAN_ID, HeaderError::from(B3Error::Missing), "no span id"),
            (&[(SPAN_ID, SPAN)], TRACE_ID, B3Error::Missing.into(), "no trace id"),
            (&[ids[0], ids[1], (SAMPLED, "d")], SAMPLED, B3Error::Sampled.into(), "no decision"),
            (&[ids[0], ids[1], ids[1]], SPAN_ID, HeaderError::Duplicate, "two span ids"),
            (&[(SINGLE, "0"), (SINGLE, "1")], SINGLE, HeaderError::Duplicate, "two single headers"),
        ];
        for (headers, header, error, reason) in broken {
            let found = extract(headers);
            assert_eq!(found.span_context(), None, "{reason}");
            assert_eq!((found.broken()[0].header(), found.broken()[0].error()), (header, &error), "{reason}");
        }
        assert!(extract(&[(SAMPLED, "0")]).broken().is_empty(), "a decision without a span is as good as absent");
    }
}
