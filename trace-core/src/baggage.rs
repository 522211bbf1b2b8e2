//! What a program sends along with its requests, for everybody on their way: baggage.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::trace_state::trim;

/// How many members baggage has at most.
pub const MAX_BAGGAGE_MEMBERS: usize = 180;
/// How long the text of baggage is at most, in bytes.
pub const MAX_BAGGAGE_BYTES: usize = 8192;

/// What a program sends along with its requests, for everybody on their way, as in
/// [W3C baggage](https://www.w3.org/TR/baggage/): pairs of a key and a value, each with metadata of its own if need be.
///
/// It goes to every service that the work reaches, third parties included: nothing secret belongs here. It is one text behind
/// a reference count: cloning and dropping it costs next to nothing. It never grows beyond [`MAX_BAGGAGE_MEMBERS`] and
/// [`MAX_BAGGAGE_BYTES`], and has no key twice.
///
/// ```
/// use trace_core::Baggage;
///
/// let mut baggage: Baggage = "tenant=42;ttl=1, city=K%C3%B6ln".parse()?;
/// assert_eq!(baggage.get("city").as_deref(), Some("Köln"));
/// baggage.insert("user.kind", "test, paid")?;
/// assert_eq!(baggage.to_string(), "tenant=42;ttl=1,city=K%C3%B6ln,user.kind=test%2C%20paid");
/// # Ok::<(), trace_core::BaggageError>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Baggage(Option<Arc<str>>);

/// One that is empty, to borrow.
pub(crate) static NO_BAGGAGE: Baggage = Baggage::new();

impl Baggage {
    /// Baggage without members.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// Reads the values of all `baggage` headers, in their order: they are one list.
    ///
    /// A member that breaks the grammar, or for which there is no room, is left out, and the first reason is told; the others
    /// are kept. Of a key that stands there twice the last member is kept.
    pub fn from_headers<'a>(headers: impl IntoIterator<Item = &'a [u8]>) -> (Self, Option<BaggageError>) {
        let (mut members, mut bytes, mut problem) = (Vec::<Member<'a>>::new(), 0, None);
        let parts = headers.into_iter().flat_map(|header| header.split(|&byte| byte == b','));
        for (part, number) in parts.map(trim).filter(|part| !part.is_empty()).zip(1..) {
            let member = match Member::parse(part, number) {
                Ok(member) => member,
                Err(error) => {
                    problem.get_or_insert(error);
                    continue;
                }
            };
            if let Some(place) = members.iter().position(|other| other.key == member.key) {
                bytes -= members.remove(place).bytes();
            }
            if members.len() == MAX_BAGGAGE_MEMBERS {
                problem.get_or_insert(BaggageError::Members);
            } else if bytes + member.bytes() > MAX_BAGGAGE_BYTES + 1 {
                problem.get_or_insert(BaggageError::Bytes);
            } else {
                bytes += member.bytes();
                members.push(member);
            }
        }
        let mut text = String::with_capacity(bytes);
        members.iter().for_each(|member| member.push(&mut text));
        (Self::of_text(text), problem)
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
        self.members().count()
    }

    /// The text of the header; empty for no members, and then there must be no header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    fn members(&self) -> impl Iterator<Item = Member<'_>> {
        self.as_str().split(',').filter_map(Member::of_checked)
    }

    /// The members, each with its key and its decoded value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Cow<'_, str>)> {
        self.members().map(|member| (member.key, decode(member.value)))
    }

    /// The decoded value of this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Cow<'_, str>> {
        self.members().find(|member| member.key == key).map(|member| decode(member.value))
    }

    /// What stands behind the value of this key: `property;property=value`, as it is written; empty for nothing.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.members().find(|member| member.key == key).map(|member| member.metadata)
    }

    /// Sets the value of this key, any text, which is encoded as it must be. A member of this key before goes, with its
    /// metadata.
    ///
    /// # Errors
    ///
    /// If the key is not a token of HTTP, or there is no room; then nothing changes.
    pub fn insert(&mut self, key: &str, value: &str) -> Result<(), BaggageError> {
        self.insert_with_metadata(key, value, "")
    }

    /// [`insert`](Self::insert) with metadata: `property;property=value`, encoded by the caller as it must be.
    ///
    /// # Errors
    ///
    /// If the key is not a token of HTTP, the metadata breaks the grammar, or there is no room; then nothing changes.
    pub fn insert_with_metadata(&mut self, key: &str, value: &str, metadata: &str) -> Result<(), BaggageError> {
        let encoded = encode(value);
        let metadata = metadata.trim_matches([' ', '\t']);
        if !is_token(key.as_bytes()) {
            return Err(BaggageError::Key { member: 1 });
        }
        if !metadata.is_empty() && !are_properties(metadata.as_bytes()) {
            return Err(BaggageError::Metadata { member: 1 });
        }
        let mut text = String::new();
        self.members().filter(|other| other.key != key).for_each(|member| member.push(&mut text));
        Member { key, value: &encoded, metadata }.push(&mut text);
        let with = Self::of_text(text);
        if with.len() > MAX_BAGGAGE_MEMBERS {
            return Err(BaggageError::Members);
        }
        if with.as_str().len() > MAX_BAGGAGE_BYTES {
            return Err(BaggageError::Bytes);
        }
        *self = with;
        Ok(())
    }

    /// Takes the member of this key out. Returns whether there was one.
    pub fn remove(&mut self, key: &str) -> bool {
        let is_there = self.metadata(key).is_some();
        if is_there {
            let mut text = String::new();
            self.members().filter(|other| other.key != key).for_each(|member| member.push(&mut text));
            *self = Self::of_text(text);
        }
        is_there
    }
}

