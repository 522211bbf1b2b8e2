//! A thread's records on their way to the processor.
//!
//! Each thread writes into a ring of its own (see [`rings`]): single producer, single consumer, no lock, no wait. One that is
//! full is retired for a larger one, from [`FIRST_SLOTS`] to [`USUAL_SLOTS`] records, and from then on for one that the reader
//! has emptied. So this file has no unsafe code.
//!
//! What a span costs beyond that is waking the reader, some microseconds on both sides. A thread that rings again and again
//! within [`HURRY`] rings less often, up to every [`LAST_BELL`] records, and often again when it has calmed down. Against rings
//! that grew with the thread's hurry and were never used again, 400,000 sync spans in a row took 9 times fewer switches between
//! threads, half the processor's time (5.7 ns a span, 11.4 before), and as much of the tracing thread's; a task of its own with a
//! span 50 ns, 85 before; and two threads flat out lost nothing in two runs of three and up to 7 %, where they had lost 0.5 to 16 %.
//!
//! Where no ring can be had (the thread is past its destructors, or the buffer is at work further down the stack because
//! an allocator traces), records go one by one through the channel that also announces new rings.

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rtrb::Producer;

use crate::budget::{BUDGET, Worth};
use crate::doorbell::Sleep;
use crate::record::Record;
use crate::rings::{self, Message, ThreadNumber, USUAL_SLOTS, bytes_of};
use crate::switches;
use crate::tally;
use crate::thread_names;

/// A thread's first ring: 4 KiB.
const FIRST_SLOTS: usize = 64;
/// How much larger the next ring is, up to [`USUAL_SLOTS`], and how much later the next bell.
const GROWTH: usize = 4;

/// The records after which a thread that is in no hurry wakes the reader: three quarters of a ring, so that most of it is read
/// while the rest fills.
const FIRST_BELL: u32 = 1500;
/// The same for a thread in a hurry.
const LAST_BELL: u32 = 24_000;
/// A thread whose bell rings again so soon is in a hurry: from 75,000 records a second on, and from 300,000 on it rings as seldom
/// as may be. A wake-up costs both sides 90 microseconds in all, where the processor has to be brought back from idleness.
const HURRY: Duration = Duration::from_millis(20);
/// A thread whose bell did not ring for so long has calmed down.
const CALM: Duration = Duration::from_secs(1);

/// This thread's number; zero before its first record, and where it is ending.
pub(crate) fn thread_number() -> ThreadNumber {
    LOCAL.try_with(|local| local.try_borrow().map_or(0, |local| local.thread)).unwrap_or(0)
}

#[derive(Debug)]
struct Local {
    producer: Option<Producer<Record>>,
    thread: ThreadNumber,
    /// After how many records it rings for the reader.
    bell: u32,
    /// How many of them are left.
    until_bell: u32,
    /// When it last rang.
    rang_at: Option<Instant>,
}

thread_local! {
    static LOCAL: RefCell<Local> = const {
        RefCell::new(Local { producer: None, thread: 0, bell: FIRST_BELL, until_bell: FIRST_BELL, rang_at: None })
    };
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

/// Writes two records, one right after the other, and tells of each whether there was memory for it.
///
/// In one go where both find room in the thread's ring, which they nearly always do: 30 instructions less than two of
/// [`push`].
#[inline]
pub(crate) fn push_both(
    (worth, first): (Worth, impl Fn() -> Record),
    (other_worth, second): (Worth, impl Fn() -> Record),
) -> (bool, bool) {
    let pushed = if BUDGET.refuses(worth) {
        0
    } else {
        let in_one_go = |local: &RefCell<Local>| {
            let mut local = local.try_borrow_mut().ok()?;
            let producer = local.producer.as_mut()?;
            producer.push(first()).ok()?;
            let pushed = 1 + u32::from(producer.push(second()).is_ok());
            local.count_to_the_bell(pushed);
            Some(pushed)
        };
        LOCAL.try_with(in_one_go).ok().flatten().unwrap_or(0)
    };
    match pushed {
        2 => (true, true),
        1 => (true, push_apart(other_worth, second)),
        _ => (push_apart(worth, first), push_apart(other_worth, second)),
    }
}

#[cold]
#[inline(never)]
fn push_apart(worth: Worth, make: impl Fn() -> Record) -> bool {
    push(worth, make)
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
        let since = self.rang_at.replace(now).map(|last| now.saturating_duration_since(last));
        let fitting = since.map_or(self.bell, |since| fitting_bell(self.bell, since));
        if fitting < self.bell || BUDGET.admits_haste(bytes_of(fitting as usize)) {
            self.bell = fitting;
        }
        switches::wake(Sleep::Timed);
        self.until_bell = self.bell;
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
            slots => (slots * GROWTH).min(USUAL_SLOTS),
        };
        if switches::is_forked() {
            return false;
        }
        let Some((producer, consumer)) = rings::take(next.max(slots), worth) else {
            // The reader may sleep on what it would make room with.
            switches::wake(Sleep::Timed);
            return false;
        };
        if self.thread == 0 {
            self.thread = THREADS.fetch_add(1, Ordering::Relaxed);
            thread_names::keep(self.thread);
        }
        let retired = self.producer.replace(producer);
        let is_first = retired.is_none();
        let sent = rings::send(Message::Ring { thread: self.thread, retired, consumer });
        if is_first {
            switches::wake(Sleep::Deep);
        }
        sent
    }
}

/// After how many records the bell of a thread should ring next that rings after so many now, and so long after the last time.
const fn fitting_bell(bell: u32, since: Duration) -> u32 {
    if since.as_nanos() > CALM.as_nanos() {
        FIRST_BELL
    } else if since.as_nanos() < HURRY.as_nanos() && bell < LAST_BELL {
        bell * GROWTH as u32
    } else {
        bell
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
    let sent = rings::send(Message::Strays(records()));
    SENDING_STRAY.set(false);
    sent
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_thread_in_a_hurry_rings_less_often_step_by_step_and_as_before_when_it_is_calm() {
        let hurried = HURRY - Duration::from_nanos(1);
        let bells = std::iter::successors(Some(FIRST_BELL), |&bell| {
            Some(fitting_bell(bell, hurried)).filter(|&next| next != bell)
        });
        assert_eq!(bells.collect::<Vec<_>>(), [1500, 6000, LAST_BELL]);
        assert_eq!(fitting_bell(LAST_BELL, CALM + Duration::from_nanos(1)), FIRST_BELL);
    }

    #[test]
    fn a_thread_rings_as_often_as_before_at_every_other_pace() {
        for bell in [FIRST_BELL, 6000, LAST_BELL] {
            assert_eq!([HURRY, CALM].map(|since| fitting_bell(bell, since)), [bell; 2]);
        }
    }
}
