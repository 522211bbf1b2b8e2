//! What the systems along a trace's way say of it, each under its own key: the trace state.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// How many members a trace state has at most.
pub const MAX_TRACE_STATE_MEMBERS: usize = 32;
/// How many characters a key or a value has at most.
const MAX_PART: usize = 256;

/// What the systems along a trace's way say of it, each under its own key, the newest first, as in
/// [W3C trace context level 2, `tracestate`](https://www.w3.org/TR/trace-context-2/#tracestate-header).
///
/// It is one text behind a reference count: cloning and dropping an empty one costs nothing. It always keeps to the grammar:
/// at most 32 members, keys and values of at most 256 characters of the permitted alphabets, no key twice.
///
/// ```
/// use trace_core::TraceState;
///
/// let mut state: TraceState = "congo=t61rcWkgMzE , rojo=00f067aa0ba902b7".parse()?;
/// assert_eq!(state.get("rojo"), Some("00f067aa0ba902b7"));
/// state.insert("rojo", "1")?;
/// assert_eq!(state.to_string(), "rojo=1,congo=t61rcWkgMzE");
/// # Ok::<(), trace_core::TraceStateError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct TraceState(Option<Arc<str>>);

/// One that is empty, to borrow.
pub(crate) static NO_TRACE_STATE: TraceState = TraceState::new();

impl TraceState {
    /// One without members.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// Reads the values of all `tracestate` headers, in their order: they are one list.
    ///
    /// Space around members and empty members do not count. Of a key that stands there twice, the first, which is the newer
    /// one, is kept.
    ///
    /// # Errors
    ///
    /// If a member breaks the grammar, or there are more than [`MAX_TRACE_STATE_MEMBERS`].
    pub fn from_headers<'a>(headers: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, TraceStateError> {
        let mut text = String::new();
        let mut keys = Vec::new();
        let members = headers.into_iter().flat_map(|header| header.split(|&byte| byte == b','));
        let members = members.map(trim).filter(|member| !member.is_empty());
        for (member, number) in members.zip(1..) {
            if number > MAX_TRACE_STATE_MEMBERS {
                return Err(TraceStateError::Members);
            }
            let (key, value) = parse_member(member, number)?;
            if keys.contains(&key) {
                continue;
            }
            keys.push(key);
            push(&mut text, key, value);
        }
        Ok(Self::of_text(text))
    }

    fn of_text(text: String) -> Self {
        Self((!text.is_empty()).then(|| text.into()))
    }

    /// Whether it has no members.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many members it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// The text of the header; empty for no members, and then there must be no header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// The members, each with its key and its value, the newest first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.as_str().split(',').filter_map(|member| member.split_once('='))
    }

    /// The value of this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(other, _)| *other == key).map(|(_, value)| value)
    }

    /// Sets the value of this key, which becomes the first member. If there is no room, the last member goes.
    ///
    /// # Errors
    ///
    /// If the key or the value breaks the grammar; then nothing changes.
    pub fn insert(&mut self, key: &str, value: &str) -> Result<(), TraceStateError> {
        check_key(key.as_bytes(), 1)?;
        check_value(value.as_bytes(), 1)?;
        let mut text = String::with_capacity(self.as_str().len() + key.len() + value.len() + 2);
        push(&mut text, key, value);
        let others = self.iter().filter(|(other, _)| *other != key).take(MAX_TRACE_STATE_MEMBERS - 1);
        others.for_each(|(key, value)| push(&mut text, key, value));
        *self = Self::of_text(text);
        Ok(())
    }

    /// Takes the member of this key out. Returns whether there was one.
    pub fn remove(&mut self, key: &str) -> bool {
        if self.get(key).is_none() {
            return false;
        }
        let mut text = String::new();
        self.iter().filter(|(other, _)| *other != key).for_each(|(key, value)| push(&mut text, key, value));
        *self = Self::of_text(text);
        true
    }
}

