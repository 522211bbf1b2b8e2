//! Streams that a traced function returns.

use std::pin::Pin;
use std::task::{self, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::carried::Carried;
use crate::macro_support::judge::{By, ByResult, Judge, Never, Unjudged};
use crate::span::Span;
use crate::stream::{Items, drop_inside, poll_item};
use crate::visit::woken_by;

/// A stream and its span. How it is judged decides of what type the traced stream is.
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct StreamCall<S> {
    stream: S,
    carried: Carried,
}

/// The call of a function that returns a stream.
#[inline]
pub fn call_of_stream<S: Stream>(span: Span, stream: S) -> StreamCall<S> {
    StreamCall { stream, carried: Carried::of(span) }
}

impl<S: Stream> StreamCall<S> {
    /// Traces a stream whose items are written to be no `Result`.
    #[inline]
    pub fn unjudged(self) -> TracedStream<S, Never> {
        self.by(Never)
    }

    /// Traces a stream whose items the closure looks at.
    #[inline]
    pub fn judged_by<J: Fn(&S::Item) -> bool>(self, failed: J) -> TracedStream<S, By<J>> {
        self.by(By(failed))
    }
}

impl<S: Stream<Item = Result<T, E>>, T, E> StreamCall<S> {
    /// Traces a stream of which an `Err` is a failure.
    #[inline]
    pub fn judged(self) -> TracedStream<S, ByResult> {
        self.by(ByResult)
    }
}

impl<S: Stream> Unjudged for StreamCall<S> {
    type Judged = TracedStream<S, Never>;

    #[inline]
    fn judged(self) -> TracedStream<S, Never> {
        self.by(Never)
    }
}

impl<S> StreamCall<S> {
    #[inline(always)]
    fn by<J>(self, judge: J) -> TracedStream<S, J> {
        TracedStream { stream: Some(self.stream), carried: self.carried, items: Items::default(), judge }
    }
}

pin_project! {
    /// [`InSpanStream`](crate::InSpanStream) for a stream whose items are looked at.
    #[derive(Debug)]
    pub struct TracedStream<S, J> {
        // Some until this is dropped.
        #[pin]
        stream: Option<S>,
        carried: Carried,
        items: Items,
        judge: J,
    }

    impl<S, J> PinnedDrop for TracedStream<S, J> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let mut stream = this.stream;
            drop_inside(this.carried, this.items, || stream.set(None));
        }
    }
}

impl<S: Stream, J: Judge<S::Item>> Stream for TracedStream<S, J> {
    type Item = S::Item;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.project();
        let waker = this.carried.waker(cx);
        let judge = this.judge;
        let stream = this.stream.as_pin_mut().expect("the stream is taken out when this is dropped");
        poll_item(this.carried, this.items, || stream.poll_next(&mut woken_by(&waker, cx)), |item| judge.failed(item))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}
