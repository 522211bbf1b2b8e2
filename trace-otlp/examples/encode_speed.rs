//! How long encoding a span takes: spans with two integer attributes, in batches of a real pipeline.
//!
//! ```sh
//! cargo run --release -p trace-otlp --example encode_speed
//! ```

use std::time::{Duration, Instant};

use trace_core::{Batch, ExportError, SpanExporter, callsite, in_scope};
use trace_otlp::benchmark::BatchEncoder;

const TRACES: u32 = 47;
const CHILDREN: u32 = 10;
const ROUNDS: usize = 301;
const REPEATS: u32 = 20;

/// Measures instead of exporting.
struct Stopwatch;

impl SpanExporter for Stopwatch {
    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        let mut encoder = BatchEncoder::new();
        let mut bytes = 0;
        let mut rounds: Vec<_> = (0..ROUNDS)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..REPEATS {
                    bytes = encoder.encode(std::hint::black_box(batch));
                }
                start.elapsed().as_nanos() as f64 / f64::from(REPEATS) / batch.len() as f64
            })
            .collect();
        rounds.sort_by(f64::total_cmp);
        eprintln!(
            "{} spans of {} bytes: {:.1} ns a span, {:.1} at best",
            batch.len(),
            bytes / batch.len(),
            rounds[ROUNDS / 2],
            rounds[0]
        );
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pipeline = trace_core::builder().without_environment().exporter(Stopwatch).batch_spans(usize::MAX).init()?;
    for trace in 0..TRACES {
        in_scope(callsite!("request"), || {
            for child in 0..CHILDREN {
                let _span = trace_core::start_span(callsite!("lookup"))
                    .attribute("user.id", 10_000 + trace)
                    .attribute("items", child);
            }
        });
    }
    pipeline.shutdown(Duration::from_secs(60))?;
    Ok(())
}
