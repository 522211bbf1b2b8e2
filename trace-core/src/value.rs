//! What an attribute says: a key and a typed value.

use std::borrow::Cow;
use std::fmt;

/// The name of an attribute: static, or owned by it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Cow<'static, str>);

impl Key {
    /// A key that costs nothing to make.
    #[must_use]
    pub const fn from_static(key: &'static str) -> Self {
        Self(Cow::Borrowed(key))
    }

    /// The key as text.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, if it is static: so an exporter may keep what it makes of a key, by its address.
    #[inline]
    #[must_use]
    pub const fn as_static(&self) -> Option<&'static str> {
        match self.0 {
            Cow::Borrowed(key) => Some(key),
            Cow::Owned(_) => None,
        }
    }

    /// The bytes on the heap that the key owns.
    const fn heap_bytes(&self) -> usize {
        match &self.0 {
            Cow::Borrowed(_) => 0,
            Cow::Owned(key) => key.capacity(),
        }
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl From<&'static str> for Key {
    fn from(key: &'static str) -> Self {
        Self::from_static(key)
    }
}

impl From<String> for Key {
    fn from(key: String) -> Self {
        Self(Cow::Owned(key))
    }
}

impl From<Cow<'static, str>> for Key {
    fn from(key: Cow<'static, str>) -> Self {
        Self(key)
    }
}

/// The value of an attribute, of one of the types of
/// [OpenTelemetry's attributes](https://opentelemetry.io/docs/specs/otel/common/#attribute).
///
/// An unsigned integer above `i64::MAX` has no type there and becomes its decimal text.
///
/// ```
/// use trace_core::Value;
///
/// assert_eq!(Value::from(3_u8), Value::I64(3));
/// assert_eq!(Value::from(vec![1.5, 2.5]).to_string(), "[1.5, 2.5]");
/// assert_eq!(Value::display(format_args!("{:?}", (1, 2))).as_str(), Some("(1, 2)"));
/// assert_eq!(Value::debug(Some("x")).as_str(), Some(r#"Some("x")"#));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// True or false.
    Bool(bool),
    /// A signed integer.
    I64(i64),
    /// A floating-point number; it may be infinite or not a number.
    F64(f64),
    /// A text.
    String(Cow<'static, str>),
    /// Bytes of no known meaning.
    Bytes(Box<[u8]>),
    /// Several truth values.
    BoolArray(Box<[bool]>),
    /// Several signed integers.
    I64Array(Box<[i64]>),
    /// Several floating-point numbers.
    F64Array(Box<[f64]>),
    /// Several texts.
    StringArray(Box<[Cow<'static, str>]>),
}

impl Value {
    /// Writes `value` with its `Display` implementation, as text.
    ///
    /// A `Display` that returns an error leaves what it wrote until then.
    pub fn display(value: impl fmt::Display) -> Self {
        text_of(format_args!("{value}"))
    }

    /// Writes `value` with its `Debug` implementation, as text.
    ///
    /// A `Debug` that returns an error leaves what it wrote until then.
    pub fn debug(value: impl fmt::Debug) -> Self {
        text_of(format_args!("{value:?}"))
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            Self::I64(number) => Some(number),
            _ => None,
        }
    }

    /// The bytes on the heap that the value owns.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Bool(_) | Self::I64(_) | Self::F64(_) | Self::String(Cow::Borrowed(_)) => 0,
            Self::String(Cow::Owned(text)) => text.capacity(),
            Self::Bytes(bytes) => bytes.len(),
            Self::BoolArray(array) => array.len(),
            Self::I64Array(array) => size_of_val::<[i64]>(array),
            Self::F64Array(array) => size_of_val::<[f64]>(array),
            Self::StringArray(array) => array.iter().map(|text| size_of_val(text) + text.len()).sum(),
        }
    }
}

/// `format!` panics where a `Display` returns an error; this does not.
fn text_of(arguments: fmt::Arguments<'_>) -> Value {
    let mut text = String::new();
    let _ = fmt::Write::write_fmt(&mut text, arguments);
    Value::from(text)
}

