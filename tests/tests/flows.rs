//! What a span around a sink or a stream tells: how it ended, how many items there were, and what happened inside.
#![allow(clippy::unwrap_used, reason = "all of this crate is a test")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use futures::executor::block_on;
use futures::stream::{self, Stream};
use futures::{Sink, SinkExt as _, StreamExt as _};
use trace_core::{
    Captured, Outcome, SinkExt, Span, StreamExt, Value, capture, current_span, in_scope, start_span, traced,
};

/// A sink that does what its script says, and makes a span of each thing that is asked of it.
#[derive(Default)]
struct Scripted {
    fails_at: Option<&'static str>,
    panics_at: Option<&'static str>,
    pends_at: Option<&'static str>,
}

impl Scripted {
    fn step(&mut self, step: &'static str) -> Poll<Result<(), &'static str>> {
        in_scope(step, || ());
        assert_ne!(self.panics_at, Some(step), "scripted");
        if self.pends_at.take_if(|pends_at| *pends_at == step).is_some() {
            return Poll::Pending;
        }
        let failed = self.fails_at.take_if(|fails_at| *fails_at == step);
        Poll::Ready(failed.map_or(Ok(()), Err))
    }
}

impl Sink<u32> for Scripted {
    type Error = &'static str;

    fn poll_ready(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        self.step("ready")
    }

    fn start_send(mut self: Pin<&mut Self>, _: u32) -> Result<(), &'static str> {
        match self.step("send") {
            Poll::Ready(sent) => sent,
            Poll::Pending => Ok(()),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        self.step("flush")
    }

    fn poll_close(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
        self.step("close")
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        in_scope("drop", || ());
    }
}

type Traced = trace_core::InSpanSink<Scripted>;

/// Uses a sink in a span called `sink`, and says how that ended and how many items it took.
fn sink(script: Scripted, use_it: impl FnOnce(Traced)) -> (Outcome, u32) {
    told(&capture(|| use_it(SinkExt::in_span(script, Span::new("sink")))), "sink", "sink.items")
}

fn told<T>(captured: &Captured<T>, name: &str, items: &str) -> (Outcome, u32) {
    let trace = captured.trace().unwrap();
    let span = trace.root().unwrap();
    assert_eq!(span.name(), name);
    let Some(Value::I64(items)) = span.attribute(items) else { panic!("no {items}: {}", trace.shape()) };
    (span.outcome(), u32::try_from(*items).unwrap())
}

fn failing(step: &'static str) -> Scripted {
    Scripted { fails_at: Some(step), ..Scripted::default() }
}

fn poll_once<T>(work: impl Future<Output = T>) -> Poll<T> {
    pin!(work).poll(&mut Context::from_waker(Waker::noop()))
}

// Sinks.

#[test]
fn a_sink_works_in_its_span_and_is_dropped_in_it() {
    let captured = capture(|| {
        let mut sink = SinkExt::in_span(Scripted::default(), Span::new("sink"));
        block_on(async {
            sink.send(1).await.unwrap();
            sink.close().await.unwrap();
        });
        in_scope("elsewhere", || ());
    });
    let shapes: Vec<String> = captured.traces.iter().map(|trace| trace.shape().to_string()).collect();
    assert!(
        shapes.iter().any(|shape| shape.trim() == "sink\n  ready\n  send\n  flush\n  close\n  drop"),
        "{shapes:#?}"
    );
    assert!(shapes.iter().any(|shape| shape.trim() == "elsewhere"), "{shapes:#?}");
}

#[test]
fn a_closed_sink_is_ok_and_counts_what_it_took() {
    let found = sink(Scripted::default(), |mut sink| {
        block_on(async {
            for item in 0..3 {
                sink.send(item).await.unwrap();
            }
            sink.close().await.unwrap();
        });
    });
    assert_eq!(found, (Outcome::Ok, 3));
}

#[test]
fn an_error_at_any_step_is_the_outcome_whatever_follows() {
    for (step, taken) in [("ready", 1), ("send", 1), ("flush", 2), ("close", 2)] {
        let found = sink(failing(step), |mut sink| {
            block_on(async {
                let steps = [sink.send(1).await.is_err(), sink.send(2).await.is_err(), sink.close().await.is_err()];
                assert_eq!(steps.iter().filter(|failed| **failed).count(), 1, "{step}");
                if step == "close" {
                    sink.close().await.unwrap();
                }
            });
        });
        assert_eq!(found, (Outcome::Error, taken), "{step}");
    }
}

#[test]
fn a_sink_that_is_dropped_after_an_error_tells_the_error() {
    let found = sink(failing("send"), |mut sink| assert!(block_on(sink.send(1)).is_err()));
    assert_eq!(found, (Outcome::Error, 0));
}

#[test]
fn a_sink_that_is_dropped_with_items_it_was_not_asked_to_flush_is_cancelled() {
    let found = sink(Scripted::default(), |mut sink| {
        block_on(sink.send(1)).unwrap();
        block_on(sink.feed(2)).unwrap();
    });
    assert_eq!(found, (Outcome::Cancelled, 2));
}

#[test]
fn a_flush_that_never_came_to_its_end_is_no_flush() {
    let found = sink(Scripted { pends_at: Some("flush"), ..Scripted::default() }, |mut sink| {
        assert!(poll_once(sink.send(1)).is_pending());
    });
    assert_eq!(found, (Outcome::Cancelled, 1));
}

#[test]
fn a_sink_that_is_dropped_flushed_is_ok() {
    let found = sink(Scripted::default(), |mut sink| block_on(sink.send(1)).unwrap());
    assert_eq!(found, (Outcome::Ok, 1));
}

#[test]
fn a_sink_that_was_never_used_was_never_polled() {
    assert_eq!(sink(Scripted::default(), drop), (Outcome::NeverPolled, 0));
}

#[test]
fn a_sink_that_panics_tells_so() {
    let captured = capture(|| {
        let script = Scripted { panics_at: Some("send"), ..Scripted::default() };
        let mut sink = SinkExt::in_span(script, Span::new("sink"));
        assert!(catch_unwind(AssertUnwindSafe(|| block_on(sink.send(1)))).is_err());
    });
    let span = captured.spans().find(|span| span.name() == "sink").unwrap();
    assert_eq!((span.outcome(), span.attribute("sink.items")), (Outcome::Panicked, None));
}

#[test]
fn a_sink_that_is_asked_for_more_after_its_close_has_ended_once() {
    let found = sink(Scripted::default(), |mut sink| {
        block_on(async {
            sink.send(1).await.unwrap();
            sink.close().await.unwrap();
            sink.send(2).await.unwrap();
        });
    });
    assert_eq!(found, (Outcome::Ok, 1));
}

#[test]
fn a_sink_in_no_trace_passes_everything_through() {
    let mut items = SinkExt::in_span(Vec::new(), Span::new("sink"));
    block_on(async {
        items.send(1).await.unwrap();
        assert!(!current_span().is_recording());
        items.close().await.unwrap();
    });
}

// Streams.

/// Uses a stream in a span called `stream`, and says how that ended and how many items it gave.
fn flow<S: Stream>(items: S, use_it: impl FnOnce(Pin<&mut trace_core::InSpanStream<S>>)) -> (Outcome, u32) {
    let captured = capture(|| use_it(pin!(StreamExt::in_span(items, Span::new("stream")))));
    told(&captured, "stream", "stream.items")
}

#[test]
fn a_stream_that_came_to_its_end_is_ok_and_counts_what_it_gave() {
    let found = flow(stream::iter(0..3), |items| assert_eq!(block_on(items.count()), 3));
    assert_eq!(found, (Outcome::Ok, 3));
    assert_eq!(flow(stream::empty::<u32>(), |items| assert_eq!(block_on(items.count()), 0)), (Outcome::Ok, 0));
}

#[test]
fn a_stream_that_is_dropped_early_is_cancelled() {
    let found = flow(stream::iter(0..3), |mut items| assert_eq!(block_on(items.next()), Some(0)));
    assert_eq!(found, (Outcome::Cancelled, 1));
}

#[test]
fn a_stream_that_nobody_polls_was_never_polled() {
    assert_eq!(flow(stream::iter(0..3), |_| ()), (Outcome::NeverPolled, 0));
}

#[test]
fn a_stream_that_panics_tells_so() {
    let captured = capture(|| {
        let items = stream::iter(0..3).map(|item| assert!(item < 1, "scripted"));
        let mut items = pin!(StreamExt::in_span(items, Span::new("stream")));
        assert_eq!(block_on(items.next()), Some(()));
        assert!(catch_unwind(AssertUnwindSafe(|| block_on(items.next()))).is_err());
    });
    assert_eq!(captured.trace().unwrap().root().unwrap().outcome(), Outcome::Panicked);
}

#[test]
fn an_item_that_is_an_error_fails_a_traced_stream_once_it_has_ended() {
    #[traced]
    fn rows(fail: bool) -> impl Stream<Item = Result<u32, &'static str>> {
        stream::iter([Ok(1), if fail { Err("broken") } else { Ok(2) }, Ok(3)])
    }
    for (fail, outcome) in [(false, Outcome::Ok), (true, Outcome::Error)] {
        let captured = capture(|| block_on(rows(fail).count()));
        assert_eq!(told(&captured, "rows", "stream.items"), (outcome, 3));
    }
}

