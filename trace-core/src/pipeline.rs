//! Putting a pipeline together, starting it, flushing it and ending it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::answer::{Answer, question};
use crate::assembler::{Assembler, PartRules};
use crate::buffer::{BUDGET, DEFAULT_BUDGET_BYTES};
use crate::callsite::Callsite;
use crate::config::{EnvConfig, ExporterName};
use crate::current_span::CurrentSpan;
use crate::detail::Rules;
use crate::env::ConfigWarning;
use crate::export::console::ConsoleExporter;
use crate::exporter::{Delivery, SpanExporter};
use crate::filter::{self, Filter};
use crate::kind::SpanKind;
use crate::limits::SpanLimits;
use crate::line::{EndHook, Line, LineRules, TailSampler};
use crate::live;
use crate::processor::{self, Command, Ending};
use crate::redact::Redactor;
use crate::resource::Resource;
use crate::sampler::Sampler;
use crate::stats::Stats;
use crate::switches::{self, GLOBAL, StartHook, Switches};
use crate::tally;
use crate::trace::{SpanView, Trace};
use crate::worker::{RollCall, Worker};

/// How long spans wait for their batch unless told otherwise.
pub const DEFAULT_BATCH_DELAY: Duration = Duration::from_secs(1);
/// How many spans make a batch go at once unless told otherwise.
pub const DEFAULT_BATCH_SPANS: usize = 4096;
/// How old a trace grows before it is handed on in parts unless told otherwise.
pub const DEFAULT_MAX_TRACE_AGE: Duration = Duration::from_secs(60);
/// How many ended spans a trace holds before it is handed on in parts unless told otherwise.
pub const DEFAULT_MAX_TRACE_SPANS: usize = 100_000;
/// From which length on a poll may have held others up, unless told otherwise.
pub const DEFAULT_LONG_POLL: Duration = Duration::from_millis(10);
/// How long the guard of a pipeline waits for its exporters when it is dropped, unless told otherwise.
pub const DEFAULT_DROP_TIMEOUT: Duration = Duration::from_secs(5);

/// Starts a pipeline as the environment describes it, with the console for an exporter where it names none.
///
/// ```no_run
/// fn main() -> Result<(), trace_core::InitError> {
///     let _pipeline = trace_core::init()?;
///     trace_core::in_scope("work", || println!("working"));
///     Ok(())
/// }
/// ```
///
/// # Errors
///
/// See [`PipelineBuilder::init`].
pub fn init() -> Result<Pipeline, InitError> {
    builder().init()
}

/// Begins to describe a pipeline. What is not said here comes from the environment, then from the defaults.
///
/// ```
/// use std::time::Duration;
/// use trace_core::{ConsoleExporter, Sampler};
///
/// # fn main() -> Result<(), trace_core::InitError> {
/// let _pipeline = trace_core::builder()
///     .service_name("shop")
///     .sampler(Sampler::parent_based(Sampler::ratio(0.1)))
///     .exporter(ConsoleExporter::new().stderr())
///     .batch_delay(Duration::from_millis(200))
///     .init()?;
/// # Ok(())
/// # }
/// ```
pub fn builder() -> PipelineBuilder {
    PipelineBuilder {
        reads_environment: true,
        exporters: Vec::new(),
        sampler: None,
        tail: None,
        limits: None,
        redactor: None,
        resource: Resource::new(),
        filter: None,
        on_start: Vec::new(),
        on_end: Vec::new(),
        cancelled_is_error: false,
        times_polls: false,
        is_live: false,
        dumps_on_panic: false,
        batch_delay: None,
        batch_spans: None,
        parts: PartRules {
            max_age: DEFAULT_MAX_TRACE_AGE,
            max_spans: DEFAULT_MAX_TRACE_SPANS,
            long_poll_nanos: DEFAULT_LONG_POLL.as_nanos() as u64,
        },
        budget_bytes: DEFAULT_BUDGET_BYTES,
        drop_timeout: DEFAULT_DROP_TIMEOUT,
    }
}

