//! The thread that sends what is in the spool, the oldest first.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::answer::Answer;
use crate::encode::format::Body;
use crate::error::BuildError;
use crate::pack::Packed;
use crate::protocol::Compression;
use crate::retry::{Pauses, chance};
use crate::spool::queue::{Front, PushError, Queue};
use crate::spool::settings::Spool;
use crate::stats::OtlpMonitor;
use crate::transport::request::Transport;

/// How long dropping an exporter that was not shut down waits for a request that is on its way.
const DROP_PATIENCE: Duration = Duration::from_millis(100);

/// The exporter's side of the spool.
#[derive(Debug)]
pub(crate) struct SpoolSender {
    shared: Arc<Shared>,
}

/// What the thread needs to send.
pub(crate) struct Means {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) compression: Compression,
    pub(crate) timeout: Duration,
    pub(crate) pauses: Pauses,
    pub(crate) monitor: OtlpMonitor,
}

impl std::fmt::Debug for Means {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Means").finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    means: Means,
}

#[derive(Debug)]
struct State {
    queue: Queue,
    /// Attempts that failed since one did not.
    failures: u32,
    /// All attempts that failed.
    failed: u64,
    /// Not before this, because of a pause.
    pause: Option<Instant>,
    /// Not before this, because the receiver said so.
    ban: Option<Instant>,
    /// Spans that count as exported and are lost after all.
    owed: usize,
    /// Why, the first of them.
    reason: Option<String>,
    is_stopping: bool,
    is_gone: bool,
}

impl SpoolSender {
    /// Opens the spool and begins to send what is in it.
    pub(crate) fn start(spool: &Spool, means: Means) -> Result<Self, BuildError> {
        let (queue, damage) = Queue::open(spool)?;
        means.monitor.update(|stats| stats.damaged_files += damage.files);
        let state = State {
            queue,
            failures: 0,
            failed: 0,
            pause: None,
            ban: None,
            owed: 0,
            reason: None,
            is_stopping: false,
            is_gone: false,
        };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new(), means });
        shared.publish(&shared.lock());
        std::thread::Builder::new()
            .name("trace-otlp-spool".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || trace_core::suppressed(|| shared.run())
            })
            .map_err(|source| BuildError::NoThread { source })?;
        Ok(Self { shared })
    }

    /// Whether nothing stands before a new request.
    pub(crate) fn is_clear(&self) -> bool {
        let state = self.shared.lock();
        state.queue.is_empty() && state.ban.is_none_or(|ban| ban <= Instant::now())
    }

    /// Keeps a request that has just failed, if it has.
    pub(crate) fn keep(&self, body: &Body, failed: Option<Option<Duration>>) -> Result<(), PushError> {
        let mut state = self.shared.lock();
        state.queue.push(body)?;
        if let Some(after) = failed {
            state.fail(after, self.shared.means.pauses);
        }
        self.shared.means.monitor.update(|stats| stats.spooled_spans += body.spans as u64);
        self.shared.publish(&state);
        drop(state);
        self.shared.changed.notify_all();
        Ok(())
    }

    /// Spans of this process that were lost after they had counted as exported, at most so many; the rest is owed still.
    pub(crate) fn take_lost(&self, most: usize) -> (usize, Option<String>) {
        let mut state = self.shared.lock();
        let taken = state.owed.min(most);
        state.owed -= taken;
        let reason = if taken > 0 { state.reason.take() } else { None };
        (taken, reason)
    }

    /// Tries now, unless the receiver does not want it, and waits until everything is sent, an attempt fails or the time is
    /// up. Returns how many spans are left, and why spans were lost that nobody was told of.
    pub(crate) fn flush(&self, timeout: Duration) -> (u64, Option<String>) {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.shared.lock();
        // An attempt that is on its way began before this; the next one counts.
        let failed_before = state.failed;
        state.pause = None;
        self.shared.changed.notify_all();
        while !state.queue.is_empty() && state.failed == failed_before && !state.is_gone {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            state = self.shared.wait(state, left);
        }
        (state.queue.spans(), state.reason.take())
    }

    /// Sends nothing more, and waits for the thread's end, within `timeout`.
    pub(crate) fn stop(&self, timeout: Duration) {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = self.shared.lock();
        state.is_stopping = true;
        self.shared.changed.notify_all();
        while !state.is_gone {
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
            state = self.shared.wait(state, left);
        }
    }
}

