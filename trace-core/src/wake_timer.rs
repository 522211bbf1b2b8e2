//! When the waker that a future was polled with is called.
//!
//! A future whose wake-ups are timed gets a waker of ours in place of its executor's. It notes the time of the first call after
//! a poll began, and the span that was current there, and passes the call on. As long as the executor comes with the same waker, so do we, so that
//! [`Waker::will_wake`] says inside of the future what it said outside. There is no lock: another waker is another allocation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Wake, Waker};

use crate::context::{self, Hot};
use crate::id::SpanId;
use crate::switches;
use crate::wake_up::WakeUp;

/// The waker of a span's future.
#[derive(Debug)]
pub(crate) struct WakeTimer {
    executors: Waker,
    /// Whose clock it is.
    hot: Hot,
    /// The tick of the first call since the last poll began; zero if there was none. Only that of the span's first waker is used:
    /// somebody may hold an old one still, and calls that.
    woken: AtomicU64,
    waker: Caller,
    /// What that was when the present poll began.
    led_here: (AtomicU64, AtomicU64),
    first: Option<Arc<Self>>,
}

impl WakeTimer {
    /// A waker that passes on to this one of the executor's; `before` is the one of the polls before.
    pub(crate) fn new(before: Option<Arc<Self>>, executors: &Waker, hot: Hot) -> Arc<Self> {
        let first = before.map(|before| before.first.clone().unwrap_or(before));
        let zero = || AtomicU64::new(0);
        let (woken, waker, led_here) = (zero(), Caller::default(), (zero(), zero()));
        Arc::new(Self { executors: executors.clone(), hot, woken, waker, led_here, first })
    }

    /// Whether the executor may come with this one and be woken by what it came with before.
    pub(crate) fn passes_on_to(&self, executors: &Waker) -> bool {
        self.executors.will_wake(executors)
    }

    /// Says that a poll begins: calls from now on lead to the next one.
    pub(crate) fn begin_poll(&self) {
        // The executor passes on from whoever woke the future to whoever polls it, and this with it.
        let first = self.first();
        let woken = first.woken.swap(0, Ordering::Relaxed);
        self.led_here.0.store(woken, Ordering::Relaxed);
        self.led_here.1.store(if woken == 0 { 0 } else { first.waker.at(woken) }, Ordering::Relaxed);
    }

    /// The first call before the present poll and after the one before began.
    pub(crate) fn led_here(&self) -> WakeUp {
        let (at, by) = (self.led_here.0.load(Ordering::Relaxed), self.led_here.1.load(Ordering::Relaxed));
        WakeUp { at, by: SpanId::from_u64(by) }
    }

    fn first(&self) -> &Self {
        self.first.as_deref().unwrap_or(self)
    }

    fn note(&self) {
        let first = self.first();
        if first.woken.load(Ordering::Relaxed) == 0 {
            // A manual clock may stand at zero, which means that nobody called.
            let now = switches::now(self.hot).max(1);
            // Of two at once either will do.
            if first.woken.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                let caller = context::current();
                let is_ours = caller.is_sampled() && caller.trace_id() == self.hot.trace_id();
                first.waker.note(now, caller.span_id().filter(|_| is_ours));
            }
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

impl Wake for WakeTimer {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.note();
        self.executors.wake_by_ref();
    }
}
