//! Exact figures: allocations and sizes. Of times there are benchmarks.

#![cfg(test)]

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use tests::allocations::{CountingAllocator, allocations};
use trace_core::{Capture, FutureExt, Sampler, Span, capture, current_span, in_scope, start_span, traced};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// As often as everything is done that shall allocate nothing.
const TIMES: usize = 20_000;

/// Rings are allocated while a thread records more and more, and when the processor is behind: allocations per record, not
/// none at all. A ring of 64 KiB holds 1024 records.
fn are_none_but_rings(count: u64, records: usize) -> bool {
    count <= 16 + 4 * (records / 1024) as u64
}

fn assert_none(what: &str, records_each: usize, mut body: impl FnMut()) {
    capture(|| {
        let _root = start_span("root");
        // What is made once: callsites, the first rings.
        body();
        let count = allocations(|| (0..TIMES).for_each(|_| body()));
        assert!(are_none_but_rings(count, TIMES * records_each), "{what}: {count} allocations in {TIMES} times");
    });
}

#[test]
fn a_sync_span_allocates_nothing() {
    assert_none("in_scope", 1, || in_scope("span", || {}));
    assert_none("start_span", 1, || drop(start_span("span")));
    assert_none("a builder", 1, || trace_core::span("span").in_scope(|| {}));
}

#[test]
fn a_traced_function_allocates_nothing() {
    #[traced]
    fn work(number: u32) -> u32 {
        number + 1
    }
    assert_none("#[traced]", 1, || {
        work(1);
    });
}

/// Polls a future that never is ready and keeps its last waker with these wakers, and returns how often the thread allocates, or
/// how much oftener than a ring may.
fn allocations_of_polls(capture: Capture, wakers: &[Waker]) -> u64 {
    let mut count = 0;
    drop(capture.run(|| {
        let root = start_span("root");
        let mut kept: Option<Waker> = None;
        let keeps = std::future::poll_fn(|cx| {
            if kept.as_ref().is_none_or(|kept| !kept.will_wake(cx.waker())) {
                kept = Some(cx.waker().clone());
            }
            std::task::Poll::<()>::Pending
        });
        let mut future = pin!(keeps.in_span(Span::new("future")));
        count = allocations(|| {
            for waker in wakers {
                assert!(future.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
            }
        });
        root.end();
    }));
    count
}

#[test]
fn timed_wake_ups_allocate_three_times_a_span_and_once_more_for_another_waker() {
    struct Sleeper;
    impl std::task::Wake for Sleeper {
        fn wake(self: std::sync::Arc<Self>) {}
    }

    // Few polls, so that no ring is outgrown.
    let (one, other) = (Waker::from(std::sync::Arc::new(Sleeper)), Waker::from(std::sync::Arc::new(Sleeper)));
    let same = vec![one.clone(); 20];
    let changing = [one.clone(), one.clone(), other.clone(), other.clone(), one.clone()];
    let polls = || Capture::new().time_polls();
    let wakes = || Capture::new().time_wakes();
    assert_eq!(allocations_of_polls(Capture::new(), &same), 0);
    assert_eq!(allocations_of_polls(polls(), &same), 0);
    assert_eq!(allocations_of_polls(wakes(), &same), 3);
    assert_eq!(allocations_of_polls(wakes(), &changing), 5);
}

#[test]
fn attributes_that_are_numbers_or_static_allocate_nothing() {
    assert_none("a number", 1, || current_span().set_attribute("n", 1));
    assert_none("a float", 1, || current_span().set_attribute("f", 0.5));
    assert_none("a truth value", 1, || current_span().set_attribute("b", true));
    assert_none("a static text", 2, || current_span().set_attribute("s", "static"));
    assert_none("an event", 2, || current_span().add_event("event"));
    assert_none("an attribute of a builder", 4, || trace_core::span("span").attribute("n", 1).in_scope(|| {}));
}

#[test]
fn an_owned_text_is_one_allocation() {
    capture(|| {
        let _root = start_span("root");
        let mut texts: Vec<_> = (0..TIMES).map(|number| number.to_string()).collect();
        let count = allocations(|| texts.drain(..).for_each(|text| current_span().set_attribute("s", text)));
        assert!(are_none_but_rings(count, 2 * TIMES), "{count} allocations beside the texts themselves");
    });
}

#[test]
fn the_current_span_and_its_ids_allocate_nothing() {
    assert_none("current_span", 0, || {
        let span = current_span();
        assert!(span.span_id().is_some() && span.trace_id().is_some() && span.context().is_some());
    });
}

#[test]
fn a_span_of_a_future_allocates_nothing() {
    assert_none("in_span", 2, || {
        let future = pin!(async {}.in_span(Span::new("future")));
        assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    });
    assert_none("in_current_span", 2, || {
        let future = pin!(async {}.in_current_span());
        assert!(future.poll(&mut Context::from_waker(Waker::noop())).is_ready());
    });
}

#[test]
fn a_poll_allocates_nothing() {
    capture(|| {
        let mut future = pin!(poll_fn(|_| Poll::<()>::Pending).in_span(Span::new("future")));
        let count = allocations(|| {
            for _ in 0..TIMES {
                assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
        });
        assert_eq!(count, 0);
    });
}

#[test]
fn what_is_not_sampled_allocates_nothing_at_all() {
    Capture::new().sampler(Sampler::always_off()).run(|| {
        let _root = start_span("root");
        let run = || {
            for _ in 0..TIMES {
                in_scope("span", || current_span().set_attribute("n", 1));
                drop(Span::new("span"));
                drop(async {}.in_span(Span::new("future")));
            }
        };
        run();
        assert_eq!(allocations(run), 0);
    });
}

#[test]
fn where_nothing_is_initialised_nothing_is_allocated() {
    let run = || {
        for _ in 0..TIMES {
            in_scope("span", || current_span().set_attribute("n", 1));
            drop(Span::root("root"));
            drop(async {}.in_span(Span::new("future")));
            trace_core::span("built").attribute("n", 1).in_scope(|| {});
        }
    };
    run();
    assert_eq!(allocations(run), 0);
}

#[test]
fn a_span_adds_at_most_48_bytes_to_a_future() {
    let bare = size_of_val(&std::future::ready(7_u64));
    let wrapped = size_of_val(&std::future::ready(7_u64).in_span(Span::disabled()));
    assert!(wrapped <= bare + 48, "{bare} bytes became {wrapped}");
    async fn small() {
        std::future::pending::<()>().await;
    }
    let (bare, wrapped) = (size_of_val(&small()), size_of_val(&small().in_span(Span::disabled())));
    // A future whose size is no multiple of a word is padded.
    assert!(wrapped <= bare.next_multiple_of(8) + 48, "{bare} bytes became {wrapped}");
}

#[test]
fn the_attribute_macro_adds_no_more_than_the_wrapper() {
    async fn bare(number: u64) -> u64 {
        std::future::ready(()).await;
        number
    }
    #[traced]
    async fn annotated(number: u64) -> u64 {
        std::future::ready(()).await;
        number
    }
    let wrapped = size_of_val(&bare(1).in_span(Span::disabled()));
    let annotated = size_of_val(&annotated(1));
    // The span that is not polled yet, and the argument, which the function's own future captures.
    assert!(annotated <= wrapped + 64, "{annotated} bytes where in_span makes {wrapped}");
}
