//! Writing JSON ([RFC 8259](https://www.rfc-editor.org/rfc/rfc8259)) into a buffer.

use std::fmt::{self, Write as _};

use crate::text::is_hidden;

/// The largest integer that a JavaScript number holds without loss: 2^53 - 1.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Appends to a buffer; commas are set where they belong.
#[derive(Debug)]
pub(crate) struct Json<'a> {
    out: &'a mut String,
    /// Whether something stands before the next value or key at this place, so that a comma is due.
    comma_due: bool,
}

impl<'a> Json<'a> {
    pub(crate) const fn new(out: &'a mut String) -> Self {
        Self { out, comma_due: false }
    }

    /// An object with the members that `members` writes: each a [`key`](Self::key) and a value.
    pub(crate) fn object(&mut self, members: impl FnOnce(&mut Self)) {
        self.enclose('{', members, '}');
    }

    /// An array with the values that `values` writes.
    pub(crate) fn array(&mut self, values: impl FnOnce(&mut Self)) {
        self.enclose('[', values, ']');
    }

    /// The key of the value that is written next.
    pub(crate) fn key(&mut self, key: &str) -> &mut Self {
        self.string(key);
        self.out.push(':');
        self.comma_due = false;
        self
    }

    /// A text. What a terminal would obey or hide is escaped as well, so that the file can be looked at.
    pub(crate) fn string(&mut self, text: &str) {
        self.comma();
        self.out.push('"');
        let mut rest = text;
        while let Some(at) = rest.find(|c| is_hidden(c) || matches!(c, '"' | '\\')) {
            let (plain, from) = rest.split_at(at);
            self.out.push_str(plain);
            let mut characters = from.chars();
            if let Some(c) = characters.next() {
                self.escape(c);
            }
            rest = characters.as_str();
        }
        self.out.push_str(rest);
        self.out.push('"');
    }

    /// A value whose text has nothing to escape, as a string.
    pub(crate) fn plain_string(&mut self, text: impl fmt::Display) {
        self.comma();
        self.write(format_args!("\"{text}\""));
    }

    pub(crate) fn null(&mut self) {
        self.raw("null");
    }

    pub(crate) fn bool(&mut self, value: bool) {
        self.raw(if value { "true" } else { "false" });
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.comma();
        self.write(format_args!("{value}"));
    }

    /// An integer, if JavaScript loses nothing of it.
    pub(crate) fn safe_i64(&mut self, value: i64) -> bool {
        let is_safe = value.unsigned_abs() <= MAX_SAFE_INTEGER;
        if is_safe {
            self.comma();
            self.write(format_args!("{value}"));
        }
        is_safe
    }

    /// A finite number, always with a point or an exponent and as long as needed to read the same number back.
    pub(crate) fn finite(&mut self, value: f64) -> bool {
        if value.is_finite() {
            self.comma();
            self.write(format_args!("{value:?}"));
        }
        value.is_finite()
    }

    /// JSON that was written before.
    pub(crate) fn raw(&mut self, json: &str) {
        self.comma();
        self.out.push_str(json);
    }

    fn enclose(&mut self, open: char, inside: impl FnOnce(&mut Self), close: char) {
        self.comma();
        self.out.push(open);
        self.comma_due = false;
        inside(self);
        self.out.push(close);
        self.comma_due = true;
    }

    fn comma(&mut self) {
        if self.comma_due {
            self.out.push(',');
        }
        self.comma_due = true;
    }

    fn escape(&mut self, c: char) {
        match c {
            '"' => self.out.push_str("\\\""),
            '\\' => self.out.push_str("\\\\"),
            '\n' => self.out.push_str("\\n"),
            '\r' => self.out.push_str("\\r"),
            '\t' => self.out.push_str("\\t"),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    self.write(format_args!("\\u{unit:04x}"));
                }
            }
        }
    }

    fn write(&mut self, arguments: fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.out.write_fmt(arguments);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(write: impl FnOnce(&mut Json<'_>)) -> String {
        let mut out = String::new();
        write(&mut Json::new(&mut out));
        out
    }

    #[test]
    fn commas_stand_between_values_and_nowhere_else() {
        let text = json(|json| {
            json.object(|json| {
                json.key("a").array(|_| {});
                json.key("b").array(|json| {
                    json.null();
                    json.object(|_| {});
                    json.bool(true);
                });
                json.key("c").object(|json| json.key("d").u64(1));
                json.key("e").plain_string(7);
            });
        });
        assert_eq!(text, r#"{"a":[],"b":[null,{},true],"c":{"d":1},"e":"7"}"#);
    }

    #[test]
    fn every_character_is_read_back_as_itself() {
        for c in ('\0'..=char::MAX).filter(|&c| u32::from(c) < 0x3000 || u32::from(c) % 97 == 0 || is_hidden(c)) {
            let text = format!("a{c}{c}b");
            let written = json(|json| json.string(&text));
            assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
            assert!(!written.contains(is_hidden), "{c:?} is hidden in {written}");
        }
    }

    #[test]
    fn a_number_is_read_back_as_itself_and_as_its_type() {
        for number in [0.0, -0.0, 1.0, 0.1, 1e21, 1e-7, f64::MAX, f64::MIN_POSITIVE, 5e-324] {
            let written = json(|json| assert!(json.finite(number)));
            let read: serde_json::Value = serde_json::from_str(&written).unwrap();
            assert!(read.is_f64(), "{written}");
            assert_eq!(read.as_f64().unwrap().to_bits(), number.to_bits(), "{written}");
        }
        for (number, safe) in [((1 << 53) - 1, true), (1 << 53, false), (-(1 << 53), false), (i64::MIN, false)] {
            assert_eq!(json(|json| assert_eq!(json.safe_i64(number), safe)).is_empty(), !safe);
        }
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(json(|json| assert!(!json.finite(number))), "");
        }
    }
}
