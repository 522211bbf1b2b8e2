//! The value of Jaeger's header.

use std::fmt;

use crate::cargo::Mark;
use crate::id::{SpanId, TraceId};
use crate::span_context::{SpanContext, TraceFlags};
use crate::trace_state::trim;

/// `{trace-id}:{span-id}:{parent-span-id}:{flags}`; the colons may be percent-encoded.
pub(crate) fn parse(text: &[u8]) -> Result<(SpanContext, Mark), JaegerError> {
    let text = std::str::from_utf8(trim(text)).map_err(|_| JaegerError::Fields { found: 0 })?;
    let decoded = text.replace("%3A", ":").replace("%3a", ":");
    let fields: Vec<_> = decoded.split(':').collect();
    let [trace, span, parent, flags] = fields[..] else { return Err(JaegerError::Fields { found: fields.len() }) };
    let trace = digits(trace, 32).and_then(TraceId::from_u128).ok_or(JaegerError::TraceId)?;
    let span = digits(span, 16).and_then(|id| SpanId::from_u64(id as u64)).ok_or(JaegerError::SpanId)?;
    // Deprecated; what says nothing may be left empty.
    if !parent.is_empty() {
        digits(parent, 16).ok_or(JaegerError::ParentId)?;
    }
    let flags = digits(flags, 2).ok_or(JaegerError::Flags)?;
    let (sampled, mark) = match (flags & 1 != 0, flags & 2 != 0) {
        (_, true) => (TraceFlags::SAMPLED, Mark::Debug),
        (true, false) => (TraceFlags::SAMPLED, Mark::None),
        (false, false) => (TraceFlags::NONE, Mark::None),
    };
    Ok((SpanContext::new(trace, span, sampled), mark))
}

/// Hexadecimal digits in any case, at least one and at most `max` of them.
fn digits(text: &str, max: usize) -> Option<u128> {
    let is_number = (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_number.then(|| u128::from_str_radix(text, 16).ok()).flatten()
}

/// Why a header does not follow Jaeger's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JaegerError {
    /// There are not four fields with colons between.
    Fields {
        /// How many there are.
        found: usize,
    },
    /// The trace id is not 1 to 32 hexadecimal digits, or zero.
    TraceId,
    /// The span id is not 1 to 16 hexadecimal digits, or zero.
    SpanId,
    /// The id of the parent is not up to 16 hexadecimal digits.
    ParentId,
    /// The flags are not one or two hexadecimal digits.
    Flags,
}

impl fmt::Display for JaegerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fields { found } => write!(f, "expected 4 fields, found {found}"),
            Self::TraceId => f.write_str("expected 1 to 32 hexadecimal digits, not all zero, as the trace id"),
            Self::SpanId => f.write_str("expected 1 to 16 hexadecimal digits, not all zero, as the span id"),
            Self::ParentId => f.write_str("expected at most 16 hexadecimal digits as the parent id"),
            Self::Flags => f.write_str("expected one or two hexadecimal digits as the flags"),
        }
    }
}

impl std::error::Error for JaegerError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_exactly_as_the_format_has_it() {
        let (no, yes) = ((TraceFlags::NONE, Mark::None), (TraceFlags::SAMPLED, Mark::None));
        let debug = (TraceFlags::SAMPLED, Mark::Debug);
        let table = [
            ("4bf92f3577b34da6a3ce929d0e0e4736:f067aa0ba902b7:0:1", Ok(yes), "sampled"),
            ("4BF92F3577B34DA6A3CE929D0E0E4736:F067AA0BA902B7:0:0", Ok(no), "upper case, not sampled"),
            ("1:2:3:1", Ok(yes), "leading zeros may be left out"),
            ("1:2::01", Ok(yes), "an empty parent, flags of two digits"),
            ("1:2:0:2", Ok(debug), "debug means sampled"),
            ("1:2:0:3", Ok(debug), "debug and sampled"),
            ("1:2:0:f0", Ok(no), "flags that nobody knows"),
            ("1%3A2%3a0%3A1", Ok(yes), "encoded colons"),
            ("\t1:2:0:1 ", Ok(yes), "white space around"),
            ("", Err(JaegerError::Fields { found: 1 }), "nothing"),
            ("1:2:0", Err(JaegerError::Fields { found: 3 }), "three fields"),
            ("1:2:0:1:1", Err(JaegerError::Fields { found: 5 }), "five fields"),
            ("0:2:0:1", Err(JaegerError::TraceId), "a trace id of zeros"),
            (":2:0:1", Err(JaegerError::TraceId), "no trace id"),
            ("+1:2:0:1", Err(JaegerError::TraceId), "a sign"),
            ("000000000000000000000000000000001:2:0:1", Err(JaegerError::TraceId), "33 digits"),
            ("1:0:0:1", Err(JaegerError::SpanId), "a span id of zeros"),
            ("1:00000000000000002:0:1", Err(JaegerError::SpanId), "17 digits"),
            ("1:2:g:1", Err(JaegerError::ParentId), "a parent that is no number"),
            ("1:2:0:", Err(JaegerError::Flags), "no flags"),
            ("1:2:0:001", Err(JaegerError::Flags), "three digits of flags"),
            ("1:2:0:-1", Err(JaegerError::Flags), "a sign"),
        ];
        for (text, expected, reason) in table {
            let parsed = parse(text.as_bytes()).map(|(span, mark)| (span.flags(), mark));
            assert_eq!(parsed, expected, "{text:?}: {reason}");
        }
        assert!(parse(b"1:2:0:\xff").is_err(), "no UTF-8");
    }
}
