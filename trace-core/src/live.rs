//! What is running now.

use std::io::{self, Write};
use std::sync::Once;
use std::time::Duration;

use crate::answer::question;
use crate::clock;
use crate::open_view::UnderWay;
use crate::poll_slots;
use crate::processor::{self, Command};
use crate::switches;
use crate::trace::Trace;
use crate::unannounced;

/// How long the question may wait for the processor, which answers in some ten microseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// The spans that are open at this moment, each trace with its open spans only; they have the outcome
/// [`Open`](crate::Outcome::Open). A span whose parent has ended stands as a root.
///
/// Without [`PipelineBuilder::live`](crate::PipelineBuilder::live) a sync span is known only if it is the root of a trace or
/// has left its scope, and the span of a traced call only when its first poll has returned; with it every span announces
/// itself, at the cost of a second record.
///
/// Each has its [`age`](crate::SpanView::age), and what it [waits on](crate::SpanView::waits_on). With
/// [`time_polls`](crate::PipelineBuilder::time_polls) there are also its polls so far, and with `live` as well the poll that
/// [is under way](crate::Polls::under_way), of which no record tells yet. A [`Trace`] prints itself as a tree that says all this.
///
/// ```
/// # let _pipeline = trace_core::builder().without_environment().exporter(trace_core::MemoryExporter::new()).live().init()?;
/// let _request = trace_core::start_span("request");
/// let _query = trace_core::start_span("query");
/// let open = trace_core::open_spans();
/// let request = open[0].root().unwrap();
/// assert_eq!(open[0].find("query").unwrap().parent_id(), Some(request.span_id()));
/// assert_eq!(request.waits_on().unwrap().name(), "query");
/// assert!(request.age().is_some());
/// # Ok::<(), trace_core::InitError>(())
/// ```
#[must_use]
pub fn open_spans() -> Vec<Trace> {
    if processor::is_here() || !switches::was_ever_on() || switches::is_forked() {
        return Vec::new();
    }
    unannounced::make_up();
    // Before the question: a poll that has ended since is told of by its record, or not at all, but not by both.
    let under_way = polls_under_way();
    let (question, answer) = question();
    processor::send(Command::OpenSpans { pipeline: switches::GLOBAL, question });
    let mut traces = answer.wait(PATIENCE).unwrap_or_default();
    let now = clock::now();
    for trace in &mut traces {
        trace.look_at(now, &under_way);
    }
    traces
}

/// Writes the open spans as trees, for a person to read: on demand, as after a signal.
///
/// ```
/// # let _pipeline = trace_core::builder().without_environment().exporter(trace_core::MemoryExporter::new()).live().init()?;
/// let _request = trace_core::start_span("request");
/// let mut text = Vec::new();
/// trace_core::write_open_spans(&mut text)?;
/// assert!(String::from_utf8(text)?.contains("request"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// Those of the writer.
pub fn write_open_spans(mut out: impl Write) -> io::Result<()> {
    open_spans().iter().try_for_each(|trace| writeln!(out, "{trace}"))
}

/// What all threads poll.
fn polls_under_way() -> Vec<UnderWay> {
    let mut found = Vec::new();
    for slot in poll_slots::all() {
        let inside = slot.look().map(|sight| sight.inside).unwrap_or_default();
        found.extend(inside.iter().map(|polling| UnderWay {
            trace: polling.trace,
            span: polling.span,
            start: polling.start,
            thread: slot.thread(),
        }));
    }
    found
}

/// Writes the open spans to standard error after every panic, once the message of the panic is written.
pub(crate) fn dump_on_panic() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            before(panic);
            let mut text = Vec::new();
            // A vector takes everything, and nobody can be told that standard error is closed.
            let _ = write_open_spans(&mut text);
            if !text.is_empty() {
                let mut errors = io::stderr().lock();
                let _ = errors.write_all(b"open spans at the panic:\n").and_then(|()| errors.write_all(&text));
            }
        }));
    });
}
