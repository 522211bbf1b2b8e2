//! Where the time of a span went.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::{Duration, UNIX_EPOCH};

use futures::executor::block_on;
use futures::future::{LocalBoxFuture, join_all};
use trace_core::{
    Capture, CriticalSegment, FutureExt, Hop, ManualClock, PollSegment, PollsData, Span, SpanContext, SpanData, SpanId,
    Trace, TraceFlags, TraceId,
};

/// What a program does, one step after the other. Times are in milliseconds.
#[derive(Clone, Debug)]
enum Step {
    /// Works in one poll.
    Work(u64),
    /// Waits, through one poll or more, until this much time has passed.
    Wait(u64),
    /// Runs children with spans, all at once.
    Children(Vec<Vec<Step>>),
}

use Step::{Children, Wait, Work};

#[derive(Clone)]
struct World {
    clock: ManualClock,
    /// When the earliest waiting future wants to be polled again.
    next_due: Rc<Cell<u64>>,
}

impl World {
    fn now(&self) -> u64 {
        self.clock.unix_nanos() / 1_000_000
    }

    fn run(&self, steps: Vec<Step>) -> LocalBoxFuture<'static, ()> {
        let world = self.clone();
        Box::pin(async move {
            for step in steps {
                match step {
                    Work(millis) => world.clock.advance(Duration::from_millis(millis)),
                    Wait(millis) => Timer { due: world.now() + millis, world: world.clone() }.await,
                    Children(children) => {
                        let spans = children.into_iter().zip(1..);
                        let run = |(steps, number)| world.run(steps).in_span(Span::new(format!("child {number}")));
                        join_all(spans.map(run)).await;
                    }
                }
            }
        })
    }
}

struct Timer {
    due: u64,
    world: World,
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.world.now() >= self.due {
            return Poll::Ready(());
        }
        self.world.next_due.set(self.world.next_due.get().min(self.due));
        Poll::Pending
    }
}

/// Polls the whole program whenever something is due, and lets time pass in between.
struct Driver {
    program: Pin<Box<dyn Future<Output = ()>>>,
    world: World,
}

impl Future for Driver {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            self.world.next_due.set(u64::MAX);
            if self.program.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            let pause = self.world.next_due.get().saturating_sub(self.world.now());
            self.world.clock.advance(Duration::from_millis(pause));
        }
    }
}

fn traced(steps: Vec<Step>) -> Trace {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let world = World { clock: clock.clone(), next_due: Rc::new(Cell::new(u64::MAX)) };
    let captured = Capture::new().manual_clock(clock).time_polls().run(|| {
        let program = Box::pin(world.run(steps).in_span(Span::new("root")));
        block_on(Driver { program, world });
    });
    captured.traces.into_iter().next().expect("one trace began")
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).expect("a test is short")
}

#[test]
fn a_wait_is_a_childs_while_it_is_open_and_nobodys_otherwise() {
    let root = |steps| {
        let trace = traced(steps);
        let anatomy = trace.root().unwrap().anatomy().unwrap();
        [anatomy.busy, anatomy.waiting_on_children, anatomy.no_span, anatomy.queued].map(millis)
    };
    for (steps, expected, reason) in [
        (vec![Work(5)], [5, 0, 0, 0], "one poll"),
        (vec![Work(1), Wait(10), Work(2)], [3, 0, 10, 0], "a timer has no span"),
        (vec![Work(1), Children(vec![vec![Wait(10)]]), Work(2)], [3, 10, 0, 0], "a child waits"),
        (vec![Children(vec![vec![Work(4), Wait(10)]])], [4, 10, 0, 0], "a child works inside a poll of its parent"),
        (vec![Children(vec![vec![Wait(3)], vec![Wait(9)]])], [0, 9, 0, 0], "two children at once"),
    ] {
        assert_eq!(root(steps), expected, "{reason}");
    }
}

#[test]
fn of_two_children_the_one_that_ended_the_wait_is_waited_on() {
    let trace = traced(vec![Children(vec![vec![Wait(3)], vec![Wait(9)]])]);
    let anatomy = trace.root().unwrap().anatomy().unwrap();
    let waited: Vec<_> = anatomy.children.iter().map(|child| (child.span_id, millis(child.waited))).collect();
    let id = |name| trace.find(name).unwrap().span_id();
    assert_eq!(
        waited,
        [(id("child 2"), 9)],
        "every poll here polls all children, so the one that ended last is waited on"
    );
}

