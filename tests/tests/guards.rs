//! Guards that end in another order or another place than they began: no span that has ended is ever current again.

#![cfg(test)]

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use futures::executor::block_on;
use trace_core::{ActiveSpan, FutureExt, Span, assert_tree, capture, current_span, drive, in_scope, start_span};

fn poll_once(future: impl Future) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[test]
fn a_guard_that_ends_inside_a_future_is_not_current_after_it() {
    let captured = capture(|| {
        in_scope("root", || {
            let root = current_span();
            let guard = start_span("given away");
            block_on(async move { drop(guard) }.in_span(Span::new("taker")));
            assert_eq!(current_span(), root);
        });
        assert_eq!(current_span().context(), None);
    });
    assert_tree!(captured.trace().unwrap(), "root\n  given away\n    taker");
}

#[test]
fn a_guard_below_others_that_ends_inside_a_future_is_not_current_after_them() {
    capture(|| {
        let root = start_span("root");
        let lower = start_span("lower");
        let upper = start_span("upper");
        block_on(async move { drop(lower) }.in_span(Span::new("taker")));
        assert_eq!(current_span(), upper.handle());
        drop(upper);
        assert_eq!(current_span(), root.handle());
    });
}

#[test]
fn a_guard_that_ends_in_a_copy_of_its_context_is_not_current_outside() {
    capture(|| {
        let root = start_span("root");
        let guard = start_span("given away");
        let handle = guard.handle();
        let inside = drive(
            async move {
                drop(guard);
                current_span()
            },
            block_on,
        );
        assert_eq!(inside, handle, "the future runs in the context that it was given");
        assert_eq!(current_span(), root.handle());
    });
}

#[test]
fn a_guard_that_leaves_its_future_is_not_current_there() {
    capture(|| {
        let span = Span::new("future");
        let id = span.span_id();
        let given = std::cell::Cell::new(None::<ActiveSpan>);
        let mut polls = 0;
        let future = std::future::poll_fn(|_| {
            polls += 1;
            if polls == 1 {
                given.set(Some(start_span("given away")));
                return Poll::Pending;
            }
            assert_eq!(current_span().span_id(), id);
            Poll::Ready(())
        });
        let mut future = pin!(future.in_span(span));
        assert!(!poll_once(future.as_mut()));
        assert_eq!(current_span().context(), None);
        drop(given.take());
        assert_eq!(current_span().context(), None);
        assert!(poll_once(future.as_mut()));
    });
}

#[test]
fn a_guard_in_a_future_that_is_dropped_by_a_panic_elsewhere_is_cancelled() {
    let captured = capture(|| {
        let held = async {
            let _guard = start_span("held");
            std::future::pending::<()>().await;
        };
        let mut held = Box::pin(held.in_span(Span::new("future")));
        assert!(!poll_once(held.as_mut()));
        let thread = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _held = held;
            std::panic::resume_unwind(Box::new("elsewhere"));
        }));
        assert!(thread.is_err());
    });
    assert_tree!(captured.trace().unwrap(), "future [cancelled]\n  held [cancelled]");
}
