//! A thread's records on their way to the processor.
//!
//! Each thread writes into a ring of its own: single producer, single consumer, no lock, no wait. A ring that is full is
//! given up for a larger one, from [`FIRST_SLOTS`] to [`USUAL_SLOTS`] records; the reader goes on to the next ring when one
//! is abandoned *and* empty. The rings are `rtrb`'s, so this file has no unsafe code (a span in 22 to 25 ns, draining
//! included, against 21 ns with a hand-written segment list).
//!
//! What a span costs beyond that is waking the reader. A thread that fills most of its ring again and again within [`HURRY`]
//! gets a larger one, up to [`MAX_SLOTS`], and goes back when it has calmed down. One thread flat out with an exporter that
//! does little, times of the floor (two clock readings and a store), hot and in all: 1.34 to 1.73 and 2.05 to 2.65 with rings
//! of 2,000 records, 1.15 to 1.45 and 1.87 to 2.22 with 8,000, 1.08 and 1.80 with 32,000. Where the exporter cannot keep up, a
//! large ring is full as well, and each new one is memory that was never touched before (100,000 traces flat out: 46 ns a span
//! with large rings, 34 with small ones); so the thread goes back to small rings for a while.
//!
//! Where no ring can be had (the thread is past its destructors, or the buffer is at work further down the stack because
//! an allocator traces), records go one by one through the channel that also announces new rings.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rtrb::{Producer, RingBuffer};

use crate::budget::{BUDGET, Worth};
use crate::doorbell::Sleep;
use crate::record::Record;
use crate::rings::{Message, ThreadNumber, ring_bytes, send};
use crate::switches;
use crate::tally;
use crate::thread_names;

/// A thread's first ring: 4 KiB.
const FIRST_SLOTS: usize = 64;
/// The largest ring of a thread that is in no hurry, unless one group of records needs more: just below 128 KiB, from where
/// on the system's allocator asks the kernel for every single ring.
const USUAL_SLOTS: usize = 2000;
/// The largest ring of a thread in a hurry: 2 MiB.
const MAX_SLOTS: usize = 32_000;
/// How much larger the next ring is.
const GROWTH: usize = 4;

/// A thread whose bell rings again so soon is in a hurry: from 150,000 records a second on.
const HURRY: Duration = Duration::from_millis(10);
/// A thread whose bell did not ring for so long has calmed down.
const CALM: Duration = Duration::from_secs(1);

/// The records after which a thread wakes the reader, by the size of its ring. So most of the ring is read while the rest
/// fills, and as long as the reader keeps up no further ring is needed. Each wake-up costs both sides some microseconds: at
/// half a ring, a span cost 1 to 2 ns more.
const fn bell(slots: usize) -> u32 {
    let slots = if slots < USUAL_SLOTS { USUAL_SLOTS } else { slots };
    slots as u32 / 4 * 3
}

/// This thread's number; zero before its first record, and where it is ending.
pub(crate) fn thread_number() -> ThreadNumber {
    LOCAL.try_with(|local| local.try_borrow().map_or(0, |local| local.thread)).unwrap_or(0)
}

#[derive(Debug)]
struct Local {
    producer: Option<Producer<Record>>,
    thread: ThreadNumber,
    /// How many records it writes until it rings for the reader.
    until_bell: u32,
    /// When it last rang.
    rang_at: Option<Instant>,
    /// When a large ring was full all the same: the reader is behind, and a larger one is no help.
    overran_at: Option<Instant>,
}

thread_local! {
    static LOCAL: RefCell<Local> =
        const { RefCell::new(Local { producer: None, thread: 0, until_bell: bell(0), rang_at: None, overran_at: None }) };
    static SENDING_STRAY: Cell<bool> = const { Cell::new(false) };
}

/// Writes the record that `make` makes; it is made in its place in the ring.
///
/// `false` if there was no memory for a record of this worth; the caller counts what it meant.
#[inline]
pub(crate) fn push(worth: Worth, make: impl Fn() -> Record) -> bool {
    if BUDGET.refuses(worth) {
        return false;
    }
    let pushed = LOCAL.try_with(|local| match local.try_borrow_mut() {
        Ok(mut local) => {
            let pushed = local.producer.as_mut().is_some_and(|producer| producer.push(make()).is_ok());
            local.count_to_the_bell(1);
            // The record is made anew on the way that is seldom taken, so that it need not stand in memory on the other.
            pushed || local.push_into_new_ring(worth, make())
        }
        Err(_) => send_stray(make()),
    });
    pushed.unwrap_or_else(|_| send_stray(make()))
}

/// Whether a record of this worth would find memory as far as is known: the processor has a look at each pass.
#[inline]
pub(crate) fn has_room(worth: Worth) -> bool {
    !BUDGET.refuses(worth)
}

/// Writes a group: a header that tells the number of items, and the items, which the reader finds together.
///
/// `false` if there was no memory; then nothing was written.
pub(crate) fn push_group(worth: Worth, header: Record, items: impl ExactSizeIterator<Item = Record>) -> bool {
    if BUDGET.refuses(worth) {
        return false;
    }
    let slots = 1 + items.len();
    let mut records = Some(std::iter::once(header).chain(items));
    let pushed = LOCAL.try_with(|local| {
        let Ok(mut local) = local.try_borrow_mut() else { return None };
        let fits = local.producer.as_mut().is_some_and(|producer| producer.slots() >= slots);
        if !fits && !local.open_ring(worth, slots) {
            return Some(false);
        }
        let chunk = local.producer.as_mut().and_then(|producer| producer.write_chunk_uninit(slots).ok());
        let pushed = chunk.zip(records.take()).is_some_and(|(chunk, records)| chunk.fill_from_iter(records) == slots);
        local.count_to_the_bell(u32::try_from(slots).unwrap_or(u32::MAX));
        Some(pushed)
    });
    match pushed {
        Ok(Some(pushed)) => pushed,
        _ => records.take().is_some_and(|records| send_strays(|| records.collect())),
    }
}

