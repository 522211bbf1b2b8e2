//! Futures with a context of their own.
//!
//! What the wrapper adds to a future: the 32 bytes of the context and 16 more. A poll through it takes 4 to 7 ns more than
//! without.

use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};

use pin_project_lite::pin_project;

use crate::carried::Carried;
use crate::context::Carry;
use crate::span::Span;
use crate::start;

/// What every future can do here.
pub trait FutureExt: Future + Sized {
    /// Runs the future inside a span: the span is current while the future is polled, and while it is dropped.
    ///
    /// The span ends when the future is ready, panics or is dropped, and tells which of these it was.
    ///
    /// ```
    /// use trace_core::{FutureExt, Span, current_span};
    ///
    /// # futures::executor::block_on(async {
    /// let span = Span::new("fetch").attribute("url.path", "/");
    /// let handle = span.handle();
    /// async move { assert_eq!(current_span(), handle) }.in_span(span).await;
    /// # });
    /// ```
    fn in_span(self, span: Span) -> InSpan<Self> {
        InSpan { future: self, carried: Carried::of(span) }
    }

    /// Runs the future in the span that is current at this call, wherever it is polled: in a task, on another thread.
    ///
    /// ```
    /// use trace_core::{FutureExt, current_span, start_span};
    ///
    /// let span = start_span("request");
    /// let id = span.span_id();
    /// let elsewhere = async move { assert_eq!(current_span().span_id(), id) }.in_current_span();
    /// std::thread::spawn(|| futures::executor::block_on(elsewhere)).join().unwrap();
    /// ```
    fn in_current_span(self) -> InSpan<Self> {
        InSpan { future: self, carried: Carried::context(Carry::current()) }
    }

    /// Runs the future without a span, whatever is current where it is polled.
    ///
    /// For a task that is not wrapped otherwise but may be polled inside somebody's span, as `LocalSet::run_until` and
    /// `block_on` do.
    ///
    /// ```
    /// use trace_core::{FutureExt, current_span, in_scope};
    ///
    /// in_scope("request", || {
    ///     let outside = async { current_span().span_id() }.without_context();
    ///     assert_eq!(futures::executor::block_on(outside), None);
    /// });
    /// ```
    fn without_context(self) -> InSpan<Self> {
        InSpan { future: self, carried: Carried::context(Carry::bare(start::detached_context())) }
    }
}

impl<F: Future> FutureExt for F {}

/// Runs a future in a context of which no span is announced or ended.
pub(crate) fn in_context<F: Future>(carry: Carry, future: F) -> InSpan<F> {
    InSpan { future, carried: Carried::context(carry) }
}

pin_project! {
    /// A future with a context of its own. Made by [`FutureExt`].
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct InSpan<F> {
        #[pin]
        future: F,
        // Behind the future: fields are dropped in this order.
        carried: Carried,
    }

    impl<F> PinnedDrop for InSpan<F> {
        fn drop(this: Pin<&mut Self>) {
            this.project().carried.before_drop_of::<F>();
        }
    }
}

impl<F: Future> Future for InSpan<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if this.carried.passes() {
            let poll = this.future.poll(cx);
            this.carried.passed(poll.is_ready());
            return poll;
        }
        let mut visit = this.carried.visit_with(cx);
        let poll = this.future.poll(&mut task::Context::from_waker(visit.waker(cx)));
        visit.returned(poll.is_ready());
        poll
    }
}
