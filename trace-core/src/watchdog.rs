//! A thread that names the span which blocks a worker right now.
//!
//! It looks at what every thread is polling, and sleeps until the oldest of these polls would be too long. While nothing is
//! polled it sleeps without a limit; the first poll wakes it. So it costs an idle process nothing, and one at work some two
//! wake-ups per threshold.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::answer::question;
use crate::caught::caught;
use crate::clock::{self, WallClock};
use crate::context;
use crate::doorbell::Sleep;
use crate::hot::Hot;
use crate::id::{SpanId, TraceId};
use crate::log_facade;
use crate::poll_slots::{self, Polling, Sight, Slot};
use crate::processor::{self, Command};
use crate::switches::GLOBAL;
use crate::tally;
use crate::trace::{SpanView, Trace};

/// How long it waits for the processor, which answers in some ten microseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// From which length on a poll is told of, unless said otherwise.
pub const DEFAULT_SLOW_POLL: Duration = Duration::from_millis(100);

/// A poll that has been going on for too long, and goes on. See
/// [`PipelineBuilder::watch_slow_polls`](crate::PipelineBuilder::watch_slow_polls).
///
/// As text: ``render_report has kept its thread "tokio-runtime-worker" for 102 ms, in request (src/report.rs:12)``.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SlowPoll {
    /// The trace of the span that is polled.
    pub trace_id: TraceId,
    /// The span that is polled: of those inside of each other, the innermost in which at least half of the time was spent.
    pub span_id: SpanId,
    /// The outermost span that is polled: that of the task. It may be of another trace.
    pub task_id: SpanId,
    /// How long the thread has been in the poll of the task.
    pub elapsed: Duration,
    /// The name of the thread, if it has one.
    pub thread_name: Option<String>,
    /// What is open of its trace, as far as it announced itself: the span and those around it. `None` if the processor did not
    /// answer, or lost it for want of memory.
    pub trace: Option<Trace>,
}

impl SlowPoll {
    /// The span that is polled, as it stands at this moment.
    #[must_use]
    pub fn span(&self) -> Option<SpanView<'_>> {
        self.trace.as_ref()?.span(self.span_id)
    }

    /// The name of the span that is polled; empty where that is not known.
    #[must_use]
    pub fn name(&self) -> &str {
        self.span().map_or("", |span| span.name())
    }
}

impl fmt::Display for SlowPoll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.span() {
            Some(span) => f.write_str(span.name())?,
            None => write!(f, "span {} of trace {}", self.span_id, self.trace_id)?,
        }
        f.write_str(" has kept ")?;
        match &self.thread_name {
            Some(name) => write!(f, "thread {name:?}")?,
            None => f.write_str("a thread")?,
        }
        write!(f, " for {} ms", self.elapsed.as_millis())?;
        let task = self.trace.as_ref().and_then(|trace| trace.span(self.task_id));
        if let Some(task) = task.filter(|_| self.task_id != self.span_id) {
            write!(f, ", in {}", task.name())?;
        }
        match self.span().map(|span| span.callsite()).filter(|callsite| !callsite.file().is_empty()) {
            Some(callsite) => write!(f, " ({}:{})", callsite.file(), callsite.line()),
            None => Ok(()),
        }
    }
}

/// A user's closure that is told of slow polls.
pub(crate) type SlowPollHook = dyn Fn(&SlowPoll) + Send + Sync;

/// The running watchdog; dropping it ends it.
#[derive(Debug)]
pub(crate) struct Watchdog {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<()>,
    /// In a mutex only so that others may share what holds the watchdog.
    over: Mutex<Receiver<()>>,
    /// How long the end waits for a callback that is running.
    patience: Duration,
}

impl Watchdog {
    /// Starts it. `patience` is how long its end may wait for a callback.
    pub(crate) fn start(threshold: Duration, hook: Arc<SlowPollHook>, patience: Duration) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let (alive, over) = mpsc::channel();
        let watch = Watch { threshold, hook, stop: Arc::clone(&stop), known: Vec::new() };
        let thread = thread::Builder::new().name("trace-watchdog".to_owned()).spawn(move || {
            context::with(Hot::NONE.suppressed(), || watch.run(alive));
        })?;
        poll_slots::wake_on_polls(Some(thread.thread().clone()));
        Ok(Self { stop, thread, over: Mutex::new(over), patience })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        poll_slots::wake_on_polls(None);
        self.stop.store(true, Ordering::SeqCst);
        self.thread.thread().unpark();
        // From within a callback nobody can wait for the callback.
        if self.thread.thread().id() != thread::current().id() {
            // Nothing is ever sent: the other end is dropped.
            let over = self.over.get_mut().unwrap_or_else(PoisonError::into_inner);
            if over.recv_timeout(self.patience) == Err(RecvTimeoutError::Timeout) {
                eprintln!("trace-core: a callback for slow polls does not return");
            }
        }
    }
}

