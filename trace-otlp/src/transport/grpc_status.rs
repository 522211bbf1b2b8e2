//! What a gRPC status means for a request, as in
//! [the specification's table](https://opentelemetry.io/docs/specs/otlp/#failures) and
//! [gRPC's mapping of HTTP statuses](https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md).
#![cfg_attr(not(feature = "grpc"), allow(dead_code, reason = "only gRPC has such statuses"))]

use std::time::Duration;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, StatusCode};

use crate::answer::{Answer, RpcStatus, shown};
use crate::percent;
use crate::retry::retry_delay;

/// A gRPC status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Code(pub(crate) u32);

const NAMES: [&str; 17] = [
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

impl Code {
    pub(crate) const OK: Self = Self(0);
    pub(crate) const CANCELLED: Self = Self(1);
    pub(crate) const UNKNOWN: Self = Self(2);
    pub(crate) const PERMISSION_DENIED: Self = Self(7);
    pub(crate) const RESOURCE_EXHAUSTED: Self = Self(8);
    pub(crate) const UNIMPLEMENTED: Self = Self(12);
    pub(crate) const INTERNAL: Self = Self(13);
    pub(crate) const UNAVAILABLE: Self = Self(14);
    pub(crate) const UNAUTHENTICATED: Self = Self(16);

    fn name(self) -> String {
        NAMES.get(self.0 as usize).map_or_else(|| format!("status {}", self.0), |name| (*name).to_owned())
    }

    /// The code where a server that is none of gRPC answers with this status.
    pub(crate) fn of_http(status: StatusCode) -> Self {
        match status.as_u16() {
            400 => Self::INTERNAL,
            401 => Self::UNAUTHENTICATED,
            403 => Self::PERMISSION_DENIED,
            404 => Self::UNIMPLEMENTED,
            429 | 502 | 503 | 504 => Self::UNAVAILABLE,
            _ => Self::UNKNOWN,
        }
    }
}

/// What a status that is not `OK` means.
pub(crate) fn answer(code: Code, message: &str, retry_info: Option<Duration>) -> Answer {
    let colon = if message.is_empty() { "" } else { ": " };
    let reason = format!("the receiver answered {}{colon}{message}", code.name());
    let after = retry_info.map(retry_delay);
    match code.0 {
        1 | 4 | 10 | 11 | 14 | 15 => Answer::Retry { reason, after },
        // Without a delay the receiver does not say that it will recover.
        8 if after.is_some() => Answer::Retry { reason, after },
        _ => Answer::Refused { reason },
    }
}

/// The status in a response's headers or trailers; `None` if there is none.
pub(crate) fn status(trailers: &HeaderMap) -> Option<(Code, String, Option<Duration>)> {
    // What is no number is a status that nobody knows.
    let code = trailers.get("grpc-status")?.to_str().ok().and_then(|text| text.parse().ok());
    let message = trailers.get("grpc-message").map(|value| value.as_bytes()).unwrap_or_default();
    let message = String::from_utf8_lossy(message);
    let decoded = percent::decode(&message).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let details = trailers.get("grpc-status-details-bin").and_then(|value| base64(value.as_bytes()));
    let details = details.and_then(|bytes| RpcStatus::read(&bytes).ok()).unwrap_or_default();
    let message = shown(&decoded.unwrap_or_else(|| message.into_owned()));
    let message = if message.is_empty() { details.message } else { message };
    Some((code.map_or(Code::UNKNOWN, Code), message, details.retry_delay))
}

/// Binary headers come with padding or without.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&STANDARD, LENIENT).decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_retried_as_the_specification_says() {
        let retried = [1, 4, 10, 11, 14, 15];
        for code in 1..=20 {
            let is_retry = |info| matches!(answer(Code(code), "", info), Answer::Retry { .. });
            assert_eq!(is_retry(None), retried.contains(&code), "{}", Code(code).name());
            assert_eq!(is_retry(Some(Duration::ZERO)), retried.contains(&code) || code == 8, "{}", Code(code).name());
        }
    }

    #[test]
    fn a_status_is_read_from_trailers() {
        let trailers = |pairs: &[(&'static str, &'static str)]| {
            pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect::<HeaderMap>()
        };
        // google.rpc.Status { code: 8, message: "slow down", details: [RetryInfo { retry_delay: 1.5 s }] }
        let details = "CAgSCXNsb3cgZG93bho2Cih0eXBlLmdvb2dsZWFwaXMuY29tL2dvb2dsZS5ycGMuUmV0cnlJbmZvEgoKCAgBEIDKte4B";
        let delay = Some(Duration::from_millis(1500));
        let table = [
            (trailers(&[]), None, "no status"),
            (trailers(&[("grpc-status", "0")]), Some((Code::OK, "", None)), "OK"),
            (
                trailers(&[("grpc-status", "8"), ("grpc-message", "100%25 full")]),
                Some((Code::RESOURCE_EXHAUSTED, "100% full", None)),
                "an encoded message",
            ),
            (
                trailers(&[("grpc-status", "14"), ("grpc-message", "100% full")]),
                Some((Code::UNAVAILABLE, "100% full", None)),
                "a message that is not encoded",
            ),
            (
                trailers(&[("grpc-status", "8"), ("grpc-status-details-bin", details)]),
                Some((Code::RESOURCE_EXHAUSTED, "slow down", delay)),
                "details",
            ),
            (
                trailers(&[("grpc-status", "8"), ("grpc-status-details-bin", "???")]),
                Some((Code::RESOURCE_EXHAUSTED, "", None)),
                "details that are not encoded",
            ),
            (trailers(&[("grpc-status", "ok")]), Some((Code::UNKNOWN, "", None)), "no number"),
        ];
        for (trailers, expected, reason) in table {
            let expected = expected.map(|(code, message, delay)| (code, message.to_owned(), delay));
            assert_eq!(status(&trailers), expected, "{reason}");
        }
    }
}
