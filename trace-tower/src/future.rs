//! The future of a response.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use http_body::Body;
use pin_project_lite::pin_project;
use trace_core::{ContextExt, InSpan};

use crate::body::TracedBody;
use crate::exchange::Exchange;

pin_project! {
    /// The future of a response. It is polled and dropped inside of the span of its request, which goes on with the body.
    ///
    /// Dropped before it is ready, the request is cancelled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<F> {
        #[pin]
        inner: Inner<F>,
        // Dropped after what runs inside of it.
        exchange: Option<Exchange>,
    }
}

pin_project! {
    #[project = InnerProjection]
    #[derive(Debug)]
    enum Inner<F> {
        Traced { #[pin] future: InSpan<F> },
        Plain { #[pin] future: F },
    }
}

impl<F: Future> ResponseFuture<F> {
    pub(crate) fn traced(future: F, exchange: Exchange) -> Self {
        let future = future.in_context(exchange.context.clone());
        Self { inner: Inner::Traced { future }, exchange: Some(exchange) }
    }

    pub(crate) const fn plain(future: F) -> Self {
        Self { inner: Inner::Plain { future }, exchange: None }
    }
}

/// Lets go of the span at once if a poll panics, so that it says so even where somebody catches the panic.
struct Unwinding<'a>(&'a mut Option<Exchange>);

impl Drop for Unwinding<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.take();
        }
    }
}

impl<F, B, E> Future for ResponseFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<TracedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let exchange = Unwinding(this.exchange);
        let result = match this.inner.project() {
            InnerProjection::Traced { future } => ready!(future.poll(cx)),
            InnerProjection::Plain { future } => ready!(future.poll(cx)),
        };
        let mut exchange = exchange.0.take();
        match result {
            Ok(response) => {
                if let Some(exchange) = &mut exchange
                    && !exchange.response(&response)
                {
                    exchange.finish();
                }
                Poll::Ready(Ok(response.map(|body| TracedBody::new(body, exchange))))
            }
            Err(error) => {
                if let Some(exchange) = &mut exchange {
                    exchange.error::<E>();
                }
                Poll::Ready(Err(error))
            }
        }
    }
}
