//! The values of B3's headers.

use std::fmt;

use crate::cargo::Mark;
use crate::id::{ParseIdError, SpanId, TraceId, parse_hex};
use crate::span_context::{SpanContext, TraceFlags};

/// A span and what is said of its sampling; `None` for a decision without a span.
pub(crate) type Read = Option<(SpanContext, Mark)>;

/// `{TraceId}-{SpanId}-{SamplingState}-{ParentSpanId}`, the last two optional; or the sampling state alone.
pub(crate) fn parse_single(text: &[u8]) -> Result<Read, B3Error> {
    let fields: Vec<_> = text.split(|&byte| byte == b'-').collect();
    let (trace, span, state, parent) = match fields[..] {
        [state] => return parse_state(state).map(|_| None),
        [trace, span] => (trace, span, None, None),
        [trace, span, state] => (trace, span, Some(state), None),
        [trace, span, state, parent] => (trace, span, Some(state), Some(parent)),
        _ => return Err(B3Error::Fields { found: fields.len() }),
    };
    let (flags, mark) = state.map_or(Ok(DEFERRED), parse_state)?;
    if let Some(parent) = parent {
        parse_span_id(parent).map_err(B3Error::ParentId)?;
    }
    Ok(Some((context(trace, span, flags)?, mark)))
}

/// The decision is left to us.
pub(crate) const DEFERRED: (TraceFlags, Mark) = (TraceFlags::NONE, Mark::Deferred);

fn parse_state(state: &[u8]) -> Result<(TraceFlags, Mark), B3Error> {
    match state {
        b"0" => Ok((TraceFlags::NONE, Mark::None)),
        b"1" => Ok((TraceFlags::SAMPLED, Mark::None)),
        b"d" => Ok((TraceFlags::SAMPLED, Mark::Debug)),
        _ => Err(B3Error::Sampled),
    }
}

/// The span of these fields.
pub(crate) fn context(trace: &[u8], span: &[u8], flags: TraceFlags) -> Result<SpanContext, B3Error> {
    let digits = if trace.len() == 16 { 16 } else { 32 };
    let trace = parse_hex(trace, digits).and_then(|id| TraceId::from_u128(id).ok_or(ParseIdError::Zero));
    let span = parse_span_id(span).map_err(B3Error::SpanId)?;
    Ok(SpanContext::new(trace.map_err(B3Error::TraceId)?, span, flags))
}

fn parse_span_id(text: &[u8]) -> Result<SpanId, ParseIdError> {
    SpanId::from_u64(parse_hex(text, 16)? as u64).ok_or(ParseIdError::Zero)
}

/// Why a header does not follow B3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum B3Error {
    /// The single header has more than four fields.
    Fields {
        /// How many it has.
        found: usize,
    },
    /// The trace id is none.
    TraceId(ParseIdError),
    /// The span id is none.
    SpanId(ParseIdError),
    /// The id of the parent is none.
    ParentId(ParseIdError),
    /// The sampling state is none.
    Sampled,
    /// The header is not there, and its fellow is.
    Missing,
}

impl fmt::Display for B3Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fields { found } => write!(f, "expected at most 4 fields, found {found}"),
            Self::TraceId(_) => f.write_str("not a trace id"),
            Self::SpanId(_) => f.write_str("not a span id"),
            Self::ParentId(_) => f.write_str("not a parent id"),
            Self::Sampled => f.write_str("expected a sampling state"),
            Self::Missing => f.write_str("missing beside the header that belongs to it"),
        }
    }
}

impl std::error::Error for B3Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TraceId(error) | Self::SpanId(error) | Self::ParentId(error) => Some(error),
            Self::Fields { .. } | Self::Sampled | Self::Missing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "80f198ee56343ba864fe8b2a57d3eff7";
    const SPAN: &str = "e457b5a2e4d86bd1";

    #[test]
    fn a_single_header_is_read_exactly_as_the_format_has_it() {
        let (no, yes) = (TraceFlags::NONE, TraceFlags::SAMPLED);
        let found = |flags, mark| Ok(Some((flags, mark)));
        let digit = |position, byte| ParseIdError::Digit { position, byte };
        let length = |expected, found| ParseIdError::Length { expected, found };
        let table = [
            (format!("{TRACE}-{SPAN}-1-05e3ac9a4f6e3b90"), found(yes, Mark::None), "all four fields"),
            (format!("{TRACE}-{SPAN}-1"), found(yes, Mark::None), "no parent"),
            (format!("{TRACE}-{SPAN}-0"), found(no, Mark::None), "not sampled"),
            (format!("{TRACE}-{SPAN}-d"), found(yes, Mark::Debug), "debug"),
            (format!("{TRACE}-{SPAN}"), found(no, Mark::Deferred), "the decision is left open"),
            (format!("{}-{SPAN}-1", &TRACE[16..]), found(yes, Mark::None), "a short trace id"),
            ("0".to_owned(), Ok(None), "a decision without a span"),
            ("1".to_owned(), Ok(None), "a decision without a span"),
            ("d".to_owned(), Ok(None), "a decision without a span"),
            ("2".to_owned(), Err(B3Error::Sampled), "no decision"),
            (String::new(), Err(B3Error::Sampled), "nothing"),
            (format!("{TRACE}-{SPAN}-D"), Err(B3Error::Sampled), "debug in upper case"),
            (format!("{TRACE}-{SPAN}-true"), Err(B3Error::Sampled), "words are for the other form"),
            (format!("{TRACE}-{SPAN}-1-"), Err(B3Error::ParentId(length(16, 0))), "an empty parent"),
            (format!("{TRACE}-{SPAN}-1-{SPAN}-1"), Err(B3Error::Fields { found: 5 }), "five fields"),
            (format!("{}-{SPAN}-1", &TRACE[1..]), Err(B3Error::TraceId(length(32, 31))), "a digit less"),
            (format!("{}-{SPAN}-1", TRACE.to_uppercase()), Err(B3Error::TraceId(digit(2, b'F'))), "upper case"),
            (format!("{}-{SPAN}-1", "0".repeat(16)), Err(B3Error::TraceId(ParseIdError::Zero)), "a trace id of zeros"),
            (format!("{TRACE}-{}-1", "0".repeat(16)), Err(B3Error::SpanId(ParseIdError::Zero)), "a span id of zeros"),
            (format!("{TRACE}-{}-1", &SPAN[1..]), Err(B3Error::SpanId(length(16, 15))), "a digit less"),
        ];
        for (text, expected, reason) in table {
            let parsed = parse_single(text.as_bytes()).map(|read| read.map(|(span, mark)| (span.flags(), mark)));
            assert_eq!(parsed, expected, "{text:?}: {reason}");
        }
    }
}
