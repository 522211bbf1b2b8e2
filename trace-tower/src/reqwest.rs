//! The client side for `reqwest`.

use std::sync::Arc;

use http::{Extensions, Uri};
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next, Result};
use trace_core::ContextExt;

use crate::client::ClientLayer;
use crate::conventions::client_span;
use crate::exchange::{Exchange, Side};
use crate::head::RequestHead;

/// Put it last, so that every attempt of a retrying middleware before it has a span of its own. The span ends with the head
/// of the response; the body is not waited for.
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
        match &result {
            Ok(response) => {
                exchange.head(response.status(), response.version(), response.headers());
                exchange.finish();
            }
            Err(Error::Reqwest(_)) => exchange.error::<reqwest::Error>(),
            Err(Error::Middleware(_)) => exchange.error::<Error>(),
        }
        result
    }
}
