//! What the semantic conventions want to be told of a request and a response.

use std::borrow::Cow;

use http::header::{HOST, HeaderMap};
use http::uri::Authority;
use http::{Method, Uri, Version};
use trace_core::{Attribute, SpanBuilder, SpanKind, Value};

use crate::grpc;
use crate::head::RequestHead;
use crate::rules::{NamedHeader, Rules};

/// The attribute that says by what kind of failure an operation failed.
pub(crate) const ERROR_TYPE: &str = "error.type";

/// The span of a request at its server, not started.
pub(crate) fn server_span(request: &RequestHead<'_>, rules: &Rules) -> SpanBuilder {
    let route = rules.route.as_ref().and_then(|route| route(request));
    let mut span = trace_core::span(name(request, route.as_deref())).kind(SpanKind::Server);
    span = common(span, request, rules);
    let scheme = request.uri.scheme_str().or(rules.scheme).unwrap_or("http").to_owned();
    span = span.attribute("url.scheme", scheme).attribute("url.path", request.uri.path().to_owned());
    if let Some(version) = protocol_version(request.version) {
        span = span.attribute("network.protocol.version", version);
    }
    match route {
        Some(route) => span.attribute("http.route", route),
        None => span,
    }
}

/// The span of a request at its client, not started.
pub(crate) fn client_span(request: &RequestHead<'_>, rules: &Rules) -> SpanBuilder {
    let span = trace_core::span(name(request, None)).kind(SpanKind::Client);
    common(span, request, rules).attribute("url.full", without_secrets(request.uri))
}

fn common(mut span: SpanBuilder, request: &RequestHead<'_>, rules: &Rules) -> SpanBuilder {
    match known_method(request.method) {
        Some(method) => span = span.attribute("http.request.method", method),
        None => {
            let original = request.method.as_str().to_owned();
            span = span.attribute("http.request.method", "_OTHER").attribute("http.request.method_original", original);
        }
    }
    if let Some(method) = grpc::method(request) {
        span = span.attribute("rpc.system.name", "grpc").attribute("rpc.method", method.to_owned());
    }
    if let Some(authority) = authority(request) {
        span = span.attribute("server.address", authority.host().to_owned());
        if let Some(port) = authority.port_u16().or_else(|| default_port(request.uri)) {
            span = span.attribute("server.port", i64::from(port));
        }
    }
    span.attributes(named_headers(&rules.request_headers, request.headers))
}

/// `{method} {route}`, or the method alone: what a URL says is no name, there are too many of them.
fn name(request: &RequestHead<'_>, route: Option<&str>) -> Cow<'static, str> {
    if let Some(method) = grpc::method(request) {
        return Cow::Owned(method.to_owned());
    }
    let method = known_method(request.method).unwrap_or("HTTP");
    route.map_or(Cow::Borrowed(method), |route| Cow::Owned(format!("{method} {route}")))
}

/// The methods of RFC 9110 and 5789, which are few; what else stands there may be anything.
fn known_method(method: &Method) -> Option<&'static str> {
    const KNOWN: [&str; 9] = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "CONNECT", "TRACE"];
    KNOWN.into_iter().find(|known| *known == method.as_str())
}

fn authority(request: &RequestHead<'_>) -> Option<Authority> {
    let of_header = || request.headers.get(HOST)?.to_str().ok()?.parse().ok();
    request.uri.authority().cloned().or_else(of_header)
}

fn default_port(uri: &Uri) -> Option<u16> {
    match uri.scheme_str() {
        Some("http") => Some(80),
        Some("https") => Some(443),
        _ => None,
    }
}

/// `scheme://host:port/path`, as far as these are known.
fn without_secrets(uri: &Uri) -> String {
    let mut text = String::new();
    if let Some(scheme) = uri.scheme_str() {
        text.extend([scheme, "://"]);
    }
    if let Some(authority) = uri.authority() {
        // What stands before the last '@' is a user and a password.
        text.push_str(authority.as_str().rsplit('@').next().unwrap_or_default());
    }
    text.push_str(uri.path());
    text
}

pub(crate) const fn protocol_version(version: Version) -> Option<&'static str> {
    match version {
        Version::HTTP_09 => Some("0.9"),
        Version::HTTP_10 => Some("1.0"),
        Version::HTTP_11 => Some("1.1"),
        Version::HTTP_2 => Some("2"),
        Version::HTTP_3 => Some("3"),
        _ => None,
    }
}

/// The headers that were named, each with all its values.
pub(crate) fn named_headers(named: &[NamedHeader], headers: &HeaderMap) -> Vec<Attribute> {
    let attribute = |named: &NamedHeader| {
        let values = headers.get_all(&named.header).iter();
        let values: Vec<_> =
            values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned().into()).collect();
        let value = Value::StringArray(values.into_boxed_slice());
        headers.contains_key(&named.header).then(|| Attribute::new(named.attribute.clone(), value))
    };
    named.iter().filter_map(attribute).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_told_without_what_may_be_secret() {
        let table = [
            ("https://shop.example:8443/cart/7", "https://shop.example:8443/cart/7", "nothing secret"),
            ("https://shop.example/?token=abc", "https://shop.example/", "a query"),
            ("https://shop.example?abc", "https://shop.example/", "a query without a path"),
            ("https://user:pass@shop.example/a", "https://shop.example/a", "a user and a password"),
            ("http://[::1]:80/", "http://[::1]:80/", "an address"),
            ("/only/a/path?q=1", "/only/a/path", "a path"),
            ("shop.example:443", "shop.example:443", "an authority, as CONNECT has it"),
            ("*", "*", "a star, as OPTIONS has it"),
        ];
        for (uri, expected, reason) in table {
            assert_eq!(without_secrets(&uri.parse().unwrap()), expected, "{reason}");
        }
    }
}
