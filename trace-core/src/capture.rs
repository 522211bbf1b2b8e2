//! Run something and get its trace, apart from everything else that runs.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::answer::{Answer, question};
use crate::assembler::{Assembler, PartRules};
use crate::context::{self, Carry};
use crate::current_span::current_span;
use crate::findings::Detectors;
use crate::flush::with_process_wide;
use crate::future::in_context;
use crate::hot::Hot;
use crate::limits::SpanLimits;
use crate::line::{Line, LineRules};
use crate::long_polls::DEFAULT_LONG_POLL;
use crate::manual_clock::ManualClock;
use crate::portrait::Rules;
use crate::processor::{self, Collected, Command};
use crate::redact::Redactor;
use crate::resource::Resource;
use crate::sampler::Sampler;
use crate::stats::Stats;
use crate::switches::{self, CountedIds, Switches};
use crate::trace::{SpanView, Trace};

/// How long a capture waits for the processor, which answers in some ten microseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs `body` and returns what it returns with the traces that began inside of it.
///
/// The context inside belongs to the capture: spans of other threads and tests never mix with its own, and it follows
/// everything that carries a context on (`spawn`, `in_current_span`, wrapped closures). It needs no `init` and is not in the
/// way of one.
///
/// ```
/// let captured = trace_core::capture(|| {
///     trace_core::in_scope("outer", || trace_core::in_scope("inner", || 6 * 7))
/// });
/// assert_eq!(captured.value, 42);
/// let trace = captured.trace()?;
/// assert_eq!(trace.root().unwrap().name(), "outer");
/// assert_eq!(trace.find("inner").unwrap().parent_id(), Some(trace.root().unwrap().span_id()));
/// # Ok::<(), trace_core::CaptureError>(())
/// ```
pub fn capture<T>(body: impl FnOnce() -> T) -> Captured<T> {
    Capture::new().run(body)
}

/// [`capture`] for a future.
///
/// What starts a span when it is called, as an async function with `#[traced]` does, must be called inside:
/// [`capture_async_fn(fetch)`](capture_async_fn) or `capture_async(async { fetch().await })`, not `capture_async(fetch())`.
///
/// ```
/// use trace_core::{FutureExt, Span, capture_async};
///
/// # futures::executor::block_on(async {
/// let captured = capture_async(async { async { 7 }.in_span(Span::new("compute")).await }).await;
/// assert_eq!(captured.trace().unwrap().len(), 1);
/// # });
/// ```
pub async fn capture_async<F: Future>(body: F) -> Captured<F::Output> {
    Capture::new().run_async(body).await
}

/// [`capture`] for an async function or closure, which is called inside.
///
/// ```
/// use trace_core::{assert_tree, capture_async_fn, traced};
///
/// #[traced]
/// async fn fetch(path: &str) -> usize {
///     path.len()
/// }
///
/// # futures::executor::block_on(async {
/// let captured = capture_async_fn(async || fetch("/users").await + fetch("/").await).await;
/// assert_eq!((captured.value, captured.traces.len()), (7, 2));
///
/// let captured = capture_async_fn(|| fetch("/")).await;
/// assert_tree!(captured.trace()?, "fetch");
/// # Ok::<(), trace_core::CaptureError>(())
/// # }).unwrap();
/// ```
pub async fn capture_async_fn<T>(body: impl AsyncFnOnce() -> T) -> Captured<T> {
    Capture::new().run_async_fn(body).await
}

/// What has finished so far of the trace we are in; `None` where there is no trace that is recorded.
///
/// Asks the processor and waits for it, some ten microseconds. With exporters that take spans early, what they have taken is
/// gone. [`capture`] gives all of a trace.
///
/// ```
/// use trace_core::{capture, current_trace, in_scope};
///
/// let captured = capture(|| {
///     in_scope("request", || {
///         in_scope("query", || ());
///         current_trace().map(|so_far| so_far.shape().to_string())
///     })
/// });
/// assert_eq!(captured.value.as_deref(), Some("query"));
/// ```
#[must_use]
pub fn current_trace() -> Option<Trace> {
    let hot = context::current();
    let trace = current_span().trace_id().filter(|_| hot.is_recording())?;
    if processor::is_here() {
        return None;
    }
    let (question, answer) = question();
    processor::send(Command::Snapshot { pipeline: hot.pipeline(), trace, question });
    answer.wait(PATIENCE).flatten()
}

/// How to capture: with a clock, ids, rules of its own.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
/// use trace_core::{Capture, ManualClock, in_scope};
///
/// let clock = ManualClock::new(UNIX_EPOCH);
/// let captured = Capture::new()
///     .manual_clock(clock.clone())
///     .counted_ids()
///     .run(|| in_scope("step", || clock.advance(Duration::from_millis(5))));
/// let trace = captured.trace()?;
/// let span = trace.root().unwrap();
/// assert_eq!(span.duration(), Some(Duration::from_millis(5)));
/// assert_eq!(span.span_id().to_u64(), 1);
/// # Ok::<(), trace_core::CaptureError>(())
/// ```
#[derive(Debug, Default)]
#[must_use = "a capture begins with `run`, `run_async` or `run_async_fn`"]
pub struct Capture {
    clock: Option<ManualClock>,
    ids: Option<CountedIds>,
    sampler: Sampler,
    rules: Rules,
    resource: Resource,
    times_polls: bool,
    times_wakes: bool,
    long_poll_nanos: u64,
    detectors: Detectors,
    patience: Option<Duration>,
}

