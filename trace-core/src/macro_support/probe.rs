//! What depends on a type that the macro does not see: whether it has a typed value, whether it is an error.
//!
//! [`Probe`]'s own methods ask for a trait. A type that has it not is passed on by `Deref` to [`Otherwise`], whose methods
//! have the same names. For that no trait has to be brought into scope, which each expansion would pay for.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use crate::current_span::{CurrentSpan, current_span};
use crate::macro_support::told::tell_display;
use crate::value::Value;

/// A value of which something shall be told, by the most that its type can.
#[derive(Debug)]
pub struct Probe<'a, T: ?Sized>(Otherwise<'a, T>);

/// The same, for a type that can less.
#[derive(Debug)]
pub struct Otherwise<'a, T: ?Sized>(&'a T);

/// Asks what the type of a value can.
#[inline(always)]
pub fn probe<T: ?Sized>(value: &T) -> Probe<'_, T> {
    Probe(Otherwise(value))
}

impl<'a, T: ?Sized> Deref for Probe<'a, T> {
    type Target = Otherwise<'a, T>;

    #[inline(always)]
    fn deref(&self) -> &Otherwise<'a, T> {
        &self.0
    }
}

impl<T: Record + ?Sized> Probe<'_, T> {
    /// The typed value.
    #[inline]
    pub fn value(&self) -> Value {
        self.0.0.record()
    }

    /// Sets an attribute to it.
    #[inline]
    pub fn record(&self, span: CurrentSpan, key: &'static str) {
        record(span, key, self.value());
    }
}

impl<T: ?Sized> Otherwise<'_, T> {
    /// The `Debug` text.
    #[inline]
    pub fn value(&self) -> Value
    where
        T: Debug,
    {
        Value::debug(self.0)
    }

    /// Sets an attribute to it.
    #[inline]
    pub fn record(&self, span: CurrentSpan, key: &'static str)
    where
        T: Debug,
    {
        record(span, key, self.value());
    }
}

impl<E: Error> Probe<'_, E> {
    /// Tells an error with its sources.
    #[inline]
    pub fn tell(&self) {
        current_span().record_error(self.0.0);
    }
}

impl<E: ?Sized> Otherwise<'_, E> {
    /// Tells what is no [`Error`], as `String`, `Box<dyn Error>` and `anyhow::Error` are none, by its `Display` text.
    #[inline]
    pub fn tell(&self)
    where
        E: Display,
    {
        tell_display(self.0);
    }
}

/// Sets an attribute.
#[inline]
pub fn record(span: CurrentSpan, key: &'static str, value: Value) {
    span.set_attribute(key, value);
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
