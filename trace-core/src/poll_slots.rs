//! What every thread is polling at this moment, for those who look from outside: the watchdog, the live view.
//!
//! A thread has a slot of its own, which it alone writes to: the polls that it is in, outermost first. Readers copy it and
//! see by the sequence number, which is odd while the slot is written and larger afterwards, whether the copy is of one
//! moment; else they try again. Nothing is written unless somebody has asked for it, and nothing waits.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

use crate::buffer;
use crate::doorbell::{Doorbell, Sleep};
use crate::hot::Hot;
use crate::id::{SpanId, TraceId};
use crate::switches::GLOBAL;
use crate::sync::{AtomicU32, AtomicU64, Ordering, fence, global};

/// How many polls inside of each other are shown; those further inside are counted.
const DEPTH: usize = if cfg!(loom) { 1 } else { 16 };

/// How often a reader tries to get a copy of one moment.
const TRIES: usize = 8;

/// The polls that a thread is in.
#[derive(Debug)]
pub(crate) struct Slot {
    thread_name: Option<String>,
    thread: AtomicU32,
    sequence: AtomicU64,
    depth: AtomicU32,
    /// How many outermost polls have begun.
    polls: AtomicU64,
    frames: [Frame; DEPTH],
}

#[derive(Debug)]
struct Frame {
    trace: (AtomicU64, AtomicU64),
    span: AtomicU64,
    start: AtomicU64,
}

impl Frame {
    fn new() -> Self {
        let zero = || AtomicU64::new(0);
        Self { trace: (zero(), zero()), span: zero(), start: zero() }
    }
}

/// A poll that is under way. Times are ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Polling {
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    pub(crate) start: u64,
}

/// What a thread was doing at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sight {
    /// How many outermost polls the thread had begun: the same number is the same poll.
    pub(crate) polls: u64,
    /// The polls it was in, outermost first.
    pub(crate) inside: Vec<Polling>,
}

impl Slot {
    fn new(thread_name: Option<String>) -> Self {
        Self {
            thread_name,
            thread: AtomicU32::new(0),
            sequence: AtomicU64::new(0),
            depth: AtomicU32::new(0),
            polls: AtomicU64::new(0),
            frames: std::array::from_fn(|_| Frame::new()),
        }
    }

    pub(crate) fn thread_name(&self) -> Option<&str> {
        self.thread_name.as_deref()
    }

    /// The thread's number in records, zero before its first one.
    pub(crate) fn thread(&self) -> u32 {
        self.thread.load(Ordering::Relaxed)
    }

    /// Adds a poll. Returns whether it is an outermost one. Only the slot's own thread calls this.
    fn begin(&self, (high, low): (u64, u64), span: u64, start: u64) -> bool {
        let depth = self.depth.load(Ordering::Relaxed);
        let sequence = self.sequence.load(Ordering::Relaxed);
        self.sequence.store(sequence + 1, Ordering::Relaxed);
        // Pairs with the fence in `look`: who sees anything of what follows sees the odd number as well.
        fence(Ordering::Release);
        if let Some(frame) = self.frames.get(depth as usize) {
            frame.trace.0.store(high, Ordering::Relaxed);
            frame.trace.1.store(low, Ordering::Relaxed);
            frame.span.store(span, Ordering::Relaxed);
            frame.start.store(start, Ordering::Relaxed);
        }
        if depth == 0 {
            self.polls.store(self.polls.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
        }
        self.depth.store(depth + 1, Ordering::Relaxed);
        // Pairs with the first load in `look`: who sees the even number sees all of the poll.
        self.sequence.store(sequence + 2, Ordering::Release);
        depth == 0
    }

    /// Takes the innermost poll away. What it was is left in its place until the next one begins, so no number changes: a copy
    /// that is made meanwhile is of the moment before or after.
    fn end(&self) {
        let depth = self.depth.load(Ordering::Relaxed);
        self.depth.store(depth.saturating_sub(1), Ordering::Relaxed);
    }

    /// What the thread is doing; `None` if it begins polls faster than they can be read.
    pub(crate) fn look(&self) -> Option<Sight> {
        (0..TRIES).find_map(|_| {
            let before = self.sequence.load(Ordering::Acquire);
            let depth = self.depth.load(Ordering::Relaxed) as usize;
            let polls = self.polls.load(Ordering::Relaxed);
            let words = |frame: &Frame| {
                let trace = (frame.trace.0.load(Ordering::Relaxed), frame.trace.1.load(Ordering::Relaxed));
                (trace, frame.span.load(Ordering::Relaxed), frame.start.load(Ordering::Relaxed))
            };
            let inside: Vec<_> = self.frames.iter().take(depth).map(words).collect();
            // Pairs with the fence in `begin`.
            fence(Ordering::Acquire);
            let is_of_one_moment = before.is_multiple_of(2) && self.sequence.load(Ordering::Relaxed) == before;
            let polling = |&((high, low), span, start): &((u64, u64), u64, u64)| {
                Some(Polling { trace: TraceId::from_words(high, low)?, span: SpanId::from_u64(span)?, start })
            };
            is_of_one_moment.then(|| Sight { polls, inside: inside.iter().filter_map(polling).collect() })
        })
    }
}

const SHOWN: u8 = 1;
const BELL_RINGS: u8 = 2;

/// Whether polls are shown, and whether the watchdog wants to be woken.
static MODE: std::sync::atomic::AtomicU8 = std::sync::atomic::AtomicU8::new(0);
static SLOTS: Mutex<Vec<Arc<Slot>>> = Mutex::new(Vec::new());
global!(BELL: Doorbell = Doorbell::new());
static WATCHDOG: Mutex<Option<Thread>> = Mutex::new(None);

thread_local! {
    static SLOT: OnceCell<Arc<Slot>> = const { OnceCell::new() };
}

/// Makes every thread show what it polls, from its next poll on.
pub(crate) fn show() {
    MODE.fetch_or(SHOWN, Ordering::Relaxed);
}

/// Makes the first poll of a thread that was in none wake this thread, if it lies in [`bell`].
pub(crate) fn wake_on_polls(watchdog: Option<Thread>) {
    let is_on = watchdog.is_some();
    *lock(&WATCHDOG) = watchdog;
    if is_on {
        MODE.fetch_or(SHOWN | BELL_RINGS, Ordering::SeqCst);
    } else {
        MODE.fetch_and(!BELL_RINGS, Ordering::SeqCst);
    }
}

/// By what the watchdog sleeps.
pub(crate) fn bell() -> &'static Doorbell {
    &BELL
}

