//! A trace as a value: run something, get its trace, walk over it, assert on it.
//!
//! ```text
//! cargo run -p examples --example capture
//! ```
//!
//! Nothing is initialised here, nothing is exported, and captures that run at the same time do not see each other.

use std::error::Error;

use trace_core::{assert_tree, capture, current_span, traced};

fn main() -> Result<(), Box<dyn Error>> {
    let captured = capture(|| order(3));
    println!("order(3) = {:?}", captured.value);

    let trace = captured.trace()?;
    for (depth, span) in trace.walk() {
        println!("{:indent$}{} ({})", "", span.name(), span.outcome(), indent = 2 * depth);
    }

    // By name, by id, by parent.
    let root = trace.root().ok_or("there is a root")?;
    let charge = trace.find("charge").ok_or("it was charged")?;
    assert_eq!(charge.parent_id(), Some(root.span_id()));
    assert_eq!(trace.children(root.span_id()).count(), 2);
    assert_eq!(charge.status().to_string(), "ERROR: no money left");

    // All at once.
    assert_tree!(
        trace.shape().attribute("items"),
        "
        order [error] items=3
          reserve
          charge [error]
        "
    );
    println!("\n{trace}");
    Ok(())
}

#[traced(fields(items))]
fn order(items: u32) -> Result<(), String> {
    reserve();
    charge()
}

#[traced]
fn reserve() {
    current_span().add_event("reserved");
}

#[traced(err)]
fn charge() -> Result<(), String> {
    Err("no money left".to_owned())
}