fn push(text: &mut String, key: &str, value: &str) {
    if !text.is_empty() {
        text.push(',');
    }
    text.extend([key, "=", value]);
}

/// Takes the optional white space of HTTP from both ends: spaces and tabs.
pub(crate) fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// `list-member = key "=" value`.
fn parse_member(member: &[u8], number: usize) -> Result<(&str, &str), TraceStateError> {
    let equals = member.iter().position(|&byte| byte == b'=').ok_or(TraceStateError::Equals { member: number })?;
    let (key, value) = (&member[..equals], &member[equals + 1..]);
    Ok((check_key(key, number)?, check_value(value, number)?))
}

/// `key = ( lcalpha / DIGIT ) 0*255 ( keychar )`.
fn check_key(key: &[u8], member: usize) -> Result<&str, TraceStateError> {
    let is_first = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let is_later = |byte: u8| is_first(byte) || b"_-*/@".contains(&byte);
    let wrong = TraceStateError::Key { member };
    match key {
        [first, later @ ..]
            if later.len() < MAX_PART && is_first(*first) && later.iter().all(|&byte| is_later(byte)) =>
        {
            std::str::from_utf8(key).map_err(|_| wrong)
        }
        _ => Err(wrong),
    }
}

/// `value = 0*255(chr) nblk-chr`: printable ASCII without comma and equals sign, no space at its end.
fn check_value(value: &[u8], member: usize) -> Result<&str, TraceStateError> {
    let is_not_blank = |byte: u8| matches!(byte, 0x21..=0x2b | 0x2d..=0x3c | 0x3e..=0x7e);
    let is_any = |byte: u8| byte == b' ' || is_not_blank(byte);
    let wrong = TraceStateError::Value { member };
    match value {
        [before @ .., last]
            if before.len() < MAX_PART && is_not_blank(*last) && before.iter().all(|&byte| is_any(byte)) =>
        {
            std::str::from_utf8(value).map_err(|_| wrong)
        }
        _ => Err(wrong),
    }
}

/// Reads the value of one `tracestate` header.
impl FromStr for TraceState {
    type Err = TraceStateError;

    fn from_str(text: &str) -> Result<Self, TraceStateError> {
        Self::from_headers([text.as_bytes()])
    }
}

impl fmt::Display for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for TraceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TraceState").field(&self.as_str()).finish()
    }
}

/// Why a text is no trace state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceStateError {
    /// A member has no equals sign.
    Equals {
        /// Which one, counted from 1.
        member: usize,
    },
    /// A key breaks the grammar.
    Key {
        /// Whose, counted from 1.
        member: usize,
    },
    /// A value breaks the grammar.
    Value {
        /// Whose, counted from 1.
        member: usize,
    },
    /// There are more than [`MAX_TRACE_STATE_MEMBERS`].
    Members,
}

impl fmt::Display for TraceStateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals { member } => write!(f, "expected a '=' in member {member}"),
            Self::Key { member } => write!(
                f,
                "expected a key of 1 to {MAX_PART} of a-z, 0-9, '_', '-', '*', '/' and '@' that begins with a letter or digit in \
                 member {member}"
            ),
            Self::Value { member } => write!(
                f,
                "expected a value of 1 to {MAX_PART} printable ASCII characters other than ',' and '=' in member {member}"
            ),
            Self::Members => write!(f, "expected at most {MAX_TRACE_STATE_MEMBERS} members"),
        }
    }
}

