//! Spans in a file, one line of JSON each, and the way back.
//!
//! ```text
//! cargo run -p examples --example json_lines [FILE]
//! ```
//!
//! `JsonLinesExporter` says what stands in a line. Such a file is read by `jq` and by many databases.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use trace_core::{JsonLinesExporter, NewEvent, current_span, in_scope, span};

fn main() -> Result<(), Box<dyn Error>> {
    let file = match std::env::args_os().nth(1) {
        Some(file) => PathBuf::from(file),
        None => std::env::temp_dir().join(format!("spans-{}.jsonl", std::process::id())),
    };
    let pipeline = trace_core::builder().exporter(JsonLinesExporter::create(&file)?).init()?;

    span("checkout").attribute("user.id", 42).in_scope(|| {
        in_scope("reserve", || current_span().add_event(NewEvent::new("reserved").attribute("items", 3)));
        in_scope("charge", || current_span().record_failure("card declined"));
    });
    // Every span is in the file when this returns; the result says so.
    pipeline.shutdown(Duration::from_secs(5))?;

    for line in BufReader::new(File::open(&file)?).lines() {
        let span: Value = serde_json::from_str(&line?)?;
        let (name, outcome, events) = (&span["name"], &span["outcome"], span["events"].as_array().map_or(0, Vec::len));
        println!("{name} {outcome} {events} events");
    }
    println!("read from {}", file.display());
    Ok(())
}