/// A description of a pipeline. See [`builder`].
#[must_use = "a pipeline starts with `init`"]
pub struct PipelineBuilder {
    reads_environment: bool,
    exporters: Vec<Box<dyn SpanExporter>>,
    sampler: Option<Sampler>,
    tail: Option<Arc<TailSampler>>,
    limits: Option<SpanLimits>,
    redactor: Option<Redactor>,
    resource: Resource,
    filter: Option<Filter>,
    on_start: Vec<Arc<StartHook>>,
    on_end: Vec<Arc<EndHook>>,
    cancelled_is_error: bool,
    times_polls: bool,
    is_live: bool,
    dumps_on_panic: bool,
    batch_delay: Option<Duration>,
    batch_spans: Option<usize>,
    parts: PartRules,
    budget_bytes: usize,
    drop_timeout: Duration,
}

/// A span that is just starting, as a [hook](PipelineBuilder::on_start) sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct StartedSpan<'a> {
    /// A handle to it.
    pub span: CurrentSpan,
    /// What it is called.
    pub name: &'a str,
    /// Its role towards other processes.
    pub kind: SpanKind,
    /// Where it stands in the source.
    pub callsite: &'static Callsite,
}

impl PipelineBuilder {
    /// Reads nothing from the environment.
    pub fn without_environment(mut self) -> Self {
        self.reads_environment = false;
        self
    }

    /// Adds an exporter. With any, `OTEL_TRACES_EXPORTER` is not looked at.
    pub fn exporter(mut self, exporter: impl SpanExporter) -> Self {
        self.exporters.push(Box::new(exporter));
        self
    }

    /// Sets which traces are recorded, decided where they begin. Default: `parent_based(always_on())`.
    pub fn sampler(mut self, sampler: Sampler) -> Self {
        self.sampler = Some(sampler);
        self
    }

