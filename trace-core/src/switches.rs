//! What the recording side asks: is anything on, and what does the pipeline say of a trace that begins?
//!
//! A pipeline puts its [`Switches`] here when it starts and takes them away when it ends. A span in a trace that is recorded
//! already asks nothing; a trace that begins asks once, and finds the switches it found last in a thread-local.

use std::cell::Cell;
use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::callsite::Callsite;
use crate::clock;
use crate::doorbell::{Doorbell, Sleep};
use crate::hot::Hot;
use crate::id::{SpanId, TraceId};
use crate::kind::SpanKind;
use crate::manual_clock::ManualClock;
use crate::sampler::Sampler;
use crate::sync::global;

/// The pipeline of `init`; every other number belongs to a capture.
pub(crate) const GLOBAL: u32 = 0;

/// What a pipeline says to the recording side.
pub(crate) struct Switches {
    pub(crate) pipeline: u32,
    pub(crate) sampler: Sampler,
    /// A clock of its own.
    pub(crate) clock: Option<ManualClock>,
    /// Ids counted from one instead of random ones.
    pub(crate) ids: Option<CountedIds>,
    /// Every span announces itself when it starts.
    pub(crate) announce_all: bool,
    /// Every poll of a span's future is timed.
    pub(crate) times_polls: bool,
    /// The wake-ups that lead to these polls are timed.
    pub(crate) times_wakes: bool,
    /// Guards that are open when a poll returns are told of.
    pub(crate) detects_open_guards: bool,
    /// Called at every start.
    pub(crate) on_start: Vec<Arc<StartHook>>,
}

/// A user's closure that is called when a span starts, with its context, name, kind and callsite.
pub(crate) type StartHook = dyn Fn(Hot, &str, SpanKind, &'static Callsite) + Send + Sync;

impl Switches {
    /// Whether its spans must not take the short path.
    pub(crate) fn is_special(&self) -> bool {
        self.clock.is_some() || self.ids.is_some() || self.announce_all || !self.on_start.is_empty()
    }

    pub(crate) fn trace_id(&self) -> TraceId {
        let counted = self.ids.as_ref().and_then(|ids| TraceId::from_u128(ids.next(&ids.traces).into()));
        counted.unwrap_or_else(TraceId::random)
    }

    pub(crate) fn span_id(&self) -> SpanId {
        let counted = self.ids.as_ref().and_then(|ids| SpanId::from_u64(ids.next(&ids.spans)));
        counted.unwrap_or_else(SpanId::random)
    }

    pub(crate) fn now(&self) -> u64 {
        self.clock.as_ref().map_or_else(clock::now, ManualClock::unix_nanos)
    }
}

impl fmt::Debug for Switches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Switches").field("pipeline", &self.pipeline).finish_non_exhaustive()
    }
}

/// Ids for tests: 1, 2, 3 and so on, traces and spans apart.
#[derive(Debug, Default)]
pub(crate) struct CountedIds {
    traces: AtomicU64,
    spans: AtomicU64,
}

impl CountedIds {
    fn next(&self, counter: &AtomicU64) -> u64 {
        counter.fetch_add(1, Ordering::Relaxed) + 1
    }
}

const NEVER: u8 = 0;
const ON: u8 = 1;
const OVER: u8 = 2;

/// Whether the pipeline of `init` records.
static GLOBAL_STATE: AtomicU8 = AtomicU8::new(NEVER);
static INSTALLED: RwLock<Option<Arc<Vec<Arc<Switches>>>>> = RwLock::new(None);
/// Grows with every change, so that threads forget what they found.
static GENERATION: AtomicU32 = AtomicU32::new(0);

type Found = (u32, Arc<Switches>);

thread_local! {
    static LAST: Cell<Option<Found>> = const { Cell::new(None) };
}

/// Puts a pipeline's switches in place of what it had.
pub(crate) fn install(switches: Arc<Switches>) {
    let is_global = switches.pipeline == GLOBAL;
    change(|installed| {
        installed.retain(|other| other.pipeline != switches.pipeline);
        installed.push(Arc::clone(&switches));
    });
    if is_global {
        GLOBAL_STATE.store(ON, Ordering::Release);
    }
}

/// Takes a pipeline's switches away: traces that begin from now on are not recorded.
pub(crate) fn remove(pipeline: u32) {
    if pipeline == GLOBAL {
        GLOBAL_STATE.store(OVER, Ordering::Release);
    }
    change(|installed| installed.retain(|switches| switches.pipeline != pipeline));
}