impl Local {
    #[inline]
    fn count_to_the_bell(&mut self, records: u32) {
        match self.until_bell.checked_sub(records) {
            Some(left @ 1..) => self.until_bell = left,
            _ => self.ring_the_bell(),
        }
    }

    #[cold]
    #[inline(never)]
    fn ring_the_bell(&mut self) {
        let now = Instant::now();
        let slots = self.slots();
        let since = self.rang_at.replace(now).map(|last| now.saturating_duration_since(last));
        let fitting = since.map_or(slots, |since| fitting_slots(slots, since));
        let is_futile = self.overran_at.is_some_and(|then| now.saturating_duration_since(then) < CALM);
        let may_grow = !is_futile && BUDGET.admits_haste(ring_bytes(fitting));
        // A smaller ring is worth having above all when memory is short.
        if (fitting < slots || fitting > slots && may_grow) && !switches::is_forked() {
            self.begin_ring(fitting);
        }
        switches::wake(Sleep::Timed);
        self.until_bell = bell(self.slots());
    }

    /// The size of its ring.
    fn slots(&self) -> usize {
        self.producer.as_ref().map_or(0, |producer| producer.buffer().capacity())
    }

    #[cold]
    #[inline(never)]
    fn push_into_new_ring(&mut self, worth: Worth, record: Record) -> bool {
        self.open_ring(worth, 1) && self.producer.as_mut().is_some_and(|producer| producer.push(record).is_ok())
    }

    /// Gives the ring up for one with at least so many free slots.
    #[cold]
    #[inline(never)]
    fn open_ring(&mut self, worth: Worth, slots: usize) -> bool {
        static THREADS: AtomicU32 = AtomicU32::new(1);

        let next = match self.slots() {
            0 => FIRST_SLOTS,
            slots if slots > USUAL_SLOTS => {
                self.overran_at = Some(Instant::now());
                USUAL_SLOTS
            }
            slots => (slots * GROWTH).min(USUAL_SLOTS),
        };
        let capacity = next.max(slots);
        if !BUDGET.admits(worth, ring_bytes(capacity)) || switches::is_forked() {
            return false;
        }
        if self.thread == 0 {
            self.thread = THREADS.fetch_add(1, Ordering::Relaxed);
            thread_names::keep(self.thread);
        }
        self.begin_ring(capacity)
    }

    fn begin_ring(&mut self, capacity: usize) -> bool {
        BUDGET.make_ring(ring_bytes(capacity));
        let (producer, consumer) = RingBuffer::new(capacity);
        // The old ring is given up before the new one is announced, so that whoever knows of the new one sees it abandoned.
        let was_full = self.producer.replace(producer).is_some();
        let sent = send(Message::Ring { thread: self.thread, consumer });
        switches::wake(if was_full { Sleep::Timed } else { Sleep::Deep });
        sent
    }
}

/// The ring that a thread should have whose ring has so many slots, and whose bell rings after so long.
fn fitting_slots(slots: usize, since: Duration) -> usize {
    if since < HURRY && (USUAL_SLOTS..MAX_SLOTS).contains(&slots) {
        (slots * GROWTH).min(MAX_SLOTS)
    } else if since > CALM && slots > USUAL_SLOTS {
        USUAL_SLOTS
    } else {
        slots
    }
}

#[cold]
#[inline(never)]
fn send_stray(record: Record) -> bool {
    send_strays(|| vec![record])
}

/// The way of records that find no ring. It allocates, so an allocator that traces may come back here: then it ends.
#[cold]
fn send_strays(records: impl FnOnce() -> Vec<Record>) -> bool {
    if SENDING_STRAY.replace(true) {
        tally::REENTRANT.add(1);
        return false;
    }
    let sent = send(Message::Strays(records()));
    SENDING_STRAY.set(false);
    sent
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_in_a_hurry_gets_larger_rings_step_by_step_and_goes_back_when_it_is_calm() {
        let hurried = HURRY - Duration::from_nanos(1);
        let sizes = std::iter::successors(Some(USUAL_SLOTS), |&slots| {
            Some(fitting_slots(slots, hurried)).filter(|&next| next != slots)
        });
        assert_eq!(sizes.collect::<Vec<_>>(), [2000, 8000, 32_000]);
        assert_eq!(fitting_slots(MAX_SLOTS, CALM + Duration::from_nanos(1)), USUAL_SLOTS);
    }

    #[test]
    fn a_ring_stays_as_it_is_at_every_other_pace() {
        for slots in [USUAL_SLOTS, USUAL_SLOTS * GROWTH, MAX_SLOTS] {
            assert_eq!(fitting_slots(slots, HURRY), slots);
            assert_eq!(fitting_slots(slots, CALM), slots);
        }
        // The first rings grow as they fill, and one that was made for a large group is kept.
        assert_eq!(fitting_slots(FIRST_SLOTS, Duration::ZERO), FIRST_SLOTS);
        assert_eq!(fitting_slots(MAX_SLOTS + 1, Duration::ZERO), MAX_SLOTS + 1);
    }

    #[test]
    fn most_of_a_ring_is_filled_when_the_bell_rings() {
        assert_eq!([0, USUAL_SLOTS, MAX_SLOTS].map(bell), [1500, 1500, 24_000]);
    }
}
