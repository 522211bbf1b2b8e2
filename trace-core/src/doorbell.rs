//! When the processor sleeps, who wakes it.
//!
//! A wake-up costs its caller 8.5 microseconds, so nobody rings for every trace. While records keep coming the processor
//! sleeps on a short timer and only a full segment rings; after a quiet period it sleeps without a limit, and then the next
//! local root's end rings as well.
//!
//! The promise: what was pushed before [`Doorbell::must_wake`] is either seen by the sleeper's last look, or the caller is
//! told to wake it. Both sides write, fence, and read what the other wrote; with a fence on both sides at least one of them
//! sees the other (modelled in loom below).

use crate::sync::{AtomicU8, Ordering, fence};

/// How the processor sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Sleep {
    /// Not at all.
    Awake,
    /// On a timer: whatever is there will be seen soon.
    Timed,
    /// Without a limit.
    Deep,
}

/// Alone on its cache lines: the sleeper writes to it at every pass, and what stands beside it may be read by every span.
#[derive(Debug)]
#[repr(align(128))]
pub(crate) struct Doorbell {
    state: AtomicU8,
}

impl Doorbell {
    #[cfg(not(loom))]
    pub(crate) const fn new() -> Self {
        Self { state: AtomicU8::new(Sleep::Awake as u8) }
    }

    #[cfg(loom)]
    pub(crate) fn new() -> Self {
        Self { state: AtomicU8::new(Sleep::Awake as u8) }
    }

    /// Whether the caller, who has just pushed something, must wake a sleeper that sleeps at least so deep.
    /// Of several callers, one is told so.
    #[inline]
    pub(crate) fn must_wake(&self, depth: Sleep) -> bool {
        // Pairs with the fence in `lie_down`: the push before it, or the state after it, is seen by the other side.
        fence(Ordering::SeqCst);
        self.looks_asleep(depth) && self.state.swap(Sleep::Awake as u8, Ordering::AcqRel) != Sleep::Awake as u8
    }

    /// A cheap look without a promise: it may miss a sleeper that is lying down at this moment.
    #[inline]
    pub(crate) fn looks_asleep(&self, depth: Sleep) -> bool {
        self.state.load(Ordering::Relaxed) >= depth as u8
    }

    /// The sleeper announces that it will sleep. It must look for work once more before it does.
    pub(crate) fn lie_down(&self, depth: Sleep) {
        self.state.store(depth as u8, Ordering::Relaxed);
        // Pairs with the fence in `must_wake`.
        fence(Ordering::SeqCst);
    }

    /// The sleeper is up, by whatever cause.
    pub(crate) fn get_up(&self) {
        self.state.store(Sleep::Awake as u8, Ordering::Relaxed);
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;
    use loom::sync::Arc;
    use loom::sync::atomic::AtomicUsize;
    use loom::thread;

    #[test]
    fn loom_what_was_pushed_is_seen_or_its_pusher_must_wake() {
        loom::model(|| {
            let shared = Arc::new((Doorbell::new(), AtomicUsize::new(0)));
            let pushers: Vec<_> = (0..2)
                .map(|_| {
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || {
                        shared.1.fetch_add(1, Ordering::Relaxed);
                        shared.0.must_wake(Sleep::Deep)
                    })
                })
                .collect();
            shared.0.lie_down(Sleep::Deep);
            let seen = shared.1.load(Ordering::Relaxed);
            let wakes = pushers.into_iter().map(|pusher| pusher.join().unwrap()).filter(|&wake| wake).count();
            assert!(seen == 2 || wakes == 1, "{seen} of 2 seen, {wakes} wake-ups");
        });
    }
}