/// The slots of all threads that live.
pub(crate) fn all() -> Vec<Arc<Slot>> {
    let mut slots = lock(&SLOTS);
    slots.retain(|slot| Arc::strong_count(slot) > 1);
    slots.clone()
}

/// Shows a poll of the pipeline of `init`, if anybody looks. Returns whether [`end`] must be called after it.
#[inline]
pub(crate) fn begin(hot: Hot, start: u64) -> bool {
    let mode = MODE.load(Ordering::Relaxed);
    mode != 0 && hot.pipeline() == GLOBAL && show_poll(hot, start, mode)
}

#[cold]
#[inline(never)]
fn show_poll(hot: Hot, start: u64, mode: u8) -> bool {
    let Some((trace, span)) = hot.ids() else { return false };
    let begun = SLOT.try_with(|slot| {
        let slot = slot.get_or_init(register);
        if slot.thread.load(Ordering::Relaxed) == 0 {
            slot.thread.store(buffer::thread_number(), Ordering::Relaxed);
        }
        slot.begin(trace.words(), span.to_u64(), start)
    });
    // The sleeper looks at all slots once more after it has lain down, so it sees this poll or is woken.
    if begun == Ok(true) && mode & BELL_RINGS != 0 && BELL.must_wake(Sleep::Deep) {
        wake_watchdog();
    }
    begun.is_ok()
}

/// Ends the poll that was shown last on this thread.
#[cold]
#[inline(never)]
pub(crate) fn end() {
    // A thread that is ending shows nothing any more.
    let _ = SLOT.try_with(|slot| {
        if let Some(slot) = slot.get() {
            slot.end();
        }
    });
}

#[cold]
fn register() -> Arc<Slot> {
    let slot = Arc::new(Slot::new(std::thread::current().name().map(str::to_owned)));
    lock(&SLOTS).push(Arc::clone(&slot));
    slot
}

#[cold]
fn wake_watchdog() {
    if let Some(thread) = &*lock(&WATCHDOG) {
        thread.unpark();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn polling(number: u64) -> Polling {
        Polling {
            trace: TraceId::from_words(number, number).expect("it is not zero"),
            span: SpanId::from_u64(number).expect("it is not zero"),
            start: number,
        }
    }

    #[test]
    fn a_slot_shows_the_polls_inside_of_each_other_and_counts_the_outermost() {
        let slot = Slot::new(None);
        assert_eq!(slot.look(), Some(Sight::default()));
        assert!(slot.begin((1, 1), 1, 1) && !slot.begin((2, 2), 2, 2));
        assert_eq!(slot.look(), Some(Sight { polls: 1, inside: vec![polling(1), polling(2)] }));
        slot.end();
        assert_eq!(slot.look(), Some(Sight { polls: 1, inside: vec![polling(1)] }));
        slot.end();
        assert!(slot.begin((3, 3), 3, 3));
        assert_eq!(slot.look(), Some(Sight { polls: 2, inside: vec![polling(3)] }));
    }

    #[test]
    fn what_is_too_deep_is_not_shown_and_not_in_the_way() {
        let slot = Slot::new(None);
        let numbers = 1..DEPTH as u64 + 10;
        for number in numbers.clone() {
            slot.begin((number, number), number, number);
        }
        assert_eq!(slot.look().expect("nobody writes").inside.len(), DEPTH);
        numbers.for_each(|_| slot.end());
        assert_eq!(slot.look().expect("nobody writes").inside, []);
        slot.end();
        assert!(slot.begin((1, 1), 1, 1));
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use loom::sync::Arc;
    use loom::thread;

    #[test]
    fn loom_a_sight_is_of_one_poll_and_not_of_two() {
        loom::model(|| {
            let slot = Arc::new(Slot::new(None));
            let writer = Arc::clone(&slot);
            let writer = thread::spawn(move || {
                writer.begin((1, 1), 1, 1);
                writer.end();
                writer.begin((2, 2), 2, 2);
            });
            if let Some(sight) = slot.look() {
                for Polling { trace, span, start } in sight.inside {
                    assert_eq!(trace.words(), (start, start));
                    assert_eq!(span.to_u64(), start);
                }
            }
            writer.join().expect("it ran");
        });
    }
}