#[test]
fn the_parts_sum_to_the_duration_whatever_the_program_does() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move |below: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % below
    };
    fn steps(random: &mut impl FnMut(u64) -> u64, depth: u64) -> Vec<Step> {
        (0..1 + random(4))
            .map(|_| match random(if depth < 3 { 3 } else { 2 }) {
                0 => Work(random(8)),
                1 => Wait(random(30)),
                _ => Children((0..1 + random(3)).map(|_| steps(random, depth + 1)).collect()),
            })
            .collect()
    }
    for program in 0..300 {
        let steps = steps(&mut random, 0);
        let trace = traced(steps.clone());
        assert_eq!(trace.anatomy().unwrap().total(), trace.duration(), "program {program}: {steps:?}");
        for span in trace.spans() {
            let anatomy = span.anatomy().unwrap();
            assert_eq!(Some(anatomy.total()), span.duration(), "program {program}: {} of {steps:?}", span.name());
            let children: Duration = anatomy.children.iter().map(|child| child.waited).sum();
            assert_eq!(children, anatomy.waiting_on_children, "program {program}");
        }
    }
}

#[test]
fn what_goes_on_after_the_root_counts_as_waiting_on_it() {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let pass = |millis| clock.advance(Duration::from_millis(millis));
    let captured = Capture::new().manual_clock(clock.clone()).time_polls().run(|| {
        let late = {
            let root = trace_core::start_span("root");
            block_on(async { pass(5) }.in_span(Span::new("task")));
            let late = Span::new("late");
            root.end();
            late
        };
        pass(7);
        drop(late);
    });
    let trace = captured.trace().unwrap();
    let anatomy = trace.anatomy().unwrap();
    assert_eq!(trace.root().unwrap().anatomy().unwrap().total(), Duration::from_millis(5));
    assert_eq!((anatomy.busy, anatomy.waiting_on_children), (Duration::from_millis(5), Duration::from_millis(7)));
    assert_eq!(anatomy.total(), trace.duration());
}

#[test]
fn of_two_children_polled_together_neither_is_waited_on_for_certain() {
    let trace = traced(vec![Children(vec![vec![Wait(9)], vec![Wait(9)]])]);
    let [child] = &trace.root().unwrap().anatomy().unwrap().children[..] else { panic!("one child") };
    assert!(!child.is_certain);
    let trace = traced(vec![Children(vec![vec![Wait(9)]])]);
    assert!(trace.root().unwrap().anatomy().unwrap().children[0].is_certain);
}

#[test]
fn the_anatomy_of_a_span_with_a_hundred_thousand_children_takes_no_square_of_that() {
    let id = TraceId::from_u128(1).unwrap();
    let span = |number: u64, start: u64, length: u64| {
        let context = SpanContext::new(id, SpanId::from_u64(number).unwrap(), TraceFlags::SAMPLED);
        SpanData::new(context, "span", start, Duration::from_nanos(length))
    };
    // In a circle of 1009 the children begin all over the wait, and overlap.
    let children = (2..100_002).map(|number| {
        let mut child = span(number, 10 + number * 7919 % 100_000 * 10, 1 + number * 104_729 % 1009);
        child.parent_id = SpanId::from_u64(1);
        child
    });
    let mut root = span(1, 0, 2_000_000);
    root.polls = Some(PollsData::of_segments(vec![
        PollSegment::new(0, Duration::from_nanos(5)).on_thread(1),
        PollSegment::new(1_999_990, Duration::from_nanos(10)).on_thread(1),
    ]));
    let trace = Trace::from_spans(id, std::iter::once(root).chain(children));
    let anatomy = trace.root().unwrap().anatomy().unwrap();
    assert_eq!(anatomy.total(), Duration::from_nanos(2_000_000));
    assert!(anatomy.waiting_on_children > Duration::from_nanos(900_000), "{:?}", anatomy.waiting_on_children);
}

