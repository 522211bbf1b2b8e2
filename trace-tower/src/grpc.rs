//! What tells a request of gRPC from any other, and what its status says.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use crate::head::RequestHead;

/// The names of the status codes, from 0.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// The codes that are a server's failure and not its caller's.
const FAILURES_OF_THE_SERVER: [&str; 6] =
    ["UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"];

/// The fully qualified method, `package.Service/Method`, if this is a request of gRPC.
pub(crate) fn method<'a>(request: &RequestHead<'a>) -> Option<&'a str> {
    let is_grpc = request.headers.get(CONTENT_TYPE)?.as_bytes().starts_with(b"application/grpc");
    let path = request.uri.path().strip_prefix('/')?;
    (is_grpc && path.contains('/')).then_some(path)
}

/// The status in these headers or trailers. A code that nobody knows counts as `UNKNOWN`.
pub(crate) fn status(headers: &HeaderMap) -> Option<&'static str> {
    let text = headers.get("grpc-status")?.to_str().ok();
    let code = text.and_then(|text| text.parse::<usize>().ok());
    Some(code.and_then(|code| CODES.get(code).copied()).unwrap_or("UNKNOWN"))
}

pub(crate) fn is_failure_of_the_server(status: &str) -> bool {
    FAILURES_OF_THE_SERVER.contains(&status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_a_name_whatever_the_header_says() {
        let table = [
            (None, None, "no header"),
            (Some("0"), Some("OK"), "the first"),
            (Some("16"), Some("UNAUTHENTICATED"), "the last"),
            (Some("17"), Some("UNKNOWN"), "one that nobody knows"),
            (Some("-1"), Some("UNKNOWN"), "no code"),
            (Some("99999999999999999999999999"), Some("UNKNOWN"), "too great"),
            (Some(""), Some("UNKNOWN"), "nothing"),
        ];
        for (value, expected, reason) in table {
            let mut headers = HeaderMap::new();
            if let Some(value) = value {
                headers.insert("grpc-status", value.parse().unwrap());
            }
            assert_eq!(status(&headers), expected, "{reason}");
        }
    }
}
