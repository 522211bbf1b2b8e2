//! The header `traceparent`: a span's identity in 55 characters.

use std::fmt;
use std::ops::Deref;
use std::str::FromStr;

use crate::id::{ParseIdError, SpanId, TraceId, hex_digits, parse_hex};
use crate::span_context::{SpanContext, TraceFlags};

/// The flags that version 00 knows; what else is set is neither kept nor passed on.
const KNOWN_FLAGS: u8 = TraceFlags::SAMPLED.bits() | TraceFlags::RANDOM.bits();

/// A span's identity as the text of the header `traceparent`, as in
/// [W3C trace context level 2](https://www.w3.org/TR/trace-context-2/#traceparent-header): 55 bytes, without an allocation.
///
/// ```
/// use trace_core::SpanContext;
///
/// let header = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// let context: SpanContext = header.parse()?;
/// assert!(context.is_remote());
/// assert_eq!(context.traceparent().as_str(), header);
/// # Ok::<(), trace_core::propagation::TraceparentError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Traceparent([u8; Self::LEN]);

impl Traceparent {
    /// How many bytes it has.
    pub const LEN: usize = 55;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits and hyphens are ASCII")
    }
}

impl SpanContext {
    /// The text of the header `traceparent` that tells of this span.
    #[must_use]
    pub fn traceparent(&self) -> Traceparent {
        let (high, low) = self.trace_id().words();
        let mut text = *b"00-00000000000000000000000000000000-0000000000000000-00";
        text[3..19].copy_from_slice(&hex_digits(high));
        text[19..35].copy_from_slice(&hex_digits(low));
        text[36..52].copy_from_slice(&hex_digits(self.span_id().to_u64()));
        // Two bits: their digit is below 4.
        text[54] = b'0' + (self.flags().bits() & KNOWN_FLAGS);
        Traceparent(text)
    }
}

impl Deref for Traceparent {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Traceparent {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Traceparent").field(&self.as_str()).finish()
    }
}

/// Reads the text of the header `traceparent`; the span is one of another process.
///
/// A version above 00 is read as far as version 00 goes. Of the flags those are kept that level 2 knows.
impl FromStr for SpanContext {
    type Err = TraceparentError;

    fn from_str(text: &str) -> Result<Self, TraceparentError> {
        parse(text.as_bytes())
    }
}

/// `version "-" trace-id "-" parent-id "-" trace-flags`, and what a later version has behind that.
pub(crate) fn parse(text: &[u8]) -> Result<SpanContext, TraceparentError> {
    let found = text.len();
    if found < Traceparent::LEN {
        return Err(TraceparentError::Length { found });
    }
    let (known, rest) = text.split_at(Traceparent::LEN);
    let version = digits(known, 0..2).map_err(|_| TraceparentError::Version)?;
    match (version, rest) {
        (0xff, _) => return Err(TraceparentError::Version),
        (0, [_, ..]) => return Err(TraceparentError::Length { found }),
        (_, [byte, ..]) if *byte != b'-' => return Err(TraceparentError::Separator { position: Traceparent::LEN }),
        _ => {}
    }
    if let Some(position) = [2, 35, 52].into_iter().find(|&position| known[position] != b'-') {
        return Err(TraceparentError::Separator { position });
    }
    let trace = digits(known, 3..35).map_err(TraceparentError::TraceId)?;
    let trace = TraceId::from_u128(trace).ok_or(TraceparentError::TraceId(ParseIdError::Zero))?;
    let span = digits(known, 36..52).map_err(TraceparentError::SpanId)?;
    let span = SpanId::from_u64(span as u64).ok_or(TraceparentError::SpanId(ParseIdError::Zero))?;
    let flags = digits(known, 53..55).map_err(|_| TraceparentError::Flags)?;
    let flags = TraceFlags::from_bits(flags as u8 & KNOWN_FLAGS);
    Ok(SpanContext::new(trace, span, flags).remote())
}

fn digits(text: &[u8], range: std::ops::Range<usize>) -> Result<u128, ParseIdError> {
    let expected = range.len();
    parse_hex(&text[range], expected)
}

/// Why a text is no `traceparent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceparentError {
    /// It is shorter than 55 bytes, or of version 00 and longer.
    Length {
        /// How many bytes it has.
        found: usize,
    },
    /// The version is not two lower-case hexadecimal digits, or is `ff`.
    Version,
    /// There is no hyphen where one must be.
    Separator {
        /// Where it must be, in bytes from the start.
        position: usize,
    },
    /// The trace id is none.
    TraceId(ParseIdError),
    /// The id of the parent is none.
    SpanId(ParseIdError),
    /// The flags are not two lower-case hexadecimal digits.
    Flags,
}

impl fmt::Display for TraceparentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { found } => write!(f, "expected {} bytes, found {found}", Traceparent::LEN),
            Self::Version => f.write_str("expected two lower-case hexadecimal digits other than ff as the version"),
            Self::Separator { position } => write!(f, "expected a '-' at byte {position}"),
            Self::TraceId(_) => f.write_str("not a trace id"),
            Self::SpanId(_) => f.write_str("not a parent id"),
            Self::Flags => f.write_str("expected two lower-case hexadecimal digits as the flags"),
        }
    }
}

