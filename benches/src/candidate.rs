//! What a candidate can do: the operations that the cases are made of.

use crate::case::Case;

/// How a candidate's pipeline is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Default settings, everything sampled, a counting exporter.
    Sampled,
    /// As before, but nothing is sampled.
    Unsampled,
    /// No pipeline at all: a library that traces in a program that does not.
    Off,
    /// As [`Mode::Sampled`], and every poll is timed.
    TimedPolls,
    /// As [`Mode::TimedPolls`], and wake-ups as well.
    TimedWakes,
    /// Everything sampled, queues large enough that all of it can wait for an exporter that is stuck.
    Held,
}

/// A tracing library, or the floor.
///
/// One value is made per process, on the main thread, and then used from every thread. A method does the thing named
/// in the way that the library's own documentation shows, with the cheapest of its types that serves.
pub trait Candidate: Sized + Send + Sync + 'static {
    /// Whether finished spans arrive at an exporter.
    const EXPORTS: bool = true;

    /// Whether the library has what this case needs.
    fn supports(case: Case) -> bool;

    /// Whether it can time polls.
    #[must_use]
    fn times_polls() -> bool {
        false
    }

    /// How many spans may be under way before the harness lets the exporter catch up, for libraries whose queue is
    /// short. Not asked where the loss itself is measured.
    fn backlog(_: Case) -> Option<u64> {
        None
    }

    /// Makes the library's clock stand still, before anything is set up.
    fn stop_clock() {}

    /// Sets the pipeline up, with an exporter that reads every field and books what it read in [`crate::ledger`].
    fn install(mode: Mode) -> Self;

    /// Hands on everything that has ended, and returns when the exporter has read it.
    fn flush(&self);

    /// Runs `body` in a new root span.
    fn in_root<R>(&self, body: impl FnOnce() -> R) -> R;

    /// Runs `future` in a new root span.
    fn in_root_async<F: Future>(&self, future: F) -> impl Future<Output = F::Output>;

    /// Starts and ends a child of the current span.
    fn child(&self);

    /// Calls a function that has the library's attribute macro.
    fn by_attribute(&self);

    /// Calls an `async` function that has the library's attribute macro, or does by hand what it would.
    fn by_attribute_async(&self) -> impl Future<Output = ()>;

    /// Wraps a future so that it runs in a new child of the current span.
    fn wrapped<F: Future>(&self, future: F) -> impl Future<Output = F::Output>;

    /// Spawns a tokio task whose span is a child of the current one.
    fn spawned(&self) -> impl Future<Output = ()> + 'static;

    /// A child span with two integers, a static string, an owned string and one event.
    fn rich(&self, number: i64);

    /// Reads which span is current.
    fn current(&self);

    /// Writes the current context as a `traceparent` header.
    fn traceparent(&self);
}
