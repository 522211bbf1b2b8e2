//! A real collector, over all three protocols: what we send to it, it sends on to us, and it must be the same.

use std::time::{Duration, Instant};

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use trace_core::SpanExporter;
use trace_otlp::{Compression, OtlpExporter, Protocol};

use crate::http_receiver::{HttpReceiver, PATIENCE};
use crate::random::{Floats, Random};
use crate::rotel::{Collector, program};
use crate::spans::{Places, Sent, message};

/// What a message says, in an order of its own: a collector may group and order anew.
fn facts(messages: &[ExportTraceServiceRequest]) -> Vec<String> {
    let resources = messages.iter().flat_map(|message| &message.resource_spans);
    let mut facts: Vec<_> = resources
        .flat_map(|resource| {
            resource.scope_spans.iter().flat_map(move |scope| {
                scope.spans.iter().map(move |span| format!("{:?} {:?} {span:?}", resource.resource, scope.scope))
            })
        })
        .collect();
    facts.sort_unstable();
    facts
}

#[test]
fn a_collector_understands_every_span_over_every_protocol() {
    let Some(program) = program() else { return };
    let next = HttpReceiver::willing();
    let collector = Collector::start(&program, &next);
    let protocols = [
        (Protocol::HttpProtobuf, format!("http://{}/v1/traces", collector.http)),
        (Protocol::HttpJson, format!("http://{}/v1/traces", collector.http)),
        (Protocol::Grpc, format!("http://{}", collector.grpc)),
    ];
    for (seed, (protocol, endpoint)) in (1_000..).zip(&protocols) {
        for compression in [Compression::None, Compression::Gzip] {
            let mut random = Random::new(seed, Floats::Simple);
            let resource = random.resource().attribute("service.name", protocol.as_str());
            let id = random.trace_id();
            let spans = (0..50).map(|_| random.span(id)).collect();
            let sent = [Sent { resource, state: random.trace_state(), spans }];
            let (expected, batch) = (facts(&[message(&sent, Places::Left)]), Sent::batch(&sent));
            let before = next.received().len();
            let exporter = OtlpExporter::builder()
                .without_environment()
                .protocol(*protocol)
                .endpoint(endpoint)
                .compression(compression);
            exporter.build().unwrap().export(&batch).unwrap();
            let until = Instant::now() + PATIENCE;
            loop {
                let messages: Vec<_> = next.received()[before..].iter().map(|received| received.message()).collect();
                let found = facts(&messages);
                if found.len() >= expected.len() {
                    assert!(found == expected, "{protocol}, {compression:?}: {found:#?}\n\n{expected:#?}");
                    break;
                }
                assert!(Instant::now() < until, "{protocol}: {} of {} spans", found.len(), expected.len());
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}