impl std::error::Error for TraceparentError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TraceId(error) | Self::SpanId(error) => Some(error),
            Self::Length { .. } | Self::Version | Self::Separator { .. } | Self::Flags => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    const SPAN: &str = "00f067aa0ba902b7";

    #[test]
    fn a_text_is_a_traceparent_exactly_if_the_grammar_says_so() {
        use TraceparentError::{Flags, Length, Separator, Version};
        let digit = |position, byte| ParseIdError::Digit { position, byte };
        let (trace_id, span_id) = (TraceparentError::TraceId, TraceparentError::SpanId);
        let table = [
            (format!("00-{TRACE}-{SPAN}-00"), Ok(0), "not sampled"),
            (format!("00-{TRACE}-{SPAN}-01"), Ok(1), "sampled"),
            (format!("00-{TRACE}-{SPAN}-02"), Ok(2), "random, of level 2"),
            (format!("00-{TRACE}-{SPAN}-03"), Ok(3), "both"),
            (format!("00-{TRACE}-{SPAN}-ff"), Ok(3), "flags that nobody knows are not kept"),
            (format!("cc-{TRACE}-{SPAN}-01"), Ok(1), "a later version without more"),
            (format!("cc-{TRACE}-{SPAN}-01-"), Ok(1), "a later version with an empty field more"),
            (format!("01-{TRACE}-{SPAN}-01-what-the-future-will-be-like"), Ok(1), "a later version with fields more"),
            (String::new(), Err(Length { found: 0 }), "nothing"),
            (format!("00-{TRACE}-{SPAN}-0"), Err(Length { found: 54 }), "one character short"),
            (format!("00-{TRACE}-{SPAN}"), Err(Length { found: 52 }), "no flags"),
            (format!("00-{TRACE}-{SPAN}-01-"), Err(Length { found: 56 }), "version 00 has nothing behind the flags"),
            (format!("00-{TRACE}-{SPAN}-01-x"), Err(Length { found: 57 }), "version 00 has no further field"),
            (
                format!("cc-{TRACE}-{SPAN}-01.x"),
                Err(Separator { position: 55 }),
                "a later version goes on with a hyphen",
            ),
            (format!("cc-{TRACE}-{SPAN}-012"), Err(Separator { position: 55 }), "flags of three digits"),
            (format!("ff-{TRACE}-{SPAN}-01"), Err(Version), "the forbidden version"),
            (format!("0x-{TRACE}-{SPAN}-01"), Err(Version), "a version that is no number"),
            (format!("CC-{TRACE}-{SPAN}-01"), Err(Version), "a version in upper case"),
            (format!("+0-{TRACE}-{SPAN}-01"), Err(Version), "a version with a sign"),
            (format!("00.{TRACE}-{SPAN}-01"), Err(Separator { position: 2 }), "no hyphen behind the version"),
            (format!("00-{TRACE}_{SPAN}-01"), Err(Separator { position: 35 }), "no hyphen behind the trace id"),
            (format!("00-{TRACE}-{SPAN}.01"), Err(Separator { position: 52 }), "no hyphen behind the parent id"),
            (format!("00-{}-{SPAN}-01", "0".repeat(32)), Err(trace_id(ParseIdError::Zero)), "a trace id of zeros"),
            (format!("00-{}-{SPAN}-01", TRACE.to_uppercase()), Err(trace_id(digit(1, b'B'))), "an upper-case trace id"),
            (format!("00-+{}-{SPAN}-01", &TRACE[1..]), Err(trace_id(digit(0, b'+'))), "a trace id with a sign"),
            (format!("00-{TRACE}-{}-01", "0".repeat(16)), Err(span_id(ParseIdError::Zero)), "a parent id of zeros"),
            (format!("00-{TRACE}-00F067aa0ba902b7-01"), Err(span_id(digit(2, b'F'))), "an upper-case parent id"),
            (format!("00-{TRACE}-{SPAN}-0G"), Err(Flags), "flags that are no number"),
            (format!("00-{TRACE}-{SPAN}-0A"), Err(Flags), "flags in upper case"),
            (format!("00-{TRACE}-{SPAN}-+1"), Err(Flags), "flags with a sign"),
            (format!("00-{TRACE}-{SPAN}-ä"), Err(Flags), "flags of another alphabet"),
            (format!(" 0-{TRACE}-{SPAN}-01"), Err(Version), "a space in the version"),
        ];
        for (text, expected, reason) in table {
            let parsed = text.parse::<SpanContext>();
            assert_eq!(parsed.map(|context| context.flags().bits()), expected, "{text:?}: {reason}");
            if let Ok(context) = parsed {
                assert_eq!(
                    (context.trace_id().to_string(), context.span_id().to_string()),
                    (TRACE.into(), SPAN.into())
                );
                assert!(context.is_remote());
            }
        }
    }

    #[test]
    fn a_span_context_survives_its_text() {
        for bits in 0..=255 {
            let context = SpanContext::new(TraceId::random(), SpanId::random(), TraceFlags::from_bits(bits));
            let text = context.traceparent();
            let expected =
                format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.flags().bits() & KNOWN_FLAGS);
            assert_eq!(text.as_str(), expected);
            let again: SpanContext = text.parse().unwrap();
            assert_eq!(again.traceparent(), text);
        }
    }
}
