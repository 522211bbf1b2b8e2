//! The client side for `reqwest`.

use std::sync::Arc;

use http::{Extensions, Uri};
use reqwest::{Body, Request, Response, ResponseBuilderExt};
use reqwest_middleware::{Error, Middleware, Next, Result};
use trace_core::ContextExt;

use crate::body::TracedBody;
use crate::client::ClientLayer;
use crate::conventions::client_span;
use crate::exchange::{Exchange, Side};
use crate::head::RequestHead;

/// Put it last, so that every attempt of a retrying middleware before it has a span of its own. As with the layer, the span
/// ends with the last byte of the response's body, or when somebody lets go of the response.
#[async_trait::async_trait]
impl Middleware for ClientLayer {
    async fn handle(&self, mut request: Request, extensions: &mut Extensions, next: Next<'_>) -> Result<Response> {
        let uri = request.url().as_str().parse().unwrap_or_else(|_| Uri::from_static("/"));
        let head = RequestHead {
            method: request.method(),
            uri: &uri,
            version: request.version(),
            headers: request.headers(),
            extensions,
        };
        if self.rules.skips(&head) {
            return next.run(request, extensions).await;
        }
        let span = client_span(&head, &self.rules).start();
        let mut exchange = Exchange::new(span, Side::Client, Arc::clone(&self.rules), head.method, false);
        let context = exchange.context.clone();
        context.clone().in_scope(|| self.rules.inject(request.headers_mut()));
        let result = next.run(request, extensions).in_context(context).await;
        match result {
            Ok(response) => {
                if !exchange.head(response.status(), response.version(), response.headers()) {
                    exchange.finish();
                }
                Ok(with_body(response, exchange))
            }
            Err(error) => {
                match &error {
                    Error::Reqwest(_) => exchange.error::<reqwest::Error>(),
                    Error::Middleware(_) => exchange.error::<Error>(),
                }
                Err(error)
            }
        }
    }
}

/// The same response, whose body ends the span.
fn with_body(response: Response, exchange: Exchange) -> Response {
    // Taking a response apart loses its URL, which only a builder can give it.
    let holder = http::Response::builder().url(response.url().clone()).body(()).expect("a URL is always good");
    let url = holder.into_parts().0.extensions;
    let (mut parts, body) = http::Response::<Body>::from(response).into_parts();
    parts.extensions.extend(url);
    let body = Body::wrap(TracedBody::new(body, Some(exchange)));
    http::Response::from_parts(parts, body).into()
}
