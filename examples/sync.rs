//! Spans in a sync program: one inside the other, two events, and one that is started and ended by hand.
//!
//! ```text
//! cargo run -p examples --example sync
//! ```

use std::thread::sleep;
use std::time::Duration;

use trace_core::{ConsoleExporter, ConsoleStyle, InitError, current_span, in_scope, span, start_span};

fn main() -> Result<(), InitError> {
    let exporter = ConsoleExporter::new().style(ConsoleStyle::Flat);
    let _pipeline = trace_core::builder().exporter(exporter).init()?;

    span("main_operation").attribute("type", "sync").in_scope(|| {
        in_scope("child_operation", || {
            current_span().add_event("processing_start");
            sleep(Duration::from_millis(100));
            current_span().add_event("processing_end");
        });

        let manual = start_span("manual_span");
        sleep(Duration::from_millis(50));
        manual.end();
    });
    // The trace is complete, so it is exported. `_pipeline` waits for that when it is dropped.
    Ok(())
}