    /// Sets which traces are handed on, decided once of each when it is complete. All exporters then wait for whole traces.
    ///
    /// A trace that grows older than [`max_trace_age`](Self::max_trace_age) is judged by what there is of it, and what comes
    /// later follows that decision. A panic keeps the trace, and is counted.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trace_core::MemoryExporter;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let memory = MemoryExporter::new();
    /// let pipeline = trace_core::builder()
    ///     .tail_sampler(|trace| trace.duration() > Duration::from_secs(1) || trace.find("charge").is_some())
    ///     .exporter(memory.clone())
    ///     .init()?;
    /// trace_core::in_scope("quick", || ());
    /// trace_core::in_scope("quick", || trace_core::in_scope("charge", || ()));
    /// pipeline.flush(Duration::from_secs(5))?;
    /// assert_eq!((memory.len(), pipeline.stats().sampled_out), (2, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn tail_sampler(mut self, keep: impl Fn(&Trace) -> bool + Send + Sync + 'static) -> Self {
        self.tail = Some(Arc::new(keep));
        self
    }

    /// Sets how much of a span is kept.
    ///
    /// ```
    /// use trace_core::SpanLimits;
    ///
    /// let builder = trace_core::builder().limits(SpanLimits::new().attributes(32).value_length(1024));
    /// # drop(builder);
    /// ```
    pub fn limits(mut self, limits: SpanLimits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Sets what must not leave the process.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trace_core::{MemoryExporter, Redaction, Redactor};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let memory = MemoryExporter::new();
    /// let pipeline = trace_core::builder()
    ///     .redact(Redactor::new(|attribute| match attribute.key.as_str() {
    ///         "user.email" => Redaction::Replace("***".into()),
    ///         _ => Redaction::Keep,
    ///     }))
    ///     .exporter(memory.clone())
    ///     .init()?;
    /// trace_core::start_span("login").attribute("user.email", "mira@example.com").end();
    /// pipeline.flush(Duration::from_secs(5))?;
    /// assert_eq!(memory.spans()[0].attribute("user.email"), Some(&"***".into()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn redact(mut self, redactor: Redactor) -> Self {
        self.redactor = Some(redactor);
        self
    }

    /// Says what the spans have in common, beside what is known of the process and said by the environment.
    pub fn resource(mut self, resource: Resource) -> Self {
        self.resource = self.resource.merge(resource);
        self
    }

    /// Sets the name of the service: the attribute `service.name` of the resource.
    pub fn service_name(self, name: impl Into<String>) -> Self {
        self.resource(Resource::new().attribute("service.name", name.into()))
    }

    /// Sets which callsites make spans. It can be changed later with [`filter::set`].
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filter = Some(filter);
        self
    }

    /// Adds a hook that is called at the start of every span, on the thread that starts it, while nothing is locked.
    ///
    /// It costs every span its time. A span that it starts itself records nothing; a panic is caught and counted.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// static SPANS: AtomicU64 = AtomicU64::new(0);
    ///
    /// # fn main() -> Result<(), trace_core::InitError> {
    /// let _pipeline = trace_core::builder()
    ///     .on_start(|started| {
    ///         SPANS.fetch_add(1, Ordering::Relaxed);
    ///         started.span.set_attribute("file", started.callsite.file());
    ///     })
    ///     .init()?;
    /// trace_core::in_scope("work", || ());
    /// assert_eq!(SPANS.load(Ordering::Relaxed), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_start(mut self, hook: impl Fn(&StartedSpan<'_>) + Send + Sync + 'static) -> Self {
        self.on_start.push(Arc::new(move |hot, name, kind, callsite| {
            hook(&StartedSpan { span: CurrentSpan { hot }, name, kind, callsite });
        }));
        self
    }

    /// Adds a hook that is called for every span that ended, on the processor's thread, when the span is handed on.
    ///
    /// A panic is caught and counted.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (ended, names) = mpsc::channel();
    /// let pipeline = trace_core::builder()
    ///     .on_end(move |span| drop(ended.send(span.name().to_owned())))
    ///     .init()?;
    /// trace_core::in_scope("work", || ());
    /// pipeline.flush(Duration::from_secs(5))?;
    /// assert_eq!(names.recv()?, "work");
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_end(mut self, hook: impl Fn(&SpanView<'_>) + Send + Sync + 'static) -> Self {
        self.on_end.push(Arc::new(hook));
        self
    }

    /// Gives cancelled spans the status `Error`, which is `Unset` otherwise. Their outcome says `cancelled` either way.
    pub fn cancelled_is_error(mut self) -> Self {
        self.cancelled_is_error = true;
        self
    }

    /// Times every poll of the futures that run in spans: see [`SpanView::polls`]. It costs two readings of the clock and a
    /// record a poll. Above 70 % of the memory budget polls are the first to be dropped, and counted.
    pub fn time_polls(mut self) -> Self {
        self.times_polls = true;
        self
    }

    /// Makes every span announce itself when it starts, so that [`open_spans`](crate::open_spans) shows all that run. It
    /// costs every sync span a second record, and the short way.
    pub fn live(mut self) -> Self {
        self.is_live = true;
        self
    }

    /// Writes the open spans to standard error after every panic of the process.
    pub fn dump_open_spans_on_panic(mut self) -> Self {
        self.dumps_on_panic = true;
        self
    }

    /// Sets from which length on a poll may have held others up: see [`SpanView::blocked_behind`].
    /// Default: [`DEFAULT_LONG_POLL`] (10 ms).
    pub fn long_poll(mut self, threshold: Duration) -> Self {
        self.parts.long_poll_nanos = u64::try_from(threshold.as_nanos()).unwrap_or(u64::MAX);
        self
    }

    /// Sets how long an ended span may wait for its batch. Default: `OTEL_BSP_SCHEDULE_DELAY`, else
    /// [`DEFAULT_BATCH_DELAY`] (1 s).
    pub fn batch_delay(mut self, delay: Duration) -> Self {
        self.batch_delay = Some(delay);
        self
    }

    /// Sets how many ended spans make a batch go at once. Default: `OTEL_BSP_MAX_EXPORT_BATCH_SIZE`, else
    /// [`DEFAULT_BATCH_SPANS`] (4096).
    pub fn batch_spans(mut self, spans: usize) -> Self {
        self.batch_spans = Some(spans);
        self
    }

    /// Sets how old a trace may grow before what has ended of it is handed on as a part to exporters that want whole traces.
    /// Looked at once a second. Default: [`DEFAULT_MAX_TRACE_AGE`] (60 s).
    pub fn max_trace_age(mut self, age: Duration) -> Self {
        self.parts.max_age = age;
        self
    }

    /// Sets how many ended spans a trace may hold before it is handed on in parts. Looked at once a second.
    /// Default: [`DEFAULT_MAX_TRACE_SPANS`] (100,000).
    pub fn max_trace_spans(mut self, spans: usize) -> Self {
        self.parts.max_spans = spans;
        self
    }

    /// Sets how much memory the records of the whole process may use, in bytes: in threads' buffers, in traces that are put
    /// together, and in exporters' queues. Default: [`DEFAULT_BUDGET_BYTES`] (64 MiB).
    ///
    /// Above 80 % of it new attributes, events and links are dropped, above 90 % new spans; each is counted in [`Stats`].
    pub fn budget_bytes(mut self, bytes: usize) -> Self {
        self.budget_bytes = bytes;
        self
    }

    /// Sets how long dropping the guard waits for the exporters. Default: [`DEFAULT_DROP_TIMEOUT`] (5 s).
    pub fn drop_timeout(mut self, timeout: Duration) -> Self {
        self.drop_timeout = timeout;
        self
    }

    /// Starts the pipeline of this process. Keep what it returns until the end of `main`, outside of any async runtime, so
    /// that what the runtime's end cancels is still recorded.
    ///
    /// A process that `fork`s without `exec` leaves the processor behind: in the child a thread's buffer fills once, and from
    /// then on nothing is recorded; flushing has nothing to do.
    ///
    /// With `OTEL_SDK_DISABLED=true` nothing is recorded, and the guard is of no effect.
    ///
    /// ```
    /// use trace_core::InitError;
    ///
    /// # fn main() -> Result<(), InitError> {
    /// let _pipeline = trace_core::builder().init()?;
    /// assert!(matches!(trace_core::builder().init(), Err(InitError::AlreadyInitialised)));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InitError::AlreadyInitialised`] if it was called before: a process has one pipeline.
    /// [`InitError::UnknownExporter`] if the environment asks for an exporter that is not part of this crate.
    /// [`InitError::NoThread`] if the system has no thread to give.
    pub fn init(mut self) -> Result<Pipeline, InitError> {
        static INITIALISED: AtomicBool = AtomicBool::new(false);

        let env = if self.reads_environment { EnvConfig::of_process() } else { EnvConfig::read(|_| None) };
        if self.exporters.is_empty() && !env.disabled {
            self.exporters = exporters_named(&env)?;
        }
        if INITIALISED.swap(true, Ordering::AcqRel) {
            return Err(InitError::AlreadyInitialised);
        }
        let warnings = env.warnings.clone();
        let (is_on, drop_timeout) = (!env.disabled, self.drop_timeout);
        if is_on && let Err(error) = self.start(env) {
            INITIALISED.store(false, Ordering::Release);
            return Err(error);
        }
        for warning in &warnings {
            eprintln!("trace-core: {warning}");
        }
        Ok(Pipeline { is_on, drop_timeout, warnings })
    }

    fn start(self, env: EnvConfig) -> Result<(), InitError> {
        BUDGET.set_limit(self.budget_bytes);
        if self.dumps_on_panic {
            live::dump_on_panic();
        }
        if let Some(filter) = self.filter.or(env.filter) {
            filter::set(filter);
        }
        let resource = Resource::of_process().merge(env.resource).merge(self.resource);
        let rules = Rules {
            limits: self.limits.unwrap_or(env.limits),
            redactor: self.redactor,
            cancelled_is_error: self.cancelled_is_error,
        };
        let batch_spans = self.batch_spans.or(env.batch.max_export_batch_size).unwrap_or(DEFAULT_BATCH_SPANS);
        let parts = self.parts;
        let start = |exporter| Worker::start(exporter, env.batch.max_queue_size);
        let workers = self.exporters.into_iter().map(start).collect::<Result<Vec<_>, _>>();
        let workers = workers.map_err(|error| InitError::NoThread { source: Some(error) })?;
        let goes_ahead = self.tail.is_none() && workers.iter().any(|worker| worker.delivery() == Delivery::Spans);
        let max_spans = if goes_ahead { parts.max_spans.min(batch_spans) } else { parts.max_spans };
        let parts = PartRules { max_spans, ..parts };
        let assembler = Assembler::new(Arc::new(resource), rules, parts, Instant::now());
        let line_rules = LineRules {
            tail: self.tail,
            on_end: self.on_end,
            batch_delay: self.batch_delay.or(env.batch.schedule_delay).unwrap_or(DEFAULT_BATCH_DELAY),
            batch_spans,
            manual_clock: false,
        };
        let line = Line::new(GLOBAL, assembler, line_rules, workers, Arc::new(Mutex::default()), false);
        if !processor::send(Command::Begin(Box::new(line))) {
            return Err(InitError::NoThread { source: None });
        }
        switches::install(Arc::new(Switches {
            pipeline: GLOBAL,
            sampler: self.sampler.or(env.sampler).unwrap_or_default(),
            clock: None,
            ids: None,
            announce_all: self.is_live,
            times_polls: self.times_polls,
            on_start: self.on_start,
        }));
        Ok(())
    }
}