#[test]
fn the_critical_path_goes_from_the_root_through_what_ended_last_without_a_gap() {
    let path = |steps| {
        let trace = traced(steps);
        let pieces = trace.critical_path();
        let mut at = trace.root().unwrap().start_unix_nanos();
        for piece in &pieces {
            assert_eq!(piece.start_unix_nanos, at);
            at += u64::try_from(piece.duration.as_nanos()).unwrap();
        }
        assert_eq!(Some(at), trace.root().unwrap().end_unix_nanos());
        let tell = |piece: &CriticalSegment| {
            let name = trace.span(piece.span_id).unwrap().name().to_owned();
            format!("{name} {} {:?} {:?}", millis(piece.duration), piece.what, piece.hop)
        };
        pieces.iter().map(tell).collect::<Vec<_>>().join(", ")
    };
    for (steps, expected, reason) in [
        (vec![Work(5)], "root 5 Busy Within", "one poll"),
        (vec![Work(1), Wait(4)], "root 1 Busy Within, root 4 NoSpan Within", "a wait without a span"),
        (
            vec![Work(1), Children(vec![vec![Wait(3)], vec![Wait(9)]]), Work(2)],
            "root 1 Busy Within, child 2 9 NoSpan Within, root 2 Busy Within",
            "the child that ended last",
        ),
        (
            vec![Children(vec![vec![Wait(3)]]), Children(vec![vec![Wait(4)]])],
            "child 1 3 NoSpan Within, child 1 4 NoSpan Proven",
            "the second child began in the poll in which the first one ended",
        ),
        (
            vec![Children(vec![vec![Wait(3)]]), Wait(1), Children(vec![vec![Wait(4)]])],
            "child 1 3 NoSpan Within, root 1 NoSpan Within, child 1 4 NoSpan Possible",
            "the second child began in a later poll, and nobody knows what led to that",
        ),
    ] {
        assert_eq!(path(steps), expected, "{reason}");
    }
}

#[test]
fn each_span_tells_what_it_has_of_the_critical_path_and_how_the_path_comes_to_it() {
    let trace = traced(vec![Work(1), Children(vec![vec![Wait(3)], vec![Work(2), Wait(9)]]), Work(2)]);
    let share = |name| trace.find(name).unwrap().critical_share();
    let own = |name| share(name).map(|share| millis(share.own));
    assert_eq!([own("root"), own("child 1"), own("child 2")], [Some(3), None, Some(11)]);
    let shares: Duration = trace.spans().filter_map(|span| Some(span.critical_share()?.own)).sum();
    assert_eq!(shares, trace.duration());
    assert_eq!(share("child 2").unwrap().hop, Hop::Within);

    let tree = trace.to_string();
    assert!(tree.trim_end().ends_with("critical path: child 2 11.0 ms, root 3.0 ms"), "{tree}");
    let spans: Vec<serde_json::Value> =
        trace.to_json_lines().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| &spans.iter().find(|span| span["name"] == name).unwrap()["critical"];
    assert_eq!(*of("child 2"), serde_json::json!({ "own_ns": 11_000_000, "hop": "within" }));
    assert!(of("child 1").is_null());
    let facts = trace.find("child 2").unwrap().facts();
    assert!(facts.iter().any(|fact| fact.key.as_str() == "trace.critical.own_ns" && fact.value == 11_000_000.into()));
    assert_eq!(trace.find("root").unwrap().to_data().critical, share("root"));
}

#[test]
fn the_critical_path_of_a_long_chain_and_of_many_siblings_takes_no_stack_and_little_time() {
    let id = TraceId::from_u128(1).unwrap();
    let span = |number: u64| {
        let context = SpanContext::new(id, SpanId::from_u64(number).unwrap(), TraceFlags::SAMPLED);
        let mut span = SpanData::new(context, "span", number, Duration::from_nanos(200_000 - 2 * number));
        span.parent_id = SpanId::from_u64(number - 1);
        span
    };
    let chain = Trace::from_spans(id, (1..=80_000).map(span));
    assert_eq!(chain.critical_path().len(), 2 * 80_000 - 1);
    let siblings = vec![Children(vec![vec![Wait(1)]]); 5_000];
    assert_eq!(traced(siblings).critical_path().len(), 5_000);
}

#[test]
fn a_sync_span_is_busy_all_the_time_and_an_untimed_future_tells_nothing() {
    let captured = trace_core::capture(|| trace_core::in_scope("outer", || trace_core::in_scope("inner", || ())));
    let inner = captured.trace().unwrap().find("inner").unwrap();
    assert_eq!(inner.anatomy().map(|anatomy| anatomy.busy), inner.duration());
    let captured = trace_core::capture(|| block_on(async {}.in_span(Span::new("task"))));
    assert_eq!(captured.trace().unwrap().root().unwrap().anatomy(), None);
}
