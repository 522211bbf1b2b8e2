//! One directive of a filter, and its text.

use std::fmt;

use crate::callsite::Callsite;
use crate::kind::Level;

/// What is said of some callsites: the most detail they may have, or `None` for nothing at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Directive {
    pub(crate) target: Target,
    pub(crate) max: Option<Level>,
}

/// Which callsites a directive speaks of; with neither, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// The module, and all below it.
    pub(crate) module: Option<String>,
    /// The span's name.
    pub(crate) span: Option<String>,
}

impl Target {
    pub(crate) fn covers(&self, callsite: &Callsite) -> bool {
        let span = self.span.as_deref().is_none_or(|span| span == callsite.name());
        span && self.module.as_deref().is_none_or(|module| is_within(callsite.module(), module))
    }

    /// Orders targets by how much they say: a span's name more than any module, a module more than those around it.
    pub(crate) fn precision(&self) -> (bool, usize) {
        (self.span.is_some(), self.module.as_ref().map_or(0, String::len))
    }
}

fn is_within(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The text of the level, or `off`.
pub(crate) fn level_str(max: Option<Level>) -> &'static str {
    max.map_or("off", Level::as_str)
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { target: Target { module, span }, max } = self;
        f.write_str(module.as_deref().unwrap_or_default())?;
        if let Some(span) = span {
            write!(f, "[{}]", span.replace('\\', r"\\").replace(']', r"\]"))?;
        }
        let equals = if module.is_some() || span.is_some() { "=" } else { "" };
        write!(f, "{equals}{}", level_str(*max))
    }
}

/// Why a text is no filter, and where: positions are in bytes from the start of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseFilterError {
    /// There is nothing where a directive should stand.
    Empty {
        /// Where it should.
        position: usize,
    },
    /// What stands after `=` is neither a level nor `off`.
    Level {
        /// Where it starts.
        position: usize,
        /// What stands there.
        found: String,
    },
    /// A character that is in no module path, or a path with an empty part.
    Module {
        /// Where it stands.
        position: usize,
        /// The character; `None` where the path ends too early.
        found: Option<char>,
    },
    /// A `[` without its `]`.
    OpenName {
        /// Where the `[` stands.
        position: usize,
    },
    /// A span's name without a character: `[]`.
    EmptyName {
        /// Where the `[` stands.
        position: usize,
    },
    /// Something else than `=` or `,` after a span's name.
    AfterName {
        /// Where it stands.
        position: usize,
        /// The character.
        found: char,
    },
}

impl ParseFilterError {
    /// Where the text is wrong, in bytes from its start.
    #[must_use]
    pub const fn position(&self) -> usize {
        match self {
            Self::Empty { position }
            | Self::Level { position, .. }
            | Self::Module { position, .. }
            | Self::OpenName { position }
            | Self::EmptyName { position }
            | Self::AfterName { position, .. } => *position,
        }
    }
}

impl fmt::Display for ParseFilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let position = self.position();
        match self {
            Self::Empty { .. } => write!(f, "expected a directive at byte {position}, found nothing"),
            Self::Level { found, .. } => {
                write!(f, "expected off, error, warn, info, debug or trace at byte {position}, found {found:?}")
            }
            Self::Module { found: Some(found), .. } => {
                write!(f, "expected a module path at byte {position}, found {found:?}")
            }
            Self::Module { found: None, .. } => write!(f, "expected a module path at byte {position}, found its end"),
            Self::OpenName { .. } => write!(f, "expected a ']' for the '[' at byte {position}"),
            Self::EmptyName { .. } => write!(f, "expected a span's name in the '[]' at byte {position}"),
            Self::AfterName { found, .. } => write!(f, "expected '=' or ',' at byte {position}, found {found:?}"),
        }
    }
}

impl std::error::Error for ParseFilterError {}

/// Reads the directives of a text, in its order.
pub(crate) fn parse(text: &str) -> Result<Vec<Directive>, ParseFilterError> {
    let mut cursor = Cursor { text, position: 0 };
    let mut directives = vec![cursor.directive()?];
    while cursor.take(',') {
        directives.push(cursor.directive()?);
    }
    Ok(directives)
}

struct Cursor<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Cursor<'a> {
    fn directive(&mut self) -> Result<Directive, ParseFilterError> {
        let (position, word) = self.word(&['[', '=', ',']);
        let span = if self.peek() == Some('[') { Some(self.span_name()?) } else { None };
        if word.is_empty() && span.is_none() {
            return Err(ParseFilterError::Empty { position });
        }
        let has_level = self.take('=');
        if !has_level
            && span.is_none()
            && let Some(max) = level(word)
        {
            return Ok(Directive { target: Target::default(), max });
        }
        let module = if word.is_empty() { None } else { Some(module(position, word)?.to_owned()) };
        let max = if has_level { self.level()? } else { Some(Level::Trace) };
        Ok(Directive { target: Target { module, span }, max })
    }

    fn level(&mut self) -> Result<Option<Level>, ParseFilterError> {
        let (position, word) = self.word(&[',']);
        level(word).ok_or_else(|| ParseFilterError::Level { position, found: word.to_owned() })
    }

    /// Reads from a `[` over its `]` and the space after it.
    fn span_name(&mut self) -> Result<String, ParseFilterError> {
        let position = self.position;
        let mut name = String::new();
        let mut letters = self.rest().char_indices().skip(1);
        let end = loop {
            match letters.next() {
                Some((index, ']')) => break index + 1,
                Some((_, '\\')) => name.extend(letters.next().map(|(_, letter)| letter)),
                Some((_, letter)) => name.push(letter),
                None => return Err(ParseFilterError::OpenName { position }),
            }
        };
        if name.is_empty() {
            return Err(ParseFilterError::EmptyName { position });
        }
        self.position += end;
        self.skip_space();
        match self.peek() {
            None | Some('=' | ',') => Ok(name),
            Some(found) => Err(ParseFilterError::AfterName { position: self.position, found }),
        }
    }

    /// What stands before any of `ends`, without the space around it, and where it starts.
    fn word(&mut self, ends: &[char]) -> (usize, &'a str) {
        self.skip_space();
        let rest = self.rest();
        let word = &rest[..rest.find(ends).unwrap_or(rest.len())];
        let start = self.position;
        self.position += word.len();
        (start, word.trim_end())
    }

    fn skip_space(&mut self) {
        let rest = self.rest();
        self.position += rest.len() - rest.trim_start().len();
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.position += wanted.len_utf8();
        }
        found
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }
}

