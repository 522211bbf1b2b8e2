//! OTLP over HTTP, with receivers that take it, refuse it, or fail.

use std::time::{Duration, Instant, SystemTime};

use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use prost::Message;
use trace_core::{Batch, SpanExporter};
use trace_otlp::{Compression, OtlpExporter, OtlpExporterBuilder, Protocol};

use crate::address::own_address;
use crate::http_receiver::{HttpReceiver, Reply};
use crate::spans::{batch, named};

/// An exporter that does not wait long.
fn exporter(receiver: &HttpReceiver) -> OtlpExporterBuilder {
    quick().endpoint(receiver.url())
}

fn quick() -> OtlpExporterBuilder {
    OtlpExporter::builder()
        .without_environment()
        .timeout(Duration::from_secs(5))
        .pauses(Duration::from_millis(10), Duration::from_millis(40))
}

/// The error's text, and how many of ten spans it counts as lost.
fn failure(result: Result<(), trace_core::ExportError>) -> (String, Option<usize>) {
    let error = result.expect_err("it should not have arrived");
    let text = format!("{error:?}");
    let dropped = text.split("dropped: Some(").nth(1).and_then(|rest| rest.split(')').next()?.parse().ok());
    (error.to_string(), dropped)
}

#[test]
fn a_request_says_what_it_is_and_the_connection_is_kept() {
    let receiver = HttpReceiver::willing();
    let mut exporter = exporter(&receiver).header("authorization", "Bearer secret").build().unwrap();
    exporter.export(&batch(2)).unwrap();
    exporter.export(&batch(1)).unwrap();
    let received = receiver.received();
    let first = &received[0];
    assert_eq!(first.line, "POST /v1/traces HTTP/1.1");
    assert_eq!(first.header("content-type"), Some("application/x-protobuf"));
    assert_eq!(first.header("authorization"), Some("Bearer secret"));
    assert_eq!(first.header("host"), Some(receiver.address.to_string().as_str()));
    assert_eq!(first.header("user-agent"), Some(concat!("OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"))));
    assert_eq!((first.header("content-encoding"), first.header("expect")), (None, None));
    assert_eq!(receiver.names(), ["span 0", "span 1", "span 0"]);
    assert_eq!((received[0].connection, received[1].connection), (0, 0));
    assert!(!format!("{exporter:?}").contains("secret"));
    let stats = exporter.monitor().stats();
    assert_eq!((stats.attempts, stats.accepted_requests, stats.failed_attempts), (2, 2, 0));
}

#[test]
fn an_empty_batch_is_not_sent() {
    let receiver = HttpReceiver::willing();
    let mut exporter = OtlpExporter::builder().without_environment().endpoint(receiver.url()).build().unwrap();
    exporter.export(&Batch::new(vec![])).unwrap();
    exporter.export(&batch(0)).unwrap();
    exporter.export(&batch(1)).unwrap();
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn requests_are_compressed_if_asked() {
    let receiver = HttpReceiver::willing();
    for protocol in [Protocol::HttpProtobuf, Protocol::HttpJson] {
        let exporter = exporter(&receiver).protocol(protocol).compression(Compression::Gzip);
        exporter.build().unwrap().export(&batch(100)).unwrap();
        let received = receiver.received().pop().unwrap();
        assert_eq!(received.header("content-encoding"), Some("gzip"));
        assert!(
            received.wire_bytes * 3 < received.body.len(),
            "{} bytes of {}",
            received.wire_bytes,
            received.body.len()
        );
        assert_eq!(received.names().len(), 100);
    }
}

#[test]
fn the_environment_says_where_spans_go() {
    let receiver = HttpReceiver::willing();
    let base = format!("http://{}/my/", receiver.address);
    let exporter = OtlpExporter::builder().environment(move |name| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some(base.clone()),
        "OTEL_EXPORTER_OTLP_PROTOCOL" => Some("http/json".to_owned()),
        "OTEL_EXPORTER_OTLP_HEADERS" => Some("x-tenant=a%20b".to_owned()),
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE" => Some("2".to_owned()),
        _ => None,
    });
    exporter.build().unwrap().export(&batch(5)).unwrap();
    let received = receiver.received();
    assert_eq!(received[0].line, "POST /my/v1/traces HTTP/1.1");
    assert_eq!(received[0].header("content-type"), Some("application/json"));
    assert_eq!(received[0].header("x-tenant"), Some("a b"));
    assert_eq!(received.iter().map(|received| received.names().len()).collect::<Vec<_>>(), [2, 2, 1]);
}

