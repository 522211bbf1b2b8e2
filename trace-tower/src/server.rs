//! The side that is asked.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::HeaderName;
use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;
use trace_core::propagation::{Extracted, Propagator};
use trace_core::{Link, NewEvent, Span, SpanBuilder};

use crate::body::TracedBody;
use crate::conventions::server_span;
use crate::exchange::{Exchange, Side};
use crate::future::ResponseFuture;
use crate::grpc;
use crate::head::RequestHead;
use crate::rules::{NamedHeader, Rules, Trust};

/// Serves each request in a span, below the span of the client that sent it.
///
/// A context that came with the request and is broken begins a new trace; an event on the span tells what is broken. See the
/// [crate's page](crate) for what a span says and when it ends.
///
/// ```
/// use std::convert::Infallible;
/// use http::{Request, Response};
/// use tower::{ServiceBuilder, service_fn};
/// use trace_tower::ServerLayer;
///
/// let serve = |_: Request<String>| async { Ok::<_, Infallible>(Response::new("hello".to_owned())) };
/// let service = ServiceBuilder::new()
///     .layer(ServerLayer::new().skip(|request| request.uri.path() == "/healthz"))
///     .service(service_fn(serve));
/// # let _ = service;
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ServerLayer {
    rules: Arc<Rules>,
}

impl ServerLayer {
    /// A layer that traces every request.
    pub fn new() -> Self {
        Self::default()
    }

    fn rules(&mut self) -> &mut Rules {
        Arc::make_mut(&mut self.rules)
    }

    /// Sets how to tell the route of a request: its pattern, such as `/cart/{id}`. It becomes the attribute `http.route` and
    /// a part of the span's name. Called for each request, before it is served.
    pub fn route(mut self, route: impl Fn(&RequestHead<'_>) -> Option<String> + Send + Sync + 'static) -> Self {
        self.rules().route = Some(Arc::new(route));
        self
    }

    /// Sets which requests are not traced at all: they are served as if this layer were not there.
    pub fn skip(mut self, skip: impl Fn(&RequestHead<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.rules().skip = Some(Arc::new(skip));
        self
    }

    /// Records this header of requests, as `http.request.header.<name>`. It must not carry secrets.
    pub fn request_header(mut self, header: HeaderName) -> Self {
        self.rules().request_headers.push(NamedHeader::of_request(header));
        self
    }

    /// Records this header of responses, as `http.response.header.<name>`. It must not carry secrets.
    pub fn response_header(mut self, header: HeaderName) -> Self {
        self.rules().response_headers.push(NamedHeader::of_response(header));
        self
    }

    /// Sets the scheme that is told where the request does not say it, as in HTTP/1.1. Default: `http`.
    pub fn scheme(mut self, scheme: &'static str) -> Self {
        self.rules().scheme = Some(scheme);
        self
    }

    /// Sets the formats in which contexts are read. Default: those of the process
    /// ([`trace_core::propagation::propagator`]).
    pub fn propagator(mut self, propagator: impl Propagator + 'static) -> Self {
        self.rules().propagator = Some(Arc::new(propagator));
        self
    }

    /// Begins a new trace for every request, linked to the span of the caller: for an endpoint whose callers are strangers,
    /// who must not decide about sampling, and whose baggage is not taken.
    pub fn untrusted_callers(mut self) -> Self {
        self.rules().trust = Trust::Link;
        self
    }
}

impl<S> Layer<S> for ServerLayer {
    type Service = ServerService<S>;

    fn layer(&self, inner: S) -> ServerService<S> {
        ServerService { inner, rules: Arc::clone(&self.rules) }
    }
}

/// The service of a [`ServerLayer`].
#[derive(Clone, Debug)]
pub struct ServerService<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S, Q, B> Service<Request<Q>> for ServerService<S>
where
    S: Service<Request<Q>, Response = Response<B>>,
    B: Body,
{
    type Response = Response<TracedBody<B>>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Q>) -> Self::Future {
        let head = RequestHead::of(&request);
        if self.rules.skips(&head) {
            return ResponseFuture::plain(self.inner.call(request));
        }
        let extracted = self.rules.extract(head.headers);
        let span = start(server_span(&head, &self.rules), &extracted, self.rules.trust);
        let is_grpc = grpc::method(&head).is_some();
        let exchange = Exchange::new(span, Side::Server, Arc::clone(&self.rules), head.method, is_grpc);
        let future = exchange.context.clone().in_scope(|| self.inner.call(request));
        ResponseFuture::traced(future, exchange)
    }
}

fn start(span: SpanBuilder, extracted: &Extracted, trust: Trust) -> Span {
    let span = match (trust, extracted.span_context()) {
        (Trust::Full, _) => span.parent(extracted),
        (Trust::Link, Some(caller)) => {
            let link = Link::new(caller).trace_state(extracted.trace_state().clone());
            span.parent(Extracted::new()).link(link)
        }
        (Trust::Link, None) => span.parent(Extracted::new()),
    }
    .start();
    for broken in extracted.broken() {
        span.add_event_with(|| {
            let event = NewEvent::new("broken trace context");
            event.attribute("header", broken.header()).attribute("reason", broken.to_string())
        });
    }
    span
}
