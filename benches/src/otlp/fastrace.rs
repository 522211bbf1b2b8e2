//! fastrace with `fastrace-opentelemetry`, which hands its spans to OpenTelemetry's exporter.

use std::borrow::Cow;
use std::sync::Mutex;

use fastrace::Span;
use fastrace::collector::{Config, Reporter, SpanContext, SpanRecord};
use fastrace::local::LocalSpan;
use fastrace_opentelemetry::OpenTelemetryReporter;
use opentelemetry::InstrumentationScope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanExporter;

use crate::otlp::sdk::{Encoding, otlp, time};
use crate::otlp::sender::{Sender, To};

pub(super) struct Fastrace;

fn reporter(exporter: impl SpanExporter + 'static) -> OpenTelemetryReporter {
    let resource = Cow::Owned(Resource::builder().build());
    OpenTelemetryReporter::new(exporter, resource, InstrumentationScope::builder("benches").build())
}

impl Sender for Fastrace {
    fn start(to: To) -> Self {
        match to {
            To::Receiver => fastrace::set_reporter(reporter(otlp()), Config::default()),
            To::Nobody => fastrace::set_reporter(Nobody, Config::default()),
        }
        Self
    }

    fn trace(&self, number: i64) {
        // It has no integers: a property is a text.
        let properties = |items: i64| [("user.id", number.to_string()), ("items", items.to_string())];
        let root = Span::root("request", SpanContext::random()).with_properties(|| properties(10));
        let _guard = root.set_local_parent();
        for child in 0..10 {
            let _span = LocalSpan::enter_with_local_parent("lookup").with_properties(|| properties(child));
        }
    }

    fn flush(&self) {
        fastrace::flush();
    }

    fn encode(rounds: u32) -> Option<f64> {
        static SPANS: Mutex<Vec<SpanRecord>> = Mutex::new(Vec::new());
        fastrace::set_reporter(Keeping(&SPANS), Config::default());
        (0..47).for_each(|number| Self.trace(10_000 + number));
        Self.flush();
        let spans = std::mem::take(&mut *SPANS.lock().expect("nobody panics"));
        let mut reporter = reporter(Encoding::new());
        Some(time(&spans, rounds, |spans| reporter.report(spans)))
    }
}

struct Nobody;

impl Reporter for Nobody {
    fn report(&mut self, _: Vec<SpanRecord>) {}
}

struct Keeping(&'static Mutex<Vec<SpanRecord>>);

impl Reporter for Keeping {
    fn report(&mut self, spans: Vec<SpanRecord>) {
        self.0.lock().expect("nobody panics").extend(spans);
    }
}
