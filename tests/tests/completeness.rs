//! When a trace is handed on: not before everything that is known to run in it has ended, however often the processor looks.

#![cfg(test)]

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures::{Sink, SinkExt as _, Stream, StreamExt as _};
use trace_core::{
    Capture, Captured, Completeness, FutureExt, Handoff, SinkExt, Span, StreamExt, assert_tree, capture, current_span,
    in_current_span, in_scope, start_span, traced,
};

/// Makes the processor look several times: each capture asks it something.
fn look() {
    for _ in 0..3 {
        capture(|| in_scope("elsewhere", || {}));
    }
}

fn assert_whole(captured: &Captured<()>, tree: &str) {
    let trace = captured.trace().unwrap();
    assert_eq!(trace.completeness(), Completeness::Whole);
    assert_tree!(trace, tree);
}

#[test]
fn a_trace_waits_for_a_closure_that_took_its_context_along() {
    let captured = capture(|| {
        let work = in_scope("root", || Handoff::child().wrap(|| in_scope("work", || {})));
        look();
        work();
    });
    assert_whole(&captured, "root\n  work");
}

#[test]
fn a_trace_waits_for_a_closure_that_may_be_called_again() {
    let captured = capture(|| {
        let work = in_scope("root", || in_current_span(|()| in_scope("work", || {})));
        work(());
        look();
        work(());
        look();
    });
    assert_whole(&captured, "root\n  work\n  work");
}

#[test]
fn a_trace_waits_for_a_future_in_its_context() {
    let captured = capture(|| {
        let mut polls = 0;
        let mut future = pin!(in_scope("root", || {
            std::future::poll_fn(|_| {
                polls += 1;
                in_scope("poll", || {});
                if polls == 3 { Poll::Ready(()) } else { Poll::Pending }
            })
            .in_current_span()
        }));
        while future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            look();
        }
    });
    assert_whole(&captured, "root\n  poll\n  poll\n  poll");
}

#[test]
fn a_trace_waits_for_a_span_that_nobody_has_entered_yet() {
    let captured = capture(|| {
        let span = in_scope("root", || Span::new("span"));
        look();
        span.in_scope(|| in_scope("inside", || {}));
    });
    assert_whole(&captured, "root\n  span\n    inside");
}

/// Ends at once, and tells when it is dropped.
struct Brief;

impl Stream for Brief {
    type Item = ();

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<()>> {
        Poll::Ready(None)
    }
}

impl Drop for Brief {
    fn drop(&mut self) {
        in_scope("drop", || ());
    }
}

#[test]
fn a_trace_waits_for_a_stream_that_came_to_its_end_to_be_dropped() {
    let captured = capture(|| {
        let mut stream = StreamExt::in_span(Brief, Span::new("stream"));
        assert_eq!(futures::executor::block_on(stream.next()), None);
        look();
        drop(stream);
    });
    assert_whole(&captured, "stream\n  drop");

    let captured = capture(|| {
        let mut stream = in_scope("root", || StreamExt::in_current_span(Brief));
        assert_eq!(futures::executor::block_on(stream.next()), None);
        look();
        drop(stream);
    });
    assert_whole(&captured, "root\n  drop");
}

#[test]
fn a_trace_waits_for_a_sink_that_was_closed_to_be_dropped() {
    struct Nowhere(Brief);

    impl Sink<()> for Nowhere {
        type Error = ();

        fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
            Poll::Ready(Ok(()))
        }

        fn start_send(self: Pin<&mut Self>, (): ()) -> Result<(), ()> {
            Ok(())
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), ()>> {
            Poll::Ready(Ok(()))
        }
    }

    let captured = capture(|| {
        let mut sink = SinkExt::in_span(Nowhere(Brief), Span::new("sink"));
        futures::executor::block_on(sink.close()).unwrap();
        look();
        drop(sink);
    });
    assert_whole(&captured, "sink\n  drop");
}

#[traced]
async fn call() {
    in_scope("inside", || {});
}

#[test]
fn a_trace_waits_for_a_call_that_nobody_has_polled_yet() {
    // The first call decides whether anybody wants this callsite; from the second on, a call takes the short path.
    for _ in 0..2 {
        let captured = capture(|| {
            let call = in_scope("root", call);
            look();
            futures::executor::block_on(call);
        });
        assert_whole(&captured, "root\n  call\n    inside");
    }
}

#[test]
#[expect(clippy::async_yields_async, reason = "the call is awaited elsewhere: that is what is tested")]
fn a_trace_waits_for_a_call_that_the_future_of_its_span_has_handed_out() {
    for _ in 0..2 {
        let captured = capture(|| {
            let call = futures::executor::block_on(async { call() }.in_span(Span::new("root")));
            look();
            futures::executor::block_on(call.in_span(Span::root("around")));
        });
        let mut sizes: Vec<_> = captured.traces.iter().map(|trace| (trace.len(), trace.completeness())).collect();
        // Which of them is found complete first is the processor's affair.
        sizes.sort_unstable_by_key(|&(spans, _)| spans);
        assert_eq!(sizes, [(1, Completeness::Whole), (3, Completeness::Whole)]);
    }
}

#[test]
fn a_trace_waits_for_all_its_local_roots() {
    let captured = capture(|| {
        let second = in_scope("first", || {
            let context = current_span().context();
            trace_core::span("second").parent(context).start()
        });
        look();
        second.end();
    });
    assert_whole(&captured, "first\n  second");
}

#[test]
fn a_trace_waits_for_scopes_that_outlive_the_scope_around_them() {
    let captured = capture(|| {
        let root = start_span("root");
        let inner = start_span("inner");
        drop(root);
        look();
        in_scope("innermost", || {});
        drop(inner);
    });
    assert_whole(&captured, "root\n  inner\n    innermost");
}

#[test]
fn a_child_that_begins_after_the_trace_was_handed_on_comes_late() {
    let captured = capture(|| {
        let root = in_scope("root", current_span);
        look();
        trace_core::span("late").parent(root).in_scope(|| {});
    });
    let parts: Vec<_> = captured.traces.iter().map(|trace| (trace.len(), trace.completeness())).collect();
    assert_eq!(parts, [(1, Completeness::Whole), (1, Completeness::Late)]);
    assert_eq!(captured.traces[0].id(), captured.traces[1].id());
    assert_eq!(captured.stats.late, 1);
}

#[test]
fn a_capture_waits_for_stragglers_if_it_is_told_to() {
    let patience = Duration::from_secs(30);
    let captured = Capture::new().wait_for_stragglers(patience).run(|| {
        in_scope("root", || {
            drop(Handoff::child().thread(|| in_scope("straggler", look)));
        });
    });
    assert_whole(&captured, "root\n  straggler");
}

#[test]
fn a_capture_that_does_not_wait_tells_what_is_open() {
    let mut open = None;
    let captured = capture(|| in_scope("root", || open = Some(Span::new("open"))));
    assert_eq!(captured.open().map(|span| span.name().to_owned()).collect::<Vec<_>>(), ["open"]);
    drop(open);
}
