//! What the expansion of `#[traced]` calls: nothing here is for people to write.

pub(crate) mod call;
pub(crate) mod judge;
pub(crate) mod probe;
pub(crate) mod returned;
#[cfg_attr(feature = "futures", path = "macro_support/stream.rs")]
#[cfg_attr(not(feature = "futures"), path = "macro_support/no_stream.rs")]
pub(crate) mod stream;
pub(crate) mod told;

use std::pin::Pin;
use std::task::{self, Poll};

use pin_project_lite::pin_project;

use crate::active::ActiveSpan;
use crate::callsite::Callsite;
use crate::span::Span;

pub use ::std;
pub use ::std::future::Future;

pub use crate::active::enter;
pub use crate::macro_support::call::*;
pub use crate::macro_support::judge::*;
pub use crate::macro_support::probe::*;
pub use crate::macro_support::returned::*;
pub use crate::macro_support::stream::*;
pub use crate::macro_support::told::*;
pub use crate::span::span;

/// Starts a span that is not current yet.
#[inline]
pub fn start(callsite: &'static Callsite) -> Span {
    Span::at(callsite)
}

/// The span of a call for which `when` says no.
#[inline]
pub fn not_started() -> Span {
    Span::disabled()
}

/// The guard of a call for which `when` says no.
#[inline]
pub fn not_entered() -> ActiveSpan {
    ActiveSpan::nothing()
}

/// Runs the statements before a returned future in the span that the future will have.
#[inline]
pub fn scope<R>(span: &Span, body: impl FnOnce() -> R) -> R {
    span.visit(body)
}

/// [`scope`] for a body whose type is known by what its future yields.
#[inline]
pub fn future_of<T, F: Future<Output = T>>(span: &Span, body: impl FnOnce() -> F) -> F {
    span.visit(body)
}

/// Makes a span of each poll of a future.
#[inline]
pub fn per_poll<F: Future>(callsite: &'static Callsite, future: F) -> PerPoll<F> {
    PerPoll { future, callsite }
}

pin_project! {
    /// A future with a span for each poll.
    #[derive(Debug)]
    pub struct PerPoll<F> {
        #[pin]
        future: F,
        callsite: &'static Callsite,
    }
}

impl<F: Future> Future for PerPoll<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _span = enter(this.callsite);
        this.future.poll(cx)
    }
}

/// The type of an edge that is never taken, which tells the compiler the type of every other exit.
#[cold]
pub fn edge<T>() -> T {
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