/// One member, as it is written.
#[derive(Clone, Copy)]
struct Member<'a> {
    key: &'a str,
    /// Percent-encoded.
    value: &'a str,
    /// The properties without the semicolon before them.
    metadata: &'a str,
}

impl<'a> Member<'a> {
    /// `list-member = key OWS "=" OWS value *( OWS ";" OWS property )`.
    fn parse(text: &'a [u8], number: usize) -> Result<Self, BaggageError> {
        let (pair, metadata) = split_at_first(text, b';').map_or((text, None), |(pair, rest)| (pair, Some(rest)));
        let (key, value) = split_at_first(pair, b'=').ok_or(BaggageError::Equals { member: number })?;
        let (key, value, metadata) = (trim(key), trim(value), metadata.map(trim));
        if !is_token(key) {
            return Err(BaggageError::Key { member: number });
        }
        if !is_value(value) {
            return Err(BaggageError::Value { member: number });
        }
        if metadata.is_some_and(|metadata| !are_properties(metadata)) {
            return Err(BaggageError::Metadata { member: number });
        }
        let as_text = |bytes| std::str::from_utf8(bytes).map_err(|_| BaggageError::Value { member: number });
        Ok(Self { key: as_text(key)?, value: as_text(value)?, metadata: as_text(metadata.unwrap_or_default())? })
    }

    /// A member of a text that was checked.
    fn of_checked(text: &'a str) -> Option<Self> {
        let (pair, metadata) = text.split_once(';').unwrap_or((text, ""));
        let (key, value) = pair.split_once('=')?;
        Some(Self { key, value, metadata })
    }

    /// How many bytes it takes, a comma included.
    const fn bytes(&self) -> usize {
        let metadata = if self.metadata.is_empty() { 0 } else { 1 + self.metadata.len() };
        self.key.len() + 1 + self.value.len() + metadata + 1
    }

    fn push(&self, text: &mut String) {
        if !text.is_empty() {
            text.push(',');
        }
        text.extend([self.key, "=", self.value]);
        if !self.metadata.is_empty() {
            text.extend([";", self.metadata]);
        }
    }
}

fn split_at_first(text: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let place = text.iter().position(|&other| other == byte)?;
    Some((&text[..place], &text[place + 1..]))
}

/// `token = 1*tchar` of HTTP.
fn is_token(text: &[u8]) -> bool {
    let is_tchar = |&byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.iter().all(is_tchar)
}

/// `value = *baggage-octet`: printable ASCII without space, quote, comma, semicolon and backslash.
fn is_value(text: &[u8]) -> bool {
    text.iter().all(|&byte| is_octet(byte))
}

const fn is_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}

/// `property = key OWS "=" OWS value / key OWS`, one or several with semicolons between.
fn are_properties(text: &[u8]) -> bool {
    text.split(|&byte| byte == b';').all(|property| match split_at_first(property, b'=') {
        Some((key, value)) => is_token(trim(key)) && is_value(trim(value)),
        None => is_token(trim(property)),
    })
}

