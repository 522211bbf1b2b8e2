//! What the polls of a span tell.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, UNIX_EPOCH};

use futures::executor::block_on;
use trace_core::{Capture, FutureExt, ManualClock, Span, Trace};

/// A future whose polls take these times, in milliseconds, with so much between them.
struct Script {
    clock: ManualClock,
    polls: Vec<(u64, u64)>,
    next: usize,
}

impl Future for Script {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (busy, gap) = self.polls[self.next];
        self.clock.advance(Duration::from_millis(busy));
        self.next += 1;
        if self.next == self.polls.len() {
            return Poll::Ready(());
        }
        // Time passes between this poll and the next one: whoever drives the future lets it pass.
        GAP.with(|pending| pending.set(pending.get() + gap));
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

thread_local! {
    static GAP: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Polls the future, and lets the gap pass after each poll.
struct Driver<F>(F, ManualClock);

impl<F: Future + Unpin> Future for Driver<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let poll = Pin::new(&mut self.0).poll(cx);
        self.1.advance(Duration::from_millis(GAP.take()));
        poll
    }
}

fn captured(polls: &[(u64, u64)]) -> Trace {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let script = Script { clock: clock.clone(), polls: polls.to_vec(), next: 0 };
    let captured = Capture::new().manual_clock(clock.clone()).time_polls().run(|| {
        let future = Box::pin(script.in_span(Span::new("task")));
        clock.advance(Duration::from_millis(3));
        block_on(Driver(future, clock.clone()));
    });
    captured.traces.into_iter().next().expect("one trace began")
}

#[test]
fn polls_are_counted_and_timed_one_by_one() {
    let trace = captured(&[(1, 10), (5, 20), (2, 0)]);
    let polls = trace.root().unwrap().polls().unwrap();
    assert_eq!(polls.count(), 3);
    assert_eq!(polls.busy(), Duration::from_millis(8));
    assert_eq!(polls.self_busy(), polls.busy());
    assert_eq!(polls.first_poll_delay(), Some(Duration::from_millis(3)));
    let longest = polls.longest().unwrap();
    assert_eq!(longest.duration, Duration::from_millis(5));
    assert!(longest.thread.is_some());
    let starts: Vec<_> = polls.segments().map(|poll| poll.start_unix_nanos / 1_000_000 - 1000).collect();
    assert_eq!(starts, [3, 14, 39]);
    assert!(!polls.is_merged() && !polls.is_incomplete());
}

#[test]
fn polls_of_seconds_are_as_exact_as_others() {
    for last in [1, 4_294, 4_295, 86_400_000] {
        let trace = captured(&[(5_000, 10), (4_295, 20), (4_294, 1), (last, 0)]);
        let root = trace.root().unwrap();
        let polls = root.polls().unwrap();
        let lengths: Vec<_> = polls.segments().map(|poll| poll.duration.as_millis() as u64).collect();
        assert_eq!(lengths, [5_000, 4_295, 4_294, last]);
        assert_eq!(polls.busy(), Duration::from_millis(5_000 + 4_295 + 4_294 + last));
        assert_eq!(polls.segments().last().map(|poll| poll.end_unix_nanos()), root.end_unix_nanos());
    }
}

#[test]
fn the_polls_of_a_span_inside_are_not_the_own_work_of_the_span_around() {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let work = |millis| {
        let clock = clock.clone();
        async move { clock.advance(Duration::from_millis(millis)) }
    };
    let captured = Capture::new().manual_clock(clock.clone()).time_polls().run(|| {
        let outer = async {
            work(1).await;
            work(7).in_span(Span::new("inner")).await;
            work(2).await;
        };
        block_on(outer.in_span(Span::new("outer")));
    });
    let trace = captured.traces.iter().find(|trace| trace.find("outer").is_some()).unwrap();
    let polls = |name| trace.find(name).unwrap().polls().unwrap();
    assert_eq!(polls("outer").busy(), Duration::from_millis(10));
    assert_eq!(polls("outer").self_busy(), Duration::from_millis(3));
    assert_eq!(polls("inner").self_busy(), Duration::from_millis(7));
}

#[test]
fn sync_spans_tell_their_threads_where_polls_are_timed() {
    let program = || {
        let task = async {
            trace_core::in_scope("here", || ());
            let there = trace_core::Handoff::child().wrap(|| {
                trace_core::in_scope("there", || trace_core::in_scope("inside", || ()));
            });
            std::thread::spawn(there).join().unwrap();
            trace_core::in_scope("here again", || ());
        };
        block_on(task.in_span(Span::new("task")));
    };
    let trace = Capture::new().time_polls().run(program).trace().unwrap().clone();
    let thread = |name: &str| trace.find(name).unwrap().thread();
    let polled_on = trace.root().unwrap().polls().unwrap().longest().unwrap().thread;
    assert!(polled_on.is_some() && thread("there").is_some());
    assert_eq!([thread("here"), thread("here again")], [polled_on; 2]);
    assert_eq!(thread("inside"), thread("there"));
    assert_ne!(thread("there"), polled_on);
    assert_eq!(thread("task"), None, "a future may be polled on many");
    let data: Vec<_> = trace.spans().map(|span| span.to_data()).collect();
    let again = Trace::from_spans(trace.id(), data);
    assert_eq!(again.find("there").unwrap().thread(), thread("there"));
    let line = format!(r#""thread":{}"#, polled_on.unwrap());
    assert!(trace.to_json_lines().lines().any(|of| of.contains("\"here\"") && of.contains(&line)));

    let untimed = trace_core::capture(program);
    assert!(untimed.spans().all(|span| span.thread().is_none()));
}

#[test]
fn nothing_is_known_of_polls_unless_they_are_timed() {
    let captured = trace_core::capture(|| block_on(async {}.in_span(Span::new("task"))));
    assert!(captured.trace().unwrap().root().unwrap().polls().is_none());
}

#[test]
fn a_hundred_thousand_polls_are_told_by_exact_totals_and_a_few_segments() {
    let trace = captured(&vec![(1, 1); 100_000]);
    let polls = trace.root().unwrap().polls().unwrap();
    assert_eq!((polls.count(), polls.busy()), (100_000, Duration::from_secs(100)));
    assert!(polls.is_merged() && polls.segments().len() <= trace_core::MAX_POLL_SEGMENTS);
}
