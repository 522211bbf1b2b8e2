//! Contexts on their way between processes, by behaviour. Nothing here initialises a pipeline.

mod carriers;
#[path = "../../../trace-core/fuzz/checks.rs"]
mod checks;
mod fuzz;
mod pass_through;
mod random;
mod round_trip;
mod sampling;
mod travel;

use std::collections::BTreeMap;

use trace_core::propagation::{Extracted, extract, inject};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

type Headers = BTreeMap<String, String>;

/// A request with these headers.
fn request(headers: &[(&str, &str)]) -> Extracted {
    extract(&headers)
}

/// A request of a sampled span, with a trace state and baggage.
fn full_request() -> Extracted {
    request(&[
        ("traceparent", &format!("00-{TRACE}-{PARENT}-03")),
        ("tracestate", "congo=t61rcWkgMzE"),
        ("baggage", "tenant=42;p=1"),
    ])
}

/// What a client would send now.
fn sent() -> Headers {
    let mut headers = Headers::new();
    inject(&mut headers);
    headers
}