/// What a baggage value says. A `%` without two digits stands for itself, and bytes that are no UTF-8 become U+FFFD, as the
/// specification has it.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let digit = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let (bytes, mut decoded, mut place) = (text.as_bytes(), Vec::with_capacity(text.len()), 0);
    while let Some(&byte) = bytes.get(place) {
        match (byte, digit(bytes.get(place + 1)), digit(bytes.get(place + 2))) {
            (b'%', Some(high), Some(low)) => {
                decoded.push((high << 4 | low) as u8);
                place += 3;
            }
            _ => {
                decoded.push(byte);
                place += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

/// The text with everything encoded that cannot stand in a value, and the percent sign.
pub(crate) fn encode(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| is_octet(byte) && byte != b'%';
    if text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut encoded = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            let digit = |nibble: u8| char::from(b"0123456789ABCDEF"[usize::from(nibble)]);
            encoded.extend(['%', digit(byte >> 4), digit(byte & 0xf)]);
        }
    }
    Cow::Owned(encoded)
}

/// Reads the value of one `baggage` header; unlike [`Baggage::from_headers`] it takes all of it or nothing.
impl FromStr for Baggage {
    type Err = BaggageError;

    fn from_str(text: &str) -> Result<Self, BaggageError> {
        match Self::from_headers([text.as_bytes()]) {
            (baggage, None) => Ok(baggage),
            (_, Some(error)) => Err(error),
        }
    }
}

impl fmt::Display for Baggage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The keys only: the values may be what nobody should read in a log.
impl fmt::Debug for Baggage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Baggage")?;
        f.debug_list().entries(self.members().map(|member| member.key)).finish()
    }
}

/// Why a text, or a part of it, is no baggage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BaggageError {
    /// A member has no equals sign.
    Equals {
        /// Which one, counted from 1.
        member: usize,
    },
    /// A key is not a token of HTTP.
    Key {
        /// Whose, counted from 1.
        member: usize,
    },
    /// A value has a byte that must be encoded.
    Value {
        /// Whose, counted from 1.
        member: usize,
    },
    /// A property behind a value breaks the grammar.
    Metadata {
        /// Whose, counted from 1.
        member: usize,
    },
    /// There are more than [`MAX_BAGGAGE_MEMBERS`].
    Members,
    /// There are more than [`MAX_BAGGAGE_BYTES`].
    Bytes,
}

impl fmt::Display for BaggageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals { member } => write!(f, "expected a '=' in member {member}"),
            Self::Key { member } => write!(f, "expected a token of HTTP as the key of member {member}"),
            Self::Value { member } => {
                write!(
                    f,
                    "expected printable ASCII without space, '\"', ',', ';' and '\\' as the value of member {member}"
                )
            }
            Self::Metadata { member } => write!(f, "expected properties behind the value of member {member}"),
            Self::Members => write!(f, "expected at most {MAX_BAGGAGE_MEMBERS} members"),
            Self::Bytes => write!(f, "expected at most {MAX_BAGGAGE_BYTES} bytes"),
        }
    }
}

