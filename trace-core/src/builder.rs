//! Putting a pipeline together and starting it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::assembler::{Assembler, PartRules};
use crate::budget::{BUDGET, DEFAULT_BUDGET_BYTES};
use crate::callsite::Callsite;
use crate::config::{EnvConfig, ExporterName};
use crate::current_span::CurrentSpan;
use crate::env::ConfigWarning;
use crate::export::console::ConsoleExporter;
use crate::exporter::{Delivery, SpanExporter};
use crate::filter::{self, Filter};
use crate::findings::Detectors;
use crate::init_error::InitError;
use crate::kind::{Level, SpanKind};
use crate::limits::SpanLimits;
use crate::line::{EndHook, Line, LineRules, TailSampler};
use crate::live;
use crate::long_polls::DEFAULT_LONG_POLL;
use crate::pipeline::Pipeline;
use crate::poll_slots;
use crate::portrait::Rules;
use crate::processor::{self, Command};
use crate::propagation::global;
use crate::propagation::propagator::Propagator;
use crate::redact::Redactor;
use crate::resource::Resource;
use crate::sampler::Sampler;
use crate::switches::{self, GLOBAL, StartHook, Switches};
use crate::trace::{SpanView, Trace};
use crate::watchdog::{SlowPoll, SlowPollHook, Watchdog};
use crate::worker::Worker;

