//! Log lines that say which span they belong to, so that a search for a trace finds them.
//!
//! ```text
//! cargo run -p examples --example log_lines
//! ```

use std::time::Duration;

use trace_core::{InitError, current_span, traced};

fn main() -> Result<(), InitError> {
    let pipeline = trace_core::init()?;
    log("starting");
    request();
    log("done");
    // So that nothing stands between the lines of the tree.
    let _ = pipeline.flush(Duration::from_secs(5));
    Ok(())
}

/// What a logger does with each line: a few nanoseconds for the ids, whether or not anything is recorded.
fn log(message: &str) {
    println!("INFO {message} {}", current_span());
}

#[traced]
fn request() {
    log("request received");
    query();
    // Or by parts, for a logger with fields.
    if let (Some(trace_id), Some(span_id)) = (current_span().trace_id(), current_span().span_id()) {
        println!(r#"{{"level":"info","message":"answered","trace_id":"{trace_id}","span_id":"{span_id}"}}"#);
    }
}

#[traced]
fn query() {
    log("asking the database");
}
