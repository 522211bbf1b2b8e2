//! What the expansion of `#[traced]` calls: nothing here is for people to write.

pub(crate) mod probe;
#[cfg_attr(feature = "futures", path = "macro_support/stream.rs")]
#[cfg_attr(not(feature = "futures"), path = "macro_support/no_stream.rs")]
pub(crate) mod stream;
pub(crate) mod told;

use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};

use pin_project_lite::pin_project;

use crate::active::ActiveSpan;
use crate::callsite::Callsite;
use crate::current_span::{CurrentSpan, current_span};
use crate::future::Carried;
use crate::span::Span;

pub use ::std;

pub use crate::active::enter;
pub use crate::macro_support::probe::*;
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

/// Calls the body of a sync function under its span. That it must be `FnOnce` lets the closure give away what it
/// captured, `&mut` borrows included.
#[inline(always)]
pub fn call<R>(span: ActiveSpan, body: impl FnOnce(CurrentSpan) -> R, failed: impl FnOnce(&R) -> bool) -> R {
    let value = body(span.handle());
    judged(span, value, failed)
}

/// Looks at what the body of a sync function returned, and ends its span.
#[inline(always)]
pub fn judged<R>(mut span: ActiveSpan, value: R, failed: impl FnOnce(&R) -> bool) -> R {
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

/// [`scope`] for a body whose type is known by what its future yields.
#[inline]
pub fn future_of<T, F: Future<Output = T>>(span: &Span, body: impl FnOnce() -> F) -> F {
    span.visit(body)
}

/// [`traced`] for a future whose type is known by what it yields.
#[inline]
pub fn traced_as<T, F, J>(span: Span, future: F, failed: J) -> Traced<F, J>
where
    F: Future<Output = T>,
    J: Fn(&T) -> bool,
{
    Traced::Here { future, carried: Carried::of(span), failed }
}

/// Puts the future of an async function, an `async` block, into its span.
#[inline]
pub fn traced<F, J>(span: Span, future: F, failed: J) -> Traced<F, J>
where
    F: Future,
    J: Fn(&F::Output) -> bool,
{
    Traced::Here { future, carried: Carried::of(span).around_block(), failed }
}

pin_project! {
    /// [`InSpan`](crate::InSpan) for a future whose output is looked at: one type around the user's future, not two,
    /// because each one brings nested futures nearer to the compiler's recursion limit.
    ///
    /// An enum, not a struct with an `Option` of the future: the word that says which finds room in `Carried`, but not in a
    /// future, and the `Option` would be one more type.
    #[derive(Debug)]
    #[project = TracedProjection]
    #[allow(private_interfaces, missing_docs, reason = "only `traced` makes one")]
    pub enum Traced<F, J> {
        /// Not dropped.
        Here {
            #[pin]
            future: F,
            carried: Carried,
            failed: J,
        },
        /// Dropped.
        Dropped,
    }

    impl<F, J> PinnedDrop for Traced<F, J> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this;
            let TracedProjection::Here { carried, .. } = this.as_mut().project() else { return };
            if carried.is_needed_to_drop::<F>() {
                let mut carried = std::mem::replace(carried, Carried::nothing());
                let mut visit = carried.visit_to_drop();
                this.set(Traced::Dropped);
                visit.dropped();
            }
        }
    }
}

impl<F: Future, J: Fn(&F::Output) -> bool> Future for Traced<F, J> {
    type Output = F::Output;

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let TracedProjection::Here { future, carried, failed } = self.as_mut().project() else {
            unreachable!("the future is taken out when this is dropped")
        };
        if carried.is_timed()
            && let Some(waker) = carried.waker(cx)
        {
            return self.poll(&mut task::Context::from_waker(&waker));
        }
        if carried.is_nothing() {
            return future.poll(cx);
        }
        let mut visit = carried.visit();
        let poll = future.poll(cx);
        match &poll {
            Poll::Ready(value) if current_span().is_recording() && failed(value) => visit.returned_error(),
            _ => visit.returned(poll.is_ready()),
        }
        poll
    }
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
