//! How much one span may hold.

use std::borrow::Cow;

use crate::value::Value;

/// How many attributes a span keeps unless told otherwise.
pub const DEFAULT_ATTRIBUTES: usize = 128;
/// How many events a span keeps unless told otherwise.
pub const DEFAULT_EVENTS: usize = 128;
/// How many links a span keeps unless told otherwise.
pub const DEFAULT_LINKS: usize = 128;
/// How many attributes an event keeps unless told otherwise.
pub const DEFAULT_ATTRIBUTES_PER_EVENT: usize = 128;
/// How many attributes a link keeps unless told otherwise.
pub const DEFAULT_ATTRIBUTES_PER_LINK: usize = 128;

/// How much one span may hold, as in
/// [OpenTelemetry's span limits](https://opentelemetry.io/docs/specs/otel/trace/sdk/#span-limits).
///
/// What comes first is kept. What is over a limit is left out and counted on its span ([`DroppedCounts`]); zero keeps
/// nothing. A resource is exempt.
///
/// ```
/// use trace_core::SpanLimits;
///
/// let limits = SpanLimits::new().attributes(32).events(1000).value_length(4096);
/// # let _ = limits;
/// ```
///
/// [`DroppedCounts`]: crate::DroppedCounts
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct SpanLimits {
    pub(crate) attributes: usize,
    pub(crate) events: usize,
    pub(crate) links: usize,
    pub(crate) attributes_per_event: usize,
    pub(crate) attributes_per_link: usize,
    pub(crate) value_length: Option<usize>,
}

impl SpanLimits {
    /// The defaults of the specification: 128 of everything, and values of any length.
    pub const fn new() -> Self {
        Self {
            attributes: DEFAULT_ATTRIBUTES,
            events: DEFAULT_EVENTS,
            links: DEFAULT_LINKS,
            attributes_per_event: DEFAULT_ATTRIBUTES_PER_EVENT,
            attributes_per_link: DEFAULT_ATTRIBUTES_PER_LINK,
            value_length: None,
        }
    }

    /// Sets how many attributes a span keeps. Default: [`DEFAULT_ATTRIBUTES`] (128).
    pub const fn attributes(mut self, count: usize) -> Self {
        self.attributes = count;
        self
    }

    /// Sets how many events a span keeps. Default: [`DEFAULT_EVENTS`] (128).
    pub const fn events(mut self, count: usize) -> Self {
        self.events = count;
        self
    }

    /// Sets how many links a span keeps. Default: [`DEFAULT_LINKS`] (128).
    pub const fn links(mut self, count: usize) -> Self {
        self.links = count;
        self
    }

    /// Sets how many attributes each event keeps. Default: [`DEFAULT_ATTRIBUTES_PER_EVENT`] (128).
    pub const fn attributes_per_event(mut self, count: usize) -> Self {
        self.attributes_per_event = count;
        self
    }

    /// Sets how many attributes each link keeps. Default: [`DEFAULT_ATTRIBUTES_PER_LINK`] (128).
    pub const fn attributes_per_link(mut self, count: usize) -> Self {
        self.attributes_per_link = count;
        self
    }

    /// Sets how long the value of an attribute may be, or `None` for any length. The default.
    ///
    /// A text is cut after this many characters (Unicode scalar values), each text of an array likewise, and bytes after
    /// this many bytes. Numbers, truth values and the number of an array's elements are not limited. Source:
    /// [attribute limits](https://opentelemetry.io/docs/specs/otel/common/#attribute-limits).
    pub fn value_length(mut self, length: impl Into<Option<usize>>) -> Self {
        self.value_length = length.into();
        self
    }

    /// Cuts a value that is too long, and tells whether it was.
    pub(crate) fn truncate(&self, value: &mut Value) -> bool {
        let Some(length) = self.value_length else { return false };
        match value {
            Value::String(text) => truncate_text(text, length),
            Value::StringArray(texts) => {
                // Not `any`, which stops at the first.
                let mut cut = false;
                for text in texts {
                    cut |= truncate_text(text, length);
                }
                cut
            }
            Value::Bytes(bytes) if bytes.len() > length => {
                *bytes = Box::from(&bytes[..length]);
                true
            }
            _ => false,
        }
    }
}

impl Default for SpanLimits {
    fn default() -> Self {
        Self::new()
    }
}

fn truncate_text(text: &mut Cow<'static, str>, length: usize) -> bool {
    // A text has at most as many characters as bytes, so most are never read.
    if text.len() <= length {
        return false;
    }
    let Some((end, _)) = text.char_indices().nth(length) else { return false };
    match text {
        Cow::Borrowed(borrowed) => *borrowed = &borrowed[..end],
        Cow::Owned(owned) => {
            owned.truncate(end);
            // The memory budget counts capacities.
            owned.shrink_to_fit();
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_cut_where_the_specification_says_so_and_nowhere_else() {
        fn texts(texts: &[&'static str]) -> Value {
            Value::from(texts)
        }
        let table = [
            (Value::from("abcd"), Value::from("abc"), "a static text is cut in place"),
            (Value::from("abcd".to_owned()), Value::from("abc"), "an owned text"),
            (Value::from("abc"), Value::from("abc"), "as long as the limit"),
            (Value::from("äöüß"), Value::from("äöü"), "characters count, not bytes"),
            (Value::from("äöü"), Value::from("äöü"), "six bytes but three characters"),
            (Value::from("🦀🦀🦀🦀"), Value::from("🦀🦀🦀"), "characters of four bytes"),
            (texts(&["abcd", "x", "efgh"]), texts(&["abc", "x", "efg"]), "each text of an array"),
            (texts(&["a", "b", "c", "d"]), texts(&["a", "b", "c", "d"]), "not the number of elements"),
            (Value::from(vec![1_u8, 2, 3, 4]), Value::from(vec![1_u8, 2, 3]), "bytes"),
            (Value::from(vec![1_u8, 2, 3]), Value::from(vec![1_u8, 2, 3]), "as many bytes as the limit"),
            (Value::from(vec![1_i64, 2, 3, 4]), Value::from(vec![1_i64, 2, 3, 4]), "an array of numbers"),
            (Value::from(123_456), Value::from(123_456), "a number"),
        ];
        let limits = SpanLimits::new().value_length(3);
        for (value, expected, reason) in table {
            let mut found = value.clone();
            assert_eq!(limits.truncate(&mut found), value != expected, "{reason}");
            assert_eq!(found, expected, "{reason}");
            let mut untouched = value.clone();
            assert!(!SpanLimits::new().truncate(&mut untouched), "without a limit: {reason}");
            assert_eq!(untouched, value, "without a limit: {reason}");
        }
    }

    #[test]
    fn a_length_of_zero_keeps_the_type() {
        let mut text = Value::from("abc");
        assert!(SpanLimits::new().value_length(0).truncate(&mut text));
        assert_eq!(text, Value::from(""));
    }

    #[test]
    fn a_cut_text_gives_its_memory_back() {
        let mut text = Value::from("x".repeat(1000));
        assert!(SpanLimits::new().value_length(10).truncate(&mut text));
        assert!(text.heap_bytes() < 100, "{}", text.heap_bytes());
    }
}
