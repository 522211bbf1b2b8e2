//! The floor: the least that any library can do. Everything else is compared with this file.

use std::cell::Cell;
use std::hint::black_box;
use std::sync::atomic::{AtomicU8, Ordering};

use crate::ticks;

/// What a span leaves behind: one cache line.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub struct Record(pub [u64; 8]);

/// 4096 records of 64 bytes: 256 KiB, more than the first level cache holds.
const RECORDS: usize = 4096;

thread_local! {
    static RING: Cell<&'static [Cell<Record>]> = const { Cell::new(&[]) };
    static NEXT: Cell<usize> = const { Cell::new(0) };
    static CONTEXT: Cell<(u64, u64, u64)> = const { Cell::new((1, 2, 3)) };
}

static SWITCH: AtomicU8 = AtomicU8::new(0);

/// A span: two raw clock readings and one 64-byte store into a ring of 256 KiB.
#[inline(always)]
pub fn span() {
    let start = black_box(ticks::now());
    let end = black_box(ticks::now());
    record(start, end);
}

/// The store alone.
#[inline(always)]
pub fn record(start: u64, end: u64) {
    let at = NEXT.get();
    NEXT.set((at + 1) % RECORDS);
    let Some(slot) = RING.get().get(at) else {
        return allocate();
    };
    black_box(slot).set(black_box(Record([start, end, 1, 2, 3, 4, 5, 6])));
}

/// Once for each thread.
#[cold]
#[inline(never)]
fn allocate() {
    let records = vec![Cell::new(Record([0; 8])); RECORDS];
    RING.set(records.leak());
}

/// Reading the context of the thread: three words.
#[inline(always)]
pub fn context() -> (u64, u64, u64) {
    CONTEXT.with(|context| black_box(context).get())
}

/// Asking the context whether its trace is sampled: one load.
#[inline(always)]
pub fn is_sampled() -> bool {
    black_box(context().0) == 0
}

/// Asking whether anything is switched on: one load.
#[inline(always)]
pub fn is_on() -> bool {
    black_box(SWITCH.load(Ordering::Relaxed)) == 0
}

/// The context as a `traceparent` header, written into a buffer of the caller's.
#[inline(always)]
pub fn header(buffer: &mut [u8; 55]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let (high, low, span) = context();
    buffer[..3].copy_from_slice(b"00-");
    for (word, at) in [(high, 3), (low, 19), (span, 36)] {
        for (index, byte) in word.to_be_bytes().into_iter().enumerate() {
            buffer[at + 2 * index] = DIGITS[usize::from(byte >> 4)];
            buffer[at + 2 * index + 1] = DIGITS[usize::from(byte & 15)];
        }
    }
    buffer[35] = b'-';
    buffer[52..].copy_from_slice(b"-01");
    black_box(buffer);
}