impl Drop for SpoolSender {
    fn drop(&mut self) {
        self.stop(DROP_PATIENCE);
    }
}

impl State {
    fn fail(&mut self, after: Option<Duration>, pauses: Pauses) {
        let now = Instant::now();
        self.failures = self.failures.saturating_add(1);
        self.failed += 1;
        self.pause = now.checked_add(pauses.after(self.failures, chance()));
        self.ban = after.and_then(|after| now.checked_add(after));
    }

    fn lose(&mut self, spans: usize, reason: String) {
        self.owed += spans;
        self.reason.get_or_insert(reason);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, limit: Option<Duration>) -> MutexGuard<'a, State> {
        match limit {
            Some(limit) => self.changed.wait_timeout(state, limit).unwrap_or_else(PoisonError::into_inner).0,
            None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
        }
    }

    fn publish(&self, state: &State) {
        let (spans, bytes) = (state.queue.spans(), state.queue.bytes());
        self.means.monitor.update(|stats| (stats.waiting_spans, stats.waiting_bytes) = (spans, bytes));
    }

    fn run(&self) {
        while let Some(front) = self.next() {
            match front {
                Front::Whole(body) => self.send(&body),
                Front::Damaged => self.skip(),
            }
            self.changed.notify_all();
        }
        let mut state = self.lock();
        state.queue.close();
        state.is_gone = true;
        drop(state);
        self.changed.notify_all();
    }

    /// Waits until there is something to send and nothing against it; `None` at the end.
    fn next(&self) -> Option<Front> {
        let mut state = self.lock();
        loop {
            if state.is_stopping {
                return None;
            }
            let wait = state.pause.max(state.ban).map(|until| until.saturating_duration_since(Instant::now()));
            match wait.filter(|wait| !wait.is_zero()) {
                _ if state.queue.is_empty() => state = self.wait(state, None),
                Some(wait) => state = self.wait(state, Some(wait)),
                None => return state.queue.front(),
            }
        }
    }

    fn send(&self, body: &Body) {
        let Means { transport, compression, timeout, pauses, monitor } = &self.means;
        let answer = transport.send(Packed::new(body, *compression).payload(), *timeout);
        let mut state = self.lock();
        monitor.update(|stats| stats.attempts += 1);
        match answer {
            Answer::Accepted(receipt) => {
                (state.failures, state.pause, state.ban) = (0, None, None);
                let own = state.queue.pop();
                let rejected = receipt.rejected.min(body.spans as u64);
                if rejected > 0 {
                    state.lose(own.min(rejected as usize), format!("spans were rejected: {}", receipt.message));
                }
                monitor.update(|stats| {
                    stats.accepted_requests += 1;
                    stats.rejected_spans += rejected;
                    stats.lost_from_spool_spans += rejected;
                    if rejected == 0 && !receipt.message.is_empty() {
                        stats.last_warning = Some(receipt.message);
                    }
                });
            }
            Answer::Retry { reason, after } => {
                state.fail(after, *pauses);
                monitor.update(|stats| {
                    stats.failed_attempts += 1;
                    stats.last_error = Some(reason);
                });
            }
            Answer::Refused { reason } => {
                (state.failures, state.pause, state.ban) = (0, None, None);
                let own = state.queue.pop();
                state.lose(own, reason.clone());
                monitor.update(|stats| {
                    stats.refused_requests += 1;
                    stats.lost_from_spool_spans += body.spans as u64;
                    stats.last_error = Some(reason);
                });
            }
        }
        self.publish(&state);
    }

    /// Leaves out a request that cannot be read.
    fn skip(&self) {
        let reason = "a file of the spool is damaged";
        let mut state = self.lock();
        let spans = state.queue.front_spans() as u64;
        let own = state.queue.pop();
        state.lose(own, reason.to_owned());
        self.means.monitor.update(|stats| {
            stats.damaged_files += 1;
            stats.lost_from_spool_spans += spans;
            stats.last_error = Some(reason.to_owned());
        });
        self.publish(&state);
    }
}
