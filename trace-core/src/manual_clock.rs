//! A clock that a test moves by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::clock::unix_nanos;

/// A clock that stands still until it is told to go on, for tests with exact times.
///
/// Clones show the same time. [`Capture::manual_clock`](crate::Capture::manual_clock) takes one.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use trace_core::ManualClock;
///
/// let clock = ManualClock::new(UNIX_EPOCH);
/// clock.advance(Duration::from_millis(5));
/// assert_eq!(clock.unix_nanos(), 5_000_000);
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that stands at this time; before 1970 it stands at 1970.
    #[must_use]
    pub fn new(time: SystemTime) -> Self {
        Self(Arc::new(AtomicU64::new(unix_nanos(time))))
    }

    /// Lets time pass.
    pub fn advance(&self, duration: Duration) {
        self.0.fetch_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// The time it shows, in nanoseconds since 1970.
    #[must_use]
    pub fn unix_nanos(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
