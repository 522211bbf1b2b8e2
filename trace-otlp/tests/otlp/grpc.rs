//! OTLP over gRPC, with receivers that take it, refuse it, or fail.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::{ExportTracePartialSuccess, ExportTraceServiceResponse};
use prost::Message;
use trace_core::SpanExporter;
use trace_otlp::{Compression, OtlpExporter, OtlpExporterBuilder, Protocol};

use crate::address::own_address;
use crate::grpc_receiver::{GrpcReceiver, GrpcReply};
use crate::http_receiver::{HttpReceiver, Reply};
use crate::spans::{batch, named};

/// google.rpc.Status { code: 8, message: "slow down", details: [RetryInfo { retry_delay: 1.5 s }] }
const RETRY_INFO: &str = "CAgSCXNsb3cgZG93bho2Cih0eXBlLmdvb2dsZWFwaXMuY29tL2dvb2dsZS5ycGMuUmV0cnlJbmZvEgoKCAgBEIDKte4B";

fn exporter(url: String) -> OtlpExporterBuilder {
    OtlpExporter::builder()
        .without_environment()
        .protocol(Protocol::Grpc)
        .endpoint(url)
        .timeout(Duration::from_secs(5))
        .pauses(Duration::from_millis(10), Duration::from_millis(40))
}

fn error(result: Result<(), trace_core::ExportError>) -> String {
    result.expect_err("it should not have arrived").to_string()
}

#[test]
fn a_call_says_what_it_is_and_the_connection_is_kept() {
    let receiver = GrpcReceiver::new(|_| GrpcReply::ok());
    let mut exporter = exporter(receiver.url()).header("X-Api-Key", "secret").build().unwrap();
    exporter.export(&batch(2)).unwrap();
    exporter.export(&batch(1)).unwrap();
    let calls = receiver.calls();
    let headers = &calls[0].headers;
    assert_eq!(calls[0].path, "/opentelemetry.proto.collector.trace.v1.TraceService/Export");
    assert_eq!(
        (&headers["content-type"], &headers["te"]),
        (&"application/grpc".parse().unwrap(), &"trailers".parse().unwrap())
    );
    assert_eq!(headers["user-agent"], concat!("OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION")));
    assert_eq!(headers["x-api-key"], "secret");
    assert!(headers["grpc-timeout"].to_str().unwrap().ends_with('m'));
    assert_eq!(receiver.names(), ["span 0", "span 1", "span 0"]);
    assert_eq!((calls[0].connection, calls[1].connection), (0, 0));
}

#[test]
fn calls_are_compressed_if_asked_and_large_ones_wait_for_the_window() {
    let receiver = GrpcReceiver::new(|_| GrpcReply::ok());
    exporter(receiver.url()).compression(Compression::Gzip).build().unwrap().export(&batch(2_000)).unwrap();
    exporter(receiver.url()).build().unwrap().export(&named(&vec!["x".repeat(50_000); 20])).unwrap();
    assert_eq!(receiver.calls().len(), 2);
    assert_eq!(receiver.names().len(), 2_020);
}

#[test]
fn only_some_codes_are_tried_again() {
    for code in [1, 4, 10, 11, 14, 15] {
        let receiver = GrpcReceiver::new(move |number| match number {
            0 => GrpcReply::Status(code, "later", None, Vec::new()),
            1 => GrpcReply::Only(code, "later"),
            _ => GrpcReply::ok(),
        });
        exporter(receiver.url()).build().unwrap().export(&batch(1)).unwrap();
        assert_eq!(receiver.calls().len(), 3, "{code}");
    }
    for code in [2, 3, 5, 6, 7, 8, 9, 12, 13, 16, 99] {
        let receiver = GrpcReceiver::new(move |_| GrpcReply::Only(code, "100%25 no"));
        let error = error(exporter(receiver.url()).build().unwrap().export(&batch(1)));
        assert_eq!(receiver.calls().len(), 1, "{code}");
        assert!(error.contains("100% no"), "{error}");
    }
}

#[test]
fn exhausted_resources_are_waited_for_only_if_the_receiver_says_how_long() {
    let receiver = GrpcReceiver::new(|number| match number {
        0 => GrpcReply::Status(8, "", Some(RETRY_INFO), Vec::new()),
        _ => GrpcReply::ok(),
    });
    exporter(receiver.url()).build().unwrap().export(&batch(1)).unwrap();
    let [first, second] = receiver.calls().try_into().unwrap();
    assert!(second.at - first.at >= Duration::from_millis(1500));

    let receiver = GrpcReceiver::new(|_| GrpcReply::Status(8, "", Some(RETRY_INFO), Vec::new()));
    let mut impatient = exporter(receiver.url()).timeout(Duration::from_millis(700)).build().unwrap();
    assert!(error(impatient.export(&batch(1))).contains("slow down"));
    assert_eq!(receiver.calls().len(), 1, "there is no time for another attempt");
}

