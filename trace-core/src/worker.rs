//! An exporter's own thread and the bounded queue before it.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use crate::budget::BUDGET;
use crate::caught::caught;
use crate::context;
use crate::encoder::{EncodedBatch, SpanEncoder};
use crate::exporter::{Batch, Delivery, ExportError, SpanExporter};
use crate::hot::Hot;
use crate::roll::Roll;
use crate::spent;
use crate::stats::ExporterStats;
use crate::trace::Trace;

/// What the queue of an exporter may hold of the memory budget: three quarters. A batch that is larger still goes into an
/// empty queue.
fn queue_limit() -> usize {
    BUDGET.limit() / 4 * 3
}

/// As long as what waits for an exporter is less than this part of what may, the exporter keeps up.
const KEEPS_UP: usize = 16;

/// A batch in queues; its memory is given back when the last exporter is done with it.
#[derive(Debug)]
pub(crate) struct Parcel {
    batch: Batch,
    /// How many of its spans have ended: open ones are not in the books.
    closed: usize,
    bytes: usize,
}

impl Parcel {
    pub(crate) fn new(batch: Batch) -> Self {
        let bytes = batch.traces().iter().map(Trace::bytes).sum();
        BUDGET.hold(bytes);
        let closed = batch.traces().iter().map(Trace::closed).sum();
        Self { batch, closed, bytes }
    }
}

impl Drop for Parcel {
    fn drop(&mut self) {
        BUDGET.release(self.bytes);
        spent::give_back(std::mem::take(&mut self.batch).into_traces());
    }
}

/// A batch in a queue that its exporter's encoder has made.
#[derive(Debug)]
pub(crate) struct EncodedParcel {
    batch: Option<EncodedBatch>,
    closed: usize,
    bytes: usize,
}

impl EncodedParcel {
    pub(crate) fn new(batch: EncodedBatch, closed: usize, bytes: usize) -> Self {
        BUDGET.hold(bytes);
        Self { batch: Some(batch), closed, bytes }
    }
}

impl Drop for EncodedParcel {
    fn drop(&mut self) {
        BUDGET.release(self.bytes);
    }
}

/// The processor's side of an exporter.
pub(crate) struct Worker {
    shared: Arc<Shared>,
    delivery: Delivery,
    /// What encodes spans for it, until somebody takes that.
    encoder: Option<Box<dyn SpanEncoder>>,
    /// How many spans may wait, where that was set; memory bounds them in any case.
    max_queue_spans: Option<usize>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    jobs: VecDeque<Job>,
    /// The memory of the batches in the queue.
    bytes: usize,
    stats: ExporterStats,
    /// The first error since the last flush.
    failed: Option<String>,
    is_shut_down: bool,
}

#[derive(Debug)]
enum Job {
    Export(Arc<Parcel>),
    ExportEncoded(EncodedParcel),
    Flush(Arc<Roll>, Instant),
    Shutdown(Arc<Roll>, Instant),
}

impl Worker {
    /// Starts the exporter's thread.
    ///
    /// # Errors
    ///
    /// Where the system has no thread to give.
    pub(crate) fn start(mut exporter: Box<dyn SpanExporter>, max_queue_spans: Option<usize>) -> std::io::Result<Self> {
        let name = caught(|| exporter.name().to_owned()).unwrap_or_default();
        let delivery = caught(|| exporter.delivery()).unwrap_or_default();
        let encoder = if delivery == Delivery::Spans { caught(|| exporter.encoder()).flatten() } else { None };
        let stats = ExporterStats { name: name.clone(), ..ExporterStats::default() };
        let state = Mutex::new(State { stats, ..State::default() });
        let shared = Arc::new(Shared { state, changed: Condvar::new() });
        let thread = std::thread::Builder::new().name(format!("trace-{name}")).spawn({
            let shared = Arc::clone(&shared);
            move || context::with(Hot::NONE.suppressed(), || shared.run(exporter))
        })?;
        Ok(Self { shared, delivery, encoder, max_queue_spans, thread: Some(thread) })
    }

    pub(crate) const fn delivery(&self) -> Delivery {
        self.delivery
    }

    pub(crate) fn name(&self) -> String {
        lock(&self.shared.state).stats.name.clone()
    }

    /// Takes what encodes spans for it.
    pub(crate) fn take_encoder(&mut self) -> Option<Box<dyn SpanEncoder>> {
        self.encoder.take()
    }

    /// Whether little waits for it.
    pub(crate) fn keeps_up(&self) -> bool {
        lock(&self.shared.state).bytes <= queue_limit() / KEEPS_UP
    }

    /// Puts a batch into the queue, or counts its spans as dropped.
    pub(crate) fn export(&self, parcel: &Arc<Parcel>) {
        self.put(parcel.closed, parcel.bytes, || Job::Export(Arc::clone(parcel)));
    }

    /// The same for a batch that its encoder has made.
    pub(crate) fn export_encoded(&self, parcel: EncodedParcel) {
        self.put(parcel.closed, parcel.bytes, || Job::ExportEncoded(parcel));
    }

    fn put(&self, closed: usize, bytes: usize, job: impl FnOnce() -> Job) {
        let spans = closed as u64;
        let mut state = lock(&self.shared.state);
        if state.is_shut_down {
            state.stats.dropped += spans;
            state.stats.dropped_after_shutdown += spans;
        } else if state.bytes > 0 && self.has_no_room_for(closed, bytes, &state) {
            state.stats.dropped += spans;
            state.stats.dropped_queue_full += spans;
        } else {
            state.bytes += bytes;
            state.stats.queued += spans;
            state.jobs.push_back(job());
            drop(state);
            self.shared.changed.notify_one();
        }
    }