impl Capture {
    /// A capture with the usual clock and ids, that records everything.
    pub fn new() -> Self {
        let long_poll_nanos = DEFAULT_LONG_POLL.as_nanos() as u64;
        Self { sampler: Sampler::always_on(), long_poll_nanos, ..Self::default() }
    }

    /// Takes all times from this clock.
    pub fn manual_clock(mut self, clock: ManualClock) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Counts ids from one, traces and spans apart, in the order in which they start.
    pub fn counted_ids(mut self) -> Self {
        self.ids = Some(CountedIds::default());
        self
    }

    /// Sets which traces are recorded. Default: all.
    pub fn sampler(mut self, sampler: Sampler) -> Self {
        self.sampler = sampler;
        self
    }

    /// Sets how much of a span is kept.
    pub fn limits(mut self, limits: SpanLimits) -> Self {
        self.rules.limits = limits;
        self
    }

    /// Sets what is taken out of the spans.
    pub fn redact(mut self, redactor: Redactor) -> Self {
        self.rules.redactor = Some(redactor);
        self
    }

    /// Gives cancelled spans the status `Error`.
    pub fn cancelled_is_error(mut self) -> Self {
        self.rules.cancelled_is_error = true;
        self
    }

    /// Times every poll of the futures that run in spans: see [`SpanView::polls`].
    pub fn time_polls(mut self) -> Self {
        self.times_polls = true;
        self
    }

    /// Times wake-ups as well as polls: see [`PipelineBuilder::time_wakes`](crate::PipelineBuilder::time_wakes).
    pub fn time_wakes(mut self) -> Self {
        (self.times_polls, self.times_wakes) = (true, true);
        self
    }

    /// Sets from which length on a poll may have held others up. Default: [`DEFAULT_LONG_POLL`] (10 ms).
    pub fn long_poll(mut self, threshold: Duration) -> Self {
        self.long_poll_nanos = u64::try_from(threshold.as_nanos()).unwrap_or(u64::MAX);
        self
    }

    /// Looks for lost contexts, as [`PipelineBuilder::detect_lost_contexts`](crate::PipelineBuilder::detect_lost_contexts) does;
    /// see [`Captured::stats`].
    pub fn detect_lost_contexts(mut self) -> Self {
        self.detectors.lost_contexts = true;
        self
    }

    /// Looks for guards that are open when a poll returns, as
    /// [`PipelineBuilder::detect_open_guards`](crate::PipelineBuilder::detect_open_guards) does; see [`Captured::stats`].
    ///
    /// ```
    /// use trace_core::{Capture, FutureExt, Mistake, Span, start_span};
    ///
    /// let captured = Capture::new().detect_open_guards().run(|| {
    ///     let wrong = async {
    ///         let _guard = start_span("held");
    ///         // Anything that is not ready at once.
    ///         let mut is_ready = false;
    ///         std::future::poll_fn(|cx| {
    ///             cx.waker().wake_by_ref();
    ///             if std::mem::replace(&mut is_ready, true) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    ///         })
    ///         .await;
    ///     };
    ///     futures::executor::block_on(wrong.in_span(Span::new("task")))
    /// });
    /// let [finding] = &captured.stats.findings[..] else { panic!("one mistake") };
    /// assert_eq!((finding.mistake, finding.callsite.name()), (Mistake::OpenGuard, "held"));
    /// ```
    pub fn detect_open_guards(mut self) -> Self {
        self.detectors.open_guards = true;
        self
    }

    /// Says what the spans have in common.
    pub fn resource(mut self, resource: Resource) -> Self {
        self.resource = resource;
        self
    }