impl std::error::Error for BaggageError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_baggage_exactly_if_the_grammar_says_so() {
        let (equals, key, value, metadata) = (
            |member| Err(BaggageError::Equals { member }),
            |member| Err(BaggageError::Key { member }),
            |member| Err(BaggageError::Value { member }),
            |member| Err(BaggageError::Metadata { member }),
        );
        let table = [
            ("", Ok(""), "no member"),
            (" , ", Ok(""), "empty members only"),
            ("a=1,b=2", Ok("a=1,b=2"), "two, in their order"),
            (" a = 1 ,\tb\t=\t2 ", Ok("a=1,b=2"), "optional white space everywhere"),
            ("a=", Ok("a="), "an empty value is a value"),
            ("a=b=c", Ok("a=b=c"), "an equals sign may stand in a value"),
            ("a=%20%zz%", Ok("a=%20%zz%"), "what is encoded stays as it came, broken or not"),
            ("a=1 ; p ; q = 2 ,b=2", Ok("a=1;p ; q = 2,b=2"), "metadata stays as it came"),
            ("!#$%&'*+-.^_`|~0aZ=1", Ok("!#$%&'*+-.^_`|~0aZ=1"), "every character of a token"),
            ("a=1,b=2,a=3", Ok("b=2,a=3"), "of a key that comes twice the last stands"),
            ("a=1,A=2", Ok("a=1,A=2"), "keys are compared as they are"),
            ("a", equals(1), "no equals sign"),
            ("a;p=1", equals(1), "no equals sign before the metadata"),
            ("a=1,=2", key(2), "no key"),
            ("a b=1", key(1), "a space in a key"),
            ("a:b=1", key(1), "a colon in a key"),
            ("ä=1", key(1), "no ASCII in a key"),
            ("a=x y", value(1), "a space in a value"),
            ("a=\"x\"", value(1), "a quote"),
            ("a=x\\y", value(1), "a backslash"),
            ("a=ä", value(1), "no ASCII in a value"),
            ("a=\u{7f}", value(1), "a control character"),
            ("a=1;", metadata(1), "a semicolon and nothing behind it"),
            ("a=1;p q", metadata(1), "a space in a property"),
            ("a=1;p=x y", metadata(1), "a space in a property's value"),
        ];
        for (text, expected, reason) in table {
            assert_eq!(
                text.parse().map(|baggage: Baggage| baggage.to_string()),
                expected.map(str::to_owned),
                "{reason}"
            );
        }
    }

    #[test]
    fn what_is_broken_is_left_out_and_the_rest_is_kept() {
        let (baggage, problem) = Baggage::from_headers([&b"a=1,b,c=3"[..], b"\xff=4,d=5"]);
        assert_eq!((baggage.as_str(), problem), ("a=1,c=3,d=5", Some(BaggageError::Equals { member: 2 })));
        let many = (0..200).map(|number| format!("k{number}=v")).collect::<Vec<_>>().join(",");
        let (baggage, problem) = Baggage::from_headers([many.as_bytes()]);
        assert_eq!((baggage.len(), problem), (MAX_BAGGAGE_MEMBERS, Some(BaggageError::Members)));
        let exactly = format!("a={}", "x".repeat(MAX_BAGGAGE_BYTES - 2));
        let (baggage, problem) = Baggage::from_headers([exactly.as_bytes()]);
        assert_eq!((baggage.as_str().len(), problem), (MAX_BAGGAGE_BYTES, None));
        let (baggage, problem) = Baggage::from_headers([exactly.as_bytes(), b"b=1"]);
        assert_eq!((baggage.len(), problem), (1, Some(BaggageError::Bytes)));
    }

    #[test]
    fn a_value_says_what_it_is_decoded_to() {
        let table = [
            ("plain", "plain", "nothing is encoded"),
            ("a%20b", "a b", "a space"),
            ("%c3%A4", "ä", "digits in any case"),
            ("100%", "100%", "a percent sign at the end stands for itself"),
            ("%2", "%2", "one digit is none"),
            ("%zz", "%zz", "nor are other letters"),
            ("%+1", "%+1", "nor is a sign"),
            ("%25zz", "%zz", "an encoded percent sign is decoded once"),
            ("%ff", "\u{fffd}", "bytes that are no UTF-8 are replaced"),
            ("a+b", "a+b", "a plus is a plus"),
        ];
        for (text, expected, reason) in table {
            let baggage: Baggage = format!("a={text}").parse().unwrap();
            assert_eq!(baggage.get("a").as_deref(), Some(expected), "{reason}");
        }
    }

    #[test]
    fn what_is_set_comes_back_whatever_it_says() {
        let mut baggage = Baggage::new();
        for value in ["", "plain", " a, b;c=d\\\"%41 ", "äöü€😀", "\0\u{7f}\r\n"] {
            baggage.insert("before", "1").unwrap();
            baggage.insert_with_metadata("key", value, " p;q=1 ").unwrap();
            let again: Baggage = baggage.as_str().parse().unwrap();
            assert_eq!(again.get("key").as_deref(), Some(value));
            assert_eq!(again.metadata("key"), Some("p;q=1"));
            assert_eq!(again, baggage);
        }
        assert_eq!(baggage.iter().count(), 2);
        assert_eq!(format!("{baggage:?}"), r#"Baggage["before", "key"]"#);
        let before = baggage.clone();
        assert_eq!(baggage.insert("a b", "1"), Err(BaggageError::Key { member: 1 }));
        assert_eq!(baggage.insert_with_metadata("a", "1", ";"), Err(BaggageError::Metadata { member: 1 }));
        assert_eq!(baggage.insert("a", &"x".repeat(MAX_BAGGAGE_BYTES)), Err(BaggageError::Bytes));
        assert_eq!(baggage, before, "nothing changes by a mistake");
        assert!(baggage.remove("key") && !baggage.remove("key"));
        assert_eq!(baggage.as_str(), "before=1");
        for number in 0..MAX_BAGGAGE_MEMBERS - 1 {
            baggage.insert(&format!("k{number}"), "").unwrap();
        }
        assert_eq!(baggage.insert("more", ""), Err(BaggageError::Members));
    }
}
