//! A test that fails leaves its trace, whichever way it fails; one that does not leaves none.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::any::Any;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use trace_core::{Capture, FutureExt as _, ManualClock, Span, in_scope};
use trace_render::{CaptureExt as _, traced_test, traced_test_async};

/// Where the page of a thread of this name would be.
fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("failed-traces").join(format!("{name}.html"))
}

/// Runs the test on a thread of this name, and returns how it ended with the page it left.
fn run<T: Send + 'static>(
    name: &str,
    test: impl FnOnce() -> T + Send + 'static,
) -> (Result<T, Box<dyn Any + Send>>, Option<String>) {
    let _ = fs::remove_file(page(name));
    let ended = thread::Builder::new().name(name.to_owned()).spawn(test).unwrap().join();
    let left = fs::read_to_string(page(name)).ok();
    let _ = fs::remove_file(page(name));
    (ended, left)
}

#[test]
fn a_panic_inside_of_the_capture_leaves_a_page_and_goes_on() {
    let test = || traced_test(|| in_scope("order", || in_scope("charge", || panic!("declined"))));
    let (ended, left) = run::<()>("panics", test);
    assert_eq!(ended.unwrap_err().downcast_ref::<&str>(), Some(&"declined"));
    let left = left.unwrap();
    assert!(left.contains("\"order\"") && left.contains("\"charge\""));
    assert!(left.contains("\"outcomes\":\"22\""), "both spans panicked");
}

#[test]
fn an_error_leaves_a_page_and_comes_back() {
    let (ended, left) = run("errs", || traced_test(|| in_scope("order", || Err::<(), _>("declined"))));
    assert_eq!(ended.unwrap(), Err("declined"));
    assert!(left.unwrap().contains("\"order\""));
}

#[test]
fn an_async_test_leaves_a_page_with_its_polls() {
    let test = || {
        futures::executor::block_on(traced_test_async(async {
            async { assert_eq!(1, 2, "on purpose") }.in_span(Span::new("compare")).await;
        }));
    };
    let (ended, left) = run("panics async", test);
    assert!(ended.is_err());
    assert!(left.is_none(), "the name of the file has no space");
    let left = fs::read_to_string(page("panics-async")).unwrap();
    assert!(left.contains("\"compare\"") && left.contains("\"polls\":[[0,"));
}

#[test]
fn what_passes_leaves_nothing_and_a_capture_keeps_its_options() {
    let clock = ManualClock::new(std::time::UNIX_EPOCH);
    let test = move || Capture::new().manual_clock(clock).run_test(|| in_scope("order", || Ok::<_, ()>(7)));
    let (ended, left) = run("passes", test);
    assert_eq!((ended.unwrap(), left), (Ok(7), None));
}