#[test]
fn what_a_receiver_rejects_of_a_batch_is_told() {
    let partial = ExportTracePartialSuccess { rejected_spans: 3, error_message: "too old".to_owned() };
    let response = ExportTraceServiceResponse { partial_success: Some(partial) }.encode_to_vec();
    let receiver = GrpcReceiver::new(move |_| GrpcReply::Status(0, "", None, response.clone()));
    let error = error(exporter(receiver.url()).build().unwrap().export(&batch(10)));
    assert!(error.contains("3 spans") && error.contains("too old"), "{error}");
    assert_eq!(receiver.calls().len(), 1);
}

#[test]
fn a_success_with_any_message_is_a_success() {
    let receiver = GrpcReceiver::new(|_| GrpcReply::Status(0, "", None, b"OK".to_vec()));
    exporter(receiver.url()).build().unwrap().export(&batch(1)).unwrap();
    let receiver = GrpcReceiver::new(|_| GrpcReply::Only(0, ""));
    exporter(receiver.url()).build().unwrap().export(&batch(1)).unwrap();
}

#[test]
fn a_message_that_is_too_large_is_a_failure() {
    let receiver = GrpcReceiver::new(|_| GrpcReply::Status(0, "", None, vec![0; 2_000]));
    let error = error(exporter(receiver.url()).max_response_bytes(1_000).build().unwrap().export(&batch(1)));
    assert!(error.contains("1000 bytes"), "{error}");
    assert_eq!(receiver.calls().len(), 1);
}

#[test]
fn connections_and_streams_that_end_are_tried_again() {
    let receiver = GrpcReceiver::new(|number| match number {
        0 => GrpcReply::Close,
        1 => GrpcReply::Reset(h2::Reason::REFUSED_STREAM),
        2 => GrpcReply::Http(503),
        _ => GrpcReply::ok(),
    });
    let mut exporter = exporter(receiver.url()).build().unwrap();
    exporter.export(&batch(1)).unwrap();
    assert_eq!(receiver.calls().len(), 4);
    assert_eq!(exporter.monitor().stats().failed_attempts, 3);
}

#[test]
fn what_is_no_grpc_server_is_refused() {
    for (reply, expected) in [
        (GrpcReply::Http(404), "UNIMPLEMENTED"),
        (GrpcReply::Http(401), "UNAUTHENTICATED"),
        (GrpcReply::NoStatus, "without a status"),
        (GrpcReply::Reset(h2::Reason::INTERNAL_ERROR), "INTERNAL"),
    ] {
        let mut reply = Some(reply);
        let receiver = GrpcReceiver::new(move |_| reply.take().unwrap());
        let error = error(exporter(receiver.url()).build().unwrap().export(&batch(1)));
        assert!(error.contains(expected), "{error}");
    }
    let http1 = HttpReceiver::new(|_, _| Reply::ok());
    let impatient = exporter(format!("http://{}", http1.address)).timeout(Duration::from_millis(500));
    error(impatient.build().unwrap().export(&batch(1)));
}

#[test]
fn a_receiver_that_is_away_is_found_when_it_is_back() {
    let receiver = GrpcReceiver::new(|_| GrpcReply::ok());
    let address = receiver.address;
    let mut exporter = exporter(receiver.url()).build().unwrap();
    exporter.export(&batch(1)).unwrap();
    drop(receiver);
    let back = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(200));
        GrpcReceiver::again(address, |_| GrpcReply::ok())
    });
    exporter.export(&batch(1)).unwrap();
    assert_eq!(back.join().unwrap().calls().len(), 1);
}

#[test]
fn nobody_there_and_nobody_answering_are_told_within_the_time() {
    let address = own_address();
    let silent = GrpcReceiver::new(|_| GrpcReply::Silence);
    // The last attempt may have too little time to be refused.
    for (url, expected) in [(format!("http://{address}"), ["refused", "in time"]), (silent.url(), ["in time"; 2])] {
        let start = Instant::now();
        let error = error(exporter(url).timeout(Duration::from_millis(400)).build().unwrap().export(&batch(1)));
        assert!(start.elapsed() < Duration::from_secs(3));
        assert!(expected.iter().any(|expected| error.contains(expected)), "{error}");
    }
}

#[test]
fn it_works_on_any_runtime_and_on_none() {
    let receiver = GrpcReceiver::new(|_| GrpcReply::ok());
    let export = || exporter(receiver.url()).build().unwrap().export(&batch(1)).unwrap();
    export();
    let current = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    current.block_on(async { export() });
    let multi = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    multi.block_on(async { export() });
    assert_eq!(receiver.calls().len(), 3);
}