impl fmt::Debug for PipelineBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PipelineBuilder").field("exporters", &self.exporters.len()).finish_non_exhaustive()
    }
}

/// The exporters that the environment asks for; the console where it does not ask.
fn exporters_named(env: &EnvConfig) -> Result<Vec<Box<dyn SpanExporter>>, InitError> {
    let names = env.exporters.as_deref().unwrap_or(&[ExporterName::Console]);
    let exporter = |name: &ExporterName| match name {
        ExporterName::Console => Ok(Box::new(ConsoleExporter::new()) as Box<dyn SpanExporter>),
        ExporterName::Otlp => Err(InitError::UnknownExporter { name: "otlp", in_crate: "trace-otlp" }),
    };
    names.iter().map(exporter).collect()
}

/// Why a pipeline did not start. Its `Debug` form is the sentence for people as well, since that is what a `main` that returns
/// it prints.
#[non_exhaustive]
pub enum InitError {
    /// There is a pipeline, or there was one: a process has one.
    AlreadyInitialised,
    /// `OTEL_TRACES_EXPORTER` asks for an exporter of another crate.
    UnknownExporter {
        /// What it asks for.
        name: &'static str,
        /// The crate whose `init` to call instead.
        in_crate: &'static str,
    },
    /// The system has no thread to give.
    NoThread {
        /// What the system says.
        source: Option<std::io::Error>,
    },
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyInitialised => f.write_str("tracing was initialised before; a process has one pipeline"),
            Self::UnknownExporter { name, in_crate } => write!(
                f,
                "OTEL_TRACES_EXPORTER asks for {name:?}, which is not part of trace-core: initialise with the crate {in_crate}"
            ),
            Self::NoThread { .. } => f.write_str("cannot start a thread for tracing"),
        }
    }
}

