//! The books of the recording side: what could not be written down, by cause.
//!
//! Counted where it happens, on cold paths only, for the whole process.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub(crate) struct Tally(AtomicU64);

impl Tally {
    const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    pub(crate) fn add(&self, count: u64) {
        self.0.fetch_add(count, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Spans whose end found no memory in the budget.
pub(crate) static SPANS_OVER_BUDGET: Tally = Tally::new();
/// Spans that were not recorded because a record of theirs could not be promised a place.
pub(crate) static SPANS_NOT_STARTED: Tally = Tally::new();
/// Attributes, events and links that found no memory in the budget.
pub(crate) static DETAILS_OVER_BUDGET: Tally = Tally::new();
/// Polls that found no memory in the budget.
pub(crate) static POLLS_OVER_BUDGET: Tally = Tally::new();
/// Records written while the buffer itself was at work and nothing else could take them.
pub(crate) static REENTRANT: Tally = Tally::new();
/// Panics in closures that users gave us, caught.
pub(crate) static USER_PANICS: Tally = Tally::new();
