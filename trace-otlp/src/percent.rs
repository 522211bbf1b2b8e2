//! Percent-encoding, as in [RFC 3986, section 2.1](https://www.rfc-editor.org/rfc/rfc3986#section-2.1).

/// Replaces every `%` and its two hexadecimal digits by the byte they name; `None` where no two such digits follow.
/// A `+` is a plus sign.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
        let (high, low) = (digit()?, digit()?);
        decoded.push((high << 4 | low) as u8);
    }
    Some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_digits_after_a_percent_sign_are_a_byte_and_nothing_else_is() {
        let table = [
            ("plain", Some("plain"), "nothing to decode"),
            ("a%20b%2C", Some("a b,"), "digits in any case"),
            ("%c3%A4", Some("ä"), "two bytes of one character"),
            ("a+b", Some("a+b"), "a plus is a plus"),
            ("%", None, "no digits"),
            ("a%2", None, "one digit"),
            ("%+1", None, "a sign is no digit"),
        ];
        for (text, expected, reason) in table {
            assert_eq!(decode(text), expected.map(|text| text.as_bytes().to_vec()), "{text:?}: {reason}");
        }
    }
}
