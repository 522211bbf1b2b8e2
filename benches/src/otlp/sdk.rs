//! The exporters of OpenTelemetry's SDK, which all peers share.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use opentelemetry_otlp::{Protocol, WithExportConfig};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use prost::Message;

use crate::otlp::sender::To;

/// A provider with the SDK's batch processor and default settings.
pub(super) fn provider(to: To) -> SdkTracerProvider {
    let builder = SdkTracerProvider::builder();
    match to {
        To::Receiver => builder.with_batch_exporter(otlp()),
        To::Nobody => builder.with_batch_exporter(Nobody),
    }
    .build()
}

/// OTLP over HTTP/protobuf, to where the environment says.
pub(super) fn otlp() -> opentelemetry_otlp::SpanExporter {
    let builder = opentelemetry_otlp::SpanExporter::builder().with_http().with_protocol(Protocol::HttpBinary);
    builder.build().expect("the environment names an endpoint")
}

#[derive(Debug)]
pub(super) struct Nobody;

impl SpanExporter for Nobody {
    async fn export(&self, _: Vec<SpanData>) -> OTelSdkResult {
        Ok(())
    }
}

/// Keeps what comes.
#[derive(Debug)]
pub(super) struct Keeping(pub(super) &'static Mutex<Vec<SpanData>>);

impl SpanExporter for Keeping {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.0.lock().expect("nobody panics").extend(batch);
        Ok(())
    }
}

/// Encodes what comes and throws the bytes away, as `opentelemetry-otlp` does before it sends them.
#[derive(Debug)]
pub(super) struct Encoding(ResourceAttributesWithSchema);

impl Encoding {
    pub(super) fn new() -> Self {
        Self((&Resource::builder().build()).into())
    }

    pub(super) fn encode(&self, batch: Vec<SpanData>) {
        let request = ExportTraceServiceRequest { resource_spans: group_spans_by_resource_and_scope(batch, &self.0) };
        std::hint::black_box(request.encode_to_vec());
    }
}

impl SpanExporter for Encoding {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.encode(batch);
        Ok(())
    }
}

/// Nanoseconds for a span; `encode` takes what it encodes, so that copies are made beforehand and not measured.
pub(super) fn time<S: Clone>(spans: &[S], rounds: u32, mut encode: impl FnMut(Vec<S>)) -> f64 {
    encode(spans.to_vec());
    let mut total = Duration::ZERO;
    for _ in 0..rounds {
        let copy = spans.to_vec();
        let start = Instant::now();
        encode(copy);
        total += start.elapsed();
    }
    total.as_nanos() as f64 / f64::from(rounds) / spans.len() as f64
}

/// The same for the SDK's own spans.
pub(super) fn encode(make_traces: impl FnOnce(SdkTracerProvider), rounds: u32) -> f64 {
    static SPANS: Mutex<Vec<SpanData>> = Mutex::new(Vec::new());
    make_traces(SdkTracerProvider::builder().with_batch_exporter(Keeping(&SPANS)).build());
    let (spans, encoding) = (std::mem::take(&mut *SPANS.lock().expect("nobody panics")), Encoding::new());
    time(&spans, rounds, |spans| encoding.encode(spans))
}