/// Nothing is allocated or freed while the lock is held: an allocator that traces would wait for itself.
fn change(change: impl Fn(&mut Vec<Arc<Switches>>)) {
    loop {
        let before = installed();
        let mut list = before.as_deref().cloned().unwrap_or_default();
        change(&mut list);
        let next = Some(Arc::new(list));
        let mut place = INSTALLED.write().unwrap_or_else(PoisonError::into_inner);
        let is_unchanged = match (&*place, &before) {
            (Some(present), Some(before)) => Arc::ptr_eq(present, before),
            (present, before) => present.is_none() && before.is_none(),
        };
        if is_unchanged {
            let last = std::mem::replace(&mut *place, next);
            drop(place);
            drop((last, before));
            GENERATION.fetch_add(1, Ordering::Release);
            return;
        }
        drop(place);
    }
}

fn installed() -> Option<Arc<Vec<Arc<Switches>>>> {
    INSTALLED.read().unwrap_or_else(PoisonError::into_inner).clone()
}

/// Whether a trace that begins in this pipeline could be recorded: one load.
#[inline]
pub(crate) fn is_on(pipeline: u32) -> bool {
    pipeline != GLOBAL || GLOBAL_STATE.load(Ordering::Relaxed) == ON
}

/// Whether `init` has ever switched its pipeline on.
pub(crate) fn was_ever_on() -> bool {
    GLOBAL_STATE.load(Ordering::Acquire) != NEVER
}

/// Asks a pipeline's switches; `None` if there is no such pipeline (any more). `ask` may be user code that comes back here.
pub(crate) fn with<R>(pipeline: u32, ask: impl FnOnce(&Switches) -> R) -> Option<R> {
    let generation = GENERATION.load(Ordering::Acquire);
    let last = LAST.try_with(Cell::take).ok().flatten();
    let found = match last {
        Some((then, switches)) if then == generation && switches.pipeline == pipeline => switches,
        _ => find(pipeline)?,
    };
    let answer = ask(&found);
    // Whatever a nested call has left there is dropped outside of the thread-local.
    drop(LAST.try_with(|last| last.replace(Some((generation, found)))));
    Some(answer)
}

#[cold]
fn find(pipeline: u32) -> Option<Arc<Switches>> {
    installed()?.iter().find(|switches| switches.pipeline == pipeline).cloned()
}

/// The present in the ticks of this context's pipeline.
#[inline]
pub(crate) fn now(hot: Hot) -> u64 {
    if hot.is_special() { now_special(hot) } else { clock::now() }
}

#[cold]
fn now_special(hot: Hot) -> u64 {
    with(hot.pipeline(), Switches::now).unwrap_or_else(clock::now)
}

// The bell of the processor, and the thread that sleeps by it.
global!(DOORBELL: Doorbell = Doorbell::new());
static PROCESSOR: RwLock<Option<std::thread::Thread>> = RwLock::new(None);
/// The process the processor runs in; zero before it runs.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// The processor's side of the bell.
pub(crate) fn doorbell() -> &'static Doorbell {
    &DOORBELL
}

/// Whether this process is a fork of the one that the processor runs in: then nobody reads what it writes.
pub(crate) fn is_forked() -> bool {
    let process = PROCESS.load(Ordering::Relaxed);
    process != 0 && process != std::process::id()
}

/// Tells whom to wake.
pub(crate) fn set_processor(thread: std::thread::Thread) {
    PROCESS.store(std::process::id(), Ordering::Relaxed);
    *PROCESSOR.write().unwrap_or_else(PoisonError::into_inner) = Some(thread);
}

/// Wakes the processor if it sleeps at least so deep; what the caller has pushed before will be seen.
#[inline]
pub(crate) fn wake(depth: Sleep) {
    if DOORBELL.must_wake(depth) {
        unpark();
    }
}

/// Wakes the processor if it looks as if it slept without a limit: cheaper, and what was pushed may be seen later.
#[inline]
pub(crate) fn wake_lazily() {
    if DOORBELL.looks_asleep(Sleep::Deep) {
        wake(Sleep::Deep);
    }
}

#[cold]
#[inline(never)]
fn unpark() {
    if let Some(thread) = &*PROCESSOR.read().unwrap_or_else(PoisonError::into_inner) {
        thread.unpark();
    }
}
