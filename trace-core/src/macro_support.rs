//! What the expansion of `#[traced]` calls: nothing here is for people to write.

use std::borrow::Cow;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{self, Poll};

use pin_project_lite::pin_project;

use crate::active::ActiveSpan;
use crate::callsite::Callsite;
use crate::current_span::current_span;
use crate::future::Carried;
use crate::span::Span;
use crate::status::Status;
use crate::value::Value;

pub use ::std;

pub use crate::active::enter;

/// Starts a span that is not current yet.
#[inline]
pub fn start(callsite: &'static Callsite) -> Span {
    Span::at(callsite)
}

/// Calls the body of a sync function under its span. That it must be `FnOnce` lets the closure give away what it
/// captured, `&mut` borrows included.
#[inline(always)]
pub fn call<R>(mut span: ActiveSpan, body: impl FnOnce() -> R, failed: impl FnOnce(&R) -> bool) -> R {
    let value = body();
    if span.is_recording() && failed(&value) {
        span.fail();
    }
    value
}

/// Runs the statements before a returned future in the span that the future will have.
#[inline]
pub fn scope<R>(span: &Span, body: impl FnOnce() -> R) -> R {
    span.visit(body)
}

/// Puts the future of an async function into its span.
#[inline]
pub fn traced<F, J>(span: Span, future: F, failed: J) -> Traced<F, J>
where
    F: Future,
    J: Fn(&F::Output) -> bool,
{
    Traced { future: Some(future), carried: Carried::of(span), failed }
}

pin_project! {
    /// [`InSpan`](crate::InSpan) for a future whose output is looked at: one type around the user's future, not two,
    /// because each one brings nested futures nearer to the compiler's recursion limit.
    #[derive(Debug)]
    pub struct Traced<F, J> {
        // Some until this is dropped.
        #[pin]
        future: Option<F>,
        carried: Carried,
        failed: J,
    }

    impl<F, J> PinnedDrop for Traced<F, J> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if !this.carried.is_nothing() {
                let mut visit = this.carried.visit_to_drop();
                this.future.set(None);
                visit.dropped();
            }
        }
    }
}

impl<F: Future, J: Fn(&F::Output) -> bool> Future for Traced<F, J> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let future = this.future.as_pin_mut().expect("the future is taken out when this is dropped");
        if this.carried.is_nothing() {
            return future.poll(cx);
        }
        let mut visit = this.carried.visit();
        let poll = future.poll(cx);
        match &poll {
            Poll::Ready(value) if current_span().is_recording() && (this.failed)(value) => visit.returned_error(),
            _ => visit.returned(poll.is_ready()),
        }
        poll
    }
}

/// The type of an edge that is never taken, which tells the compiler the type of every other exit.
#[cold]
pub fn returned<T>() -> T {
    unreachable!("only stands behind `if false`")
}

/// Names the type `!`, which may be written as a function's return type only.
pub trait Returns {
    /// What it returns.
    type Output;
}

impl<T> Returns for fn() -> T {
    type Output = T;
}

/// A returned value. [`failed`](Self::failed) is found here for a `Result`, and at [`Unjudged`] for everything else,
/// because an inherent method wins.
#[derive(Debug)]
pub struct Returned<'a, T: ?Sized>(pub &'a T);

impl<T, E> Returned<'_, Result<T, E>> {
    /// Whether it is an `Err`.
    #[inline(always)]
    pub fn failed(&self) -> bool {
        self.0.is_err()
    }
}

/// A value that says nothing of success.
pub trait Unjudged {
    /// It is no failure.
    #[inline(always)]
    fn failed(&self) -> bool {
        false
    }
}

impl<T: ?Sized> Unjudged for Returned<'_, T> {}

/// The judge of a value whose written type is no `Result`.
#[inline(always)]
pub fn never_fails<T>(_: &T) -> bool {
    false
}

/// What can hold an error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` holds no error for `err` to tell",
    label = "the function returns `{Self}`",
    note = "`err` goes on functions that return a `Result`"
)]
pub trait Fallible {
    /// The error.
    type Error;
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

/// The error in a returned value.
#[inline]
pub fn error_of<T: Fallible>(value: &T) -> Option<&T::Error> {
    value.error()
}

/// Tells the error by its `Display` text.
#[inline]
pub fn tell_display<E: Display>(error: Option<&E>) -> bool {
    error.is_some_and(|error| tell(|| Value::display(error)))
}

/// Tells the error by its `Debug` text.
#[inline]
pub fn tell_debug<E: Debug>(error: Option<&E>) -> bool {
    error.is_some_and(|error| tell(|| Value::debug(error)))
}

/// Tells the error as the user's closure does.
#[inline]
pub fn tell_mapped<E, T: Display>(error: Option<&E>, map: impl FnOnce(&E) -> T) -> bool {
    error.is_some_and(|error| tell(|| Value::display(map(error))))
}

fn tell(text: impl FnOnce() -> Value) -> bool {
    let span = current_span();
    if !span.is_recording() {
        return true;
    }
    if let Value::String(text) = text() {
        span.set_status(Status::error(text));
    }
    false
}

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