    fn has_no_room_for(&self, closed: usize, bytes: usize, state: &State) -> bool {
        let waiting = usize::try_from(state.stats.queued).unwrap_or(usize::MAX);
        let too_many = self.max_queue_spans.is_some_and(|most| waiting.saturating_add(closed) > most);
        too_many || state.bytes + bytes > queue_limit()
    }

    /// Counts spans that were lost because the encoder panicked.
    pub(crate) fn count_panic(&self, closed: usize) {
        let mut state = lock(&self.shared.state);
        state.stats.dropped += closed as u64;
        state.stats.dropped_panicked += closed as u64;
        state.fail("the encoder panicked".to_owned());
    }

    pub(crate) fn flush(&self, roll: &Arc<Roll>, deadline: Instant) {
        self.order(Job::Flush(Arc::clone(roll), deadline), roll);
    }

    pub(crate) fn shut_down(&self, roll: &Arc<Roll>, deadline: Instant) {
        self.order(Job::Shutdown(Arc::clone(roll), deadline), roll);
    }

    fn order(&self, job: Job, roll: &Roll) {
        let mut state = lock(&self.shared.state);
        if state.is_shut_down {
            let name = state.stats.name.clone();
            drop(state);
            return roll.done(&name, None);
        }
        state.jobs.push_back(job);
        drop(state);
        self.shared.changed.notify_one();
    }

    pub(crate) fn stats(&self) -> ExporterStats {
        lock(&self.shared.state).stats.clone()
    }

    /// Waits for the thread if it has come to its end.
    pub(crate) fn join_if_done(&mut self) {
        if let Some(thread) = self.thread.take_if(|thread| thread.is_finished()) {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self, mut exporter: Box<dyn SpanExporter>) {
        loop {
            match self.next() {
                Job::Export(parcel) => {
                    self.export((parcel.closed, parcel.bytes), || exporter.export(&parcel.batch));
                }
                Job::ExportEncoded(mut parcel) => {
                    let batch = parcel.batch.take();
                    let export = || batch.map_or(Ok(()), |batch| exporter.export_encoded(batch));
                    self.export((parcel.closed, parcel.bytes), export);
                }
                Job::Flush(roll, deadline) => {
                    let failure = self.finish(|left| exporter.flush(left), deadline);
                    roll.done(&self.name(), failure);
                }
                Job::Shutdown(roll, deadline) => {
                    let failure = self.finish(|left| exporter.shutdown(left), deadline);
                    let _ = caught(|| drop(exporter));
                    let rest = self.close();
                    rest.into_iter().for_each(|roll| roll.done(&self.name(), None));
                    return roll.done(&self.name(), failure);
                }
            }
        }
    }

    fn next(&self) -> Job {
        let mut state = lock(&self.state);
        loop {
            match state.jobs.pop_front() {
                Some(job) => return job,
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    fn export(&self, (closed, bytes): (usize, usize), export: impl FnOnce() -> Result<(), ExportError>) {
        let spans = closed as u64;
        let result = caught(export);
        let mut state = lock(&self.state);
        state.bytes -= bytes;
        state.stats.queued -= spans;
        let lost = match &result {
            Some(Ok(())) => 0,
            Some(Err(error)) => error.lost_of(closed) as u64,
            None => spans,
        };
        state.stats.exported += spans - lost;
        state.stats.dropped += lost;
        match result {
            Some(Ok(())) => state.stats.last_success = Some(SystemTime::now()),
            Some(Err(error)) => {
                state.stats.dropped_failed += lost;
                state.fail(full_text(&error));
            }
            None => {
                state.stats.dropped_panicked += lost;
                state.fail("the exporter panicked".to_owned());
            }
        }
    }

    /// Flushes or shuts down; what failed since the last flush is a failure of this one.
    fn finish(&self, finish: impl FnOnce(Duration) -> Result<(), ExportError>, deadline: Instant) -> Option<String> {
        let left = deadline.saturating_duration_since(Instant::now());
        let error = match caught(|| finish(left)) {
            Some(Ok(())) => None,
            Some(Err(error)) => Some(full_text(&error)),
            None => Some("the exporter panicked".to_owned()),
        };
        let mut state = lock(&self.state);
        if let Some(error) = error {
            state.fail(error);
        }
        state.failed.take()
    }

    /// Takes no more jobs. Returns those who wait for an answer.
    fn close(&self) -> Vec<Arc<Roll>> {
        let mut state = lock(&self.state);
        state.is_shut_down = true;
        let mut rolls = Vec::new();
        for job in std::mem::take(&mut state.jobs) {
            match job {
                Job::Export(parcel) => state.drop_after_shutdown(parcel.closed),
                Job::ExportEncoded(parcel) => state.drop_after_shutdown(parcel.closed),
                Job::Flush(roll, _) | Job::Shutdown(roll, _) => rolls.push(roll),
            }
        }
        rolls
    }

    fn name(&self) -> String {
        lock(&self.state).stats.name.clone()
    }
}

impl State {
    fn drop_after_shutdown(&mut self, closed: usize) {
        let spans = closed as u64;
        self.stats.queued -= spans;
        self.stats.dropped += spans;
        self.stats.dropped_after_shutdown += spans;
    }

    fn fail(&mut self, error: String) {
        self.stats.last_error = Some(error.clone());
        self.failed.get_or_insert(error);
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("shared", &self.shared).finish_non_exhaustive()
    }
}

/// An error with its causes, on one line.
fn full_text(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
