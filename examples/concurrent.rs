//! Three operations at once, each in a span of its own, all in one trace.
//!
//! ```text
//! cargo run -p examples --example concurrent
//! ```

use std::error::Error;
use std::time::Duration;

use tokio::time::sleep;
use trace_core::{CurrentSpan, FutureExt, Handoff, Span, current_span};

fn main() -> Result<(), Box<dyn Error>> {
    let _pipeline = trace_core::init()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_time().build()?;
    runtime.block_on(gather().in_span(Span::new("gather")))?;
    Ok(())
}

/// Wherever the tasks are polled, and whatever is polled in between, each finds its own span when it goes on.
async fn gather() -> Result<(), tokio::task::JoinError> {
    let tasks = [1, 2, 3].map(|number| {
        let span = Span::new("async_operation").attribute("number", number);
        let handle = span.handle();
        Handoff::span(span).spawn(async_operation("async_operation", handle))
    });
    for task in tasks {
        task.await?;
    }
    Ok(())
}

async fn async_operation(name: &str, span: CurrentSpan) {
    assert_eq!(current_span(), span);
    println!("Current span: {name}");
    sleep(Duration::from_millis(100)).await;
    assert_eq!(current_span(), span, "also after it has waited, perhaps on another thread");
}
