//! What became of one request, and what a receiver's bytes say of it.

use std::time::Duration;

use serde_json::Value as Json;

use crate::encode::format::Encoding;
use crate::wire::{Field, NoMessage, fields};

/// What became of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The receiver has it.
    Accepted(Receipt),
    /// It may succeed later, not before `after` if the receiver said so.
    Retry { reason: String, after: Option<Duration> },
    /// It would fail again.
    Refused { reason: String },
}

/// What a receiver says of a request that it took: `ExportTracePartialSuccess`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Receipt {
    /// Spans that it did not take after all.
    pub(crate) rejected: u64,
    /// Why not; without rejected spans, a warning.
    pub(crate) message: String,
}

/// How much of a text from outside is told, in characters.
const SHOWN: usize = 300;

/// A text from outside, fit for one line: not too long, without control characters.
pub(crate) fn shown(text: &str) -> String {
    let mut characters = text.trim().chars();
    let mut shown: String = characters.by_ref().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if characters.next().is_some() {
        shown.push('…');
    }
    shown
}

/// How a body is written, by its content type; where that is missing, as the request was.
pub(crate) fn encoding_of(content_type: Option<&str>, request: Encoding) -> Option<Encoding> {
    let Some(content_type) = content_type else { return Some(request) };
    let name = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match name.as_str() {
        "application/x-protobuf" | "application/protobuf" => Some(Encoding::Protobuf),
        "application/json" => Some(Encoding::Json),
        _ => None,
    }
}

/// What an `ExportTraceServiceResponse` says. A body that is none says nothing: some receivers answer `OK`.
pub(crate) fn receipt(encoding: Option<Encoding>, body: &[u8]) -> Receipt {
    match encoding {
        Some(Encoding::Protobuf) => protobuf_receipt(body).unwrap_or_default(),
        Some(Encoding::Json) => json_receipt(body).unwrap_or_default(),
        None => Receipt::default(),
    }
}

fn protobuf_receipt(body: &[u8]) -> Result<Receipt, NoMessage> {
    let mut receipt = Receipt::default();
    for field in fields(body) {
        let (1, Field::Bytes(partial)) = field? else { continue };
        for field in fields(partial) {
            match field? {
                (1, Field::Number(rejected)) => receipt.rejected = positive(rejected as i64),
                (2, Field::Bytes(message)) => receipt.message = shown(&String::from_utf8_lossy(message)),
                _ => {}
            }
        }
    }
    Ok(receipt)
}

fn json_receipt(body: &[u8]) -> Option<Receipt> {
    let response: Json = serde_json::from_slice(body).ok()?;
    let member = |value: &Json, camel: &str, snake: &str| value.get(camel).or_else(|| value.get(snake)).cloned();
    let partial = member(&response, "partialSuccess", "partial_success")?;
    // A 64-bit integer is a text in this encoding, but a number is what some write.
    let rejected = match member(&partial, "rejectedSpans", "rejected_spans") {
        Some(Json::String(text)) => text.parse().unwrap_or(0),
        Some(Json::Number(number)) => number.as_i64().unwrap_or(0),
        _ => 0,
    };
    let message = member(&partial, "errorMessage", "error_message");
    let message = shown(message.as_ref().and_then(Json::as_str).unwrap_or_default());
    Some(Receipt { rejected: positive(rejected), message })
}

/// A negative count is no count.
fn positive(count: i64) -> u64 {
    count.try_into().unwrap_or(0)
}

/// What the body of a failure says: the message of a `google.rpc.Status`, or a text as it is.
pub(crate) fn failure_message(encoding: Option<Encoding>, body: &[u8]) -> String {
    let message = match encoding {
        Some(Encoding::Protobuf) => RpcStatus::read(body).ok().map(|status| status.message),
        Some(Encoding::Json) => serde_json::from_slice::<Json>(body)
            .ok()
            .and_then(|status| status.get("message").and_then(Json::as_str).map(shown)),
        None => None,
    };
    // What is not as it says it is, is a text at best.
    message.or_else(|| std::str::from_utf8(body).ok().map(shown)).unwrap_or_default()
}

/// A `google.rpc.Status`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RpcStatus {
    pub(crate) message: String,
    /// The delay of a `google.rpc.RetryInfo` among its details.
    pub(crate) retry_delay: Option<Duration>,
}

