//! `trace-core` itself.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use trace_core::{
    Attribute, Batch, Delivery, ExportError, FutureExt, Pipeline, Sampler, Span, SpanExporter, SpanView, Status, Value,
    current_span, span, start_span, traced,
};

use crate::candidate::{Candidate, Mode};
use crate::case::Case;
use crate::digest::Digest;
use crate::ledger;

/// `trace-core` with default settings, and an exporter that takes spans in batches.
pub(super) type Spans = Ours<false>;
/// The same with an exporter that waits for whole traces.
pub(super) type Traces = Ours<true>;

/// `trace-core` with default settings.
#[derive(Debug)]
pub(super) struct Ours<const WHOLE: bool> {
    pipeline: Option<Pipeline>,
}

#[traced]
fn annotated() {
    black_box(());
}

#[traced]
async fn annotated_async() {
    black_box(());
}

impl<const WHOLE: bool> Candidate for Ours<WHOLE> {
    fn supports(_: Case) -> bool {
        true
    }

    fn times_polls() -> bool {
        true
    }

    fn stop_clock() {
        trace_core::stop_for_benchmark();
    }

    fn install(mode: Mode) -> Self {
        let sampler = match mode {
            Mode::Off => return Self { pipeline: None },
            Mode::Unsampled => Sampler::always_off(),
            Mode::Sampled | Mode::TimedPolls | Mode::TimedWakes | Mode::Held => Sampler::default(),
        };
        let delivery = if WHOLE { Delivery::Traces } else { Delivery::Spans };
        let builder = trace_core::builder().exporter(Counting { delivery }).sampler(sampler);
        let pipeline = match mode {
            Mode::TimedPolls => builder.time_polls(),
            Mode::TimedWakes => builder.time_wakes(),
            _ => builder,
        }
        .init();
        Self { pipeline: Some(pipeline.expect("a process has one pipeline")) }
    }

    fn flush(&self) {
        if let Some(pipeline) = &self.pipeline {
            pipeline.flush(Duration::from_secs(10)).expect("the exporter takes everything");
        }
    }

    fn in_root<R>(&self, body: impl FnOnce() -> R) -> R {
        let _root = span("root").root().enter();
        body()
    }

    fn in_root_async<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        future.in_span(Span::root("root"))
    }

    #[inline(always)]
    fn child(&self) {
        let _span = start_span("child");
        black_box(());
    }

    #[inline(always)]
    fn by_attribute(&self) {
        annotated();
    }

    fn by_attribute_async(&self) -> impl Future<Output = ()> {
        annotated_async()
    }

    fn wrapped<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        future.in_span(Span::new("wrapper"))
    }

    fn spawned(&self) -> impl Future<Output = ()> + 'static {
        let task = tokio::spawn(async { black_box(()) }.in_span(Span::new("task")));
        async { task.await.expect("the task does not panic") }
    }

    fn rich(&self, number: i64) {
        let span = span("rich")
            .attribute("first", number)
            .attribute("second", number + 1)
            .attribute("static", "a static string")
            .attribute("owned", String::from("an owned string"))
            .enter();
        span.add_event("event");
    }

    #[inline(always)]
    fn current(&self) {
        black_box(current_span());
    }

    fn traceparent(&self) {
        black_box(current_span().context().map(|context| context.traceparent()));
    }
}

/// Reads every field of every span.
#[derive(Debug)]
struct Counting {
    delivery: Delivery,
}

impl SpanExporter for Counting {
    fn name(&self) -> &str {
        "counting"
    }

    fn delivery(&self) -> Delivery {
        self.delivery
    }

    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        ledger::pass();
        let mut digest = Digest::new();
        let mut ended = 0;
        for span in batch.spans() {
            read(&mut digest, span);
            ended += u64::from(span.end_unix_nanos().is_some());
        }
        ledger::deliver(ended, digest);
        Ok(())
    }
}

fn read(digest: &mut Digest, span: SpanView<'_>) {
    digest.wide(span.trace_id().to_u128());
    digest.word(span.span_id().to_u64());
    digest.word(span.parent_id().map_or(0, |parent| parent.to_u64()));
    digest.word(u64::from(span.parent_is_remote()));
    digest.word(u64::from(span.context().flags().bits()));
    digest.word(span.kind() as u64);
    digest.word(span.outcome() as u64);
    digest.text(span.name());
    digest.text(span.callsite().module());
    digest.text(span.callsite().file());
    digest.word(u64::from(span.callsite().line()));
    digest.word(span.start_unix_nanos());
    digest.word(span.end_unix_nanos().unwrap_or_default());
    attributes(digest, span.attributes());
    for event in span.events() {
        digest.text(event.name());
        digest.word(event.unix_nanos());
        attributes(digest, event.attributes());
    }
    for link in span.links() {
        digest.wide(link.context().trace_id().to_u128());
        digest.word(link.context().span_id().to_u64());
        attributes(digest, link.attributes());
    }
    if let Status::Error { description } = span.status() {
        digest.text(description);
    }
}

fn attributes(digest: &mut Digest, attributes: &[Attribute]) {
    for attribute in attributes {
        digest.text(attribute.key.as_str());
        match &attribute.value {
            Value::Bool(value) => digest.word(u64::from(*value)),
            Value::I64(value) => digest.word(value.cast_unsigned()),
            Value::F64(value) => digest.word(value.to_bits()),
            Value::String(value) => digest.text(value),
            other => write!(digest, "{other:?}").expect("a digest takes everything"),
        }
    }
}
