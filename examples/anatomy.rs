//! Where the time of an async function went: who works, who waits and for whom, and who blocks the thread.
//!
//! ```text
//! cargo run -p examples --example anatomy
//! ```

use std::error::Error;
use std::thread;
use std::time::Duration;

use tokio::time::sleep;
use trace_core::{Anatomy, Capture, traced};

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    // A pipeline has the same setting: every poll then costs two readings of the clock and a record more.
    let captured = runtime.block_on(Capture::new().time_polls().run_async(async { page().await }));
    let trace = captured.trace()?;

    println!("{:<12} {:>6} {:>6} {:>9} {:>8} {:>13}", "", "polls", "busy", "children", "no span", "longest poll");
    for (depth, span) in trace.walk() {
        let (Some(Anatomy { busy, waiting_on_children, no_span, .. }), Some(polls)) = (span.anatomy(), span.polls())
        else {
            continue;
        };
        let name = format!("{}{}", "  ".repeat(depth), span.name());
        let longest = polls.longest().map_or(0, |poll| poll.duration.as_millis());
        let [busy, children, no_span] = [busy, waiting_on_children, no_span].map(|time| time.as_millis());
        println!("{name:<12} {:>6} {busy:>6} {children:>9} {no_span:>8} {longest:>13}", polls.count());
    }
    println!("in milliseconds");
    Ok(())
}

#[traced]
async fn page() {
    query().await;
    render().await;
}

/// Waits, as one should.
#[traced]
async fn query() {
    sleep(Duration::from_millis(40)).await;
}

/// Blocks the thread: nothing else can run on it meanwhile.
#[traced]
async fn render() {
    thread::sleep(Duration::from_millis(20));
}
