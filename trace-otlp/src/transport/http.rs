//! OTLP over HTTP/1.1, as in [the specification](https://opentelemetry.io/docs/specs/otlp/#otlphttp).

use std::io;
use std::time::{Duration, SystemTime};

use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, StatusCode, Uri};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Proxy};

use crate::answer::{Answer, Receipt, encoding_of, failure_message, receipt};
use crate::encode::format::Encoding;
use crate::endpoint;
use crate::retry::retry_after;
use crate::transport::connection::{Connection, USER_AGENT as OUR_USER_AGENT};
use crate::transport::request::{Payload, Transport};
use crate::transport::resolver::Addresses;

/// What a connection writes at once. A request of 1.7 MB costs its sender as much in such pieces as in one, whose buffer would
/// have to be as large (31 to 33 ns a span of 105 bytes either way, the buffer's first use included); in pieces of 128 KiB, each
/// of which wakes the receiver, about a fifth more.
const BUFFER_BYTES: usize = 256 << 10;

/// Sends requests over connections that are kept open.
#[derive(Debug)]
pub(crate) struct Http {
    /// Whoever keeps the connections.
    agent: Agent,
    addresses: Addresses,
    uri: Uri,
    headers: HeaderMap,
    max_response_bytes: usize,
}

impl Http {
    pub(crate) fn new(connection: Connection) -> Self {
        let Connection { uri, mut headers, tls, max_response_bytes } = connection;
        headers.entry(USER_AGENT).or_insert(http::HeaderValue::from_static(OUR_USER_AGENT));
        // A proxy does not know which machine is meant by localhost.
        let proxy = if endpoint::is_local(&uri) { None } else { Proxy::try_from_env() };
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(proxy)
            .user_agent("")
            .accept("")
            .accept_encoding("")
            .output_buffer_size(BUFFER_BYTES);
        let config = match &tls {
            Some(tls) => tls.configure(config),
            None => config,
        };
        let addresses = Addresses::default();
        let agent = Agent::with_parts(config.build(), DefaultConnector::default(), addresses.clone());
        Self { agent, addresses, uri, headers, max_response_bytes }
    }
}

impl Transport for Http {
    fn send(&self, payload: Payload<'_>, timeout: Duration) -> Answer {
        let mut request = self.agent.post(self.uri.clone());
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers.clone());
            let content_type = http::HeaderValue::from_static(payload.encoding.content_type());
            headers.insert(ACCEPT, content_type.clone());
            headers.insert(CONTENT_TYPE, content_type);
            if payload.is_compressed {
                headers.insert(CONTENT_ENCODING, http::HeaderValue::from_static("gzip"));
            }
        }
        let limit = (timeout != Duration::MAX).then_some(timeout);
        match request.config().timeout_global(limit).build().send(payload.bytes) {
            Ok(response) => self.judge(response, payload.encoding),
            Err(error) => {
                self.addresses.forget();
                judge_error(&error)
            }
        }
    }
}

impl Http {
    fn judge(&self, mut response: http::Response<ureq::Body>, encoding: Encoding) -> Answer {
        let status = response.status();
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let encoding = encoding_of(header(CONTENT_TYPE), encoding);
        let after = header(RETRY_AFTER).and_then(|value| retry_after(value, SystemTime::now()));
        let body = response.body_mut().with_config().limit(self.max_response_bytes as u64 + 1).read_to_vec();
        let is_too_large = match &body {
            Ok(body) => body.len() > self.max_response_bytes,
            Err(error) => matches!(error, ureq::Error::BodyExceedsLimit(_)),
        };
        if is_too_large {
            let most = self.max_response_bytes;
            return Answer::Refused { reason: format!("the receiver answered {status} with more than {most} bytes") };
        }
        if status.is_success() {
            // The status is the answer; a body that broke off says nothing more.
            return Answer::Accepted(body.map_or_else(|_| Receipt::default(), |body| receipt(encoding, &body)));
        }
        let message = failure_message(encoding, &body.unwrap_or_default());
        let colon = if message.is_empty() { "" } else { ": " };
        let reason = format!("the receiver answered {status}{colon}{message}");
        if is_retryable(status) { Answer::Retry { reason, after } } else { Answer::Refused { reason } }
    }
}

/// Whether a request that failed with this status may be sent again, as in
/// [the specification's table](https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes).
fn is_retryable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

fn judge_error(error: &ureq::Error) -> Answer {
    let reason = match error {
        ureq::Error::Timeout(_) => "the receiver did not answer in time".to_owned(),
        ureq::Error::Io(error) => format!("cannot reach the receiver: {error}"),
        error => format!("cannot send to the receiver: {error}"),
    };
    let is_retryable = match error {
        // What rustls finds wrong with a certificate comes as invalid data.
        ureq::Error::Io(error) => !matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput),
        ureq::Error::Timeout(_) | ureq::Error::HostNotFound | ureq::Error::ConnectionFailed => true,
        _ => false,
    };
    if is_retryable { Answer::Retry { reason, after: None } } else { Answer::Refused { reason } }
}
