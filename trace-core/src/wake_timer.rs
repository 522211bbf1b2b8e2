//! When the waker that a future was polled with is called.
//!
//! A future whose wake-ups are timed gets a waker of ours in place of its executor's. It notes the time of the first call after
//! a poll began, and the span that was current there, and passes the call on. As long as somebody has it and the executor comes
//! with the same waker, the next poll gets it again, so that [`Waker::will_wake`] says inside of the future what it said outside.
//! There is no lock: another waker is another allocation.
//!
//! Between polls the future itself keeps no waker that nobody has called, since that keeps its executor's: a task that is
//! dropped when its last waker goes would keep itself.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Wake, Waker};

use crate::context;
use crate::hot::Hot;
use crate::id::SpanId;
use crate::switches;
use crate::wake_up::WakeUp;

/// What a span's future knows of its wakers.
#[derive(Debug)]
pub(crate) struct Wakes {
    calls: Arc<Calls>,
    latest: Weak<WakeTimer>,
    /// The same while a poll is under way, and as long as the task is woken afterwards.
    waker: Option<Waker>,
    /// The call that led to the present poll.
    led_here: WakeUp,
}

impl Wakes {
    /// Of a future of this context, by whose clock the calls are timed.
    pub(crate) fn new(hot: Hot) -> Self {
        let (woken, caller) = (AtomicU64::new(0), Caller::default());
        let calls = Arc::new(Calls { hot, woken, caller });
        Self { calls, latest: Weak::new(), waker: None, led_here: WakeUp::UNKNOWN }
    }

    /// The waker to poll with where the executor comes with this one.
    pub(crate) fn prepare(&mut self, executors: &Waker) -> &Waker {
        let latest = self.latest.upgrade().filter(|latest| latest.executors.will_wake(executors));
        let timer = latest.unwrap_or_else(|| {
            let timer = Arc::new(WakeTimer { executors: executors.clone(), calls: Arc::clone(&self.calls) });
            self.latest = Arc::downgrade(&timer);
            timer
        });
        self.waker.insert(Waker::from(timer))
    }

    /// The one that was prepared.
    pub(crate) const fn waker(&self) -> Option<&Waker> {
        self.waker.as_ref()
    }

    /// Says that a poll begins: calls from now on lead to the next one.
    pub(crate) fn begin_poll(&mut self) {
        self.led_here = self.calls.take();
    }

    /// The first call before the present poll and after the one before began.
    pub(crate) const fn led_here(&self) -> WakeUp {
        self.led_here
    }

    /// Says that the poll is over. Who was woken meanwhile will be polled or dropped by his executor, which has him in its queue.
    pub(crate) fn end_poll(&mut self) {
        if self.calls.woken.load(Ordering::Relaxed) == 0 {
            self.waker = None;
        }
    }
}

/// A waker of a span's future.
#[derive(Debug)]
struct WakeTimer {
    executors: Waker,
    calls: Arc<Calls>,
}

impl Wake for WakeTimer {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.calls.note();
        self.executors.wake_by_ref();
    }
}

/// The calls of all wakers that a future was polled with: somebody may hold an old one still, and calls that.
#[derive(Debug)]
struct Calls {
    hot: Hot,
    /// The tick of the first call since the last poll began; zero if there was none.
    woken: AtomicU64,
    caller: Caller,
}

impl Calls {
    fn note(&self) {
        if self.woken.load(Ordering::Relaxed) == 0 {
            // A manual clock may stand at zero, which means that nobody called.
            let now = switches::now(self.hot).max(1);
            // Of two at once either will do.
            if self.woken.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                let caller = context::current();
                let is_ours = caller.is_sampled() && caller.trace_id() == self.hot.trace_id();
                self.caller.note(now, caller.span_id().filter(|_| is_ours));
            }
        }
    }

    fn take(&self) -> WakeUp {
        // The executor passes on from whoever woke the future to whoever polls it, and this with it.
        match self.woken.swap(0, Ordering::Relaxed) {
            0 => WakeUp::UNKNOWN,
            at => WakeUp { at, by: SpanId::from_u64(self.caller.at(at)) },
        }
    }
}

/// Who called at a tick. Whoever has set the tick notes himself here afterwards, perhaps so late that the poll has begun and
/// others have called: so it is kept with the tick, and who asks for another one learns nothing.
#[derive(Debug, Default)]
struct Caller {
    tick: AtomicU64,
    /// Mixed with the tick, so that what two write at once makes no sense.
    span: AtomicU64,
}

impl Caller {
    fn note(&self, tick: u64, span: Option<SpanId>) {
        self.span.store(span.map_or(0, SpanId::to_u64) ^ tick.reverse_bits(), Ordering::Relaxed);
        // Pairs with the load in `at`: who sees this tick sees its span, or one that came after it.
        self.tick.store(tick, Ordering::Release);
    }

    /// The span that called at this tick; zero if that is not known.
    fn at(&self, tick: u64) -> u64 {
        if self.tick.load(Ordering::Acquire) == tick {
            self.span.load(Ordering::Relaxed) ^ tick.reverse_bits()
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_called_is_told_only_of_the_tick_at_which_he_did() {
        let (caller, spans) = (Caller::default(), [3, 5].map(SpanId::from_u64));
        assert_eq!(caller.at(7), 0);
        caller.note(7, spans[0]);
        assert_eq!(caller.at(7), 3);
        assert_eq!(caller.at(8), 0, "who set that tick has not told who he is");
        caller.note(8, None);
        assert_eq!((caller.at(7), caller.at(8)), (0, 0));
        caller.note(7, spans[1]);
        assert_eq!((caller.at(7), caller.at(8)), (5, 0), "somebody noted himself too late");
    }
}
