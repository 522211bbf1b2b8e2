//! `trace-core` with `trace-otlp`.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use trace_core::{Batch, ExportError, Pipeline, SpanExporter, span, start_span};
use trace_otlp::benchmark::BatchEncoder;

use crate::otlp::sender::{Sender, To};

const PATIENCE: Duration = Duration::from_secs(30);

/// As `trace_otlp::init` sets it up.
#[derive(Debug)]
pub(super) struct Ours {
    pipeline: Pipeline,
}

impl Sender for Ours {
    fn start(to: To) -> Self {
        let pipeline = match to {
            To::Receiver => trace_otlp::init().expect("a process has one pipeline"),
            To::Nobody => {
                let builder = trace_core::builder().batch_delay(trace_otlp::DEFAULT_BATCH_DELAY);
                builder.exporter(Nobody).init().expect("a process has one pipeline")
            }
        };
        Self { pipeline }
    }

    fn trace(&self, number: i64) {
        let _root = span("request").root().attribute("user.id", number).attribute("items", 10).enter();
        for child in 0..10 {
            let _span = start_span("lookup").attribute("user.id", number).attribute("items", child);
        }
    }

    fn flush(&self) {
        self.pipeline.flush(PATIENCE).expect("the receiver takes everything");
    }

    fn encode(rounds: u32) -> Option<f64> {
        static NANOS: Mutex<Option<f64>> = Mutex::new(None);
        let stopwatch = Stopwatch { rounds, done: |nanos| *NANOS.lock().expect("nobody panics") = Some(nanos) };
        let pipeline = trace_core::builder().exporter(stopwatch).batch_spans(usize::MAX).init();
        let ours = Self { pipeline: pipeline.expect("a process has one pipeline") };
        (0..47).for_each(|number| ours.trace(10_000 + number));
        ours.flush();
        *NANOS.lock().expect("nobody panics")
    }
}

struct Nobody;

impl SpanExporter for Nobody {
    fn export(&mut self, _: &Batch) -> Result<(), ExportError> {
        Ok(())
    }
}

/// Encodes a batch again and again.
struct Stopwatch {
    rounds: u32,
    done: fn(f64),
}

impl SpanExporter for Stopwatch {
    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        let mut encoder = BatchEncoder::new();
        encoder.encode(batch);
        let start = Instant::now();
        for _ in 0..self.rounds {
            encoder.encode(std::hint::black_box(batch));
        }
        (self.done)(start.elapsed().as_nanos() as f64 / f64::from(self.rounds) / batch.len() as f64);
        Ok(())
    }
}
