//! How an expression becomes the value of an attribute: by its type, or by `Debug`.

use std::borrow::Cow;
use std::fmt::Debug;
use std::rc::Rc;
use std::sync::Arc;

use crate::value::Value;

/// A reference to a value that shall become an attribute. `(&Probe(x)).way()` is [`TypedWay`] where the type has a typed
/// value, else [`DebugWay`]: the method that needs one reference less is found first.
#[derive(Debug)]
pub struct Probe<'a, T: ?Sized>(pub &'a T);

/// Finds that a type has a typed value.
pub trait AsValue {
    /// The way to it.
    #[inline(always)]
    fn way(&self) -> TypedWay {
        TypedWay
    }
}

impl<T: Record + ?Sized> AsValue for Probe<'_, T> {}

/// Finds that a type has none.
pub trait AsDebug {
    /// The way by `Debug`.
    #[inline(always)]
    fn way(&self) -> DebugWay {
        DebugWay
    }
}

impl<T: ?Sized> AsDebug for &Probe<'_, T> {}

/// By the type.
#[derive(Debug)]
pub struct TypedWay;

impl TypedWay {
    /// The typed value.
    #[inline]
    pub fn value<T: Record + ?Sized>(self, value: &T) -> Value {
        value.record()
    }
}

/// By `Debug`.
#[derive(Debug)]
pub struct DebugWay;

impl DebugWay {
    /// The text.
    #[inline]
    pub fn value<T: Debug + ?Sized>(self, value: &T) -> Value {
        Value::debug(value)
    }
}

/// A type whose values have a type as attributes.
pub trait Record {
    /// The value, copied.
    fn record(&self) -> Value;
}

macro_rules! record {
    ($($source:ty),+) => {
        $(impl Record for $source {
            #[inline]
            fn record(&self) -> Value {
                Value::from(self.clone())
            }
        })+
    };
}

record!(bool, char, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize, f32, f64, String, Value);

impl Record for str {
    #[inline]
    fn record(&self) -> Value {
        Value::from(self.to_owned())
    }
}

impl Record for Cow<'_, str> {
    #[inline]
    fn record(&self) -> Value {
        Value::from(self.as_ref().to_owned())
    }
}

macro_rules! record_inside {
    ($($source:ty),+) => {
        $(impl<T: Record + ?Sized> Record for $source {
            #[inline]
            fn record(&self) -> Value {
                T::record(self)
            }
        })+
    };
}

record_inside!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);
