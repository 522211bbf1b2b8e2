//! Percent-encoding, as in [RFC 3986, section 2.1](https://www.rfc-editor.org/rfc/rfc3986#section-2.1).

use std::borrow::Cow;
use std::fmt;

/// Why a text cannot be percent-decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PercentError {
    /// No two hexadecimal digits follow a `%`.
    Digits {
        /// Where the `%` stands, in bytes from the start.
        position: usize,
    },
    /// The decoded bytes are no UTF-8.
    Utf8,
}

impl fmt::Display for PercentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digits { position } => write!(f, "expected two hexadecimal digits after the '%' at byte {position}"),
            Self::Utf8 => f.write_str("the decoded bytes are no UTF-8"),
        }
    }
}

/// Replaces every `%` and its two hexadecimal digits by the byte they name. A `+` is a plus sign.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, PercentError> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes().enumerate();
    while let Some((position, byte)) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|(_, byte)| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(), digit()) else { return Err(PercentError::Digits { position }) };
        decoded.push((high << 4 | low) as u8);
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| PercentError::Utf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_after_a_percent_sign_are_a_byte_and_nothing_else_is() {
        let table = [
            ("plain", Ok("plain"), "nothing to decode"),
            ("a%20b", Ok("a b"), "a space"),
            ("%2c%2C%3d%25", Ok(",,=%"), "digits in any case, and the percent sign itself"),
            ("%C3%A4", Ok("ä"), "two bytes of one character"),
            ("ä%20", Ok("ä "), "what is not encoded stays"),
            ("a+b", Ok("a+b"), "a plus is a plus"),
            ("%", Err(PercentError::Digits { position: 0 }), "no digits"),
            ("a%2", Err(PercentError::Digits { position: 1 }), "one digit"),
            ("%zz", Err(PercentError::Digits { position: 0 }), "no hexadecimal digits"),
            ("%+1", Err(PercentError::Digits { position: 0 }), "a sign is no digit"),
            ("%ff", Err(PercentError::Utf8), "a byte that starts no character"),
        ];
        for (text, expected, reason) in table {
            assert_eq!(decode(text), expected.map(Cow::Borrowed), "{text:?}: {reason}");
        }
    }
}
