//! How a case is measured, in a child process.

mod extra;
mod flat_out;
mod memory;
mod meter;
mod plain;

use crate::candidate::Candidate;
use crate::case::{Case, HELD_SPANS};
use crate::machine;
use crate::sample::Sample;

/// How much of a case one child process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Enough for a figure: some tens of milliseconds.
    Full,
    /// Enough to see that it runs.
    Quick,
}

impl Effort {
    pub(crate) fn of(self, count: u32) -> u32 {
        match self {
            Self::Full => count,
            Self::Quick => count.div_ceil(20),
        }
    }
}

/// Measures one case with one candidate: the thread that traces on `core`, background threads on the others.
pub fn measure<C: Candidate>(case: Case, effort: Effort, core: usize) -> Sample {
    let (cores, others) = (machine::cores(), machine::others(core));
    let alone = !matches!(case, Case::FlatOutTwo);
    if alone {
        machine::pin(&others);
    }
    let before = machine::resident_bytes();
    if case == Case::Stopped {
        C::stop_clock();
    }
    let candidate = C::install(case.mode());
    if alone {
        machine::pin(&[core]);
    }
    let candidate = &candidate;
    match case {
        Case::Child | Case::Stopped => plain::sync(candidate, case, effort.of(4000), C::child),
        Case::Attribute => plain::sync(candidate, case, effort.of(4000), C::by_attribute),
        Case::Rich => plain::sync(candidate, case, effort.of(1000), |c| c.rich(42)),
        Case::Root => plain::roots(candidate, effort.of(2000)),
        Case::Async => plain::awaited(candidate, case, effort.of(4000)),
        Case::Unsampled | Case::Off => plain::sync(candidate, case, effort.of(60), C::child),
        Case::UnsampledAsync | Case::OffAsync => plain::awaited(candidate, case, effort.of(60)),
        Case::Current => plain::sync(candidate, case, effort.of(60), C::current),
        Case::Header => plain::sync(candidate, case, effort.of(60), C::traceparent),
        Case::Poll => extra::poll(candidate, case, effort.of(40)),
        Case::TimedPoll | Case::WokenPoll => extra::poll(candidate, case, effort.of(400)),
        Case::Spawned => extra::spawned(candidate, effort.of(1000)),
        Case::FlatOut => flat_out::one_thread(candidate, effort.of(100_000)),
        Case::FlatOutTwo => flat_out::two_threads(candidate, effort.of(100_000), &cores),
        Case::Polls => memory::polls(candidate, effort.of(5_000_000)),
        Case::Held => memory::held(candidate, before, HELD_SPANS / 101),
    }
}
