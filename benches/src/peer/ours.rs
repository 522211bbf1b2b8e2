//! `trace-core` itself.

use std::fmt::Write as _;
use std::hint::black_box;

use trace_core::pipeline::{self, Guard};
use trace_core::{
    Attribute, Batch, ExportError, FutureExt, Sampler, Span, SpanExporter, SpanView, Status, Value, current_span, span,
    start_span, traced,
};

use crate::candidate::{Candidate, Mode};
use crate::case::Case;
use crate::digest::Digest;
use crate::ledger;

/// `trace-core` with default settings.
#[derive(Debug)]
pub(super) struct Ours {
    pipeline: Option<Guard>,
}

#[traced]
fn annotated() {
    black_box(());
}

#[traced]
async fn annotated_async() {
    black_box(());
}

impl Candidate for Ours {
    fn supports(_: Case) -> bool {
        true
    }

    fn install(mode: Mode) -> Self {
        let sampler = match mode {
            Mode::Off => return Self { pipeline: None },
            Mode::Unsampled => Sampler::AlwaysOff,
            Mode::Sampled | Mode::Held => Sampler::AlwaysOn,
        };
        let guard = pipeline::builder().exporter(Counting).sampler(sampler).init();
        Self { pipeline: Some(guard.expect("a process has one pipeline")) }
    }

    fn flush(&self) {
        if let Some(pipeline) = &self.pipeline {
            pipeline.flush();
        }
    }

    fn in_root<R>(&self, body: impl FnOnce() -> R) -> R {
        let _root = Span::root("root").enter();
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
        let task = trace_core::spawn(async { black_box(()) }.in_span(Span::new("task")));
        async { task.await.expect("the task does not panic") }
    }

    fn rich(&self, number: i64) {
        let _span = span("rich")
            .attribute("first", number)
            .attribute("second", number + 1)
            .attribute("static", "a static string")
            .attribute("owned", String::from("an owned string"))
            .start()
            .enter();
        current_span().add_event("event");
    }

    #[inline(always)]
    fn current(&self) {
        black_box(current_span());
    }

    #[inline(always)]
    fn traceparent(&self) {
        black_box(current_span().traceparent());
    }
}

/// Reads every field of every span.
#[derive(Debug)]
struct Counting;

impl SpanExporter for Counting {
    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        ledger::pass();
        let mut digest = Digest::new();
        for span in batch.spans() {
            read(&mut digest, span);
        }
        ledger::deliver(batch.len() as u64, digest);
        Ok(())
    }
}

fn read(digest: &mut Digest, span: SpanView<'_>) {
    digest.wide(span.trace_id().to_u128());
    digest.word(span.span_id().to_u64());
    digest.word(span.parent_id().map_or(0, |parent| parent.to_u64()));
    digest.word(u64::from(span.context().flags().bits()));
    digest.word(span.kind() as u64);
    digest.word(span.outcome() as u64);
    digest.text(span.name());
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
