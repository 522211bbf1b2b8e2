//! Traces in tests: a clock that stands still, ids that are counted, so that every run is the same to the last digit.
//!
//! ```text
//! cargo run -p examples --example testing
//! ```
//!
//! What `main` does here belongs into functions with `#[test]`. They may run at the same time.

use std::time::{Duration, UNIX_EPOCH};

use futures::FutureExt;
use trace_core::{Capture, CaptureError, ManualClock, Outcome, assert_tree, capture, current_span, traced};

fn main() -> Result<(), CaptureError> {
    a_retry_is_a_span_of_its_own_and_waits_twice_as_long()?;
    what_is_cancelled_says_so();
    println!("2 tests passed");
    Ok(())
}

fn a_retry_is_a_span_of_its_own_and_waits_twice_as_long() -> Result<(), CaptureError> {
    let clock = ManualClock::new(UNIX_EPOCH);
    let wait = |millis| clock.advance(Duration::from_millis(millis));
    let captured = Capture::new().manual_clock(clock.clone()).counted_ids().run(|| fetch(&wait));

    let trace = captured.trace()?;
    assert_tree!(
        trace.shape().attribute("wait_millis"),
        "
        fetch
          attempt [error] wait_millis=10
          attempt [error] wait_millis=20
          attempt wait_millis=40
        "
    );
    assert_eq!(trace.duration(), Duration::from_millis(70));
    assert_eq!(trace.id().to_string(), "00000000000000000000000000000001");
    println!("{trace}");
    Ok(())
}

fn what_is_cancelled_says_so() {
    // It is polled once and then dropped.
    let captured = capture(|| wait_for_ever().now_or_never());
    assert_eq!(captured.value, None);
    assert_eq!(captured.spans().map(|span| span.outcome()).collect::<Vec<_>>(), [Outcome::Cancelled]);
}

#[traced]
fn fetch(wait: &dyn Fn(u64)) {
    let _ = [10, 20, 40].into_iter().find(|&millis| attempt(millis, wait).is_ok());
}

#[traced]
fn attempt(millis: u64, wait: &dyn Fn(u64)) -> Result<(), ()> {
    current_span().set_attribute("wait_millis", millis);
    wait(millis);
    if millis < 40 { Err(()) } else { Ok(()) }
}

#[traced]
async fn wait_for_ever() {
    std::future::pending::<()>().await;
}
