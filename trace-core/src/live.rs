//! What is running now.

use std::io::Write;
use std::sync::Once;
use std::time::Duration;

use crate::answer::question;
use crate::processor::{self, Command};
use crate::switches;
use crate::trace::Trace;

/// How long the question may wait for the processor, which answers in some ten microseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// The spans that are open at this moment, each trace with its open spans only; they have the outcome
/// [`Open`](crate::Outcome::Open). A span whose parent has ended stands as a root.
///
/// Without [`PipelineBuilder::live`](crate::PipelineBuilder::live) a sync span is known only if it is the root of a trace or
/// has left its scope; with it every span announces itself, at the cost of a second record.
///
/// ```
/// # let _pipeline = trace_core::builder().without_environment().exporter(trace_core::MemoryExporter::new()).live().init()?;
/// let _request = trace_core::start_span("request");
/// let _query = trace_core::start_span("query");
/// let open = trace_core::open_spans();
/// assert_eq!(open[0].find("query").unwrap().parent_id(), Some(open[0].root().unwrap().span_id()));
/// # Ok::<(), trace_core::InitError>(())
/// ```
#[must_use]
pub fn open_spans() -> Vec<Trace> {
    if processor::is_here() || !switches::was_ever_on() || switches::is_forked() {
        return Vec::new();
    }
    let (question, answer) = question();
    processor::send(Command::OpenSpans { pipeline: switches::GLOBAL, question });
    answer.wait(PATIENCE).unwrap_or_default()
}

/// Writes the open spans to standard error after every panic, once the message of the panic is written.
pub(crate) fn dump_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            before(panic);
            let mut text = String::new();
            for trace in open_spans() {
                text.push_str(&format!("{trace}\n"));
            }
            if !text.is_empty() {
                // Nobody can be told that standard error is closed.
                let _ = write!(std::io::stderr().lock(), "open spans at the panic:\n{text}");
            }
        }));
    });
}
