//! A global allocator that traces its own work: every allocation of the library itself comes back to the library.

#![cfg(test)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, Ordering};

use tests::child::in_child;
use tests::exporters::{Counting, PATIENCE};
use trace_core::{FutureExt, Span, builder, capture, current_span, in_scope, start_span};

struct Tracing;

/// Off while the test harness sets itself up.
static IS_ON: AtomicBool = AtomicBool::new(false);

#[allow(unsafe_code, reason = "an allocator is unsafe to write")]
// SAFETY: everything is the system allocator's.
unsafe impl GlobalAlloc for Tracing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _span = IS_ON.load(Ordering::Relaxed).then(|| start_span("allocate"));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if IS_ON.load(Ordering::Relaxed) {
            current_span().set_attribute("freed", layout.size() as i64);
        }
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Tracing = Tracing;

fn work() {
    for number in 0..2_000 {
        in_scope("work", || {
            let text = format!("{number}");
            current_span().set_attribute("text", text);
            drop(async {}.in_span(Span::new("future")));
        });
    }
}

#[test]
fn an_allocator_may_trace_with_a_pipeline() {
    in_child(|| {
        let counting = Counting::default();
        let pipeline = builder().without_environment().exporter(counting.clone()).init().unwrap();
        IS_ON.store(true, Ordering::Relaxed);
        work();
        std::thread::scope(|scope| {
            scope.spawn(work);
        });
        IS_ON.store(false, Ordering::Relaxed);
        pipeline.flush(PATIENCE).unwrap();
        let stats = pipeline.stats();
        assert!(stats.exporters[0].is_balanced(&stats), "{stats:#?}");
        assert!(counting.spans() > 4 * 2_000, "{stats:#?}");
    });
}

#[test]
fn an_allocator_may_trace_while_captures_come_and_go() {
    in_child(|| {
        let pipeline = builder().without_environment().exporter(Counting::default()).init().unwrap();
        IS_ON.store(true, Ordering::Relaxed);
        for _ in 0..100 {
            let captured = capture(|| in_scope("work", || Box::new(1)));
            drop(captured);
        }
        IS_ON.store(false, Ordering::Relaxed);
        pipeline.flush(PATIENCE).unwrap();
    });
}

#[test]
fn an_allocator_may_trace_while_nothing_is_initialised() {
    in_child(|| {
        IS_ON.store(true, Ordering::Relaxed);
        work();
        IS_ON.store(false, Ordering::Relaxed);
    });
}
