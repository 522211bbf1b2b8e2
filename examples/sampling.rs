//! Fewer traces: some are left out where they begin, others when it is known how they ended.
//!
//! ```text
//! cargo run -p examples --example sampling
//! ```

use std::error::Error;
use std::time::Duration;

use trace_core::{MemoryExporter, Outcome, Sampler, SamplingDecision, Trace, traced};

fn main() -> Result<(), Box<dyn Error>> {
    let memory = MemoryExporter::new();
    let pipeline = trace_core::builder()
        // The head sampler decides where a trace begins: what it leaves out costs next to nothing.
        .sampler(Sampler::parent_based(Sampler::custom(|root| match root.name {
            "health_check" => SamplingDecision::Drop,
            _ => SamplingDecision::RecordAndSample,
        })))
        // The tail sampler sees a trace that is complete: what went wrong is kept, and one of eight others.
        .tail_sampler(|trace| has_failed(trace) || trace.id().randomness().is_multiple_of(8))
        .exporter(memory.clone())
        .init()?;

    for number in 0..1000 {
        health_check();
        let _ = request(number);
    }
    pipeline.flush(Duration::from_secs(5))?;

    let failed = memory.traces().iter().filter(|trace| has_failed(trace)).count();
    let stats = pipeline.stats();
    println!("2000 traces began");
    println!("{} spans recorded", stats.closed);
    println!("{} spans sampled out by the tail sampler", stats.sampled_out);
    println!("{} spans exported", memory.len());
    println!("{failed} of 10 failures kept");
    assert_eq!(stats.closed, stats.sampled_out + memory.len() as u64);
    Ok(())
}

fn has_failed(trace: &Trace) -> bool {
    trace.spans().any(|span| span.outcome() == Outcome::Error)
}

#[traced]
fn health_check() {}

#[traced]
fn request(number: u32) -> Result<(), String> {
    if number.is_multiple_of(100) { Err("out of luck".to_owned()) } else { Ok(()) }
}