/// How long spans wait for their batch unless told otherwise.
pub const DEFAULT_BATCH_DELAY: Duration = Duration::from_secs(1);
/// How many spans make a batch go at once unless told otherwise.
pub const DEFAULT_BATCH_SPANS: usize = 4096;
/// How old a trace grows before it is handed on in parts unless told otherwise.
pub const DEFAULT_MAX_TRACE_AGE: Duration = Duration::from_secs(60);
/// How many ended spans a trace holds before it is handed on in parts unless told otherwise.
pub const DEFAULT_MAX_TRACE_SPANS: usize = 100_000;
/// A watchdog looks no more often.
const MIN_SLOW_POLL: Duration = Duration::from_millis(1);
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
        propagator: None,
        on_start: Vec::new(),
        on_end: Vec::new(),
        cancelled_is_error: false,
        times_polls: false,
        times_wakes: false,
        is_live: false,
        dumps_on_panic: false,
        slow_polls: None,
        detectors: Detectors::default(),
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
    propagator: Option<Arc<dyn Propagator>>,
    on_start: Vec<Arc<StartHook>>,
    on_end: Vec<Arc<EndHook>>,
    cancelled_is_error: bool,
    times_polls: bool,
    times_wakes: bool,
    is_live: bool,
    dumps_on_panic: bool,
    slow_polls: Option<(Duration, Arc<SlowPollHook>)>,
    detectors: Detectors,
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

    /// Sets the formats in which contexts are read from and written into requests, also where nothing is recorded. Default:
    /// `OTEL_PROPAGATORS`, else W3C trace context and W3C baggage.
    pub fn propagator(mut self, propagator: impl Propagator + 'static) -> Self {
        self.propagator = Some(Arc::new(propagator));
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

    /// Times wake-ups as well as [polls](Self::time_polls): when the waker was called that led to a poll, and so how long a future
    /// was ready and not polled ([`Anatomy::queued`](crate::Anatomy::queued)); which child ended a wait
    /// ([`ChildWait::is_certain`](crate::ChildWait::is_certain)); which span woke which
    /// ([`PollSegment::woken_by`](crate::PollSegment::woken_by)); what was lost behind a long poll of somebody else, where it is
    /// otherwise a bound ([`BlockedBehind`](crate::BlockedBehind)).
    ///
    /// Futures in spans are then polled with a waker of ours, which passes the call on. It is made at the first poll of a span,
    /// with three allocations, and anew, with one, where the executor comes with a waker that does not
    /// [wake the same](std::task::Waker::will_wake) and where nobody has kept the last one; a wake-up costs a reading of the
    /// clock for each span around what was woken.
    ///
    /// Executors that look inside of their wakers, as some for microcontrollers do, cannot poll such futures. Between polls a
    /// future keeps no waker of its executor that it would not keep otherwise, but for one that was called already.
    pub fn time_wakes(mut self) -> Self {
        (self.times_polls, self.times_wakes) = (true, true);
        self
    }

    /// Makes every span announce itself when it starts, so that [`open_spans`](crate::open_spans) shows all that run. It
    /// costs every sync span a second record, and the short way.
    pub fn live(mut self) -> Self {
        self.is_live = true;
        self
    }

    /// Watches for polls that take longer than `threshold`, while they do: a thread of its own names the span that blocks its
    /// worker right now, to `hook` and, with the feature `log`, as a warning of the target `trace_core`. Each poll is told of
    /// once. Times polls as well, as [`time_polls`](Self::time_polls) does. [`DEFAULT_SLOW_POLL`](crate::DEFAULT_SLOW_POLL)
    /// (100 ms) is a good threshold.
    ///
    /// A poll then costs some 10 ns more, and a worker that was idle rings for the watchdog if it sleeps (a few microseconds).
    /// The hook runs on the watchdog's thread: while it runs nobody watches. A panic is caught and counted. The watchdog ends
    /// with the pipeline, which waits for a hook that is running as long as for exporters.
    ///
    /// ```
    /// use std::sync::mpsc;
    /// use std::time::Duration;
    /// use trace_core::{FutureExt, Span};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (tell, told) = mpsc::channel();
    /// let _pipeline = trace_core::builder()
    ///     .watch_slow_polls(Duration::from_millis(10), move |slow| drop(tell.send(slow.name().to_owned())))
    ///     .init()?;
    /// // This blocks its thread, here until the watchdog has told of it.
    /// let blocks = async { told.recv() };
    /// let name = futures::executor::block_on(blocks.in_span(Span::new("render report")))?;
    /// assert_eq!(name, "render report");
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch_slow_polls(mut self, threshold: Duration, hook: impl Fn(&SlowPoll) + Send + Sync + 'static) -> Self {
        self.times_polls = true;
        self.slow_polls = Some((threshold.max(MIN_SLOW_POLL), Arc::new(hook)));
        self
    }

    /// Looks for lost contexts: spans that became the root of a trace although spans of their callsite have had parents before,
    /// as happens in a plain `tokio::spawn`. What is found stands in [`Stats::findings`](crate::Stats::findings), by callsite and
    /// with a count, and with the feature `log` the first of each callsite is a warning of the target `trace_core`.
    ///
    /// A root that was asked for is none of them: [`Span::root`](crate::Span::root), [`Handoff::linked_root`](crate::Handoff::linked_root),
    /// what begins in [`Handoff::detached`](crate::Handoff::detached) work, or has its caller in another process. Only recorded
    /// traces are seen. It costs the threads that trace nothing, and the processor some 20 ns a span.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trace_core::{in_scope, traced};
    ///
    /// #[traced]
    /// fn fetch() {}
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let pipeline = trace_core::builder().detect_lost_contexts().init()?;
    /// in_scope("request", fetch);
    /// in_scope("request", || std::thread::spawn(fetch).join()).unwrap();
    /// pipeline.flush(Duration::from_secs(5))?;
    /// let found = pipeline.stats().findings;
    /// assert!(found[0].to_string().starts_with("lost context: fetch became the root of a trace 1 time"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn detect_lost_contexts(mut self) -> Self {
        self.detectors.lost_contexts = true;
        self
    }

    /// Looks for guards that are open when a poll returns: those of [`start_span`](crate::start_span) and its kin that are held
    /// over an `.await`. Their spans get the attribute `trace.guard_left_open`, and stand in
    /// [`Stats::findings`](crate::Stats::findings) once they have ended. One that has not ended when its trace is complete stands
    /// there as [leaked](crate::Mistake::LeakedGuard), by the span in whose future it was open.
    ///
    /// Seen where the future around the guard, or one around that, has a span. Costs nothing where all is well.
    pub fn detect_open_guards(mut self) -> Self {
        self.detectors.open_guards = true;
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
    /// Above 80 % of it new attributes, events and links are dropped, above 90 % new spans; each is counted in [`Stats`](crate::Stats).
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
        let warnings = self.warnings(&env);
        let is_told = env.log_level.is_none_or(|level| level >= Level::Warn);
        let propagator = self.propagator.take();
        global::set_propagator(propagator.unwrap_or_else(|| global::of_names(env.propagators.as_deref())));
        let (is_on, drop_timeout) = (!env.disabled, self.drop_timeout);
        let started = if is_on { self.start(env) } else { Ok(None) };
        let watchdog = started.inspect_err(|_| INITIALISED.store(false, Ordering::Release))?;
        for (teller, warning) in warnings.iter().filter(|_| is_told) {
            eprintln!("{teller}: {warning}");
        }
        let warnings = warnings.into_iter().map(|(_, warning)| warning).collect();
        Ok(Pipeline { is_on, drop_timeout, warnings, _watchdog: watchdog })
    }

    /// What is wrong in the environment, and who found it.
    fn warnings(&self, env: &EnvConfig) -> Vec<(String, ConfigWarning)> {
        let of_exporters = self.exporters.iter().flat_map(|exporter| {
            exporter.warnings().iter().map(|warning| (exporter.name().to_owned(), warning.clone()))
        });
        let own = env.warnings.iter().map(|warning| ("trace-core".to_owned(), warning.clone()));
        own.chain(of_exporters).collect()
    }

    fn start(self, env: EnvConfig) -> Result<Option<Watchdog>, InitError> {
        BUDGET.set_limit(self.budget_bytes);
        let no_thread = |error| InitError::NoThread { source: Some(error) };
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
        let workers = workers.map_err(no_thread)?;
        let tells_news = workers.iter().any(|worker| worker.delivery() == Delivery::Live);
        let is_live = self.is_live || tells_news;
        if is_live && self.times_polls {
            poll_slots::show();
        }
        let goes_ahead = self.tail.is_none() && workers.iter().any(|worker| worker.delivery() == Delivery::Spans);
        let max_spans = if goes_ahead { parts.max_spans.min(batch_spans) } else { parts.max_spans };
        let parts = PartRules { max_spans, ..parts };
        let mut assembler = Assembler::new(Arc::new(resource), rules, parts, Instant::now());
        if tells_news {
            assembler.tell_news();
        }
        let line_rules = LineRules {
            tail: self.tail,
            on_end: self.on_end,
            detectors: self.detectors,
            batch_delay: self.batch_delay.or(env.batch.schedule_delay).unwrap_or(DEFAULT_BATCH_DELAY),
            batch_spans,
            manual_clock: false,
        };
        let line = Line::new(GLOBAL, assembler, line_rules, workers, Arc::new(Mutex::default()), false);
        if !processor::send(Command::Begin(Box::new(line))) {
            return Err(InitError::NoThread { source: None });
        }
        let watch = |(threshold, hook)| Watchdog::start(threshold, hook, self.drop_timeout);
        let watchdog = self.slow_polls.map(watch).transpose().map_err(no_thread)?;
        switches::install(Arc::new(Switches {
            pipeline: GLOBAL,
            sampler: self.sampler.or(env.sampler).unwrap_or_default(),
            clock: None,
            ids: None,
            announce_all: is_live,
            times_polls: self.times_polls,
            times_wakes: self.times_wakes,
            detects_open_guards: self.detectors.open_guards,
            on_start: self.on_start,
        }));
        Ok(watchdog)
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
        ExporterName::Console => Ok(Box::new(ConsoleExporter::from_environment()) as Box<dyn SpanExporter>),
        ExporterName::Otlp => Err(InitError::UnknownExporter { name: "otlp", in_crate: "trace-otlp" }),
        ExporterName::OtlpStdout => Err(InitError::UnknownExporter { name: "otlp/stdout", in_crate: "trace-otlp" }),
    };
    names.iter().map(exporter).collect()
}
