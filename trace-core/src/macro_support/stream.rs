//! Streams that a traced function returns.

use std::pin::Pin;
use std::task::{self, Poll};

use futures_core::Stream;
use pin_project_lite::pin_project;

use crate::future::Carried;
use crate::span::Span;
use crate::stream::{Items, drop_inside, poll_item};

/// Puts the stream that a function returns into its span.
#[inline]
pub fn traced_stream<S, J>(span: Span, stream: S, failed: J) -> TracedStream<S, J>
where
    S: Stream,
    J: Fn(&S::Item) -> bool,
{
    TracedStream { stream: Some(stream), carried: Carried::of(span), items: Items::default(), failed }
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
        failed: J,
    }

    impl<S, J> PinnedDrop for TracedStream<S, J> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            let mut stream = this.stream;
            drop_inside(this.carried, this.items, || stream.set(None));
        }
    }
}

impl<S: Stream, J: Fn(&S::Item) -> bool> Stream for TracedStream<S, J> {
    type Item = S::Item;

    #[inline]
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<Option<S::Item>> {
        let this = self.as_mut().project();
        if this.carried.is_timed()
            && let Some(waker) = this.carried.waker(cx)
        {
            return self.poll_next(&mut task::Context::from_waker(&waker));
        }
        let stream = this.stream.as_pin_mut().expect("the stream is taken out when this is dropped");
        poll_item(this.carried, this.items, || stream.poll_next(cx), this.failed)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.stream.as_ref().map_or((0, Some(0)), Stream::size_hint)
    }
}