impl RpcStatus {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, NoMessage> {
        let mut status = Self::default();
        for field in fields(bytes) {
            match field? {
                (2, Field::Bytes(message)) => {
                    status.message = shown(std::str::from_utf8(message).map_err(|_| NoMessage)?);
                }
                // A detail that cannot be read is none.
                (3, Field::Bytes(detail)) => {
                    status.retry_delay = retry_delay(detail).unwrap_or(None).or(status.retry_delay);
                }
                _ => {}
            }
        }
        Ok(status)
    }
}

/// The delay in a `google.protobuf.Any` that is a `google.rpc.RetryInfo`.
fn retry_delay(any: &[u8]) -> Result<Option<Duration>, NoMessage> {
    let (mut is_retry_info, mut value) = (false, &[][..]);
    for field in fields(any) {
        match field? {
            (1, Field::Bytes(url)) => is_retry_info = url.ends_with(b"/google.rpc.RetryInfo"),
            (2, Field::Bytes(bytes)) => value = bytes,
            _ => {}
        }
    }
    if !is_retry_info {
        return Ok(None);
    }
    let (mut seconds, mut nanos) = (0, 0);
    for field in fields(value) {
        let (1, Field::Bytes(delay)) = field? else { continue };
        for field in fields(delay) {
            match field? {
                (1, Field::Number(number)) => seconds = positive(number as i64),
                (2, Field::Number(number)) => nanos = positive(number as i64),
                _ => {}
            }
        }
    }
    Ok(Some(Duration::from_secs(seconds).saturating_add(Duration::from_nanos(nanos))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::out::Out;
    use crate::wire::{close, delimited, open, put_bytes, put_number, varint};

    #[test]
    fn a_receipt_is_read_from_either_encoding_and_what_is_none_says_nothing() {
        let mut partial = Out::default();
        let message = open(&mut partial, delimited(1));
        put_number(&mut partial, varint(1), 3);
        put_bytes(&mut partial, delimited(2), b"too old");
        close(&mut partial, message);
        let partial = partial.into_bytes();
        let three = || Receipt { rejected: 3, message: "too old".to_owned() };
        let nothing = Receipt::default;
        let (protobuf, json) = (Some(Encoding::Protobuf), Some(Encoding::Json));
        let table: [(_, &[u8], _, &str); 13] = [
            (protobuf, &partial, three(), "protobuf"),
            (protobuf, b"", nothing(), "an empty body is an empty message"),
            (protobuf, b"OK", nothing(), "a text"),
            (protobuf, &partial[..5], nothing(), "half a message"),
            (json, br#"{"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}}"#, three(), "JSON"),
            (json, br#"{"partialSuccess":{"rejectedSpans":3,"errorMessage":"too old"}}"#, three(), "a number"),
            (json, br#"{"partial_success":{"rejected_spans":3,"error_message":"too old"}}"#, three(), "snake case"),
            (json, br#"{"partialSuccess":{"rejectedSpans":"-3"}}"#, nothing(), "a negative count"),
            (json, br#"{"partialSuccess":null}"#, nothing(), "null"),
            (json, br#"{"status":"ok"}"#, nothing(), "JSON of another kind"),
            (json, b"[", nothing(), "no JSON"),
            (json, b"", nothing(), "an empty body"),
            (None, br#"{"partialSuccess":{"rejectedSpans":"3"}}"#, nothing(), "no content type of ours"),
        ];
        for (encoding, body, expected, reason) in table {
            assert_eq!(receipt(encoding, body), expected, "{reason}");
        }
    }

    #[test]
    fn a_failure_is_told_by_its_status_or_its_text() {
        let mut status = Out::default();
        put_number(&mut status, varint(1), 3);
        put_bytes(&mut status, delimited(2), b"bad span");
        let status = status.into_bytes();
        let table: [(_, &[u8], _, &str); 6] = [
            (Some(Encoding::Protobuf), &status, "bad span", "protobuf"),
            (Some(Encoding::Json), br#"{"code":3,"message":"bad span"}"#, "bad span", "JSON"),
            (Some(Encoding::Protobuf), b"<h1>no</h1>", "<h1>no</h1>", "a page that claims to be protobuf"),
            (None, b"a\x1b[31m\nb", "a [31m b", "control characters"),
            (None, b"\xff\xfe", "", "no text"),
            (None, b"", "", "nothing"),
        ];
        for (encoding, body, expected, reason) in table {
            assert_eq!(failure_message(encoding, body), expected, "{reason}");
        }
        assert_eq!(failure_message(None, "ä".repeat(1000).as_bytes()).chars().count(), SHOWN + 1);
    }
}
