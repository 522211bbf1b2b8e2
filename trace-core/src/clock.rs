//! Ticks on the hot path, wall time where spans are assembled.
//!
//! A span's start and end are raw ticks: the processor's time-stamp counter where the kernel itself keeps time with it,
//! else the monotonic clock in nanoseconds. Only the processor thread converts: the rate follows lazily from two readings
//! of counter and monotonic clock at least [`MIN_BASELINE`] apart, and the wall time from an anchor that is taken anew at
//! most once a second. So a duration never jumps with the wall clock, and nothing is calibrated at start-up.
//!
//! Why an own file (2-core x86-64 virtual machine, reading the counter 9.5 ns): `fastant` 0.1 reads as fast but spins
//! for 20 ms before `main` in every process that links it; `quanta` 0.13 calibrates for up to 200 ms on first use;
//! `std::time::Instant` takes 24 ns.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

#[cfg_attr(target_arch = "x86_64", path = "clock/x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "clock/aarch64.rs")]
#[cfg_attr(not(any(target_arch = "x86_64", target_arch = "aarch64")), path = "clock/portable.rs")]
mod counter;

/// How far apart two readings must be before a rate is taken from them: 60 ns of uncertainty in 1 ms is 60 ppm.
const MIN_BASELINE: Duration = Duration::from_millis(1);

/// How long an anchor serves before the next trace takes a new one.
const ANCHOR_AGE: Duration = Duration::from_secs(1);

const UNDECIDED: u8 = 0;
const COUNTER: u8 = 1;
const MONOTONIC: u8 = 2;
const STOPPED: u8 = 3;

static SOURCE: AtomicU8 = AtomicU8::new(UNDECIDED);

/// The present, in ticks.
#[inline]
pub(crate) fn now() -> u64 {
    if SOURCE.load(Ordering::Relaxed) == COUNTER { counter::read() } else { now_cold() }
}

#[cold]
#[inline(never)]
fn now_cold() -> u64 {
    match SOURCE.load(Ordering::Relaxed) {
        UNDECIDED => {
            let source = if counter::is_usable() { COUNTER } else { MONOTONIC };
            SOURCE.store(source, Ordering::Relaxed);
            now()
        }
        MONOTONIC => monotonic_nanos(),
        _ => 0,
    }
}

/// Makes every tick zero, so that a benchmark can tell the clock's cost from ours.
#[doc(hidden)]
pub fn stop_for_benchmark() {
    SOURCE.store(STOPPED, Ordering::Relaxed);
}

/// Nanoseconds since the first call in this process.
fn monotonic_nanos() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed();
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}

/// Nanoseconds since 1970, zero before it.
pub(crate) fn unix_nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// What turns the ticks of one trace into wall time: an anchor and a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timebase {
    ticks: u64,
    unix_nanos: u64,
    /// Nanoseconds a tick, times 2^32.
    scale: u64,
}

impl Timebase {
    /// For ticks that are nanoseconds since 1970 already, as a manual clock's are.
    pub(crate) const UNIX_NANOS: Self = Self { ticks: 0, unix_nanos: 0, scale: 1 << 32 };

    /// Nanoseconds since 1970 at this tick.
    #[inline]
    pub(crate) fn unix_nanos(&self, ticks: u64) -> u64 {
        if ticks >= self.ticks {
            self.unix_nanos.saturating_add(self.nanos(ticks - self.ticks))
        } else {
            self.unix_nanos.saturating_sub(self.nanos(self.ticks - ticks))
        }
    }

    /// The tick at this many nanoseconds since 1970: the inverse of [`Self::unix_nanos`], for times that a user gives.
    pub(crate) fn ticks(&self, unix_nanos: u64) -> u64 {
        let ticks = |nanos: u64| ((u128::from(nanos) << 32) / u128::from(self.scale.max(1))) as u64;
        if unix_nanos >= self.unix_nanos {
            self.ticks.saturating_add(ticks(unix_nanos - self.unix_nanos))
        } else {
            self.ticks.saturating_sub(ticks(self.unix_nanos - unix_nanos))
        }
    }

    /// The nanoseconds that so many ticks last.
    #[inline]
    pub(crate) fn nanos(&self, ticks: u64) -> u64 {
        ((u128::from(ticks) * u128::from(self.scale)) >> 32) as u64
    }
}

/// A reading of the counter and the monotonic clock at one moment.
#[derive(Clone, Copy, Debug)]
struct Reading {
    ticks: u64,
    instant: Instant,
}

impl Reading {
    /// The best of a few: the one whose clock reading stands between the closest two ticks.
    fn take() -> Self {
        (0..5)
            .map(|_| {
                let before = now();
                let instant = Instant::now();
                let after = now();
                let gap = after.saturating_sub(before);
                (gap, Self { ticks: before + gap / 2, instant })
            })
            .min_by_key(|(gap, _)| *gap)
            .map(|(_, reading)| reading)
            .expect("five readings were taken")
    }
}

/// The conversion of ticks, kept up to date by the thread that needs it.
#[derive(Debug)]
pub(crate) struct WallClock {
    start: Reading,
    anchored: Instant,
    timebase: Option<Timebase>,
}

impl WallClock {
    pub(crate) fn start() -> Self {
        let start = Reading::take();
        Self { start, anchored: start.instant, timebase: None }
    }

    /// The conversion for a trace that begins now. The first call may wait for [`MIN_BASELINE`] to pass.
    pub(crate) fn timebase(&mut self) -> Timebase {
        match self.timebase {
            Some(timebase) if self.anchored.elapsed() < ANCHOR_AGE => timebase,
            _ => self.anchor(),
        }
    }

    fn anchor(&mut self) -> Timebase {
        if let Some(rest) = MIN_BASELINE.checked_sub(self.start.instant.elapsed()) {
            std::thread::sleep(rest);
        }
        let wall = SystemTime::now();
        let reading = Reading::take();
        let nanos = reading.instant.duration_since(self.start.instant).as_nanos();
        let ticks = u128::from(reading.ticks.saturating_sub(self.start.ticks).max(1));
        let scale = u64::try_from((nanos << 32) / ticks).unwrap_or(u64::MAX);
        let timebase = Timebase { ticks: reading.ticks, unix_nanos: unix_nanos(wall), scale };
        self.anchored = reading.instant;
        self.timebase = Some(timebase);
        timebase
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_survives_its_conversion_to_wall_time_and_back() {
        let timebase = WallClock::start().timebase();
        for ticks in [timebase.ticks, timebase.ticks + 12_345_678_901, timebase.ticks - 1_000_000] {
            assert!(timebase.ticks(timebase.unix_nanos(ticks)).abs_diff(ticks) <= 8, "{ticks} by {timebase:?}");
        }
    }

    #[test]
    fn ticks_keep_time_with_the_monotonic_clock() {
        let timebase = WallClock::start().timebase();
        let (instant, ticks) = (Instant::now(), now());
        while instant.elapsed() < Duration::from_millis(20) {
            std::hint::spin_loop();
        }
        let nanos = timebase.nanos(now() - ticks) as f64;
        let expected = instant.elapsed().as_nanos() as f64;
        // Another process may run between the two readings, so only a wrong rate fails here.
        assert!((0.5..2.0).contains(&(nanos / expected)), "{nanos} ns by ticks, {expected} by the clock");
    }
}