impl fmt::Debug for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for InitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoThread { source: Some(source) } => Some(source),
            _ => None,
        }
    }
}

/// The running pipeline. Dropping it hands on every span that has ended, and what is open as open, and waits for the
/// exporters for the time set by [`PipelineBuilder::drop_timeout`].
///
/// What is recorded afterwards is still handed on, and a span that was open is handed on again when it ends, but nobody
/// waits for it: it arrives if the process lives long enough. After [`shutdown`](Self::shutdown) nothing is recorded.
///
/// ```
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     let pipeline = trace_core::init()?;
///     // Here an async runtime would be built and dropped: what it cancels at its end is recorded.
///     trace_core::in_scope("work", || println!("working"));
///     drop(pipeline); // as the end of `main` does
///     Ok(())
/// }
/// ```
#[derive(Debug)]
#[must_use = "dropping it flushes: keep it until the end of main"]
pub struct Pipeline {
    is_on: bool,
    drop_timeout: Duration,
    warnings: Vec<ConfigWarning>,
}

impl Pipeline {
    /// What was wrong in the environment, and what was used instead. Each was printed to standard error as well.
    #[must_use]
    pub fn warnings(&self) -> &[ConfigWarning] {
        &self.warnings
    }

    /// [`stats`], by method.
    #[must_use]
    pub fn stats(&self) -> Stats {
        stats()
    }

