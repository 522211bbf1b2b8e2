//! The counting exporter of OpenTelemetry's own SDK, and a provider with it. Both peers that use the SDK share it.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::trace::Status;
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider, SpanData, SpanExporter,
};

use crate::candidate::Mode;
use crate::case::HELD_SPANS;
use crate::digest::Digest;
use crate::ledger;

/// As long as what [`Mode::Held`] is for: its slots are paid for in advance, so a longer one would count as held.
const LONG_QUEUE: usize = HELD_SPANS as usize;

/// A provider with a batch processor: default settings, but for [`Mode::Held`].
pub(super) fn provider(mode: Mode) -> SdkTracerProvider {
    let mut config = BatchConfigBuilder::default();
    if mode == Mode::Held {
        config = config.with_max_queue_size(LONG_QUEUE);
    }
    let processor = BatchSpanProcessor::builder(Counting).with_batch_config(config.build()).build();
    let sampler = if mode == Mode::Unsampled { Sampler::AlwaysOff } else { Sampler::AlwaysOn };
    SdkTracerProvider::builder()
        .with_span_processor(processor)
        .with_sampler(Sampler::ParentBased(Box::new(sampler)))
        .build()
}

/// Reads every field of every span.
#[derive(Debug)]
struct Counting;

impl SpanExporter for Counting {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        ledger::pass();
        let mut digest = Digest::new();
        for span in &batch {
            read(&mut digest, span);
        }
        ledger::deliver(batch.len() as u64, digest);
        Ok(())
    }
}

fn read(digest: &mut Digest, span: &SpanData) {
    digest.wide(u128::from_be_bytes(span.span_context.trace_id().to_bytes()));
    digest.word(u64::from_be_bytes(span.span_context.span_id().to_bytes()));
    digest.word(u64::from(span.span_context.trace_flags().to_u8()));
    digest.word(u64::from_be_bytes(span.parent_span_id.to_bytes()));
    digest.word(span.span_kind.clone() as u64);
    digest.text(&span.name);
    instant(digest, span.start_time);
    instant(digest, span.end_time);
    attributes(digest, &span.attributes);
    for event in &span.events.events {
        digest.text(&event.name);
        instant(digest, event.timestamp);
        attributes(digest, &event.attributes);
    }
    for link in &span.links.links {
        digest.wide(u128::from_be_bytes(link.span_context.trace_id().to_bytes()));
        digest.word(u64::from_be_bytes(link.span_context.span_id().to_bytes()));
        attributes(digest, &link.attributes);
    }
    if let Status::Error { description } = &span.status {
        digest.text(description);
    }
    digest.text(span.instrumentation_scope.name());
}

fn instant(digest: &mut Digest, time: SystemTime) {
    digest.wide(time.duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos());
}

fn attributes(digest: &mut Digest, attributes: &[KeyValue]) {
    for attribute in attributes {
        digest.text(attribute.key.as_str());
        match &attribute.value {
            Value::Bool(value) => digest.word(u64::from(*value)),
            Value::I64(value) => digest.word(value.cast_unsigned()),
            Value::F64(value) => digest.word(value.to_bits()),
            Value::String(value) => digest.text(value.as_str()),
            other => write!(digest, "{other}").expect("a digest takes everything"),
        }
    }
}
