//! OpenTelemetry's own API and SDK, with `opentelemetry-otlp`.

use opentelemetry::KeyValue;
use opentelemetry::trace::{TraceContextExt, Tracer, TracerProvider};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use crate::otlp::sdk;
use crate::otlp::sender::{Sender, To};

pub(super) struct Sdk {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Sdk {
    fn new(provider: SdkTracerProvider) -> Self {
        Self { tracer: provider.tracer("benches"), provider }
    }
}

impl Sender for Sdk {
    fn start(to: To) -> Self {
        Self::new(sdk::provider(to))
    }

    fn trace(&self, number: i64) {
        let said = |items: i64| [KeyValue::new("user.id", number), KeyValue::new("items", items)];
        self.tracer.in_span("request", |context| {
            context.span().set_attributes(said(10));
            for child in 0..10 {
                self.tracer.in_span("lookup", |context| context.span().set_attributes(said(child)));
            }
        });
    }

    fn flush(&self) {
        self.provider.force_flush().expect("the receiver takes everything");
    }

    fn encode(rounds: u32) -> Option<f64> {
        let make = |provider| {
            let sdk = Self::new(provider);
            (0..47).for_each(|number| sdk.trace(10_000 + number));
            sdk.flush();
        };
        Some(sdk::encode(make, rounds))
    }
}
