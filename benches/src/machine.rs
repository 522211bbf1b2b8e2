//! What the operating system knows: processors, processor time, memory, the date.

use std::fs;
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// The processors this process may run on.
pub fn cores() -> Vec<usize> {
    let allowed = sched_getaffinity(None).unwrap_or_default();
    (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core)).collect()
}

/// The processors this process may run on, without this one.
pub fn others(core: usize) -> Vec<usize> {
    cores().into_iter().filter(|other| *other != core).collect()
}

/// Keeps the calling thread, and those it will start, on these processors. No processors: leaves it as it is.
pub fn pin(cores: &[usize]) {
    if cores.is_empty() {
        return;
    }
    let mut wanted = CpuSet::new();
    for core in cores {
        wanted.set(*core);
    }
    // A container may forbid it; the figures are then a little wider, not wrong.
    let _ = sched_setaffinity(None, &wanted);
}

fn read(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Processor time of the whole process: what `getrusage` says, in nanoseconds instead of microseconds.
pub fn process_cpu() -> Duration {
    read(ClockId::ProcessCPUTime)
}

/// Processor time of the calling thread.
pub fn thread_cpu() -> Duration {
    read(ClockId::ThreadCPUTime)
}

/// Resident memory of the process in bytes, counted exactly.
pub fn resident_bytes() -> u64 {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let kibibytes = rollup
        .lines()
        .find_map(|line| line.strip_prefix("Rss:")?.trim().strip_suffix("kB"))
        .and_then(|number| number.trim().parse::<u64>().ok());
    kibibytes.unwrap_or(0) * 1024
}

/// The processor's name.
pub fn cpu_model() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    info.lines()
        .find_map(|line| line.strip_prefix("model name")?.trim().strip_prefix(':'))
        .map_or_else(|| "unknown processor".to_owned(), |name| name.trim().to_owned())
}

/// The compiler on the path, which is the one that `cargo bench` has just used.
pub fn rustc_version() -> String {
    let output = Command::new("rustc").arg("--version").output();
    output
        .map_or_else(|_| "unknown rustc".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Today as `yyyy-mm-dd`, in UTC.
pub fn date() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut day = since.as_secs() / 86_400;
    let mut year = 1970;
    while day >= days_in(year) {
        day -= days_in(year);
        year += 1;
    }
    let february = days_in(year) - 337;
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while day >= lengths[month] {
        day -= lengths[month];
        month += 1;
    }
    format!("{year}-{:02}-{:02}", month + 1, day + 1)
}

fn days_in(year: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    if leap { 366 } else { 365 }
}
