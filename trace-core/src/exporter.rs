//! The contract of exporters.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::encoder::{EncodedBatch, SpanEncoder};
use crate::env::ConfigWarning;
use crate::resource::Resource;
use crate::trace::{SpanView, Trace};

/// Takes finished spans somewhere else: to a back end, a file, a screen.
///
/// - **Who calls, and from where.** Each exporter of a pipeline has a thread of its own and is called from nowhere else, one
///   call at a time, in the order in which things ended. It may block, and it may start an async runtime of its own. Its
///   own tracing is suppressed: a span started inside a call records nothing.
/// - **How long a call may take.** As long as it likes: meanwhile batches wait in a bounded queue, and what does not fit is
///   dropped and counted. [`Pipeline::flush`](crate::Pipeline::flush) and
///   [`shutdown`](crate::Pipeline::shutdown) return in their own time whatever an exporter does.
/// - **Who retries.** The exporter. A batch is handed over once; an error counts all its spans as dropped.
/// - **A panic** is caught and counted as a failed export; the exporter is called again with the next batch.
/// - **After [`shutdown`](Self::shutdown)** nothing is called any more, and the exporter is dropped.
///
/// ```
/// use trace_core::{Batch, ExportError, SpanExporter, capture, in_scope};
///
/// /// Counts spans.
/// struct Counter(usize);
///
/// impl SpanExporter for Counter {
///     fn name(&self) -> &str {
///         "counter"
///     }
///
///     fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
///         self.0 += batch.len();
///         Ok(())
///     }
/// }
///
/// // As a pipeline would call it.
/// let captured = capture(|| in_scope("outer", || in_scope("inner", || ())));
/// let mut counter = Counter(0);
/// counter.export(&Batch::new(captured.traces))?;
/// assert_eq!(counter.0, 2);
/// # Ok::<(), ExportError>(())
/// ```
pub trait SpanExporter: Send + 'static {
    /// A short name for statistics and error messages, such as `"console"`.
    fn name(&self) -> &str {
        std::any::type_name::<Self>()
    }

    /// Whether it wants spans early or traces whole. Asked once, before the first call.
    fn delivery(&self) -> Delivery {
        Delivery::Spans
    }

    /// What is wrong in the variables that it read, and what it uses instead. Asked once, before the first call; the pipeline
    /// prints it, and it stands in [`Pipeline::warnings`](crate::Pipeline::warnings).
    fn warnings(&self) -> &[ConfigWarning] {
        &[]
    }

    /// Takes one batch, which is never empty.
    ///
    /// # Errors
    ///
    /// When the spans did not arrive. All spans of the batch then count as dropped, unless the error says how many.
    fn export(&mut self, batch: &Batch) -> Result<(), ExportError>;

    /// What encodes spans for it ahead of their export. Asked once, before the first call, of exporters of
    /// [`Delivery::Spans`].
    fn encoder(&mut self) -> Option<Box<dyn SpanEncoder>> {
        None
    }

    /// Takes one batch that its [encoder](Self::encoder) has made.
    ///
    /// # Errors
    ///
    /// As [`export`](Self::export).
    fn export_encoded(&mut self, batch: EncodedBatch) -> Result<(), ExportError> {
        Err(ExportError::new(format!("{} has no use for {} spans that are encoded", self.name(), batch.len())))
    }

    /// Sends on what the exporter itself still holds back, within about `timeout`.
    ///
    /// # Errors
    ///
    /// When something is held back still.
    fn flush(&mut self, timeout: Duration) -> Result<(), ExportError> {
        let _ = timeout;
        Ok(())
    }

    /// Flushes and lets go of connections and files, within about `timeout`. The last call.
    ///
    /// # Errors
    ///
    /// When something could not be sent any more.
    fn shutdown(&mut self, timeout: Duration) -> Result<(), ExportError> {
        self.flush(timeout)
    }
}

/// When an exporter is handed a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// Soon after the span ended, in batches, long before a long root ends. Each [`Trace`] of a [`Batch`] holds what ended
    /// of it since the last batch.
    #[default]
    Spans,
    /// When its trace is complete; or a part of it that says so, if the trace grows too old or too large.
    Traces,
    /// Twice: when it began, with the outcome [`Open`](crate::Outcome::Open), and when it ended; both within a tenth of a second.
    /// Each [`Trace`] of a [`Batch`] holds one span, with its name, status and outcome, and without attributes, events, links and
    /// polls, which come later. They stand in order of time as far as their threads have told.
    ///
    /// Spans that a tail sampler leaves out later are among them. A pipeline with such an exporter is
    /// [live](crate::PipelineBuilder::live).
    Live,
}

/// Finished spans on their way to an exporter, grouped by trace.
#[derive(Debug, Default)]
pub struct Batch {
    traces: Vec<Trace>,
    spans: usize,
}

impl Batch {
    /// A batch of these traces, as a test of an exporter needs it.
    #[must_use]
    pub fn new(traces: Vec<Trace>) -> Self {
        let spans = traces.iter().map(Trace::len).sum();
        Self { traces, spans }
    }

    pub(crate) fn into_traces(self) -> Vec<Trace> {
        self.traces
    }

    /// The traces, or what the batch has of them.
    #[must_use]
    pub fn traces(&self) -> &[Trace] {
        &self.traces
    }

    /// All spans of all its traces.
    pub fn spans(&self) -> impl Iterator<Item = SpanView<'_>> {
        self.traces.iter().flat_map(Trace::spans)
    }

    /// How many spans it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.spans
    }

    /// Whether it has no span; an exporter never sees such a batch.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.spans == 0
    }

    /// What the spans have in common; `None` for a batch without traces.
    #[must_use]
    pub fn resource(&self) -> Option<&Resource> {
        self.traces.first().map(Trace::resource)
    }
}

/// Why spans did not arrive.
///
/// ```
/// use trace_core::ExportError;
///
/// let error = ExportError::new("the server took only some of it").dropped_spans(3).caused_by("status 206");
/// assert_eq!(error.to_string(), "the server took only some of it");
/// ```
#[derive(Debug)]
pub struct ExportError {
    message: String,
    dropped: Option<usize>,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl ExportError {
    /// A failure in words: lower case, without a full stop.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), dropped: None, source: None }
    }

    /// Sets what caused it.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Sets how many of the batch's spans were lost, where it is not all of them.
    #[must_use]
    pub const fn dropped_spans(mut self, dropped: usize) -> Self {
        self.dropped = Some(dropped);
        self
    }

    /// How many of a batch's spans were lost.
    pub(crate) fn lost_of(&self, batch: usize) -> usize {
        self.dropped.unwrap_or(batch).min(batch)
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for ExportError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

impl From<std::io::Error> for ExportError {
    fn from(error: std::io::Error) -> Self {
        Self::new("cannot write the spans").caused_by(error)
    }
}
