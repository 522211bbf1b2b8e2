//! What a thread writes into, again and again. Alone in its process: threads share the rings that wait to be used again.

#![cfg(test)]

use tests::allocations::{CountingAllocator, allocations};
use tests::exporters::{Counting, PATIENCE, init};
use trace_core::{Span, start_span};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// More than ten rings full.
const SPANS: usize = 25_000;
const ROUNDS: usize = 40;

#[test]
fn a_thread_in_a_hurry_writes_into_memory_that_was_written_to_before() {
    let pipeline = init(Counting::default());
    let mut counts: Vec<_> = (0..ROUNDS)
        .map(|_| {
            let count = allocations(|| {
                let _root = Span::root("root").enter();
                (0..SPANS).for_each(|_| drop(start_span("span")));
            });
            // The reader gives back what it has read.
            pipeline.flush(PATIENCE).unwrap();
            count
        })
        .collect();
    counts.sort_unstable();
    // Now and then the list of messages grows. The processor frees the rings when it has had nothing to do for a while, as may
    // happen between two rounds on a busy machine; not in most of them.
    assert!(counts[ROUNDS / 2] <= 2, "allocations in each of {ROUNDS} rounds of {SPANS} spans: {counts:?}");
}