    /// [`flush`], by method.
    ///
    /// # Errors
    ///
    /// See [`flush`].
    pub fn flush(&self, timeout: Duration) -> Result<(), FlushError> {
        flush(timeout)
    }

    /// [`flush_async`], by method.
    ///
    /// # Errors
    ///
    /// See [`flush`].
    pub async fn flush_async(&self, timeout: Duration) -> Result<(), FlushError> {
        flush_async(timeout).await
    }

    /// Ends the pipeline: traces that begin from now on are not recorded, everything that has ended is handed on, with what
    /// is open as open, and the exporters are shut down.
    ///
    /// # Errors
    ///
    /// See [`flush`].
    pub fn shutdown(mut self, timeout: Duration) -> Result<(), FlushError> {
        self.end().map_or(Ok(()), |()| wait(ask(true, Ending::ShutDown, timeout), timeout))
    }

    /// [`shutdown`](Self::shutdown) for a task: it waits without blocking the thread.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pipeline = trace_core::init()?;
    /// # futures::executor::block_on(async {
    /// trace_core::in_scope("work", || ());
    /// pipeline.shutdown_async(Duration::from_secs(5)).await?;
    /// assert!(!trace_core::start_span("afterwards").is_recording());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// See [`flush`].
    pub async fn shutdown_async(mut self, timeout: Duration) -> Result<(), FlushError> {
        match self.end() {
            Some(()) => wait_async(ask(true, Ending::ShutDown, timeout)).await,
            None => Ok(()),
        }
    }

    /// Switches recording off; `None` if it was off.
    fn end(&mut self) -> Option<()> {
        std::mem::replace(&mut self.is_on, false).then(|| switches::remove(GLOBAL))
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        if !self.is_on {
            return;
        }
        if let Err(error) = wait(ask(true, Ending::GoOn, self.drop_timeout), self.drop_timeout) {
            eprintln!("trace-core: {error}");
        }
    }
}

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
    stats.bytes_in_use = BUDGET.used() as u64;
    stats
}

/// How long a question that needs no exporter may wait for the processor, which answers in some ten microseconds.
const PATIENCE: Duration = Duration::from_secs(5);

type Asked = Result<Option<Answer<RollCall>>, FlushError>;

fn ask(with_open: bool, ending: Ending, timeout: Duration) -> Asked {
    if processor::is_here() {
        return Err(FlushError::FromWithin);
    }
    if !switches::was_ever_on() || switches::is_forked() {
        return Ok(None);
    }
    let now = Instant::now();
    // A time that no clock reaches is a day, again and again.
    let deadline = now.checked_add(timeout).unwrap_or(now + Duration::from_secs(86_400));
    let (question, answer) = question();
    let asked = processor::send(Command::Flush { pipeline: GLOBAL, with_open, ending, deadline, question });
    Ok(asked.then_some(answer))
}

fn wait(asked: Asked, timeout: Duration) -> Result<(), FlushError> {
    // The processor answers at the deadline whatever the exporters do; the rest is for a machine that is very busy.
    let patience = timeout.saturating_add(Duration::from_secs(1));
    asked?.map_or(Ok(()), |answer| judge(answer.wait(patience)))
}

async fn wait_async(asked: Asked) -> Result<(), FlushError> {
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