fn level(word: &str) -> Option<Option<Level>> {
    if word.eq_ignore_ascii_case("off") { Some(None) } else { word.parse().ok().map(Some) }
}

/// The word, if it is a module path as `module_path!()` writes them.
fn module(position: usize, word: &str) -> Result<&str, ParseFilterError> {
    let mut start = position;
    for part in word.split("::") {
        let wrong = part.char_indices().find(|(_, letter)| !letter.is_alphanumeric() && !matches!(letter, '_' | '#'));
        if let Some((index, found)) = wrong {
            return Err(ParseFilterError::Module { position: start + index, found: Some(found) });
        }
        if part.is_empty() {
            let found = word[start - position..].chars().next();
            return Err(ParseFilterError::Module { position: start, found });
        }
        start += part.len() + "::".len();
    }
    Ok(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_no_filter_is_refused_with_the_place_and_the_reason() {
        use ParseFilterError::{AfterName, Empty, EmptyName, Level, Module, OpenName};
        let level = |position, found: &str| Level { position, found: found.to_owned() };
        let table = [
            ("", Empty { position: 0 }, "nothing at all"),
            ("  ", Empty { position: 2 }, "only space"),
            ("info,", Empty { position: 5 }, "nothing after the last comma"),
            ("info,,debug", Empty { position: 5 }, "nothing between two commas"),
            ("=info", Empty { position: 0 }, "a level for nothing"),
            ("a=loud", level(2, "loud"), "no level"),
            ("a=", level(2, ""), "a level is missing"),
            ("a=info=debug", level(2, "info=debug"), "two levels"),
            ("a=3", level(2, "3"), "levels have names"),
            ("info,b= x y ,c", level(8, "x y"), "the space around a word does not count"),
            ("my-crate=info", Module { position: 2, found: Some('-') }, "crates have '_' in module paths"),
            ("a b", Module { position: 1, found: Some(' ') }, "a space inside a path"),
            ("a:b", Module { position: 1, found: Some(':') }, "one colon"),
            ("a:::b", Module { position: 3, found: Some(':') }, "three colons"),
            ("a::", Module { position: 3, found: None }, "a path that goes on"),
            ("::a", Module { position: 0, found: Some(':') }, "a path that starts nowhere"),
            ("a/regex", Module { position: 1, found: Some('/') }, "there are no regular expressions here"),
            ("a]", Module { position: 1, found: Some(']') }, "a name that was never opened"),
            ("info,a[name", OpenName { position: 6 }, "a name without an end"),
            ("[a\\]", OpenName { position: 0 }, "a name of which the end is escaped"),
            ("[]=info", EmptyName { position: 0 }, "no name"),
            ("[a]b", AfterName { position: 3, found: 'b' }, "a path after the name"),
            ("[ä] x", AfterName { position: 5, found: 'x' }, "positions are bytes"),
        ];
        for (text, expected, reason) in table {
            assert_eq!(parse(text).unwrap_err(), expected, "{text:?}: {reason}");
        }
    }

    #[test]
    fn directives_are_read_and_written() {
        let table = [
            ("info", "info", "a bare level"),
            ("OFF", "off", "in any case"),
            ("my_crate", "my_crate=trace", "without a level, everything"),
            ("a::b=Debug", "a::b=debug", "a module"),
            (" a = info , b = off ", "a=info,b=off", "space does not count"),
            ("[GET /users, all = yes]=warn", "[GET /users, all = yes]=warn", "a span's name may hold anything"),
            ("a::b[name]=error", "a::b[name]=error", "a module and a name"),
            ("[name]", "[name]=trace", "a name without a level"),
            (r"[a\]b\\c]=info", r"[a\]b\\c]=info", "a bracket in a name"),
            ("größe::r#type=info", "größe::r#type=info", "any identifier"),
            ("info=debug", "info=debug", "a module may be called like a level"),
        ];
        for (text, expected, reason) in table {
            let written: Vec<_> = parse(text).unwrap().iter().map(Directive::to_string).collect();
            assert_eq!(written.join(","), expected, "{text:?}: {reason}");
            assert_eq!(parse(&written.join(",")), parse(text), "{text:?}: {reason}");
        }
    }
}
