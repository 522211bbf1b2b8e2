//! How a span that was given up came to that.

use std::future::pending;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, UNIX_EPOCH};

use futures::executor::block_on;
use futures::future::{poll_fn, ready, select};
use trace_core::{Capture, Captured, Dropped, FutureExt, ManualClock, Span};

/// Runs the body with a clock that it moves, and tells of it.
fn told<T>(body: impl FnOnce(&ManualClock) -> T) -> Captured<T> {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    Capture::new().manual_clock(clock.clone()).time_polls().run(|| body(&clock))
}

fn poll_once(future: std::pin::Pin<&mut impl Future>) {
    let poll = future.poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll.is_pending());
}

#[test]
fn a_loser_of_a_select_was_dropped_in_its_parents_poll() {
    let captured = told(|clock| {
        let race = async {
            let loser = pending::<()>().in_span(Span::new("loser"));
            select(pin!(loser), ready(())).await;
            clock.advance(Duration::from_millis(1));
        };
        block_on(race.in_span(Span::new("race")));
    });
    let loser = captured.trace().unwrap().find("loser").unwrap().cancellation().unwrap();
    assert_eq!((loser.dropped, loser.polls), (Dropped::InParentsPoll, Some(1)));
    assert!(loser.waiting_in.is_none());
}

#[test]
fn what_is_dropped_with_its_parent_says_so_and_the_parent_names_the_deepest() {
    let captured = told(|clock| {
        let handler = async {
            let query = async {
                let () = pending().in_span(Span::new("query")).await;
            };
            query.in_span(Span::new("repository")).await;
        };
        let handler = handler.in_span(Span::new("handler"));
        let mut handler = Box::pin(handler);
        poll_once(handler.as_mut());
        clock.advance(Duration::from_millis(7));
        drop(handler);
    });
    let trace = captured.traces.iter().find(|trace| trace.find("handler").is_some()).unwrap();
    let handler = trace.find("handler").unwrap().cancellation().unwrap();
    assert_eq!((handler.elapsed, handler.polls), (Duration::from_millis(7), Some(1)));
    assert_eq!(handler.dropped, Dropped::Unknown, "it has no parent");
    assert_eq!(handler.waiting_in.as_ref().map(|span| &*span.name), Some("query"));
    let tree = trace.to_string();
    assert!(tree.contains("cancelled  in query, after 1 poll"), "{tree}");
    assert!(tree.contains("with its parent, after 1 poll"), "{tree}");
    assert_eq!(trace.find("repository").unwrap().cancellation().unwrap().dropped, Dropped::WithParent);
}

#[test]
fn what_somebody_else_drops_while_its_parent_waits_is_dropped_from_outside() {
    let captured = told(|clock| {
        let mut kept = None;
        let parent = poll_fn(|_| {
            let mut child = Box::pin(pending::<()>().in_span(Span::new("task")));
            poll_once(child.as_mut());
            kept = Some(child);
            Poll::<()>::Pending
        });
        let mut parent = Box::pin(parent.in_span(Span::new("parent")));
        poll_once(parent.as_mut());
        clock.advance(Duration::from_millis(1));
        drop(parent);
        clock.advance(Duration::from_millis(1));
        drop(kept.take());
    });
    let task = captured.traces[0].find("task").unwrap().cancellation().unwrap();
    assert_eq!(task.dropped, Dropped::FromOutside);
}

#[test]
fn a_span_that_ran_to_its_end_was_not_cancelled() {
    let captured = told(|_| block_on(async {}.in_span(Span::new("task"))));
    assert!(captured.trace().unwrap().root().unwrap().cancellation().is_none());
}
