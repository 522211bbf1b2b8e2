//! An exporter of one's own: how often each kind of span ran, how long in all, and how often it failed.
//!
//! ```text
//! cargo run -p examples --example custom_exporter
//! ```

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use trace_core::{Batch, ExportError, SpanExporter, traced};

/// What is known of the spans of one name.
#[derive(Debug, Default)]
struct Row {
    count: u64,
    failed: u64,
    total: Duration,
}

/// Adds up spans by name, and prints the sums at the end.
///
/// It has a thread of its own, so it needs no lock, may take its time, and may block. It sees spans soon after they ended;
/// an exporter that wants whole traces says so in `delivery`.
#[derive(Debug, Default)]
struct Summary {
    rows: BTreeMap<String, Row>,
}

impl SpanExporter for Summary {
    fn name(&self) -> &str {
        "summary"
    }

    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        for span in batch.spans() {
            let row = self.rows.entry(span.name().to_owned()).or_default();
            row.count += 1;
            row.failed += u64::from(span.status().is_error());
            row.total += span.duration().unwrap_or_default();
        }
        Ok(())
    }

    fn shutdown(&mut self, _: Duration) -> Result<(), ExportError> {
        println!("{:<8} {:>6} {:>7}  mean", "name", "spans", "failed");
        for (name, Row { count, failed, total }) in &self.rows {
            let mean = total.div_f64(*count as f64);
            println!("{name:<8} {count:>6} {failed:>7}  {mean:?}");
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let pipeline = trace_core::builder().exporter(Summary::default()).init()?;
    for number in 0..1000 {
        request(number);
    }
    pipeline.shutdown(Duration::from_secs(5))?;
    Ok(())
}

#[traced]
fn request(number: u32) {
    let _ = parse(number);
    answer(number);
}

#[traced(err)]
fn parse(number: u32) -> Result<u32, String> {
    if number.is_multiple_of(10) { Err(format!("{number} ends with a zero")) } else { Ok(number) }
}

#[traced]
fn answer(number: u32) -> u32 {
    (0..number).sum()
}