#[test]
fn only_some_statuses_are_tried_again() {
    for status in [429, 502, 503, 504] {
        let receiver = HttpReceiver::new(move |number, _| if number < 2 { Reply::status(status) } else { Reply::ok() });
        exporter(&receiver).build().unwrap().export(&batch(1)).unwrap();
        assert_eq!(receiver.received().len(), 3, "{status}");
    }
    for status in [301, 307, 400, 401, 403, 404, 408, 413, 415, 500, 501, 505] {
        let receiver = HttpReceiver::new(move |_, _| {
            Reply::Answer(status, vec![("Location", "http://127.0.0.1:9/".to_owned())], Vec::new())
        });
        let (error, dropped) = failure(exporter(&receiver).build().unwrap().export(&batch(10)));
        assert_eq!((receiver.received().len(), dropped), (1, Some(10)), "{status}");
        assert!(error.contains(&status.to_string()), "{error}");
    }
}

#[test]
fn a_refusal_is_told_by_its_body() {
    let bodies = [
        (Reply::with(400, "application/x-protobuf", [&[0x08, 3, 0x12, 8][..], b"bad span"].concat()), "bad span"),
        (Reply::with(400, "application/json", r#"{"code":3,"message":"bad span"}"#), "bad span"),
        (Reply::with(400, "text/html; charset=utf-8", "<b>bad\x1b[1m span</b>"), "<b>bad [1m span</b>"),
        (Reply::with(415, "text/plain", ""), "415"),
    ];
    for (reply, expected) in bodies {
        let mut reply = Some(reply);
        let receiver = HttpReceiver::new(move |_, _| reply.take().unwrap());
        let (error, _) = failure(exporter(&receiver).build().unwrap().export(&batch(1)));
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn retry_after_is_waited_for_in_seconds_and_as_a_date() {
    let date = || httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(2));
    for after in [|| "1".to_owned(), date] {
        let receiver = HttpReceiver::new(move |number, _| match number {
            0 => Reply::Answer(503, vec![("Retry-After", after())], Vec::new()),
            _ => Reply::ok(),
        });
        exporter(&receiver).build().unwrap().export(&batch(1)).unwrap();
        let [first, second] = receiver.received().try_into().unwrap();
        let waited = second.at - first.at;
        // A date has whole seconds: of two, one may be nearly over.
        assert!(waited >= Duration::from_millis(990), "{}: {waited:?}", after());
    }
}

#[test]
fn a_receiver_that_wants_to_be_left_alone_is() {
    let receiver = HttpReceiver::new(|_, _| Reply::Answer(429, vec![("Retry-After", "60".to_owned())], Vec::new()));
    let mut exporter = exporter(&receiver).build().unwrap();
    let start = Instant::now();
    assert_eq!(failure(exporter.export(&batch(10))).1, Some(10));
    let (error, dropped) = failure(exporter.export(&batch(10)));
    assert_eq!((receiver.received().len(), dropped), (1, Some(10)), "{error}");
    assert!(start.elapsed() < Duration::from_secs(4), "nobody waits for what will not be");
}

#[test]
fn pauses_grow_and_end_with_the_time() {
    let receiver = HttpReceiver::new(|_, _| Reply::status(503));
    let exporter = OtlpExporter::builder().without_environment().endpoint(receiver.url());
    let exporter =
        exporter.timeout(Duration::from_millis(900)).pauses(Duration::from_millis(40), Duration::from_secs(9));
    let start = Instant::now();
    let (error, dropped) = failure(exporter.build().unwrap().export(&batch(10)));
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
    assert_eq!(dropped, Some(10));
    assert!(error.contains("gave up after") && error.contains("503"), "{error}");
    let times: Vec<_> = receiver.received().iter().map(|received| received.at).collect();
    let pauses: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    // Half of 40, 80, 160 at least.
    for (pause, least) in pauses.iter().zip([20, 40, 80]) {
        assert!(*pause >= Duration::from_millis(least), "{pauses:?}");
    }
    assert!((3..=7).contains(&times.len()), "{pauses:?}");
}

#[test]
fn a_connection_that_fails_is_tried_again() {
    let receiver = HttpReceiver::new(|number, _| match number {
        0 | 2 => Reply::Close,
        _ => Reply::ok(),
    });
    let mut exporter = exporter(&receiver).build().unwrap();
    exporter.export(&batch(1)).unwrap();
    exporter.export(&batch(1)).unwrap();
    assert_eq!(receiver.received().len(), 4);
    assert_eq!(exporter.monitor().stats().failed_attempts, 2);
}

#[test]
fn a_receiver_that_comes_late_or_anew_is_found() {
    let address = own_address();
    let mut exporter = quick().endpoint(format!("http://{address}")).build().unwrap();
    let late = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        HttpReceiver::again(address, |_, _| Reply::ok())
    });
    exporter.export(&batch(1)).unwrap();
    let first = late.join().unwrap();
    assert_eq!(first.received().len(), 1);
    drop(first);
    let second = HttpReceiver::again(address, |_, _| Reply::ok());
    exporter.export(&batch(1)).unwrap();
    assert_eq!(second.received().len(), 1);
}

#[test]
fn nobody_there_is_told_within_the_time() {
    let address = own_address();
    let exporter = quick().timeout(Duration::from_millis(200)).endpoint(format!("http://{address}"));
    let start = Instant::now();
    let (error, dropped) = failure(exporter.build().unwrap().export(&batch(10)));
    assert!(start.elapsed() < Duration::from_secs(2));
    assert_eq!(dropped, Some(10));
    // The last attempt may have too little time to be refused.
    assert!(error.contains("refused") || error.contains("in time"), "{error}");
}

#[test]
fn a_receiver_that_says_nothing_is_waited_for_until_the_time_is_up() {
    let receiver = HttpReceiver::new(|_, _| Reply::Silence);
    let exporter = exporter(&receiver).timeout(Duration::from_millis(300));
    let start = Instant::now();
    let (error, dropped) = failure(exporter.build().unwrap().export(&batch(10)));
    assert!(start.elapsed() >= Duration::from_millis(300) && start.elapsed() < Duration::from_secs(3));
    assert_eq!(dropped, Some(10));
    assert!(error.contains("in time"), "{error}");
}

#[test]
fn what_is_not_http_is_refused() {
    let receiver = HttpReceiver::new(|_, _| Reply::Garbage);
    assert_eq!(failure(exporter(&receiver).build().unwrap().export(&batch(10))).1, Some(10));
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn a_success_with_any_body_is_a_success() {
    let replies = [
        ("application/x-protobuf", b"OK".to_vec()),
        ("text/plain", b"OK".to_vec()),
        ("application/json", b"{\"accepted\":true}".to_vec()),
        ("application/json", b"not json".to_vec()),
        ("application/x-protobuf", vec![0xff; 100]),
        ("application/x-protobuf", ExportTraceServiceResponse::default().encode_to_vec()),
    ];
    for (content_type, body) in replies {
        let receiver = HttpReceiver::new(move |_, _| Reply::with(200, content_type, body.clone()));
        exporter(&receiver).build().unwrap().export(&batch(1)).unwrap();
    }
    for status in [200, 202, 204] {
        let receiver = HttpReceiver::new(move |_, _| Reply::status(status));
        exporter(&receiver).build().unwrap().export(&batch(1)).unwrap();
    }
    let receiver = HttpReceiver::new(|_, _| Reply::Torn(200, 100, b"half".to_vec()));
    exporter(&receiver).build().unwrap().export(&batch(1)).unwrap();
    assert_eq!(receiver.received().len(), 1, "an answer that broke off is an answer");
}

fn partial(rejected_spans: i64, error_message: &str) -> ExportTraceServiceResponse {
    let partial_success = Some(ExportTracePartialSuccess { rejected_spans, error_message: error_message.to_owned() });
    ExportTraceServiceResponse { partial_success }
}

#[test]
fn what_a_receiver_rejects_of_a_batch_is_counted_and_not_sent_again() {
    for protocol in [Protocol::HttpProtobuf, Protocol::HttpJson] {
        for (rejected, counted) in [(3, 3), (99, 10)] {
            let receiver = HttpReceiver::new(move |_, request| {
                let response = partial(rejected, "too old");
                match request.header("content-type") {
                    Some("application/json") => {
                        Reply::with(200, "application/json", serde_json::to_vec(&response).unwrap())
                    }
                    _ => Reply::with(200, "application/x-protobuf", response.encode_to_vec()),
                }
            });
            let mut exporter = exporter(&receiver).protocol(protocol).build().unwrap();
            let (error, dropped) = failure(exporter.export(&batch(10)));
            assert_eq!((dropped, receiver.received().len()), (Some(counted), 1), "{protocol}");
            assert!(error.contains("too old"), "{error}");
            assert_eq!(exporter.monitor().stats().rejected_spans, counted as u64);
        }
    }
}

#[test]
fn a_message_without_rejected_spans_is_a_warning() {
    let receiver =
        HttpReceiver::new(|_, _| Reply::with(200, "application/x-protobuf", partial(0, "deprecated").encode_to_vec()));
    let mut exporter = exporter(&receiver).build().unwrap();
    exporter.export(&batch(10)).unwrap();
    assert_eq!(exporter.monitor().stats().last_warning.as_deref(), Some("deprecated"));
}

#[test]
fn a_batch_is_split_where_a_request_would_be_too_large() {
    let receiver = HttpReceiver::willing();
    let names: Vec<_> = (0..40).map(|number| format!("{number:0200}")).collect();
    for protocol in [Protocol::HttpProtobuf, Protocol::HttpJson] {
        let before = receiver.received().len();
        let exporter = exporter(&receiver).protocol(protocol).request_bytes(2_500);
        exporter.build().unwrap().export(&named(&names)).unwrap();
        let received = &receiver.received()[before..];
        assert!(received.len() > 4 && received.iter().all(|received| received.body.len() <= 2_500 + 16), "{protocol}");
        assert_eq!(received.iter().flat_map(|received| received.names()).collect::<Vec<_>>(), names);
    }
}

#[test]
fn a_span_that_is_too_large_is_not_sent_and_counted() {
    let receiver = HttpReceiver::willing();
    let names = ["small".to_owned(), "x".repeat(3_000), "small, too".to_owned(), "y".repeat(500)];
    let exporter = exporter(&receiver).request_bytes(200).max_request_bytes(1_000);
    let mut exporter = exporter.build().unwrap();
    let (error, dropped) = failure(exporter.export(&named(&names)));
    assert_eq!(dropped, Some(1));
    assert!(error.contains("larger"), "{error}");
    assert_eq!(receiver.names(), [&names[..1], &names[2..]].concat(), "one above the soft limit goes alone");
    assert_eq!(exporter.monitor().stats().too_large_spans, 1);
    assert_eq!(failure(exporter.export(&named(&names[1..2]))).1, Some(1));
    assert_eq!(receiver.received().len(), 3, "a request without spans is not sent");
}

#[test]
fn a_response_that_is_too_large_is_a_failure() {
    let receiver = HttpReceiver::new(|_, _| Reply::with(200, "application/x-protobuf", vec![0; 2_000]));
    let exporter = exporter(&receiver).max_response_bytes(1_000);
    let (error, dropped) = failure(exporter.build().unwrap().export(&batch(10)));
    assert_eq!((dropped, receiver.received().len()), (Some(10), 1));
    assert!(error.contains("1000 bytes"), "{error}");
    let receiver = HttpReceiver::new(|_, _| Reply::with(200, "text/plain", vec![b'x'; 1_000]));
    let exporter = self::exporter(&receiver).max_response_bytes(1_000);
    exporter.build().unwrap().export(&batch(1)).unwrap();
}

#[test]
fn a_refused_part_of_a_batch_does_not_hold_back_the_rest() {
    let receiver = HttpReceiver::new(|number, _| if number == 1 { Reply::status(400) } else { Reply::ok() });
    let exporter = exporter(&receiver).request_spans(3);
    let (_, dropped) = failure(exporter.build().unwrap().export(&batch(10)));
    assert_eq!((receiver.received().len(), dropped), (4, Some(3)));
}

#[test]
fn a_receiver_without_compression_or_json_refuses_for_good() {
    let receiver = HttpReceiver::new(|_, request| match request.header("content-encoding") {
        Some("gzip") => Reply::with(400, "text/plain", "unexpected encoding"),
        _ => Reply::status(415),
    });
    let zipped = exporter(&receiver).compression(Compression::Gzip).build().unwrap().export(&batch(10));
    assert!(failure(zipped).0.contains("unexpected encoding"));
    let json = exporter(&receiver).protocol(Protocol::HttpJson).build().unwrap().export(&batch(10));
    assert!(failure(json).0.contains("415"));
    assert_eq!(receiver.received().len(), 2);
}