/// Texts as they are, arrays in brackets, bytes as hexadecimal digits.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::I64(value) => write!(f, "{value}"),
            Self::F64(value) => write!(f, "{value}"),
            Self::String(value) => f.write_str(value),
            Self::Bytes(bytes) => bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::BoolArray(array) => f.debug_list().entries(array).finish(),
            Self::I64Array(array) => f.debug_list().entries(array).finish(),
            Self::F64Array(array) => f.debug_list().entries(array).finish(),
            Self::StringArray(array) => f.debug_list().entries(array).finish(),
        }
    }
}

macro_rules! from {
    ($variant:ident: $($source:ty),+ => $convert:expr) => {
        $(impl From<$source> for Value {
            fn from(value: $source) -> Self {
                Self::$variant($convert(value))
            }
        })+
    };
}

from!(Bool: bool => |value| value);
from!(I64: i8, i16, i32, i64, u8, u16, u32 => i64::from);
from!(F64: f32, f64 => f64::from);
from!(String: &'static str, String, Cow<'static, str> => Cow::from);
from!(String: Box<str> => |text: Box<str>| Cow::Owned(text.into_string()));
from!(String: char => |letter: char| Cow::Owned(letter.to_string()));
from!(Bytes: Vec<u8>, &[u8], Box<[u8]> => Box::from);
from!(BoolArray: Vec<bool>, &[bool], Box<[bool]> => Box::from);
from!(I64Array: Vec<i64>, &[i64], Box<[i64]> => Box::from);
from!(F64Array: Vec<f64>, &[f64], Box<[f64]> => Box::from);
from!(StringArray: Vec<Cow<'static, str>>, Box<[Cow<'static, str>]> => Box::from);
from!(StringArray: Vec<String> => |texts: Vec<String>| texts.into_iter().map(Cow::Owned).collect());
from!(StringArray: Vec<&'static str> => |texts: Vec<&'static str>| texts.into_iter().map(Cow::Borrowed).collect());
from!(StringArray: &[&'static str] => |texts: &[&'static str]| texts.iter().map(|&text| Cow::Borrowed(text)).collect());

macro_rules! from_wide {
    ($($source:ty),+) => {
        $(impl From<$source> for Value {
            fn from(value: $source) -> Self {
                i64::try_from(value).map_or_else(|_| Self::from(value.to_string()), Self::I64)
            }
        })+
    };
}

from_wide!(u64, u128, i128, usize, isize);

macro_rules! from_reference {
    ($($source:ty),+) => {
        $(impl From<&$source> for Value {
            fn from(value: &$source) -> Self {
                Self::from(value.clone())
            }
        })+
    };
}

from_reference!(bool, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, char, String);

/// One fact about a span, an event, a link or a resource.
///
/// ```
/// use trace_core::{Attribute, Value};
///
/// let attribute = Attribute::new("http.response.status_code", 200);
/// assert_eq!(attribute.value, Value::I64(200));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Attribute {
    /// What is told.
    pub key: Key,
    /// What is said of it.
    pub value: Value,
}

impl Attribute {
    /// An attribute of this key and value.
    pub fn new(key: impl Into<Key>, value: impl Into<Value>) -> Self {
        Self { key: key.into(), value: value.into() }
    }

    /// The bytes on the heap that the attribute owns.
    pub(crate) fn heap_bytes(&self) -> usize {
        self.value.heap_bytes() + self.key.heap_bytes()
    }
}

impl<K: Into<Key>, V: Into<Value>> From<(K, V)> for Attribute {
    fn from((key, value): (K, V)) -> Self {
        Self::new(key, value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_fits_beside_a_tag_in_a_record() {
        assert_eq!(size_of::<Value>(), 24);
        assert_eq!(size_of::<Attribute>(), 48);
    }

    #[test]
    fn an_integer_without_a_type_of_its_own_becomes_text_only_where_it_must() {
        assert_eq!(Value::from(7_u64), Value::I64(7));
        assert_eq!(Value::from(i64::MAX as u64), Value::I64(i64::MAX));
        assert_eq!(Value::from(u64::MAX), Value::from("18446744073709551615"));
        assert_eq!(Value::from(i128::MIN).to_string(), i128::MIN.to_string());
    }

    #[test]
    fn a_display_that_fails_is_not_a_panic() {
        struct Fails;
        impl fmt::Display for Fails {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("half")?;
                Err(fmt::Error)
            }
        }
        assert_eq!(Value::display(Fails), Value::from("half"));
    }
}
