//! `tracing` with `tracing-opentelemetry`, the SDK, and `opentelemetry-otlp`.

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::info_span;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry;

use crate::otlp::sdk;
use crate::otlp::sender::{Sender, To};

pub(super) struct Tracing {
    provider: SdkTracerProvider,
}

impl Tracing {
    fn new(provider: SdkTracerProvider) -> Self {
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("benches"));
        let is_first = tracing::subscriber::set_global_default(registry().with(layer)).is_ok();
        assert!(is_first, "a process has one subscriber");
        Self { provider }
    }
}

impl Sender for Tracing {
    fn start(to: To) -> Self {
        Self::new(sdk::provider(to))
    }

    fn trace(&self, number: i64) {
        let _root = info_span!("request", user.id = number, items = 10).entered();
        for child in 0..10 {
            let _span = info_span!("lookup", user.id = number, items = child).entered();
        }
    }

    fn flush(&self) {
        self.provider.force_flush().expect("the receiver takes everything");
    }

    fn encode(rounds: u32) -> Option<f64> {
        let make = |provider| {
            let tracing = Self::new(provider);
            (0..47).for_each(|number| tracing.trace(10_000 + number));
            tracing.flush();
        };
        Some(sdk::encode(make, rounds))
    }
}
