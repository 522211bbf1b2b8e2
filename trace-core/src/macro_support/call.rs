//! The future of a traced call.

use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};

use pin_project_lite::pin_project;

use crate::current_span::current_span;
use crate::future::Carried;
use crate::macro_support::judge::{By, ByResult, Judge, Never, Unjudged};
use crate::span::Span;

/// A future and its span. How it is judged decides of what type the traced future is.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Call<F> {
    future: F,
    carried: Carried,
}

/// The call of an async function, whose future is an `async` block.
#[inline]
pub fn call<F: Future>(span: Span, future: F) -> Call<F> {
    Call { future, carried: Carried::of(span).around_block() }
}

/// The call of a function that returns a future, which is known by what it yields.
#[inline]
pub fn call_as<T, F: Future<Output = T>>(span: Span, future: F) -> Call<F> {
    Call { future, carried: Carried::of(span) }
}

impl<F: Future> Call<F> {
    /// Traces a future whose written type is no `Result`.
    #[inline]
    pub fn unjudged(self) -> Traced<F, Never> {
        self.by(Never)
    }

    /// Traces a future whose output the closure looks at.
    #[inline]
    pub fn judged_by<J: Fn(&F::Output) -> bool>(self, failed: J) -> Traced<F, By<J>> {
        self.by(By(failed))
    }
}

impl<F: Future<Output = Result<T, E>>, T, E> Call<F> {
    /// Traces a future whose `Err` is a failure.
    #[inline]
    pub fn judged(self) -> Traced<F, ByResult> {
        self.by(ByResult)
    }
}

impl<F: Future> Unjudged for Call<F> {
    type Judged = Traced<F, Never>;

    #[inline]
    fn judged(self) -> Traced<F, Never> {
        self.by(Never)
    }
}

impl<F> Call<F> {
    #[inline(always)]
    fn by<J>(self, judge: J) -> Traced<F, J> {
        let Self { future, carried } = self;
        Traced::Here { future, carried, judge }
    }
}

pin_project! {
    /// [`InSpan`](crate::InSpan) for a future whose output is looked at: one type around the user's future, not two,
    /// because each one brings nested futures nearer to the compiler's recursion limit.
    ///
    /// An enum, not a struct with an `Option` of the future: the word that says which finds room in `Carried`, but not in a
    /// future, and the `Option` would be one more type.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    #[project = TracedProjection]
    #[allow(private_interfaces, missing_docs, reason = "only a `Call` becomes one")]
    pub enum Traced<F, J> {
        /// Not dropped.
        Here {
            #[pin]
            future: F,
            carried: Carried,
            judge: J,
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

impl<F: Future, J: Judge<F::Output>> Future for Traced<F, J> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let TracedProjection::Here { future, carried, judge } = self.project() else {
            unreachable!("the future is taken out when this is dropped")
        };
        if carried.is_nothing() {
            return future.poll(cx);
        }
        let mut visit = carried.visit();
        let poll = future.poll(cx);
        match &poll {
            Poll::Ready(value) if current_span().is_recording() && judge.failed(value) => visit.returned_error(),
            _ => visit.returned(poll.is_ready()),
        }
        poll
    }
}
