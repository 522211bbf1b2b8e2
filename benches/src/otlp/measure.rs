//! How a case is measured, in a child process.

use std::thread;
use std::time::{Duration, Instant};

use crate::machine;
use crate::otlp::sender::{SPANS, Sender, To};
use crate::sample::Sample;

pub(super) use crate::measure::Effort;

/// What one child process measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measured {
    /// Encoding alone.
    Encode,
    /// 20,000 traces a second.
    Paced(To),
    /// As many as the thread can make.
    FlatOut,
}

impl Measured {
    pub(super) const ALL: [(&'static str, Self); 4] = [
        ("encode", Self::Encode),
        ("paced", Self::Paced(To::Receiver)),
        ("unsent", Self::Paced(To::Nobody)),
        ("flat-out", Self::FlatOut),
    ];
}

/// Traces in a burst; there is one a millisecond.
const BURST: u32 = 20;
/// Traces before what is measured, so that allocator, caches and connection are warm.
const WARM_UP: u32 = 100;

pub(super) const WARM_UP_SPANS: u64 = WARM_UP as u64 * SPANS;

pub(super) fn measure<S: Sender>(measured: Measured, effort: Effort, core: usize) -> Sample {
    let others = machine::others(core);
    let to = match measured {
        Measured::Encode => {
            machine::pin(&[core]);
            let hot = S::encode(effort.of(2_000));
            return Sample { hot, ..Sample::default() };
        }
        Measured::Paced(to) => to,
        Measured::FlatOut => To::Receiver,
    };
    machine::pin(&others);
    let sender = S::start(to);
    machine::pin(&[core]);
    (0..WARM_UP).for_each(|number| sender.trace(number.into()));
    sender.flush();
    let traces = effort.of(if measured == Measured::FlatOut { 100_000 } else { 20_000 });
    let (process, thread) = (machine::process_cpu(), machine::thread_cpu());
    let mut tracing = Duration::ZERO;
    match measured {
        Measured::FlatOut => (0..traces).for_each(|number| sender.trace(number.into())),
        _ => tracing = paced(&sender, traces),
    }
    let hot = machine::thread_cpu() - thread;
    // To fall asleep and to be woken is the loop's, and what it costs depends on what else the machine does meanwhile: less
    // where another thread keeps it awake.
    let pacing = if measured == Measured::FlatOut { Duration::ZERO } else { hot - tracing };
    sender.flush();
    let cpu = machine::process_cpu() - process - pacing;
    let produced = u64::from(traces) * SPANS;
    Sample {
        hot: Some(hot.as_nanos() as f64 / produced as f64),
        // Of all, not for each: how many arrived the receiver knows.
        cpu: Some(cpu.as_nanos() as f64),
        produced,
        ..Sample::default()
    }
}

/// Returns the processor time of this thread in the bursts, without what it sleeps between them.
fn paced<S: Sender>(sender: &S, traces: u32) -> Duration {
    let (start, mut tracing) = (Instant::now(), Duration::ZERO);
    for burst in 0..traces / BURST {
        let before = machine::thread_cpu();
        (0..BURST).for_each(|number| sender.trace((burst * BURST + number).into()));
        tracing += machine::thread_cpu() - before;
        let next = Duration::from_millis(u64::from(burst) + 1);
        thread::sleep(next.saturating_sub(start.elapsed()));
    }
    tracing
}
