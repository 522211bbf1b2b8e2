//! Tests whose trace can be looked at when they fail.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::Poll;
use std::thread;

use trace_core::{Capture, Captured};

use crate::failure_page::FailurePage;

/// Runs a test with its polls timed, and writes its traces as an HTML page if it fails: see [`CaptureExt::run_test`].
///
/// ```
/// use trace_render::traced_test;
///
/// // With `#[test]` above it.
/// fn orders_are_charged() {
///     traced_test(|| {
///         trace_core::in_scope("order", || assert_eq!(6 * 7, 42));
///     });
/// }
/// # orders_are_charged();
/// ```
pub fn traced_test<T: TestOutcome>(test: impl FnOnce() -> T) -> T {
    Capture::new().time_polls().run_test(test)
}

/// [`traced_test`] for an async test.
///
/// ```
/// use std::num::ParseIntError;
/// use trace_render::traced_test_async;
///
/// // With `#[tokio::test]` above it, or what the runtime has.
/// async fn numbers_are_read() -> Result<(), ParseIntError> {
///     traced_test_async(async {
///         assert_eq!("42".parse::<u8>()?, 42);
///         Ok(())
///     })
///     .await
/// }
/// # futures::executor::block_on(numbers_are_read()).unwrap();
/// ```
pub async fn traced_test_async<T: TestOutcome>(test: impl Future<Output = T>) -> T {
    Capture::new().time_polls().run_test_async(test).await
}

/// What a test returns: whether it has failed, beside by a panic.
pub trait TestOutcome {
    /// Whether the test has failed.
    fn has_failed(&self) -> bool;
}

impl TestOutcome for () {
    fn has_failed(&self) -> bool {
        false
    }
}

impl<T, E> TestOutcome for Result<T, E> {
    fn has_failed(&self) -> bool {
        self.is_err()
    }
}

/// Tests in a capture of one's own making: with a clock, ids, rules.
pub trait CaptureExt {
    /// Runs a test in the capture. If it panics or returns an error, its traces are written as an HTML page, standard error
    /// says where, and the failure goes on.
    ///
    /// The page stands in the folder `failed-traces` of the target folder and is called like the test, which is the name of
    /// the thread; another one of that name is overwritten.
    fn run_test<T: TestOutcome>(self, test: impl FnOnce() -> T) -> T;

    /// [`run_test`](Self::run_test) for an async test.
    fn run_test_async<T: TestOutcome>(self, test: impl Future<Output = T>) -> impl Future<Output = T>;
}

impl CaptureExt for Capture {
    fn run_test<T: TestOutcome>(self, test: impl FnOnce() -> T) -> T {
        outcome(self.run(|| catch_unwind(AssertUnwindSafe(test))))
    }

    async fn run_test_async<T: TestOutcome>(self, test: impl Future<Output = T>) -> T {
        let mut test = pin!(test);
        let caught = poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| test.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(panic) => Poll::Ready(Err(panic)),
        });
        outcome(self.run_async(caught).await)
    }
}

/// Lets the test end as it did, after its page is written where it failed.
fn outcome<T: TestOutcome>(captured: Captured<thread::Result<T>>) -> T {
    if captured.value.as_ref().map_or(true, TestOutcome::has_failed) {
        FailurePage::new(&captured.traces).write();
    }
    captured.value.unwrap_or_else(|panic| resume_unwind(panic))
}
