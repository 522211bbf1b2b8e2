//! The span of a request until the end of its response.

use std::sync::Arc;

use http::{HeaderMap, Method, Response, StatusCode, Version};
use trace_core::{Context, Span, Status};

use crate::conventions::{ERROR_TYPE, named_headers, protocol_version};
use crate::grpc;
use crate::rules::Rules;

/// Who of the two has the span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Server,
    Client,
}

/// What is known of a request while its response is under way. Dropping it without [`finish`](Self::finish) cancels the span.
#[derive(Debug)]
pub(crate) struct Exchange {
    span: Option<Span>,
    pub(crate) context: Context,
    side: Side,
    rules: Arc<Rules>,
    bodiless: bool,
    is_grpc: bool,
    progress: Progress,
}

/// How far the response has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Nothing,
    Head,
    /// The body was asked for.
    Body,
}

impl Exchange {
    pub(crate) fn new(span: Span, side: Side, rules: Arc<Rules>, method: &Method, is_grpc: bool) -> Self {
        let context = Context::from(&span);
        Self {
            span: Some(span),
            context,
            side,
            rules,
            bodiless: *method == Method::HEAD,
            is_grpc,
            progress: Progress::Nothing,
        }
    }

    /// Takes note of the head of the response. Returns whether a body follows.
    pub(crate) fn response<B>(&mut self, response: &Response<B>) -> bool {
        self.head(response.status(), response.version(), response.headers())
    }

    pub(crate) fn head(&mut self, status: StatusCode, version: Version, headers: &HeaderMap) -> bool {
        self.progress = Progress::Head;
        let has_body = !self.bodiless
            && !status.is_informational()
            && !matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        if let Some(span) = self.span.as_ref().filter(|span| span.is_recording()) {
            span.set_attribute("http.response.status_code", i64::from(status.as_u16()));
            if self.side == Side::Client
                && let Some(version) = protocol_version(version)
            {
                span.set_attribute("network.protocol.version", version);
            }
            span.set_attributes(named_headers(&self.rules.response_headers, headers));
            let is_failure = match self.side {
                Side::Server => status.is_server_error(),
                Side::Client => status.is_client_error() || status.is_server_error(),
            };
            if is_failure {
                self.fail(status.as_str().to_owned());
            }
        }
        self.grpc_status(headers);
        has_body
    }

    /// Takes note of the end of a body with trailers.
    pub(crate) fn trailers(&mut self, trailers: &HeaderMap) {
        self.grpc_status(trailers);
    }

    fn grpc_status(&self, headers: &HeaderMap) {
        let Some(span) = self.span.as_ref().filter(|span| self.is_grpc && span.is_recording()) else { return };
        let Some(status) = grpc::status(headers) else { return };
        span.set_attribute("rpc.response.status_code", status);
        let is_failure = match self.side {
            Side::Server => grpc::is_failure_of_the_server(status),
            Side::Client => status != "OK",
        };
        if is_failure {
            self.fail(status);
        }
    }

    /// Takes note of a failure by the type of its error; the text of an error may be anything.
    pub(crate) fn error<E>(&mut self) {
        self.fail(std::any::type_name::<E>());
        self.finish();
    }

    fn fail(&self, error_type: impl Into<trace_core::Value>) {
        if let Some(span) = &self.span {
            span.set_attribute(ERROR_TYPE, error_type);
            span.set_status(Status::error(""));
        }
    }

    /// Takes note that the body is asked for.
    pub(crate) fn begin_body(&mut self) {
        self.progress = Progress::Body;
    }

    /// Ends the span: all was done.
    pub(crate) fn finish(&mut self) {
        drop(self.span.take());
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let Some(span) = self.span.take() else { return };
        // A client need not read a body; a server that does not send all of one was left alone. A span that is dropped by a
        // panic says so itself.
        let is_enough = self.side == Side::Client && self.progress == Progress::Head;
        if is_enough || std::thread::panicking() {
            drop(span);
        } else {
            span.cancel();
        }
    }
}
