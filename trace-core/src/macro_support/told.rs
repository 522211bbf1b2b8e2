//! What a returned value tells of its span.

use std::fmt::{self, Debug, Display};
use std::ops::{ControlFlow, Deref};

use crate::current_span::current_span;
use crate::value::Value;

/// The key of what `ret` records.
const RETURN: &str = "return";

/// A returned value. Its methods are found here for a `Result`, and, by `Deref`, at [`Whole`] for everything else.
#[derive(Debug)]
pub struct Told<'a, T: ?Sized>(Whole<'a, T>);

/// A value that says nothing of success.
#[derive(Debug)]
pub struct Whole<'a, T: ?Sized>(&'a T);

/// Asks what a returned value says.
#[inline(always)]
pub fn told<T: ?Sized>(value: &T) -> Told<'_, T> {
    Told(Whole(value))
}

impl<'a, T, E> Told<'a, Result<T, E>> {
    /// Whether it is an `Err`.
    #[inline(always)]
    pub fn failed(&self) -> bool {
        self.0.0.is_err()
    }

    /// The value in `Ok`.
    #[inline(always)]
    pub fn success(&self) -> Option<&'a T> {
        self.0.0.as_ref().ok()
    }
}

impl<'a, T: ?Sized> Whole<'a, T> {
    /// It is no failure.
    #[inline(always)]
    pub fn failed(&self) -> bool {
        false
    }

    /// All of it.
    #[inline(always)]
    pub fn success(&self) -> Option<&'a T> {
        Some(self.0)
    }
}

impl<'a, T: ?Sized> Deref for Told<'a, T> {
    type Target = Whole<'a, T>;

    #[inline(always)]
    fn deref(&self) -> &Whole<'a, T> {
        &self.0
    }
}

/// What can hold an error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` holds no error for `err` to tell",
    label = "the function returns `{Self}`",
    note = "`err` goes on functions that return a `Result`, an `Option` or a `ControlFlow`"
)]
pub trait Fallible {
    /// The error.
    type Error: ?Sized;
    /// The error, if it is one.
    fn error(&self) -> Option<&Self::Error>;
}

impl<T, E> Fallible for Result<T, E> {
    type Error = E;

    #[inline]
    fn error(&self) -> Option<&E> {
        self.as_ref().err()
    }
}

impl<T> Fallible for Option<T> {
    type Error = Missing;

    #[inline]
    fn error(&self) -> Option<&Missing> {
        if self.is_some() { None } else { Some(&Missing) }
    }
}

impl<B, C> Fallible for ControlFlow<B, C> {
    type Error = B;

    #[inline]
    fn error(&self) -> Option<&B> {
        match self {
            Self::Break(error) => Some(error),
            Self::Continue(_) => None,
        }
    }
}

/// The error of an `Option`.
#[derive(Debug)]
pub struct Missing;

impl Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("None")
    }
}

/// Tells the error, if there is one, and says whether there is.
#[inline]
pub fn tell_error<T: Fallible>(value: &T, tell: impl FnOnce(&T::Error)) -> bool {
    let error = value.error();
    if let Some(error) = error {
        tell(error);
    }
    error.is_some()
}

/// Tells the value, if there is one.
#[inline]
pub fn tell_value<T: ?Sized>(value: Option<&T>, told: impl FnOnce(&T) -> Value) {
    if let Some(value) = value {
        current_span().set_attribute(RETURN, told(value));
    }
}

/// Tells the error by its `Display` text.
#[inline]
pub fn tell_display<E: Display + ?Sized>(error: &E) {
    current_span().record_failure(error);
}

/// Tells the error by its `Debug` text.
#[inline]
pub fn tell_debug<E: Debug + ?Sized>(error: &E) {
    if let Value::String(text) = Value::debug(error) {
        current_span().write_failure(std::any::type_name::<E>(), text.to_string(), text.into());
    }
}

/// What the user's closure makes of a value.
#[inline]
pub fn mapped<'a, T: ?Sized, R>(value: &'a T, map: impl FnOnce(&'a T) -> R) -> R {
    map(value)
}
