//! How a span that was given up came to that.

use std::future::pending;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, UNIX_EPOCH};

use futures::executor::block_on;
use futures::future::{poll_fn, ready, select};
use trace_core::{Capture, Captured, Dropped, FutureExt, ManualClock, Span, StreamExt};

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
    assert_eq!(handler.dropped, Dropped::FromOutside, "it has no parent");
    assert_eq!(handler.waiting_in.as_ref().map(|span| &*span.name), Some("query"));
    let tree = trace.to_string();
    assert!(tree.contains("cancelled  in query, from outside, after 1 poll"), "{tree}");
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
fn how_it_was_dropped_is_seen_also_where_polls_are_not_timed() {
    let captured = trace_core::capture(|| {
        let request = async {
            let loser = pending::<()>().in_span(Span::new("loser"));
            select(pin!(loser), ready(())).await;
            drop(pending::<()>().in_span(Span::new("never polled")));
            let () = pending().in_span(Span::new("query")).await;
        };
        let mut request = Box::pin(request.in_span(Span::new("request")));
        poll_once(request.as_mut());
        drop(request);
    });
    let trace = captured.trace().unwrap();
    let of = |name: &str| trace.find(name).unwrap().cancellation().unwrap();
    let dropped = ["loser", "never polled", "query", "request"].map(|name| of(name).dropped);
    assert_eq!(dropped, [Dropped::InParentsPoll, Dropped::InParentsPoll, Dropped::WithParent, Dropped::FromOutside]);
    assert_eq!((of("request").polls, of("request").waiting_in.unwrap().name), (None, "query".into()));
    let facts = trace.find("request").unwrap().facts();
    let fact = |key: &str| facts.iter().find(|fact| fact.key.as_str() == key).map(|fact| fact.value.clone());
    assert_eq!(fact("trace.cancellation.dropped"), Some("from_outside".into()));
    assert_eq!(fact("trace.cancellation.waiting_in.name"), Some("query".into()));
    let lines = trace.to_json_lines();
    let spans: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let cancellation = |name: &str| &spans.iter().find(|span| span["name"] == name).unwrap()["cancellation"];
    assert_eq!(cancellation("request")["dropped"], "from_outside");
    assert_eq!(cancellation("request")["waiting_in"]["name"], "query");
    assert_eq!(cancellation("loser")["dropped"], "in_parents_poll");
    assert_eq!(cancellation("loser")["polls"], serde_json::Value::Null, "polls were not timed");
}

#[test]
fn a_task_that_is_aborted_is_dropped_from_outside_and_a_stream_as_a_future_is() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let captured = runtime.block_on(trace_core::capture_async(async {
        let server = async {
            let task = trace_core::spawn(pending::<()>().in_span(Span::new("aborted")));
            tokio::task::yield_now().await;
            task.abort();
            task.await.unwrap_err();
            // A context that is carried without a span: what happens to it happens to what is inside.
            drop(pending::<()>().in_span(Span::new("in a context")).in_current_span());
            drop(futures::stream::pending::<()>().in_span(Span::new("stream")));
        };
        server.in_span(Span::new("server")).await;
    }));
    let trace = captured.trace().unwrap();
    let dropped =
        ["aborted", "in a context", "stream"].map(|name| trace.find(name).unwrap().cancellation().unwrap().dropped);
    assert_eq!(dropped, [Dropped::FromOutside, Dropped::InParentsPoll, Dropped::InParentsPoll]);
}

#[test]
fn a_span_that_ran_to_its_end_was_not_cancelled() {
    let captured = told(|_| block_on(async {}.in_span(Span::new("task"))));
    assert!(captured.trace().unwrap().root().unwrap().cancellation().is_none());
}
