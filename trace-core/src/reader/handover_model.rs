//! A model of how rings are handed over, for loom: what is written is read, once and in order, in whatever way the writer's
//! steps and the reader's fall together.
//!
//! A ring here is what ours promise: a count of records that the writer raises after writing, and a mark that it is given
//! up. Both are read as [`super::Reader::pass`] reads them. The last test shows that the model notices the wrong order.

use std::collections::VecDeque;
use std::sync::PoisonError;

use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

/// How many records a ring of the model has room for.
const SLOTS: usize = 1;
/// How many records the writer writes, each in a ring of its own.
const RECORDS: usize = 2;

#[derive(Default)]
struct Ring {
    written: AtomicUsize,
    abandoned: AtomicBool,
}

/// The rings of one thread, from the oldest, as the reader learns of them.
type Channel = Arc<Mutex<VecDeque<Arc<Ring>>>>;

fn write(channel: &Channel) {
    let mut ring: Option<Arc<Ring>> = None;
    for _ in 0..RECORDS / SLOTS {
        // The old ring is given up before the new one is announced.
        if let Some(full) = ring.take() {
            full.abandoned.store(true, Ordering::Release);
        }
        let next = Arc::new(Ring::default());
        channel.lock().unwrap_or_else(PoisonError::into_inner).push_back(Arc::clone(&next));
        next.written.store(SLOTS, Ordering::Release);
        ring = Some(next);
    }
    // The thread ends.
    if let Some(last) = ring {
        last.abandoned.store(true, Ordering::Release);
    }
}

/// How a pass asks a ring for its end.
type Look = fn(&Ring) -> (bool, usize);

fn abandoned_first(ring: &Ring) -> (bool, usize) {
    let abandoned = ring.abandoned.load(Ordering::Acquire);
    (abandoned, ring.written.load(Ordering::Acquire))
}

fn count_first(ring: &Ring) -> (bool, usize) {
    let written = ring.written.load(Ordering::Acquire);
    (ring.abandoned.load(Ordering::Acquire), written)
}

/// A ring as the reader holds it, and how many of its records it has taken.
struct Held {
    ring: Arc<Ring>,
    taken: usize,
}

/// One pass. Returns how many records it took.
fn pass(channel: &Channel, rings: &mut VecDeque<Held>, look: Look) -> usize {
    let new = std::mem::take(&mut *channel.lock().unwrap_or_else(PoisonError::into_inner));
    rings.extend(new.into_iter().map(|ring| Held { ring, taken: 0 }));
    let ends: Vec<_> = rings.iter().map(|held| look(&held.ring)).collect();
    let mut records = 0;
    let mut predecessor_is_done = true;
    for (held, &(abandoned, written)) in rings.iter_mut().zip(&ends) {
        assert!(predecessor_is_done || written == held.taken, "a record came before an older one");
        records += written - held.taken;
        held.taken = written;
        predecessor_is_done &= abandoned;
    }
    let mut ends = ends.into_iter();
    while rings.front().is_some() && ends.next().is_some_and(|(abandoned, _)| abandoned) {
        rings.pop_front();
    }
    records
}

fn read_all(look: Look) -> usize {
    let channel = Channel::default();
    let writer = thread::spawn({
        let channel = Arc::clone(&channel);
        move || write(&channel)
    });
    let mut rings = VecDeque::new();
    let mut records = pass(&channel, &mut rings, look);
    writer.join().expect("the writer does not panic");
    // Everything was written before these.
    records += pass(&channel, &mut rings, look);
    assert!(rings.is_empty(), "a ring that was given up is kept");
    records
}

#[test]
fn loom_every_record_is_read_in_order_whatever_the_schedule() {
    loom::model(|| assert_eq!(read_all(abandoned_first), RECORDS));
}

#[test]
#[should_panic(expected = "records were lost")]
fn loom_a_reader_that_counts_before_it_asks_for_the_end_loses_records() {
    loom::model(|| assert_eq!(read_all(count_first), RECORDS, "records were lost"));
}
