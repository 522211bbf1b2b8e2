//! What the user wants of a layer.

use std::fmt;
use std::sync::Arc;

use http::header::{HeaderMap, HeaderName};
use trace_core::propagation::{self, Extracted, Propagator};

use crate::head::RequestHead;

pub(crate) type Route = dyn Fn(&RequestHead<'_>) -> Option<String> + Send + Sync;
pub(crate) type Skip = dyn Fn(&RequestHead<'_>) -> bool + Send + Sync;

/// What the user wants of a layer.
#[derive(Clone, Default)]
pub(crate) struct Rules {
    pub(crate) route: Option<Arc<Route>>,
    pub(crate) skip: Option<Arc<Skip>>,
    pub(crate) request_headers: Vec<NamedHeader>,
    pub(crate) response_headers: Vec<NamedHeader>,
    pub(crate) propagator: Option<Arc<dyn Propagator>>,
    pub(crate) scheme: Option<&'static str>,
    pub(crate) trust: Trust,
}

/// What a server makes of the context that comes with a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Trust {
    /// The span of the caller is the parent.
    #[default]
    Full,
    /// The span of the caller is linked, and nothing else of it is used.
    Link,
}

/// A header that is recorded, and the attribute that it becomes.
#[derive(Clone, Debug)]
pub(crate) struct NamedHeader {
    pub(crate) header: HeaderName,
    pub(crate) attribute: String,
}

impl NamedHeader {
    pub(crate) fn of_request(header: HeaderName) -> Self {
        let attribute = format!("http.request.header.{header}");
        Self { header, attribute }
    }

    pub(crate) fn of_response(header: HeaderName) -> Self {
        let attribute = format!("http.response.header.{header}");
        Self { header, attribute }
    }
}

impl Rules {
    pub(crate) fn skips(&self, request: &RequestHead<'_>) -> bool {
        self.skip.as_ref().is_some_and(|skip| skip(request))
    }

    pub(crate) fn extract(&self, headers: &HeaderMap) -> Extracted {
        match &self.propagator {
            Some(propagator) => propagation::extract_with(&**propagator, headers),
            None => propagation::extract(headers),
        }
    }

    pub(crate) fn inject(&self, headers: &mut HeaderMap) {
        match &self.propagator {
            Some(propagator) => propagation::inject_with(&**propagator, headers),
            None => propagation::inject(headers),
        }
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rules")
            .field("request_headers", &self.request_headers)
            .field("response_headers", &self.response_headers)
            .field("propagator", &self.propagator)
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}
