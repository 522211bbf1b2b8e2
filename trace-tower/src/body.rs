//! The body of a response, which ends the span.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;

use crate::exchange::Exchange;

pin_project! {
    /// The body of a response whose span lasts as long as the body. It is polled and dropped inside of the span.
    #[derive(Debug)]
    pub struct TracedBody<B> {
        // Some until this is dropped.
        #[pin]
        inner: Option<B>,
        exchange: Option<Exchange>,
    }

    impl<B> PinnedDrop for TracedBody<B> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            if let Some(exchange) = this.exchange.as_ref() {
                exchange.context.clone().in_scope(|| this.inner.set(None));
            }
        }
    }
}

impl<B: Body> TracedBody<B> {
    pub(crate) fn new(inner: B, exchange: Option<Exchange>) -> Self {
        let mut exchange = exchange;
        if let Some(exchange) = exchange.as_mut().filter(|_| inner.is_end_stream()) {
            exchange.finish();
        }
        Self { inner: Some(inner), exchange }
    }
}

/// An empty body of nobody's.
impl<B: Default> Default for TracedBody<B> {
    fn default() -> Self {
        Self { inner: Some(B::default()), exchange: None }
    }
}

impl<B: Body> Body for TracedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let mut this = self.project();
        let mut inner = this.inner.as_mut().as_pin_mut().expect("the body is taken out when this is dropped");
        let Some(exchange) = this.exchange.as_mut() else { return inner.poll_frame(cx) };
        exchange.begin_body();
        let poll = exchange.context.clone().in_scope(|| inner.as_mut().poll_frame(cx));
        match &poll {
            Poll::Pending => {}
            Poll::Ready(Some(Err(_))) => exchange.error::<B::Error>(),
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(trailers) = frame.trailers_ref() {
                    exchange.trailers(trailers);
                    exchange.finish();
                } else if inner.is_end_stream() {
                    // Nobody asks again.
                    exchange.finish();
                }
            }
            Poll::Ready(None) => exchange.finish(),
        }
        poll
    }

    fn is_end_stream(&self) -> bool {
        self.inner.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or_else(SizeHint::default, Body::size_hint)
    }
}
