//! The flat lines that the library's small ancestor printed.

use std::fmt::Write as _;

use crate::ending::outcome;
use crate::status::Outcome;
use crate::text::escaped;
use crate::trace::{SpanView, Trace};

/// One line a span, depth first.
pub(crate) fn flat_text(trace: &Trace) -> String {
    let mut out = format!("=== Exporting Trace ===\nTrace ID: {}\n", trace.id());
    for (_, span) in trace.walk() {
        let name = escaped(span.name());
        // Writing to a string does not fail.
        let _ = match span.duration() {
            Some(duration) => {
                writeln!(out, "Span: {name} ({:.3}s), Status: {}", duration.as_secs_f64(), status(&span))
            }
            None => writeln!(out, "Span: {name} (open), Status: {}", status(&span)),
        };
    }
    out
}

fn status(span: &SpanView<'_>) -> &'static str {
    match outcome(span) {
        Outcome::Ok => "OK",
        Outcome::Error | Outcome::Panicked => "ERROR",
        Outcome::Cancelled | Outcome::NeverPolled => "CANCELLED",
        Outcome::Open => "OPEN",
    }
}
