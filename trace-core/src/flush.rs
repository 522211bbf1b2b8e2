//! Waiting until what was recorded has arrived, and the books of it.

use std::fmt;
use std::time::{Duration, Instant};

use crate::answer::{Answer, question};
use crate::budget::BUDGET;
use crate::processor::{self, Command, Ending};
use crate::roll::RollCall;
use crate::stats::Stats;
use crate::switches::{self, GLOBAL};
use crate::tally;
use crate::unannounced;

/// Hands on every span that ended before this call, also of traces that go on, and waits until every exporter has sent it on.
///
/// Safe everywhere: in a destructor, on a current-thread runtime, several times, without a pipeline (then there is nothing
/// to do). In async code prefer [`flush_async`], which does not block the thread.
///
/// ```
/// use std::time::Duration;
///
/// trace_core::flush(Duration::from_secs(5))?; // nothing was initialised: there is nothing to do
/// # Ok::<(), trace_core::FlushError>(())
/// ```
///
/// # Errors
///
/// [`FlushError::Timeout`] names the exporters that were not done in time; they go on.
/// [`FlushError::Failed`] names the exporters that lost spans since the last flush, and why.
/// [`FlushError::FromWithin`] where waiting would never end: in a hook, a redaction or a tail sampler.
pub fn flush(timeout: Duration) -> Result<(), FlushError> {
    wait(ask(false, Ending::GoOn, timeout), timeout)
}

/// [`flush`] for a task: it waits without blocking the thread, with any executor.
///
/// ```
/// use std::time::Duration;
/// use trace_core::MemoryExporter;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let memory = MemoryExporter::new();
/// let _pipeline = trace_core::builder().exporter(memory.clone()).init()?;
/// # futures::executor::block_on(async {
/// trace_core::in_scope("work", || ());
/// trace_core::flush_async(Duration::from_secs(5)).await?;
/// assert_eq!(memory.len(), 1);
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Errors
///
/// See [`flush`].
pub async fn flush_async(timeout: Duration) -> Result<(), FlushError> {
    wait_async(ask(false, Ending::GoOn, timeout)).await
}

/// The books of the pipeline: what became of every span.
///
/// Taken between two passes of the processor, so that they balance. It takes some ten microseconds.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let pipeline = trace_core::init()?;
/// trace_core::in_scope("work", || ());
/// pipeline.flush(std::time::Duration::from_secs(5))?;
///
/// let stats = trace_core::stats();
/// let console = &stats.exporters[0];
/// assert_eq!((stats.closed, console.exported, console.dropped), (1, 1, 0));
/// assert!(console.is_balanced(&stats));
/// # Ok(())
/// # }
/// ```
#[must_use]
pub fn stats() -> Stats {
    let (question, answer) = question();
    let can_ask = !processor::is_here() && switches::was_ever_on() && !switches::is_forked();
    let asked = can_ask && processor::send(Command::Stats { pipeline: GLOBAL, question });
    let stats = if asked { answer.wait(PATIENCE) } else { None };
    with_process_wide(stats.unwrap_or_default())
}

/// Adds what is counted for the whole process.
pub(crate) fn with_process_wide(mut stats: Stats) -> Stats {
    stats.dropped_over_budget = tally::SPANS_OVER_BUDGET.get();
    stats.not_started_over_budget = tally::SPANS_NOT_STARTED.get();
    stats.details_over_budget = tally::DETAILS_OVER_BUDGET.get();
    stats.polls_over_budget = tally::POLLS_OVER_BUDGET.get();
    stats.reentrant = tally::REENTRANT.get();
    stats.user_panics += tally::USER_PANICS.get();
    stats.broken_headers = tally::BROKEN_HEADERS.get();
    stats.bytes_in_use = BUDGET.used() as u64;
    stats
}

/// How long a question that needs no exporter may wait for the processor, which answers in some ten microseconds.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) type Asked = Result<Option<Answer<RollCall>>, FlushError>;

pub(crate) fn ask(with_open: bool, ending: Ending, timeout: Duration) -> Asked {
    if processor::is_here() {
        return Err(FlushError::FromWithin);
    }
    if !switches::was_ever_on() || switches::is_forked() {
        return Ok(None);
    }
    unannounced::make_up();
    let now = Instant::now();
    // A time that no clock reaches is a day, again and again.
    let deadline = now.checked_add(timeout).unwrap_or(now + Duration::from_secs(86_400));
    let (question, answer) = question();
    let asked = processor::send(Command::Flush { pipeline: GLOBAL, with_open, ending, deadline, question });
    Ok(asked.then_some(answer))
}

pub(crate) fn wait(asked: Asked, timeout: Duration) -> Result<(), FlushError> {
    // The processor answers at the deadline whatever the exporters do; the rest is for a machine that is very busy.
    let patience = timeout.saturating_add(Duration::from_secs(1));
    asked?.map_or(Ok(()), |answer| judge(answer.wait(patience)))
}

pub(crate) async fn wait_async(asked: Asked) -> Result<(), FlushError> {
    match asked? {
        Some(answer) => judge(answer.await),
        None => Ok(()),
    }
}

fn judge(call: Option<RollCall>) -> Result<(), FlushError> {
    match call {
        None => Err(FlushError::Timeout { exporters: Vec::new() }),
        Some(call) if !call.missing.is_empty() => Err(FlushError::Timeout { exporters: call.missing }),
        Some(call) if !call.failures.is_empty() => Err(FlushError::Failed { exporters: call.failures }),
        Some(_) => Ok(()),
    }
}

/// Why not every span arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FlushError {
    /// These exporters were not done in time. They go on with it.
    Timeout {
        /// Their names; none if it was the processor itself that had no time.
        exporters: Vec<String>,
    },
    /// These exporters lost spans since the last flush.
    Failed {
        /// Their names, each with its first error.
        exporters: Vec<(String, String)>,
    },
    /// It was called from the processor's own thread, which cannot wait for itself.
    FromWithin,
}

impl fmt::Display for FlushError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout { exporters } if exporters.is_empty() => f.write_str("spans were not handed on in time"),
            Self::Timeout { exporters } => write!(f, "exporters were not done in time: {}", exporters.join(", ")),
            Self::Failed { exporters } => {
                f.write_str("spans were lost: ")?;
                let texts: Vec<_> = exporters.iter().map(|(name, error)| format!("{name}: {error}")).collect();
                f.write_str(&texts.join("; "))
            }
            Self::FromWithin => f.write_str("a flush from within the processor would wait for itself"),
        }
    }
}

impl std::error::Error for FlushError {}
