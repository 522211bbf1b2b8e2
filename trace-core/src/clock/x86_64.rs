//! The time-stamp counter.
#![allow(unsafe_code, reason = "the counter is read by an instruction")]

/// The counter, not serialised: the instructions around it may move by some nanoseconds.
#[inline]
pub(super) fn read() -> u64 {
    // SAFETY: every x86-64 processor has RDTSC, and it touches no memory.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// Whether the kernel itself keeps time with the counter: then it is constant, never stops and agrees over all cores.
pub(super) fn is_usable() -> bool {
    std::fs::read_to_string("/sys/devices/system/clocksource/clocksource0/current_clocksource")
        .is_ok_and(|source| source.trim() == "tsc")
}
