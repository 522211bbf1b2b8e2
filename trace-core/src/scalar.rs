//! Attributes that are numbers or truth values, with static keys: most of those that are said on a path in a hurry. They own
//! nothing, and go as bits until somebody looks at them.

use crate::id::SpanId;
use crate::value::{Attribute, Key, Value};

/// An attribute that is a number or truth value and whose key is static. See
/// [`SpanView::only_scalars`](crate::SpanView::only_scalars).
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ScalarAttribute {
    /// What is told.
    pub key: &'static str,
    /// What is said of it.
    pub value: ScalarValue,
}

/// A [`Value`] that owns nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ScalarValue {
    /// A truth value.
    Bool(bool),
    /// An integer.
    I64(i64),
    /// A number.
    F64(f64),
}

impl Value {
    /// The value, if it is a number or truth value.
    #[inline]
    #[must_use]
    pub const fn as_scalar(&self) -> Option<ScalarValue> {
        match *self {
            Self::Bool(value) => Some(ScalarValue::Bool(value)),
            Self::I64(value) => Some(ScalarValue::I64(value)),
            Self::F64(value) => Some(ScalarValue::F64(value)),
            _ => None,
        }
    }
}

impl From<ScalarValue> for Value {
    #[inline]
    fn from(value: ScalarValue) -> Self {
        match value {
            ScalarValue::Bool(value) => Self::Bool(value),
            ScalarValue::I64(value) => Self::I64(value),
            ScalarValue::F64(value) => Self::F64(value),
        }
    }
}

impl From<ScalarAttribute> for Attribute {
    #[inline]
    fn from(ScalarAttribute { key, value }: ScalarAttribute) -> Self {
        Self { key: Key::from_static(key), value: value.into() }
    }
}

/// The type of a number or truth value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Bool,
    I64,
    F64,
}

impl Scalar {
    /// The value as bits, if it is a scalar.
    #[inline]
    pub(crate) const fn of(value: &Value) -> Option<(Self, u64)> {
        match value.as_scalar() {
            Some(ScalarValue::Bool(value)) => Some((Self::Bool, value as u64)),
            Some(ScalarValue::I64(value)) => Some((Self::I64, value.cast_unsigned())),
            Some(ScalarValue::F64(value)) => Some((Self::F64, value.to_bits())),
            None => None,
        }
    }

    /// The value that these bits are.
    #[inline]
    pub(crate) const fn value(self, bits: u64) -> ScalarValue {
        match self {
            Self::Bool => ScalarValue::Bool(bits != 0),
            Self::I64 => ScalarValue::I64(bits.cast_signed()),
            Self::F64 => ScalarValue::F64(f64::from_bits(bits)),
        }
    }
}

/// One or two attributes that were said of a span before anything else was: 64 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) scalars: (Scalar, Option<Scalar>),
    pub(crate) span: SpanId,
    pub(crate) keys: [&'static str; 2],
    pub(crate) bits: [u64; 2],
}

impl Pair {
    /// These attributes of a span, if they are one or two of the kind that makes a pair.
    pub(crate) fn of(span: SpanId, attributes: &[Attribute]) -> Option<Self> {
        let (first, second) = match attributes {
            [first] => (first, None),
            [first, second] => (first, Some(second)),
            _ => return None,
        };
        let parts = |attribute: &Attribute| {
            let (key, (scalar, bits)) = (attribute.key.as_static()?, Scalar::of(&attribute.value)?);
            Some((key, scalar, bits))
        };
        let (first_key, scalar, first_bits) = parts(first)?;
        let (second_key, second, second_bits) = match second {
            Some(second) => {
                let (key, scalar, bits) = parts(second)?;
                (key, Some(scalar), bits)
            }
            None => ("", None, 0),
        };
        let (keys, bits) = ([first_key, second_key], [first_bits, second_bits]);
        Some(Self { scalars: (scalar, second), span, keys, bits })
    }

    /// The same, if both have one key, with the second one alone: the last value of a key wins.
    #[inline(always)]
    pub(crate) fn with_each_key_once(mut self) -> Self {
        let [key, other] = self.keys;
        if let Some(scalar) = self.scalars.1
            && is_same(key, other)
        {
            (self.scalars, self.bits[0]) = ((scalar, None), self.bits[1]);
        }
        self
    }

    /// Each of them.
    #[inline]
    pub(crate) fn each(&self) -> impl ExactSizeIterator<Item = ScalarAttribute> + use<> {
        let Self { scalars: (first, second), keys, bits, .. } = *self;
        let of = move |place: usize| {
            let scalar = if place == 0 { first } else { second.unwrap_or(first) };
            ScalarAttribute { key: keys[place], value: scalar.value(bits[place]) }
        };
        (0..self.len()).map(of)
    }

    #[inline]
    pub(crate) fn len(&self) -> usize {
        1 + usize::from(self.scalars.1.is_some())
    }
}

/// Whether these are one key. Keys are mostly of different lengths.
#[inline]
fn is_same(key: &str, other: &str) -> bool {
    key.len() == other.len() && are_alike(key, other)
}

#[inline(never)]
fn are_alike(key: &str, other: &str) -> bool {
    key == other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_a_cache_line() {
        assert_eq!(size_of::<Pair>(), 64);
    }

    #[test]
    fn a_scalar_survives_its_bits_and_nothing_else_is_one() {
        for value in [Value::Bool(true), Value::Bool(false), Value::I64(i64::MIN), Value::F64(-0.5)] {
            let (scalar, bits) = Scalar::of(&value).unwrap();
            assert_eq!(Value::from(scalar.value(bits)), value);
            assert_eq!(value.as_scalar().map(Value::from), Some(value));
        }
        for value in [Value::from("text"), Value::from(vec![1_i64])] {
            assert_eq!((Scalar::of(&value), value.as_scalar()), (None, None), "{value}");
        }
    }
}
