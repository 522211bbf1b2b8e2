//! Where requests go, as in
//! [the exporter's specification](https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp).

use http::Uri;
use http::uri::{Parts, PathAndQuery, Scheme};

/// Where a receiver of OTLP over HTTP listens unless told otherwise: the base to which `v1/traces` is appended.
pub const DEFAULT_HTTP_ENDPOINT: &str = "http://localhost:4318";
/// Where a receiver of OTLP over gRPC listens unless told otherwise.
pub const DEFAULT_GRPC_ENDPOINT: &str = "http://localhost:4317";

/// What is appended to a base.
const TRACES_PATH: &str = "v1/traces";

/// A URL that is used as it is; without a path it ends in `/`.
pub(crate) fn exact(text: &str) -> Result<Uri, String> {
    parse(text)
}

/// A base URL, to whose path `v1/traces` is appended, with one slash between.
pub(crate) fn below_base(text: &str) -> Result<Uri, String> {
    let uri = parse(text)?;
    let path = format!("{}/{TRACES_PATH}", uri.path().trim_end_matches('/'));
    let path = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    with_path(uri, &path)
}

/// A gRPC target: `https` means TLS and `http` none; where there is no scheme, `is_insecure` decides. A path is not looked at.
pub(crate) fn grpc(text: &str, is_insecure: bool) -> Result<Uri, String> {
    let uri = match text.contains("://") {
        true => parse(text)?,
        false if is_insecure => parse(&format!("http://{text}"))?,
        false => parse(&format!("https://{text}"))?,
    };
    with_path(uri, "/")
}

/// The host to connect to, without the brackets of an IPv6 address, and the port.
pub(crate) fn host_and_port(uri: &Uri) -> (&str, u16) {
    let host = uri.host().unwrap_or_default();
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let default = if is_secure(uri) { 443 } else { 80 };
    (host, uri.port_u16().unwrap_or(default))
}

pub(crate) fn is_secure(uri: &Uri) -> bool {
    uri.scheme() == Some(&Scheme::HTTPS)
}

/// Whether this machine is meant.
pub(crate) fn is_local(uri: &Uri) -> bool {
    let (host, _) = host_and_port(uri);
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

fn parse(text: &str) -> Result<Uri, String> {
    let uri: Uri = text.parse().map_err(|error: http::uri::InvalidUri| error.to_string())?;
    match uri.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => {}
        _ => return Err("expected a URL that begins with http:// or https://".to_owned()),
    }
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    if authority.contains('@') {
        return Err("credentials do not belong into the URL; set a header instead".to_owned());
    }
    if uri.host().is_none_or(str::is_empty) {
        return Err("expected a host".to_owned());
    }
    // A port that is no number, or too great, is left out by `port()`.
    if authority.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']') && uri.port_u16().is_none()) {
        return Err("expected a port from 0 to 65535 after the colon".to_owned());
    }
    Ok(uri)
}

fn with_path(uri: Uri, path: &str) -> Result<Uri, String> {
    let mut parts: Parts = uri.into_parts();
    parts.path_and_query = Some(path.parse::<PathAndQuery>().map_err(|error| error.to_string())?);
    Uri::from_parts(parts).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_gets_the_path_of_traces() {
        let table = [
            ("http://c:4318", "http://c:4318/v1/traces", "no path"),
            ("http://c:4318/", "http://c:4318/v1/traces", "a slash"),
            ("http://c:4318/my", "http://c:4318/my/v1/traces", "a path without a slash at its end"),
            ("http://c:4318/my/", "http://c:4318/my/v1/traces", "a path with one"),
            ("https://c/a/b", "https://c/a/b/v1/traces", "https, no port, two segments"),
            ("http://c/?key=1", "http://c/v1/traces?key=1", "the query stays behind the path"),
            ("HTTP://c", "http://c/v1/traces", "a scheme in capitals"),
            ("http://[::1]:4318", "http://[::1]:4318/v1/traces", "an IPv6 address"),
        ];
        for (text, expected, reason) in table {
            assert_eq!(below_base(text).map(|uri| uri.to_string()).as_deref(), Ok(expected), "{text}: {reason}");
        }
    }

    #[test]
    fn an_endpoint_for_traces_is_used_as_it_is() {
        let table = [
            ("http://c:4318", "http://c:4318/", "no path"),
            ("http://c:4318/v1/traces", "http://c:4318/v1/traces", "a path"),
            ("http://c/in/", "http://c/in/", "a slash at its end stays"),
            ("http://c/in?a=b", "http://c/in?a=b", "so does a query"),
        ];
        for (text, expected, reason) in table {
            assert_eq!(exact(text).map(|uri| uri.to_string()).as_deref(), Ok(expected), "{text}: {reason}");
        }
    }

    #[test]
    fn a_grpc_endpoint_is_a_target_and_its_scheme_beats_insecure() {
        let table = [
            ("http://c:4317", false, "http://c:4317/", "http is without TLS"),
            ("https://c:4317", true, "https://c:4317/", "https is with TLS, whatever the other variable says"),
            ("c:4317", true, "http://c:4317/", "no scheme, insecure"),
            ("c:4317", false, "https://c:4317/", "no scheme, secure by default"),
            ("http://c:4317/some/path", false, "http://c:4317/", "a path is not looked at"),
        ];
        for (text, is_insecure, expected, reason) in table {
            let found = grpc(text, is_insecure).map(|uri| uri.to_string());
            assert_eq!(found.as_deref(), Ok(expected), "{text}: {reason}");
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused() {
        let table = [
            ("", "empty"),
            ("c:4318", "no scheme"),
            ("/v1/traces", "only a path"),
            ("ftp://c", "another scheme"),
            ("http://", "no host"),
            ("http://c:port", "no number for a port"),
            ("http://c:99999", "a port that is too great"),
            ("http://user:secret@c", "credentials"),
            ("http://a b", "a space"),
        ];
        for (text, reason) in table {
            assert!(below_base(text).is_err(), "{text:?}: {reason}");
            assert!(exact(text).is_err(), "{text:?}: {reason}");
        }
    }

    #[test]
    fn the_port_follows_from_the_scheme() {
        let table = [("http://c", ("c", 80)), ("https://c", ("c", 443)), ("http://[::1]:9", ("::1", 9))];
        for (text, expected) in table {
            assert_eq!(host_and_port(&exact(text).unwrap()), expected, "{text}");
        }
        for text in ["http://localhost:1", "http://127.0.0.1", "http://[::1]", "http://LocalHost"] {
            assert!(is_local(&exact(text).unwrap()), "{text}");
        }
        assert!(!is_local(&exact("http://localhost.example").unwrap()));
    }
}
