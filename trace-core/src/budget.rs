//! The memory that records take, over all threads, and what is shed first when it runs out.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The memory that rings, assembly and queues may use together, unless told otherwise: 64 MiB.
pub const DEFAULT_BUDGET_BYTES: usize = 64 << 20;

/// What a record is worth when memory runs out; the least is shed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Worth {
    /// A poll.
    Poll,
    /// An attribute, an event, a link.
    Detail,
    /// A span that nobody was told of yet.
    Span,
    /// The end of something that was announced: its place is part of the announced span's memory, so it is never shed.
    End,
}

/// The memory in use for records, in bytes, over all threads.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: AtomicUsize,
    rings: AtomicUsize,
    /// What the processor and the exporters' queues hold.
    held: AtomicUsize,
    /// Whether so much was in use when the processor looked last that records must ask before they take a place, even in a
    /// ring that has room: they are held behind it.
    is_short: Alone<AtomicBool>,
}

pub(crate) static BUDGET: Budget = Budget {
    limit: AtomicUsize::new(DEFAULT_BUDGET_BYTES),
    rings: AtomicUsize::new(0),
    held: AtomicUsize::new(0),
    is_short: Alone(AtomicBool::new(false)),
};

/// Something that every record reads, on cache lines that nobody else writes to.
#[derive(Debug)]
#[repr(align(128))]
struct Alone<T>(T);

impl Budget {
    /// Sets the limit for everything from now on.
    pub(crate) fn set_limit(&self, bytes: usize) {
        self.limit.store(bytes, Ordering::Relaxed);
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit.load(Ordering::Relaxed)
    }

    /// Everything in use.
    pub(crate) fn used(&self) -> usize {
        self.rings.load(Ordering::Relaxed).saturating_add(self.held.load(Ordering::Relaxed))
    }

    /// Adds a ring.
    pub(crate) fn make_ring(&self, bytes: usize) {
        self.rings.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes a ring away.
    pub(crate) fn free_ring(&self, bytes: usize) {
        self.rings.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Adds to what is held behind the rings.
    pub(crate) fn hold(&self, bytes: usize) {
        self.held.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes away from what is held behind the rings.
    pub(crate) fn release(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Says whether records must ask from now on: the processor does so after each pass.
    pub(crate) fn look(&self) {
        self.is_short.0.store(!self.admits(Worth::Poll, 0), Ordering::Relaxed);
    }

    /// Whether a record of this worth has no place even in a ring that has room.
    #[inline]
    pub(crate) fn refuses(&self, worth: Worth) -> bool {
        self.is_short.0.load(Ordering::Relaxed) && !self.admits(worth, 0)
    }

    /// Whether something of this worth may still take memory: polls up to 70 % of the limit, details
    /// up to 80 %, spans up to 90 %.
    pub(crate) fn admits(&self, worth: Worth, bytes: usize) -> bool {
        let limit = self.limit();
        let limit = match worth {
            Worth::Poll => limit / 10 * 7,
            Worth::Detail => limit / 10 * 8,
            Worth::Span => limit / 10 * 9,
            Worth::End => return true,
        };
        self.used().saturating_add(bytes) <= limit
    }

    /// Whether a thread in a hurry may write so much until it wakes the reader: all rings may use a quarter of the limit.
    pub(crate) fn admits_haste(&self, bytes: usize) -> bool {
        self.rings.load(Ordering::Relaxed).saturating_add(bytes) <= self.limit() / 4 && self.admits(Worth::Poll, bytes)
    }
}
