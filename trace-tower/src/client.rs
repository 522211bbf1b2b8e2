//! The side that asks.

use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::HeaderName;
use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;
use trace_core::propagation::Propagator;

use crate::body::TracedBody;
use crate::conventions::client_span;
use crate::exchange::{Exchange, Side};
use crate::future::ResponseFuture;
use crate::grpc;
use crate::head::RequestHead;
use crate::rules::{NamedHeader, Rules};

/// Sends each request in a span, a child of the current one, and tells the server of it in the request's headers.
///
/// See the [crate's page](crate) for what a span says and when it ends. With the feature `reqwest` it is a middleware of
/// `reqwest-middleware` as well.
///
/// ```
/// use std::convert::Infallible;
/// use http::{Request, Response};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
/// use trace_tower::ClientLayer;
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let echo = service_fn(|request: Request<String>| async move {
///     let context = request.headers().get("traceparent").map_or("", |value| value.to_str().unwrap());
///     Ok::<_, Infallible>(Response::new(context.to_owned()))
/// });
/// let client = ServiceBuilder::new().layer(ClientLayer::new()).service(echo);
/// let captured = trace_core::capture_async(client.oneshot(Request::new(String::new()))).await;
/// let trace = captured.trace().unwrap();
/// assert_eq!(trace.root().unwrap().name(), "GET");
/// # });
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ClientLayer {
    pub(crate) rules: Arc<Rules>,
}

impl ClientLayer {
    /// A layer that traces every request.
    pub fn new() -> Self {
        Self::default()
    }

    fn rules(&mut self) -> &mut Rules {
        Arc::make_mut(&mut self.rules)
    }

    /// Sets which requests are not traced at all: they are sent as if this layer were not there.
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

    /// Sets the formats in which contexts are written. Default: those of the process
    /// ([`trace_core::propagation::propagator`]).
    pub fn propagator(mut self, propagator: impl Propagator + 'static) -> Self {
        self.rules().propagator = Some(Arc::new(propagator));
        self
    }
}

impl<S> Layer<S> for ClientLayer {
    type Service = ClientService<S>;

    fn layer(&self, inner: S) -> ClientService<S> {
        ClientService { inner, rules: Arc::clone(&self.rules) }
    }
}

/// The service of a [`ClientLayer`].
#[derive(Clone, Debug)]
pub struct ClientService<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S, Q, B> Service<Request<Q>> for ClientService<S>
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

    fn call(&mut self, mut request: Request<Q>) -> Self::Future {
        let head = RequestHead::of(&request);
        if self.rules.skips(&head) {
            return ResponseFuture::plain(self.inner.call(request));
        }
        let span = client_span(&head, &self.rules).start();
        let is_grpc = grpc::method(&head).is_some();
        let exchange = Exchange::new(span, Side::Client, Arc::clone(&self.rules), head.method, is_grpc);
        let future = exchange.context.clone().in_scope(|| {
            self.rules.inject(request.headers_mut());
            self.inner.call(request)
        });
        ResponseFuture::traced(future, exchange)
    }
}
