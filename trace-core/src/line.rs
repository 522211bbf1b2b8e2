//! One pipeline as the processor sees it: its assembler, its rules, and where its traces go.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::assembler::{Assembler, Take};
use crate::caught::caught;
use crate::clock::Timebase;
use crate::decisions::Decisions;
use crate::detail;
use crate::exporter::Delivery;
use crate::findings::{Detector, Detectors};
use crate::id::TraceId;
use crate::outbox::{Outbox, Pended};
use crate::record::Record;
use crate::rings::ThreadNumber;
use crate::span_record::Marks;
use crate::stats::Stats;
use crate::trace::{SpanView, Trace};
use crate::worker::Worker;

/// How often traces are looked at for their age.
const AGE_CHECKS: Duration = Duration::from_secs(1);

/// A user's closure that keeps or leaves out a trace.
pub(crate) type TailSampler = dyn Fn(&Trace) -> bool + Send + Sync;
/// A user's closure that sees each span when it is handed on.
pub(crate) type EndHook = dyn Fn(&SpanView<'_>) + Send + Sync;

/// What the builder says of a pipeline.
pub(crate) struct LineRules {
    pub(crate) tail: Option<Arc<TailSampler>>,
    pub(crate) on_end: Vec<Arc<EndHook>>,
    pub(crate) detectors: Detectors,
    pub(crate) batch_delay: Duration,
    pub(crate) batch_spans: usize,
    /// Whether the ticks are a manual clock's.
    pub(crate) manual_clock: bool,
}

/// A pipeline in the processor.
pub(crate) struct Line {
    pub(crate) number: u32,
    assembler: Assembler,
    rules: LineRules,
    outbox: Outbox,
    /// Complete traces of a pipeline without exporters, for who comes to collect them.
    collected: Option<Vec<Trace>>,
    /// Spans that were handed on as copies, and are held still for their trace.
    copied: usize,
    decisions: Decisions,
    detector: Option<Detector>,
    /// Whether the next pass hands on what has settled, ahead of its trace.
    takes_ahead: bool,
    /// When the oldest span that waits for a batch began to wait.
    waiting_since: Option<Instant>,
    next_age_check: Instant,
    now: Instant,
    stats: Arc<Mutex<Stats>>,
}

impl Line {
    /// A pipeline with these exporters; without any, its traces are collected.
    pub(crate) fn new(
        number: u32,
        assembler: Assembler,
        rules: LineRules,
        workers: Vec<Worker>,
        stats: Arc<Mutex<Stats>>,
        collects: bool,
    ) -> Self {
        let now = Instant::now();
        Self {
            number,
            assembler,
            detector: Detector::new(rules.detectors),
            rules,
            outbox: Outbox::new(workers),
            collected: collects.then(Vec::new),
            copied: 0,
            decisions: Decisions::default(),
            takes_ahead: false,
            waiting_since: None,
            next_age_check: now + AGE_CHECKS,
            now,
            stats,
        }
    }

    /// Begins a pass. Only one that brings records needs a timebase.
    pub(crate) fn begin_pass(&mut self, now: Instant, timebase: Option<Timebase>) {
        self.now = now;
        let timebase = if self.rules.manual_clock { Some(Timebase::UNIX_NANOS) } else { timebase };
        self.assembler.begin_pass(now, timebase);
    }

    /// What follows was written by this thread: see [`Assembler::stream`].
    ///
    /// What is collected in the end is not handed on at once, so that several local roots of one trace come as one.
    pub(crate) fn stream(&mut self, thread: ThreadNumber, is_last: bool) {
        self.assembler.stream(thread, is_last && self.collected.is_none());
    }

    /// Takes the first of these records, of which the first is this pipeline's; tells how many.
    #[inline]
    pub(crate) fn take(&mut self, records: &mut [Record]) -> usize {
        self.assembler.take(records)
    }

    /// After some records: what is complete is encoded while it is in the caches.
    #[inline]
    pub(crate) fn step(&mut self) {
        if self.outbox.encodes() && self.collected.is_none() {
            let complete = self.assembler.take_complete();
            self.hand_on(complete);
        }
    }

    /// In the middle of a pass: what is complete already goes on, so that a long pass holds no more than a short one.
    pub(crate) fn pause(&mut self) {
        self.tell_news();
        let complete = self.assembler.take_complete();
        self.hand_on(complete);
        // What is encoded already goes when it is as large as a batch may be, or at the end of the pass: in fewer requests.
        if self.outbox.spans() >= self.rules.batch_spans && !self.outbox.has_encoded() {
            self.waiting_since = Some(self.now);
            self.outbox.send_batch_in_hand();
        }
    }

    /// Ends a pass: complete traces go on, and batches that are due.
    pub(crate) fn end_pass(&mut self) {
        self.assembler.end_pass();
        self.tell_news();
        let complete = self.assembler.take_complete();
        self.hand_on(complete);
        self.hand_on_large();
        if self.now >= self.next_age_check {
            self.next_age_check = self.now + AGE_CHECKS;
            let parts = self.assembler.take_overdue();
            self.hand_on(parts);
        }
        self.send_what_is_due();
        self.publish();
    }

    /// Tells what began and ended, who wants to hear of it at once.
    fn tell_news(&mut self) {
        let news = self.assembler.take_news();
        let resource = self.assembler.resource();
        self.outbox
            .send(Delivery::Live, news.into_iter().map(|span| Trace::of_news(span, Arc::clone(resource))).collect());
    }

    /// Whether another pass, even an empty one, hands something on.
    pub(crate) fn is_settling(&self) -> bool {
        self.assembler.is_settling() || self.takes_ahead
    }

    /// When it must be looked at again though nothing happens.
    pub(crate) fn due(&self) -> Option<Instant> {
        let batch = self.waiting_since.map(|since| since + self.rules.batch_delay);
        let age = (self.assembler.holding().closed > 0).then_some(self.next_age_check);
        [batch, age].into_iter().flatten().min()
    }

    /// Hands on everything that settled in the last pass, with what is open as open if so asked.
    pub(crate) fn hand_on_all(&mut self, with_open: bool) {
        if self.rules.tail.is_none() || with_open {
            let how = if with_open { Take::OutWithOpen } else { Take::Out };
            let parts = self.assembler.take_settled(how);
            self.hand_on(parts);
        }
        self.outbox.send_batch_in_hand();
        self.publish();
    }

    /// Marks what has ended, so that [`Self::hand_on_all`] may take it after the next pass.
    pub(crate) fn settle(&mut self) {
        self.assembler.settle();
    }

    /// Every trace there is, for who collects them.
    pub(crate) fn collect(&mut self) -> Vec<Trace> {
        let rest = self.assembler.take_all();
        self.hand_on(rest);
        self.publish();
        self.collected.take().unwrap_or_default()
    }

    /// How many spans and carried contexts run still.
    pub(crate) fn running(&self) -> usize {
        self.assembler.running()
    }

    pub(crate) fn snapshot(&self, trace: TraceId) -> Option<Trace> {
        self.assembler.snapshot(trace)
    }

    pub(crate) fn open_spans_of(&self, trace: TraceId) -> Option<Trace> {
        self.assembler.open_spans_of(trace)
    }

    pub(crate) fn open_spans(&self) -> Vec<Trace> {
        self.assembler.open_spans()
    }

    pub(crate) fn workers(&self) -> &[Worker] {
        self.outbox.workers()
    }

    pub(crate) fn join_workers(&mut self) {
        self.outbox.join_workers();
    }

    /// The books at this moment.
    pub(crate) fn stats(&self) -> Stats {
        let mut stats = self.lock_stats().clone();
        stats.findings = self.detector.as_ref().map_or_else(Vec::new, |detector| detector.findings().to_vec());
        for worker in self.outbox.workers() {
            let mut exporter = worker.stats();
            exporter.held = match worker.delivery() {
                Delivery::Spans => (self.assembler.holding().closed - self.copied + self.outbox.spans()) as u64,
                Delivery::Traces => self.assembler.holding().closed as u64,
                Delivery::Live => 0,
            };
            stats.exporters.push(exporter);
        }
        stats
    }

    /// Judges traces and passes them on to whoever wants them.
    fn hand_on(&mut self, mut traces: Vec<Trace>) {
        if let Some(detector) = &mut self.detector {
            detector.look(&traces);
            detector.look_at_leaks(self.assembler.take_leaks());
        }
        if traces.is_empty() {
            return;
        }
        self.judge(&mut traces);
        self.run_hooks(&traces);
        if let Some(collected) = &mut self.collected {
            collected.append(&mut traces);
            return;
        }
        if self.copied > 0 {
            self.copied -= copied(&traces).min(self.copied);
        }
        match (self.outbox.wants(Delivery::Spans), self.outbox.wants(Delivery::Traces)) {
            (true, false) => self.pend(traces),
            (false, _) => self.outbox.send(Delivery::Traces, traces),
            (true, true) => {
                let fresh = traces.iter().filter_map(without_copied).collect();
                self.pend(fresh);
                self.outbox.send(Delivery::Traces, traces);
            }
        }
    }

    /// Asks the tail sampler of each trace, once, and counts what it leaves out.
    fn judge(&mut self, traces: &mut Vec<Trace>) {
        let Some(tail) = &self.rules.tail else { return };
        let (mut panics, mut sampled_out) = (0, 0);
        let decisions = &mut self.decisions;
        traces.retain(|trace| {
            let keep = decisions.of(trace.id(), || detail::ask(&**tail, trace, &mut panics));
            sampled_out += if keep { 0 } else { trace.closed() };
            keep
        });
        let mut stats = self.lock_stats();
        stats.sampled_out += sampled_out as u64;
        stats.user_panics += panics;
    }

    fn run_hooks(&self, traces: &[Trace]) {
        let mut panics = 0;
        for hook in &self.rules.on_end {
            for span in traces.iter().flat_map(Trace::spans).filter(|span| span.end_unix_nanos().is_some()) {
                panics += u64::from(caught(|| hook(&span)).is_none());
            }
        }
        if panics > 0 {
            self.lock_stats().user_panics += panics;
        }
    }

    /// Puts traces into the batch in hand.
    fn pend(&mut self, traces: Vec<Trace>) {
        let Pended { mut spent, has_sent } = self.outbox.pend(traces);
        self.assembler.take_back(&mut spent);
        if has_sent {
            self.waiting_since = Some(self.now);
        }
    }

    /// Whether spans go on before their trace is complete.
    fn hands_on_ahead(&self) -> bool {
        self.rules.tail.is_none() && self.outbox.wants(Delivery::Spans)
    }

    /// Ended spans that could go on ahead of their trace.
    fn waiting_in_traces(&self) -> usize {
        if self.hands_on_ahead() { self.assembler.holding().closed - self.copied } else { 0 }
    }

    /// Hands on what has settled of traces of which too much waits.
    fn hand_on_large(&mut self) {
        if self.hands_on_ahead() && self.outbox.wants(Delivery::Traces) {
            let copies = self.assembler.take_large(Take::Copies);
            self.pend_copies(copies);
        } else {
            let parts = self.assembler.take_large(Take::Out);
            self.hand_on(parts);
        }
    }

    /// Sends the batch of spans if it is large or old enough. What is to go ahead of its trace needs one more pass.
    fn send_what_is_due(&mut self) {
        if std::mem::take(&mut self.takes_ahead) {
            if self.outbox.wants(Delivery::Traces) {
                let copies = self.assembler.take_settled(Take::Copies);
                self.pend_copies(copies);
            } else {
                let parts = self.assembler.take_settled(Take::Out);
                self.hand_on(parts);
            }
            self.outbox.send_batch_in_hand();
        }
        let in_traces = self.waiting_in_traces();
        if in_traces + self.outbox.spans() == 0 {
            self.waiting_since = None;
            return;
        }
        let since = *self.waiting_since.get_or_insert(self.now);
        if self.now.duration_since(since) >= self.rules.batch_delay {
            self.waiting_since = Some(self.now);
            self.outbox.send_batch_in_hand();
            self.takes_ahead = in_traces > 0;
            self.assembler.settle();
        } else if self.outbox.spans() >= self.rules.batch_spans {
            self.waiting_since = Some(self.now);
            self.outbox.send_batch_in_hand();
        }
    }

    fn pend_copies(&mut self, copies: Vec<Trace>) {
        self.copied += copied(&copies);
        self.pend(copies);
    }

    /// Brings the books up to date.
    fn publish(&mut self) {
        let counts = self.assembler.take_counts();
        let open = self.assembler.holding().open as u64;
        let mut stats = self.lock_stats();
        stats.closed += counts.closed;
        stats.late += counts.late;
        stats.without_span += counts.without_span;
        stats.after_end += counts.omissions.after_end;
        stats.over_limits += counts.omissions.over_limits;
        stats.redacted += counts.omissions.redacted;
        stats.user_panics += counts.omissions.user_panics;
        stats.clamped += counts.omissions.clamped;
        stats.open = open;
    }

    fn lock_stats(&self) -> MutexGuard<'_, Stats> {
        self.stats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The memory of what it holds, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.assembler.holding().bytes + self.outbox.bytes()
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("number", &self.number).finish_non_exhaustive()
    }
}

/// How many spans have been handed on as copies.
fn copied(traces: &[Trace]) -> usize {
    traces.iter().flat_map(|trace| &trace.spans).filter(|span| span.marks.has(Marks::HANDED_ON)).count()
}

/// A copy of what was not handed on before; `None` if that is nothing.
fn without_copied(trace: &Trace) -> Option<Trace> {
    let mut fresh = trace.clone();
    let copied = copied(std::slice::from_ref(trace));
    fresh.spans.retain(|span| !span.marks.has(Marks::HANDED_ON));
    // A hook may have asked for the tree, which tells places among all the spans.
    fresh.tree = OnceLock::new();
    if let Some(extras) = &mut fresh.extras {
        let places = (0..).zip(&trace.spans).filter(|(_, span)| !span.marks.has(Marks::HANDED_ON));
        extras.keep_threads_of(places.map(|(place, _)| place));
    }
    fresh.closed -= copied;
    (!fresh.is_empty()).then_some(fresh)
}