impl std::error::Error for TraceStateError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_trace_state_exactly_if_the_grammar_says_so() {
        let (equals, key, value) = (
            |member| Err(TraceStateError::Equals { member }),
            |member| Err(TraceStateError::Key { member }),
            |member| Err(TraceStateError::Value { member }),
        );
        let (k256, k257) = ("k".repeat(256), "k".repeat(257));
        let members = |count: usize| (0..count).map(|number| format!("k{number}=v")).collect::<Vec<_>>().join(",");
        let table = [
            ("", Ok(""), "no member"),
            (" ,\t, ", Ok(""), "empty members only"),
            ("a=1", Ok("a=1"), "one"),
            ("a=1,b=2", Ok("a=1,b=2"), "two, in their order"),
            ("\t a=1 ,\t b=2\t", Ok("a=1,b=2"), "optional white space"),
            ("a=1,,b=2,", Ok("a=1,b=2"), "empty members do not count"),
            ("a=1,b=2,a=3", Ok("a=1,b=2"), "of a key that comes twice the first stands"),
            ("0a_-*/@z=1", Ok("0a_-*/@z=1"), "level 2 allows a digit first, and these anywhere else"),
            ("a@b@c=1", Ok("a@b@c=1"), "level 2 counts no at signs"),
            ("a=x y", Ok("a=x y"), "a space inside of a value"),
            ("a=!~+-<>;:", Ok("a=!~+-<>;:"), "everything else that can be printed"),
            ("a", equals(1), "no equals sign"),
            ("a=1,b", equals(2), "no equals sign in the second"),
            ("=1", key(1), "no key"),
            ("A=1", key(1), "an upper-case letter"),
            ("_a=1", key(1), "an underscore first"),
            ("@a=1", key(1), "an at sign first"),
            ("a =1", key(1), "a space at the key's end"),
            ("a.b=1", key(1), "a dot"),
            ("ä=1", key(1), "no ASCII"),
            ("a=", value(1), "no value"),
            ("a= ", value(1), "a space is no value"),
            ("a=b=c", value(1), "a second equals sign"),
            ("a=\u{7f}", value(1), "a control character"),
            ("a=x\ty", value(1), "a tab inside of a value"),
            ("a=ä", value(1), "no ASCII"),
        ];
        for (text, expected, reason) in table {
            assert_eq!(
                text.parse().map(|state: TraceState| state.to_string()),
                expected.map(str::to_owned),
                "{reason}"
            );
        }
        let long = [
            (format!("{k256}={k256}"), true, "a key and a value of 256"),
            (format!("{k257}=1"), false, "a key of 257"),
            (format!("a={k257}"), false, "a value of 257"),
            (members(32), true, "32 members"),
            (members(33), false, "33 members"),
            (format!("{},,,", members(32)), true, "32 members and empty ones"),
        ];
        for (text, expected, reason) in long {
            assert_eq!(text.parse::<TraceState>().is_ok(), expected, "{reason}");
        }
        assert!(TraceState::from_headers([&b"a=\xff"[..]]).is_err(), "no UTF-8");
    }

    #[test]
    fn several_headers_are_one_list_in_their_order() {
        let state = TraceState::from_headers([&b"a=1,b=2"[..], b"", b" c=3 ", b"a=4"]).unwrap();
        assert_eq!(state.as_str(), "a=1,b=2,c=3");
        assert_eq!((state.len(), state.is_empty()), (3, false));
        assert_eq!(TraceState::from_headers([]), Ok(TraceState::new()));
    }

    #[test]
    fn what_is_set_comes_first_and_the_last_one_makes_room() {
        let mut state = TraceState::new();
        for number in 0..40 {
            state.insert(&format!("k{number}"), "v").unwrap();
        }
        assert_eq!(state.len(), MAX_TRACE_STATE_MEMBERS);
        assert_eq!((state.get("k39"), state.get("k8"), state.get("k7")), (Some("v"), Some("v"), None));
        state.insert("k20", "new").unwrap();
        assert!(state.as_str().starts_with("k20=new,k39=v,"));
        assert_eq!(state.len(), MAX_TRACE_STATE_MEMBERS);
        assert!(state.remove("k20") && !state.remove("k20"));
        let before = state.clone();
        assert_eq!(state.insert("K", "v"), Err(TraceStateError::Key { member: 1 }));
        assert_eq!(state.insert("k", "a,b"), Err(TraceStateError::Value { member: 1 }));
        assert_eq!(state, before, "nothing changes by a mistake");
        assert_eq!(size_of::<TraceState>(), 16);
    }
}
