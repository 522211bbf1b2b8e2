//! The cheapest clock of the machine, raw.

#[cfg(target_arch = "x86_64")]
mod raw {
    /// Reads the time stamp counter.
    #[inline(always)]
    #[allow(unsafe_code, reason = "the counter can only be read through an intrinsic")]
    pub fn now() -> u64 {
        // SAFETY: `rdtsc` has no operands and touches no memory; every x86-64 processor has it.
        unsafe { core::arch::x86_64::_rdtsc() }
    }
}

#[cfg(target_arch = "aarch64")]
mod raw {
    /// Reads the virtual counter.
    #[inline(always)]
    #[allow(unsafe_code, reason = "the counter can only be read through an instruction")]
    pub fn now() -> u64 {
        let ticks: u64;
        // SAFETY: reading `cntvct_el0` has no side effect; Linux allows it to user space.
        unsafe { core::arch::asm!("mrs {}, cntvct_el0", out(reg) ticks, options(nomem, nostack)) };
        ticks
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod raw {
    /// Reads the monotonic clock, in nanoseconds.
    pub fn now() -> u64 {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
    }
}

use std::time::Instant;

pub use raw::now;

/// A pair of readings, of the raw counter and of the monotonic clock, taken together.
#[derive(Debug, Clone, Copy)]
pub struct Anchor {
    ticks: u64,
    clock: Instant,
}

impl Anchor {
    /// Takes both readings.
    pub fn now() -> Self {
        Self { ticks: now(), clock: Instant::now() }
    }

    /// Nanoseconds per tick, from this pair to a pair taken now.
    pub fn nanos_per_tick(&self) -> f64 {
        let later = Self::now();
        let nanos = later.clock.duration_since(self.clock).as_nanos() as f64;
        nanos / later.ticks.wrapping_sub(self.ticks) as f64
    }
}
