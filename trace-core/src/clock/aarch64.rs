//! The virtual counter, by which every kernel on this architecture keeps time.
#![allow(unsafe_code, reason = "the counter is read by an instruction")]

#[inline]
pub(super) fn read() -> u64 {
    let ticks: u64;
    // SAFETY: CNTVCT_EL0 can be read from user space under Linux, macOS and Windows, and touches no memory.
    unsafe { core::arch::asm!("mrs {}, cntvct_el0", out(reg) ticks, options(nomem, nostack, preserves_flags)) }
    ticks
}

pub(super) fn is_usable() -> bool {
    cfg!(any(target_os = "linux", target_os = "android", target_vendor = "apple", target_os = "windows"))
}
