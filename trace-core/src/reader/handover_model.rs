//! A model of how rings are handed over, for loom: what is written is read, once and in order, in whatever way the writer's
//! steps and the reader's fall together.
//!
//! A ring here is what ours promise: a place for a record, counts of what was written and what was read, and a mark that its
//! thread has ended. A full ring is retired by the message that announces the next one, and the reader keeps it for the writer to
//! use again. All is read as [`super::Reader::pass`] reads it. The last tests show that the model notices the wrong order.

use std::collections::VecDeque;
use std::sync::PoisonError;

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex, MutexGuard};
use loom::thread;

/// How many records the writer writes, each in a ring of its own or one that was used before.
const RECORDS: usize = 3;

#[derive(Default)]
struct Ring {
    /// The only place in it.
    record: AtomicUsize,
    /// How many records were ever written into it, and read.
    written: AtomicUsize,
    read: AtomicUsize,
    abandoned: AtomicBool,
}

impl Ring {
    fn is_full(&self) -> bool {
        self.written.load(Ordering::Relaxed) > self.read.load(Ordering::Acquire)
    }

    fn push(&self, record: usize) {
        self.record.store(record, Ordering::Relaxed);
        self.written.store(self.written.load(Ordering::Relaxed) + 1, Ordering::Release);
    }

    /// How many records wait in it.
    fn ready(&self) -> usize {
        self.written.load(Ordering::Acquire) - self.read.load(Ordering::Relaxed)
    }

    fn pop(&self) -> usize {
        let record = self.record.load(Ordering::Relaxed);
        self.read.store(self.read.load(Ordering::Relaxed) + 1, Ordering::Release);
        record
    }
}

#[derive(Default)]
struct Shared {
    /// The rings of the thread as the reader learns of them. Each but the first retires the one before.
    channel: Mutex<VecDeque<Arc<Ring>>>,
    spare: Mutex<Vec<Arc<Ring>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(shared: &Shared) {
    let mut ring: Option<Arc<Ring>> = None;
    for record in 1..=RECORDS {
        // Full, as it has one place and was used.
        let next = lock(&shared.spare).pop().unwrap_or_default();
        assert!(!next.is_full(), "a ring was kept with something in it");
        lock(&shared.channel).push_back(Arc::clone(&next));
        next.push(record);
        ring = Some(next);
    }
    // The thread ends.
    if let Some(last) = ring {
        last.abandoned.store(true, Ordering::Release);
    }
}

/// A ring as the reader holds it.
struct Held {
    ring: Arc<Ring>,
    retired: bool,
    /// As they were when the pass began: how many records there were, and whether no more could come.
    ready: usize,
    abandoned: bool,
}

/// How the reader asks a ring for its end, and when it lets go of one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Ours,
    CountsBeforeItAsksForTheEnd,
    LetsGoOfWhatIsRetiredByNow,
}

#[derive(Default)]
struct Reader {
    rings: VecDeque<Held>,
    records: Vec<usize>,
}

impl Reader {
    fn receive(&mut self, shared: &Shared) {
        for ring in std::mem::take(&mut *lock(&shared.channel)) {
            if let Some(last) = self.rings.back_mut() {
                last.retired = true;
            }
            self.rings.push_back(Held { ring, retired: false, ready: 0, abandoned: false });
        }
    }

    fn pass(&mut self, shared: &Shared, manner: Manner) {
        self.receive(shared);
        for held in &mut self.rings {
            let ready = held.ring.ready();
            held.abandoned = held.retired || held.ring.abandoned.load(Ordering::Acquire);
            held.ready = if manner == Manner::CountsBeforeItAsksForTheEnd { ready } else { held.ring.ready() };
        }
        // Again, for the sake of other threads.
        self.receive(shared);
        while let Some(held) = self.rings.front_mut() {
            for _ in 0..std::mem::take(&mut held.ready) {
                self.records.push(held.ring.pop());
            }
            let retired_by_now = manner == Manner::LetsGoOfWhatIsRetiredByNow && held.retired;
            if !held.abandoned && !retired_by_now {
                break;
            }
            if let Some(Held { ring, retired: true, .. }) = self.rings.pop_front() {
                lock(&shared.spare).push(ring);
            }
        }
    }
}

fn read_all(manner: Manner) -> Vec<usize> {
    let shared = Arc::new(Shared::default());
    let writer = thread::spawn({
        let shared = Arc::clone(&shared);
        move || write(&shared)
    });
    let mut reader = Reader::default();
    reader.pass(&shared, manner);
    reader.pass(&shared, manner);
    writer.join().expect("the writer does not panic");
    // Everything was written before this.
    reader.pass(&shared, manner);
    assert!(reader.rings.is_empty(), "a ring that was given up is held");
    reader.records
}

#[test]
fn loom_every_record_is_read_in_order_whatever_the_schedule() {
    loom::model(|| assert_eq!(read_all(Manner::Ours), [1, 2, 3]));
}

#[test]
#[should_panic(expected = "records were lost")]
fn loom_a_reader_that_counts_before_it_asks_for_the_end_loses_records() {
    loom::model(|| assert_eq!(read_all(Manner::CountsBeforeItAsksForTheEnd), [1, 2, 3], "records were lost"));
}

#[test]
#[should_panic(expected = "records were lost")]
fn loom_a_reader_that_lets_go_of_what_was_retired_after_it_counted_loses_records() {
    loom::model(|| assert_eq!(read_all(Manner::LetsGoOfWhatIsRetiredByNow), [1, 2, 3], "records were lost"));
}