/// What the thread of the watchdog works with.
struct Watch {
    threshold: Duration,
    hook: Arc<SlowPollHook>,
    stop: Arc<AtomicBool>,
    /// The threads seen last time, each with its number of polls then, and of the last poll that was told of.
    known: Vec<Known>,
}

struct Known {
    slot: Weak<Slot>,
    polls: u64,
    told: Option<u64>,
}

/// What there is to do after a look at all threads.
struct Outlook {
    /// Until the first of the polls that are under way is too long.
    next: Duration,
    /// Whether nothing is polled and nothing was since the look before.
    is_idle: bool,
}

impl Watch {
    /// Runs until it is told to stop; then `alive` is dropped, which others wait for.
    fn run(mut self, alive: Sender<()>) {
        let mut wall = WallClock::start();
        while !self.stop.load(Ordering::SeqCst) {
            let Outlook { next, is_idle } = self.look(&mut wall);
            let depth = if is_idle { Sleep::Deep } else { Sleep::Timed };
            poll_slots::bell().lie_down(depth);
            let is_needed = self.stop.load(Ordering::SeqCst) || is_idle && self.has_news();
            if !is_needed {
                match depth {
                    Sleep::Deep => thread::park(),
                    Sleep::Awake | Sleep::Timed => thread::park_timeout(next),
                }
            }
            poll_slots::bell().get_up();
        }
        drop(self);
        drop(alive);
    }

    /// Looks at every thread, and tells of the polls that have been too long.
    fn look(&mut self, wall: &mut WallClock) -> Outlook {
        let timebase = wall.timebase();
        let mut outlook = Outlook { next: self.threshold, is_idle: true };
        self.known.retain(|known| known.slot.strong_count() > 0);
        for slot in poll_slots::all() {
            // A thread whose polls are too quick to be seen is not blocked.
            let Some(sight) = slot.look() else {
                outlook.is_idle = false;
                continue;
            };
            let place = self.place_of(&slot);
            let known = &mut self.known[place];
            let was_told = known.told == Some(sight.polls);
            outlook.is_idle &= known.polls == sight.polls && (sight.inside.is_empty() || was_told);
            known.polls = sight.polls;
            let Some(task) = sight.inside.first() else { continue };
            if was_told {
                continue;
            }
            let elapsed =
                |poll: &Polling| Duration::from_nanos(timebase.nanos(clock::now().saturating_sub(poll.start)));
            let of_task = elapsed(task);
            if of_task < self.threshold {
                outlook.next = outlook.next.min(self.threshold - of_task);
                continue;
            }
            known.told = Some(sight.polls);
            let innermost = sight.inside.iter().rev().find(|poll| elapsed(poll) * 2 >= of_task).unwrap_or(task);
            self.tell(&slot, *task, *innermost, of_task);
        }
        outlook
    }

    /// Whether a thread is in a poll that was not told of.
    fn has_news(&self) -> bool {
        let told = |slot: &Arc<Slot>| {
            self.known.iter().find(|known| std::ptr::eq(known.slot.as_ptr(), Arc::as_ptr(slot)))?.told
        };
        let is_new = |slot: &Arc<Slot>, sight: Sight| !sight.inside.is_empty() && told(slot) != Some(sight.polls);
        poll_slots::all().iter().any(|slot| slot.look().is_none_or(|sight| is_new(slot, sight)))
    }

    fn place_of(&mut self, slot: &Arc<Slot>) -> usize {
        let is_it = |known: &Known| std::ptr::eq(known.slot.as_ptr(), Arc::as_ptr(slot));
        self.known.iter().position(is_it).unwrap_or_else(|| {
            self.known.push(Known { slot: Arc::downgrade(slot), polls: 0, told: None });
            self.known.len() - 1
        })
    }

    fn tell(&self, slot: &Slot, task: Polling, innermost: Polling, elapsed: Duration) {
        let (question, answer) = question();
        let asked = processor::send(Command::OpenTrace { pipeline: GLOBAL, trace: innermost.trace, question });
        let slow = SlowPoll {
            trace_id: innermost.trace,
            span_id: innermost.span,
            task_id: task.span,
            elapsed,
            thread_name: slot.thread_name().map(str::to_owned),
            trace: asked.then(|| answer.wait(PATIENCE)).flatten().flatten(),
        };
        // The program's logger is the user's code as well.
        let told = [caught(|| log_facade::warn(format_args!("{slow}"))), caught(|| (self.hook)(&slow))];
        tally::USER_PANICS.add(told.iter().filter(|told| told.is_none()).count() as u64);
    }
}