#[test]
fn a_stream_works_in_its_span_and_is_dropped_in_it() {
    struct Noisy;
    impl Drop for Noisy {
        fn drop(&mut self) {
            in_scope("drop", || ());
        }
    }
    let captured = capture(|| {
        let noisy = Noisy;
        let items = stream::iter(0..2).inspect(move |_| in_scope("poll", || _ = &noisy));
        let mut items = Box::pin(StreamExt::in_span(items, Span::new("stream")));
        let _elsewhere = start_span("elsewhere");
        assert_eq!(block_on(items.next()), Some(0));
        in_scope("between", || ());
        assert_eq!(block_on(items.next()), Some(1));
        drop(items);
    });
    let shapes: Vec<String> = captured.traces.iter().map(|trace| trace.shape().to_string()).collect();
    assert!(shapes.iter().any(|shape| shape.trim() == "stream [cancelled]\n  poll\n  poll\n  drop"), "{shapes:#?}");
    assert!(shapes.iter().any(|shape| shape.trim() == "elsewhere\n  between"), "{shapes:#?}");
}

#[test]
fn a_stream_that_is_polled_after_its_end_has_ended_once() {
    let found = flow(stream::iter(0..2).fuse(), |mut items| {
        block_on(async {
            while items.next().await.is_some() {}
            assert_eq!(items.next().await, None);
        });
    });
    assert_eq!(found, (Outcome::Ok, 2));
}

#[test]
fn a_stream_in_somebody_elses_span_leaves_its_end_and_attributes_to_them() {
    let captured = capture(|| {
        let owner = start_span("owner");
        let items = stream::iter(0..2).inspect(|_| in_scope("poll", || ())).in_current_span();
        assert_eq!(items.size_hint(), (2, Some(2)));
        block_on(items.count());
        owner.set_attribute("still", true);
    });
    let trace = captured.trace().unwrap();
    trace_core::assert_tree!(trace, "owner\n  poll\n  poll");
    let owner = trace.root().unwrap();
    assert_eq!((owner.attribute("still"), owner.attribute("stream.items")), (Some(&Value::Bool(true)), None));
}
