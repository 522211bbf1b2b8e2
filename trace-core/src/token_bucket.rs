//! A rate limit without a lock: one number says when the next token is due.
//!
//! The bucket is kept as the *theoretical arrival time* of the generic cell rate algorithm (ITU-T I.371, annex A): every
//! token taken moves it on by one interval, and a token is there as long as it is not too far ahead of the clock. It is one
//! 64-bit number, so that taking a token is one compare-and-swap, and no thread has to refill anything.

use std::sync::atomic::{AtomicU64, Ordering};

const NANOS_PER_SECOND: f64 = 1e9;

/// Tokens that come at a steady rate and of which at most one second's worth, and at least one, is saved up.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    /// How many nanoseconds one token takes to come, rounded up.
    interval: u64,
    /// How far the next arrival may lie ahead of the clock.
    tolerance: u64,
    /// When the next token is due if they were taken one by one, in the caller's nanoseconds.
    next: AtomicU64,
}

impl TokenBucket {
    /// A full bucket to which `per_second` tokens come each second; `None` unless that is a number above zero.
    pub(crate) fn new(per_second: f64) -> Option<Self> {
        if per_second.is_nan() || per_second <= 0.0 {
            return None;
        }
        // Conversions from floating point saturate. A rate above one token a nanosecond is one a nanosecond.
        let interval = ((NANOS_PER_SECOND / per_second).ceil() as u64).max(1);
        let capacity = (per_second as u64).max(1);
        let tolerance = interval.saturating_mul(capacity - 1);
        Some(Self { interval, tolerance, next: AtomicU64::new(0) })
    }

    /// Takes a token if there is one at `now`, in nanoseconds since any fixed moment.
    ///
    /// In every period of `t` seconds at most `capacity + t * per_second` calls succeed, over all threads. A `now` that lags
    /// behind another thread's only makes it stricter.
    pub(crate) fn take(&self, now: u64) -> bool {
        // Relaxed: the number guards nothing but itself.
        self.next
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
                let next = next.max(now);
                (next - now <= self.tolerance).then(|| next.saturating_add(self.interval))
            })
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn taken(bucket: &TokenBucket, now: u64, tries: usize) -> usize {
        (0..tries).filter(|_| bucket.take(now)).count()
    }

    #[test]
    fn a_second_is_saved_up_and_then_tokens_come_at_the_rate() {
        let table = [
            (1.0, 1, 1, "one a second"),
            (3.0, 3, 2, "an interval that is no whole number of nanoseconds is rounded up, never down"),
            (100.0, 100, 100, "a hundred a second"),
            (2.5, 2, 2, "of a broken number the whole tokens are saved up"),
            (0.5, 1, 0, "one every two seconds: the first is there at once, none after one second"),
            (1e-12, 1, 0, "so rare that the interval does not fit"),
        ];
        for (per_second, burst, after_a_second, reason) in table {
            let bucket = TokenBucket::new(per_second).unwrap();
            assert_eq!(taken(&bucket, 0, 1000), burst, "{reason}");
            assert_eq!(taken(&bucket, SECOND, 1000), after_a_second, "{reason}");
            assert_eq!(taken(&bucket, 100 * SECOND, 1000), if per_second < 0.1 { 0 } else { burst }, "{reason}");
        }
    }

    #[test]
    fn a_rate_that_is_no_number_above_zero_makes_no_bucket() {
        for per_second in [0.0, -0.0, -1.0, f64::NAN, f64::NEG_INFINITY] {
            assert!(TokenBucket::new(per_second).is_none(), "{per_second}");
        }
        let endless = TokenBucket::new(f64::INFINITY).unwrap();
        assert_eq!(taken(&endless, 0, 1000), 1000);
    }

    #[test]
    fn a_clock_that_lags_behind_never_gives_more() {
        let bucket = TokenBucket::new(10.0).unwrap();
        assert_eq!(taken(&bucket, 5 * SECOND, 100), 10);
        assert_eq!(taken(&bucket, 4 * SECOND, 100), 0);
        assert_eq!(taken(&bucket, 5 * SECOND, 100), 0);
    }

    #[test]
    fn threads_together_get_exactly_what_the_rate_allows() {
        let bucket = TokenBucket::new(1000.0).unwrap();
        for second in 0..5 {
            let all: usize = thread::scope(|scope| {
                let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| taken(&bucket, second * SECOND, 1000))).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).sum()
            });
            assert_eq!(all, 1000, "in second {second}");
        }
    }
}
