//! What goes from the threads that write records to the one that reads them: rings.
//!
//! The rings are `rtrb`'s: one writes, one reads, no lock, no wait. A ring that is full is retired: its writer sends its end of
//! it to the reader, in the message that announces the next one. Once the reader has emptied it, it has both ends, and keeps the
//! ring for whoever needs one next. So a thread in a hurry writes into memory that it wrote to before.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use rtrb::{Consumer, Producer, RingBuffer};

use crate::budget::{BUDGET, Worth};
use crate::record::Record;

/// The usual ring: just below 128 KiB, from where on the system's allocator asks the kernel for every single one.
pub(crate) const USUAL_SLOTS: usize = 2000;

/// So many rings are kept at most: 8 MiB.
const MOST_SPARE: usize = 64;

/// A thread's number in records of polls and in messages; from 1, in order of the first record.
pub(crate) type ThreadNumber = u32;

/// Stands for whatever threads wrote records that found no ring.
pub(crate) const STRAYS: ThreadNumber = 0;

#[derive(Debug)]
pub(crate) enum Message {
    /// The next ring of a thread, and its end of the one before, into which it writes no more.
    Ring { thread: ThreadNumber, retired: Option<Producer<Record>>, consumer: Consumer<Record> },
    /// Records that found no ring, a whole group if it is one.
    Strays(Vec<Record>),
}

/// The memory of so many records, in bytes.
pub(crate) const fn bytes_of(slots: usize) -> usize {
    slots * size_of::<Record>()
}

/// Both ends of a ring.
pub(crate) type Ring = (Producer<Record>, Consumer<Record>);

/// Rings of [`USUAL_SLOTS`] without content.
#[derive(Debug)]
struct Spare {
    /// It never grows beyond the room it has from the beginning: an allocator that traces must not come back here.
    rings: Vec<Ring>,
    /// How few there were since they were last trimmed: so many nobody needed.
    least: usize,
}

/// What waits to be used again; it exists from the first ring on.
static SPARE: OnceLock<Mutex<Spare>> = OnceLock::new();

impl Spare {
    fn new() -> Self {
        Self { rings: Vec::with_capacity(MOST_SPARE), least: 0 }
    }

    fn take(&mut self) -> Option<Ring> {
        let ring = self.rings.pop();
        self.least = self.least.min(self.rings.len());
        ring
    }

    fn keep(&mut self, ring: Ring) -> Option<Ring> {
        if self.rings.len() == MOST_SPARE {
            return Some(ring);
        }
        self.rings.push(ring);
        None
    }

    /// Takes those out that nobody needed since the last time.
    fn trim(&mut self) -> Vec<Ring> {
        let unneeded = self.rings.drain(..self.least).collect();
        self.least = self.rings.len();
        unneeded
    }

    fn take_all(&mut self) -> Vec<Ring> {
        self.least = 0;
        self.rings.drain(..).collect()
    }
}

/// Nobody waits for the others here: who finds it locked does without.
fn lock(spare: &Mutex<Spare>) -> Option<MutexGuard<'_, Spare>> {
    match spare.try_lock() {
        Ok(spare) => Some(spare),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

/// A ring of so many slots, if a record of this worth may have the memory.
pub(crate) fn take(slots: usize, worth: Worth) -> Option<Ring> {
    if !BUDGET.admits(worth, 0) {
        return None;
    }
    let spare = if slots == USUAL_SLOTS { SPARE.get().and_then(lock) } else { None };
    spare.and_then(|mut spare| spare.take()).or_else(|| {
        if !BUDGET.admits(worth, bytes_of(slots)) {
            return None;
        }
        BUDGET.make_ring(bytes_of(slots));
        Some(RingBuffer::new(slots))
    })
}

/// Keeps an empty ring for the next who needs one, if it is of the usual size and memory is not short. Only the reader comes here.
pub(crate) fn give_back(ring: Ring) {
    let is_kept = ring.1.buffer().capacity() == USUAL_SLOTS && BUDGET.admits(Worth::Poll, 0);
    let spare = is_kept.then(|| SPARE.get_or_init(|| Mutex::new(Spare::new()))).and_then(lock);
    let too_many = match spare {
        Some(mut spare) => spare.keep(ring),
        None => Some(ring),
    };
    if let Some((_, consumer)) = too_many {
        free(consumer);
    }
}

/// Gives the memory of a ring back.
pub(crate) fn free(ring: Consumer<Record>) {
    BUDGET.free_ring(bytes_of(ring.buffer().capacity()));
}

/// Frees the rings that nobody needed since this was last called.
pub(crate) fn trim() {
    free_some(Spare::trim);
}

/// Frees all rings that wait to be used again.
pub(crate) fn free_spare() {
    free_some(Spare::take_all);
}

fn free_some(take: impl FnOnce(&mut Spare) -> Vec<Ring>) {
    let taken = SPARE.get().and_then(lock).map(|mut spare| take(&mut spare));
    taken.into_iter().flatten().for_each(|(_, consumer)| free(consumer));
}

/// The receiving end, for the first who asks.
pub(crate) fn take_receiver() -> Option<Receiver<Message>> {
    channel().receiver.lock().unwrap_or_else(PoisonError::into_inner).take()
}

/// The channel of messages. It exists from the first message or reader on.
#[derive(Debug)]
struct Channel {
    sender: Sender<Message>,
    receiver: Mutex<Option<Receiver<Message>>>,
}

fn channel() -> &'static Channel {
    static CHANNEL: OnceLock<Channel> = OnceLock::new();
    CHANNEL.get_or_init(|| {
        let (sender, receiver) = mpsc::channel();
        Channel { sender, receiver: Mutex::new(Some(receiver)) }
    })
}

/// Sends it to the reader.
pub(crate) fn send(message: Message) -> bool {
    channel().sender.send(message).is_ok()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    fn keep(spare: &mut Spare, rings: usize) {
        for _ in 0..rings {
            assert!(spare.keep(RingBuffer::new(1)).is_none());
        }
    }

    #[test]
    fn no_more_rings_are_kept_than_there_is_room_for() {
        let mut spare = Spare::new();
        let room = spare.rings.capacity();
        keep(&mut spare, MOST_SPARE);
        assert!(spare.keep(RingBuffer::new(1)).is_some());
        assert_eq!((spare.rings.len(), spare.rings.capacity()), (MOST_SPARE, room));
    }

    #[test]
    fn what_nobody_needed_since_the_last_look_is_freed() {
        let mut spare = Spare::new();
        keep(&mut spare, 10);
        assert_eq!(spare.trim().len(), 0, "they came since");
        let needed: Vec<_> = (0..4).filter_map(|_| spare.take()).collect();
        for ring in needed {
            assert!(spare.keep(ring).is_none());
        }
        assert_eq!(spare.trim().len(), 6);
        assert_eq!(spare.trim().len(), 4);
        assert!(spare.take().is_none());
        keep(&mut spare, 3);
        assert_eq!((spare.take_all().len(), spare.trim().len()), (3, 0));
    }
}
