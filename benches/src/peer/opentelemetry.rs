//! OpenTelemetry's SDK, used directly.

use std::hint::black_box;

use opentelemetry::global::{self, BoxedTracer};
use opentelemetry::propagation::{Injector, TextMapPropagator};
use opentelemetry::trace::{FutureExt, Span, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use crate::candidate::{Candidate, Mode};
use crate::case::Case;
use crate::peer::opentelemetry_exporter::provider;

/// The SDK with a batch processor; the tracer is kept, not looked up for each span.
pub(super) type Sdk = OpenTelemetry<SdkTracer>;
/// The tracer that a library gets where no provider has been set.
pub(super) type Global = OpenTelemetry<BoxedTracer>;

/// OpenTelemetry with one kind of tracer.
#[derive(Debug)]
pub(super) struct OpenTelemetry<T> {
    tracer: T,
    provider: Option<SdkTracerProvider>,
    propagator: TraceContextPropagator,
}

/// Where a tracer comes from.
pub(super) trait Obtain: Tracer<Span: Send + Sync + 'static> + Send + Sync + Sized + 'static {
    fn obtain(mode: Mode) -> (Self, Option<SdkTracerProvider>);
}

impl Obtain for SdkTracer {
    fn obtain(mode: Mode) -> (Self, Option<SdkTracerProvider>) {
        let provider = provider(mode);
        (provider.tracer("benches"), Some(provider))
    }
}

impl Obtain for BoxedTracer {
    fn obtain(_: Mode) -> (Self, Option<SdkTracerProvider>) {
        (global::tracer("benches"), None)
    }
}

impl<T: Obtain> OpenTelemetry<T> {
    fn context(&self, name: &'static str) -> Context {
        Context::current_with_span(self.tracer.start(name))
    }
}

impl<T: Obtain> Candidate for OpenTelemetry<T> {
    fn supports(case: Case) -> bool {
        !matches!(case, Case::Attribute | Case::Stopped)
    }

    fn backlog(_: Case) -> Option<u64> {
        Some(1024)
    }

    fn install(mode: Mode) -> Self {
        let (tracer, provider) = T::obtain(mode);
        Self { tracer, provider, propagator: TraceContextPropagator::new() }
    }

    fn flush(&self) {
        if let Some(provider) = &self.provider {
            provider.force_flush().expect("the exporter never fails");
        }
    }

    fn in_root<R>(&self, body: impl FnOnce() -> R) -> R {
        let _guard = self.context("root").attach();
        body()
    }

    fn in_root_async<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        future.with_context(self.context("root"))
    }

    #[inline(always)]
    fn child(&self) {
        let _guard = self.context("child").attach();
        black_box(());
    }

    fn by_attribute(&self) {}

    fn by_attribute_async(&self) -> impl Future<Output = ()> {
        async { black_box(()) }.with_context(self.context("async"))
    }

    fn wrapped<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        future.with_context(self.context("wrapper"))
    }

    fn spawned(&self) -> impl Future<Output = ()> + 'static {
        let task = tokio::spawn(async { black_box(()) }.with_context(self.context("task")));
        async { task.await.expect("the task does not panic") }
    }

    fn rich(&self, number: i64) {
        let attributes = [
            KeyValue::new("first", number),
            KeyValue::new("second", number + 1),
            KeyValue::new("static", "a static string"),
            KeyValue::new("owned", String::from("an owned string")),
        ];
        let mut span = self.tracer.span_builder("rich").with_attributes(attributes).start(&self.tracer);
        span.add_event("event", Vec::new());
        let _guard = Context::current_with_span(span).attach();
    }

    fn current(&self) {
        Context::map_current(|context| {
            black_box(context.span().span_context());
        });
    }

    fn traceparent(&self) {
        Context::map_current(|context| self.propagator.inject_context(context, &mut Header));
    }
}

/// A carrier that takes the header and lets it go.
#[derive(Debug)]
pub(super) struct Header;

impl Injector for Header {
    fn set(&mut self, key: &str, value: String) {
        black_box((key, value));
    }
}
