//! When the waker that a future was polled with is called.
//!
//! A future whose wake-ups are timed gets a waker of ours in place of its executor's. It notes the time of the first call after
//! a poll began, and passes the call on. As long as the executor comes with the same waker, so do we, so that
//! [`Waker::will_wake`] says inside of the future what it said outside. There is no lock: another waker is another allocation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Wake, Waker};

use crate::context::Hot;
use crate::switches;

/// The waker of a span's future.
#[derive(Debug)]
pub(crate) struct WakeTimer {
    executors: Waker,
    /// Whose clock it is.
    hot: Hot,
    /// The tick of the first call since the last poll began; zero if there was none. Only that of the span's first waker is used:
    /// somebody may hold an old one still, and calls that.
    woken: AtomicU64,
    /// What that was when the present poll began.
    led_here: AtomicU64,
    first: Option<Arc<Self>>,
}

impl WakeTimer {
    /// A waker that passes on to this one of the executor's; `before` is the one of the polls before.
    pub(crate) fn new(before: Option<Arc<Self>>, executors: &Waker, hot: Hot) -> Arc<Self> {
        let first = before.map(|before| before.first.clone().unwrap_or(before));
        let zero = || AtomicU64::new(0);
        Arc::new(Self { executors: executors.clone(), hot, woken: zero(), led_here: zero(), first })
    }

    /// Whether the executor may come with this one and be woken by what it came with before.
    pub(crate) fn passes_on_to(&self, executors: &Waker) -> bool {
        self.executors.will_wake(executors)
    }

    /// Says that a poll begins: calls from now on lead to the next one.
    pub(crate) fn begin_poll(&self) {
        // The executor passes on from whoever woke the future to whoever polls it, and this with it.
        self.led_here.store(self.word().swap(0, Ordering::Relaxed), Ordering::Relaxed);
    }

    /// When it was called first before the present poll and after the one before began; zero if it was not.
    pub(crate) fn woken(&self) -> u64 {
        self.led_here.load(Ordering::Relaxed)
    }

    fn word(&self) -> &AtomicU64 {
        self.first.as_ref().map_or(&self.woken, |first| &first.woken)
    }

    fn note(&self) {
        let word = self.word();
        if word.load(Ordering::Relaxed) == 0 {
            // Of two at once either will do. A manual clock may stand at zero, which means that nobody called.
            let now = switches::now(self.hot).max(1);
            let _ = word.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
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
