//! Text for people: what is hidden is shown, and what is long is cut to columns.
//!
//! Names, keys, values and descriptions come from anywhere. Written to a terminal as they are, an escape character moves the
//! cursor and a bidirectional control lets a name read as another. So whatever a person reads goes through here.

use std::borrow::Cow;
use std::fmt::{self, Write as _};

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::value::Value;

/// How many characters may stand in one column: a base and its accents, or the parts of an emoji. Beyond it a text counts
/// as too long, so that a megabyte of accents is not printed into one cell.
const CHARS_PER_COLUMN: usize = 8;

/// Whether a terminal or a reader would not see this character as itself: controls, line separators, and what turns the
/// direction of writing or leaves no trace. The joiners that scripts and emoji need are none.
pub const fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}'
        | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text with every hidden character as its escape, such as `\n` or `\u{1b}`. A backslash stays as it is.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match is_hidden(c) {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// How many columns of a terminal an escaped text takes.
pub fn columns(shown: &str) -> usize {
    shown.width()
}

/// The text, escaped, in at most `room` columns: if it does not fit, its middle is `ellipsis` instead.
pub fn cut_middle(text: &str, room: usize, ellipsis: &str) -> String {
    cut(text, room, ellipsis, |room| room / 2)
}

/// The text, escaped, in at most `room` columns: if it does not fit, its end is `ellipsis` instead.
pub fn cut_end(text: &str, room: usize, ellipsis: &str) -> String {
    cut(text, room, ellipsis, |_| 0)
}

/// `key=value` for a person: the value, in at most `room` columns, in quotes if it would read as something else.
pub(crate) fn pair(key: &str, value: &Value, room: usize, ellipsis: &str) -> String {
    let mut shown = Bounded { text: String::new(), left: room.saturating_add(1).saturating_mul(CHARS_PER_COLUMN) };
    // Over the bound the text is longer than the room, so that it is cut below anyway.
    let text = match value.as_str() {
        Some(text) => text,
        None => write!(shown, "{value}").map_or(&*shown.text, |()| &*shown.text),
    };
    let quote = match value.as_str() {
        Some("") => "\"",
        Some(text) if text.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '=' | '[' | ']')) => "\"",
        _ => "",
    };
    format!("{}={quote}{}{quote}", cut_middle(key, room, ellipsis), cut_end(text, room, ellipsis))
}

fn cut(text: &str, room: usize, ellipsis: &str, columns_of_tail: impl Fn(usize) -> usize) -> String {
    if head(text, room).len() == text.len() {
        return escaped(text).into_owned();
    }
    let Some(rest) = room.checked_sub(columns(ellipsis)) else {
        return head(ellipsis, room).to_owned();
    };
    let of_tail = columns_of_tail(rest);
    let (head, tail) = (head(text, rest - of_tail), tail(text, of_tail));
    format!("{}{ellipsis}{}", escaped(head.trim_end_matches('\u{200d}')), escaped(tail))
}

/// The longest start of `text` that takes at most `room` columns when it is escaped.
fn head(text: &str, room: usize) -> &str {
    let mut used = 0;
    for (count, (at, c)) in text.char_indices().enumerate() {
        used += columns_of(c);
        if used > room || count >= room.saturating_mul(CHARS_PER_COLUMN) {
            return &text[..at];
        }
    }
    text
}

/// The longest end of `text` that takes at most `room` columns when it is escaped.
fn tail(text: &str, room: usize) -> &str {
    let mut used = 0;
    let mut start = text.len();
    for (count, (at, c)) in text.char_indices().rev().enumerate() {
        used += columns_of(c);
        if used > room || count >= room.saturating_mul(CHARS_PER_COLUMN) {
            break;
        }
        start = at;
    }
    text[start..].trim_start_matches(|c| columns_of(c) == 0)
}

/// At most this many columns does the character add to a text.
fn columns_of(c: char) -> usize {
    match c {
        // Makes an emoji, two columns wide, of a character that may have been one column wide.
        '\u{fe0f}' => 1,
        _ if is_hidden(c) => c.escape_default().len(),
        _ => c.width().unwrap_or(0),
    }
}

/// Takes so many characters and no more.
struct Bounded {
    text: String,
    left: usize,
}

impl fmt::Write for Bounded {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            self.left = self.left.checked_sub(1).ok_or(fmt::Error)?;
            self.text.push(c);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_or_swallow_is_written_as_its_escape() {
        for (text, expected, reason) in [
            ("plain", "plain", "nothing to do"),
            (r"a\nb", r"a\nb", "a backslash is itself"),
            ("a\x1b[31mb", "a\\u{1b}[31mb", "a colour"),
            ("a\nb\tc\0", "a\\nb\\tc\\u{0}", "C0"),
            ("a\u{9b}31mb", "a\\u{9b}31mb", "C1: the one-character form of ESC ["),
            ("\u{202e}live", "\\u{202e}live", "a right-to-left override"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}", "nothing to see"),
            ("\u{1f468}\u{200d}\u{1f469}", "\u{1f468}\u{200d}\u{1f469}", "a joiner inside an emoji stays"),
        ] {
            assert_eq!(escaped(text), expected, "{reason}");
        }
    }

    #[test]
    fn a_cut_text_keeps_its_ends_and_never_takes_more_than_its_room() {
        for (text, room, expected, reason) in [
            ("short", 5, "short", "it fits"),
            ("abcdefghij", 7, "abc…hij", "the middle goes"),
            ("abcdefghij", 6, "abc…ij", "the start gets the odd column"),
            ("結果を保存する", 7, "結…る", "a wide character is never halved"),
            ("abcdef", 1, "…", "room for the ellipsis only"),
            ("abcdef", 0, "", "no room"),
            ("ab\ncdef", 6, "ab…ef", "an escape is never halved"),
        ] {
            assert_eq!(cut_middle(text, room, "…"), expected, "{reason}");
        }
        assert_eq!(cut_end("abcdefghij", 7, "..."), "abcd...");
    }

    #[test]
    fn whatever_the_text_its_cut_fits() {
        let parts =
            ["a", "結", "\u{1f468}\u{200d}\u{1f469}", "❤\u{fe0f}", "e\u{301}", "\x1b", "\u{202e}", "1\u{fe0f}\u{20e3}"];
        for seed in 0..2000_usize {
            let text: String =
                (0..seed % 23).map(|place| parts[(seed * 31 + place * place * 7 + place) % parts.len()]).collect();
            for room in 0..24 {
                let cut = cut_middle(&text, room, "…");
                assert!(columns(&cut) <= room && !cut.contains(is_hidden), "{text:?} in {room} became {cut:?}");
            }
        }
    }

    #[test]
    fn a_megabyte_of_accents_or_numbers_is_cut_too() {
        assert!(cut_middle(&format!("a{}", "\u{301}".repeat(1_000_000)), 10, "…").chars().count() < 100);
        assert_eq!(pair("k", &Value::from(vec![1_i64; 1_000_000]), 8, "…"), "k=[1, 1, …");
    }

    #[test]
    fn a_value_that_would_read_as_something_else_stands_in_quotes() {
        for (value, expected) in [
            (Value::from("get"), "k=get"),
            (Value::from("select 1"), "k=\"select 1\""),
            (Value::from(""), "k=\"\""),
            (Value::from("a=b"), "k=\"a=b\""),
            (Value::from(7), "k=7"),
            (Value::from(vec![1_u8, 255]), "k=01ff"),
            (Value::from(vec!["a", "b\n"]), "k=[\"a\", \"b\\n\"]"),
        ] {
            assert_eq!(pair("k", &value, 40, "…"), expected);
        }
    }
}