    /// Waits so long for spans and contexts that still run elsewhere when the body is done. Default: not at all.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trace_core::{Capture, Handoff, in_scope, start_span};
    ///
    /// let captured = Capture::new().wait_for_stragglers(Duration::from_secs(10)).run(|| {
    ///     // Nobody joins the thread.
    ///     in_scope("request", || Handoff::child().thread(|| drop(start_span("late"))));
    /// });
    /// assert!(captured.trace()?.find("late").is_some());
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    pub fn wait_for_stragglers(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Runs `body` in the capture. If it panics, the capture ends and the panic goes on.
    pub fn run<T>(self, body: impl FnOnce() -> T) -> Captured<T> {
        let patience = self.patience;
        let session = Session::begin(self);
        let value = context::with(Hot::none_in(session.number), body);
        let collected = session.collect(patience).wait(PATIENCE.saturating_add(patience.unwrap_or_default()));
        session.end(&collected);
        Captured::new(value, collected)
    }

    /// Runs a future in the capture.
    pub async fn run_async<F: Future>(self, body: F) -> Captured<F::Output> {
        let patience = self.patience;
        let session = Session::begin(self);
        let value = in_context(Carry::bare(Hot::none_in(session.number)), body).await;
        let collected = session.collect(patience).await;
        session.end(&collected);
        Captured::new(value, collected)
    }

    /// Calls an async function or closure in the capture, and runs what it returns there.
    pub async fn run_async_fn<T>(self, body: impl AsyncFnOnce() -> T) -> Captured<T> {
        self.run_async(async move { body().await }).await
    }
}

/// A capture that is under way; ends when it is dropped.
struct Session {
    number: u32,
    is_collected: bool,
}

impl Session {
    fn begin(capture: Capture) -> Self {
        static NUMBERS: AtomicU32 = AtomicU32::new(switches::GLOBAL + 1);

        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let parts =
            PartRules { max_age: Duration::MAX, max_spans: usize::MAX, long_poll_nanos: capture.long_poll_nanos };
        let assembler = Assembler::new(Arc::new(capture.resource), capture.rules, parts, Instant::now());
        let rules = LineRules {
            tail: None,
            on_end: Vec::new(),
            detectors: capture.detectors,
            batch_delay: Duration::ZERO,
            batch_spans: 0,
            manual_clock: capture.clock.is_some(),
        };
        let line = Line::new(number, assembler, rules, Vec::new(), Arc::new(Mutex::default()), true);
        processor::send(Command::Begin(Box::new(line)));
        switches::install(Arc::new(Switches {
            pipeline: number,
            sampler: capture.sampler,
            clock: capture.clock,
            ids: capture.ids,
            announce_all: false,
            times_polls: capture.times_polls,
            times_wakes: capture.times_wakes,
            detects_open_guards: capture.detectors.open_guards,
            on_start: Vec::new(),
        }));
        Self { number, is_collected: false }
    }

    /// Asks for everything. The session goes on until the answer is there, for those that the capture waits for.
    fn collect(&self, patience: Option<Duration>) -> Answer<Collected> {
        let (question, answer) = question();
        let deadline = patience.and_then(|patience| Instant::now().checked_add(patience));
        processor::send(Command::Collect { pipeline: self.number, deadline, question });
        answer
    }

    fn end(mut self, collected: &Option<Collected>) {
        self.is_collected = collected.is_some();
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        switches::remove(self.number);
        if self.is_collected {
            return;
        }
        // The body panicked, or nobody waits any more: what was caught goes with it.
        let (question, _) = question();
        processor::send(Command::Collect { pipeline: self.number, deadline: None, question });
    }
}

/// What a capture has caught.
///
/// ```
/// use trace_core::{Span, capture};
///
/// let captured = capture(|| {
///     drop(Span::root("ended"));
///     Span::root("still running")
/// });
/// assert_eq!(captured.spans().count(), 2);
/// assert_eq!(captured.open().map(|span| span.name().to_owned()).collect::<Vec<_>>(), ["still running"]);
/// let error = captured.trace().unwrap_err();
/// assert!(error.to_string().starts_with("expected one trace, captured 2 with the roots "));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Captured<T> {
    /// What the body returned.
    pub value: T,
    /// The traces that began inside, in the order in which they were complete. Spans that run still are in them as open.
    pub traces: Vec<Trace>,
    /// The books of the capture.
    pub stats: Stats,
}

impl<T> Captured<T> {
    fn new(value: T, collected: Option<Collected>) -> Self {
        let (traces, stats) = collected.map(|collected| (collected.traces, collected.stats)).unwrap_or_default();
        Self { value, traces, stats: with_process_wide(stats) }
    }

    /// The trace, if there is exactly one.
    ///
    /// # Errors
    ///
    /// If there is none, or there are several; the error names their roots.
    pub fn trace(&self) -> Result<&Trace, CaptureError> {
        match &*self.traces {
            [trace] => Ok(trace),
            traces => {
                let roots = traces.iter().map(|trace| trace.root().map_or("", |root| root.name()).to_owned());
                Err(CaptureError { roots: roots.collect() })
            }
        }
    }

    /// All spans of all traces.
    pub fn spans(&self) -> impl Iterator<Item = SpanView<'_>> {
        self.traces.iter().flat_map(Trace::spans)
    }

    /// The spans that had not ended.
    pub fn open(&self) -> impl Iterator<Item = SpanView<'_>> {
        self.spans().filter(|span| span.end_unix_nanos().is_none())
    }
}

/// A capture did not catch exactly one trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureError {
    roots: Vec<String>,
}

impl std::fmt::Display for CaptureError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &*self.roots {
            [] => f.write_str("expected one trace, captured none"),
            roots => write!(f, "expected one trace, captured {} with the roots {}", roots.len(), roots.join(", ")),
        }
    }
}

impl std::error::Error for CaptureError {}
