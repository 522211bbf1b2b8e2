//! `tracing` with nothing behind it but its registry, and with `tracing-opentelemetry` behind it.

use std::hint::black_box;

use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Instrument, Span, info, info_span};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Registry, registry};

use crate::candidate::{Candidate, Mode};
use crate::case::Case;
use crate::peer::opentelemetry::Header;
use crate::peer::opentelemetry_exporter::provider;

/// `tracing` with a bare registry: the front end alone, nothing is exported.
pub(super) type Bare = Tracing<Nothing>;
/// `tracing` with `tracing-opentelemetry` and a batch processor.
pub(super) type WithOpenTelemetry = Tracing<Layer>;

/// What stands behind `tracing`.
pub(super) trait Back: Sized + Send + Sync + 'static {
    const BACKLOG: Option<u64>;
    const EXPORTS: bool;
    fn supports(case: Case) -> bool;
    fn install(mode: Mode) -> Self;
    fn flush(&self);
    fn current(&self);
    fn traceparent(&self);
}

/// `tracing`, used in the same way whatever stands behind it.
#[derive(Debug)]
pub(super) struct Tracing<B> {
    back: B,
}

#[tracing::instrument]
fn annotated() {
    black_box(());
}

#[tracing::instrument]
async fn annotated_async() {
    black_box(());
}

impl<B: Back> Candidate for Tracing<B> {
    const EXPORTS: bool = B::EXPORTS;

    fn supports(case: Case) -> bool {
        case != Case::Stopped && B::supports(case)
    }

    fn backlog(_: Case) -> Option<u64> {
        B::BACKLOG
    }

    fn install(mode: Mode) -> Self {
        Self { back: B::install(mode) }
    }

    fn flush(&self) {
        self.back.flush();
    }

    fn in_root<R>(&self, body: impl FnOnce() -> R) -> R {
        info_span!("root").in_scope(body)
    }

    fn in_root_async<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        future.instrument(info_span!("root"))
    }

    #[inline(always)]
    fn child(&self) {
        let _span = info_span!("child").entered();
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
        future.instrument(info_span!("wrapper"))
    }

    fn spawned(&self) -> impl Future<Output = ()> + 'static {
        let task = tokio::spawn(async { black_box(()) }.instrument(info_span!("task")));
        async { task.await.expect("the task does not panic") }
    }

    fn rich(&self, number: i64) {
        let owned = String::from("an owned string");
        let span = info_span!("rich", first = number, second = number + 1, fixed = "a static string", owned);
        let _span = span.entered();
        info!("event");
    }

    fn current(&self) {
        self.back.current();
    }

    fn traceparent(&self) {
        self.back.traceparent();
    }
}

/// Nothing but the registry.
#[derive(Debug)]
pub(super) struct Nothing;

impl Back for Nothing {
    const BACKLOG: Option<u64> = None;
    const EXPORTS: bool = false;

    fn supports(case: Case) -> bool {
        !matches!(case, Case::FlatOut | Case::FlatOutTwo | Case::Header | Case::Held)
    }

    fn install(mode: Mode) -> Self {
        // Without an exporter there is no sampler; the nearest is a filter that says no to every span.
        let level = if mode == Mode::Unsampled { LevelFilter::WARN } else { LevelFilter::TRACE };
        if mode != Mode::Off {
            tracing::subscriber::set_global_default(registry().with(level)).expect("a process installs one subscriber");
        }
        Self
    }

    fn flush(&self) {}

    fn current(&self) {
        black_box(Span::current());
    }

    fn traceparent(&self) {}
}

/// The OpenTelemetry layer, over a provider with a batch processor.
#[derive(Debug)]
pub(super) struct Layer {
    provider: Option<SdkTracerProvider>,
    propagator: TraceContextPropagator,
}

impl Back for Layer {
    const BACKLOG: Option<u64> = Some(1024);
    const EXPORTS: bool = true;

    fn supports(_: Case) -> bool {
        true
    }

    fn install(mode: Mode) -> Self {
        let provider = (mode != Mode::Off).then(|| provider(mode));
        if let Some(provider) = &provider {
            let layer = tracing_opentelemetry::layer::<Registry>().with_tracer(provider.tracer("benches"));
            tracing::subscriber::set_global_default(registry().with(layer)).expect("a process installs one subscriber");
        }
        Self { provider, propagator: TraceContextPropagator::new() }
    }

    fn flush(&self) {
        if let Some(provider) = &self.provider {
            provider.force_flush().expect("the exporter never fails");
        }
    }

    fn current(&self) {
        black_box(Span::current().context().span().span_context());
    }

    fn traceparent(&self) {
        self.propagator.inject_context(&Span::current().context(), &mut Header);
    }
}
