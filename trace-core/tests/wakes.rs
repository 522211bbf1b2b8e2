//! When the waker was called that led to a poll.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, UNIX_EPOCH};

use common::executor::Executor;
use futures::channel::oneshot;
use futures::executor::block_on;
use futures::future::{BoxFuture, LocalBoxFuture, join, join_all};
use futures::{StreamExt as _, stream};
use trace_core::{Capture, FutureExt, Hop, ManualClock, Outcome, Span, StreamExt, Trace};

/// Runs a future in a span of the name `root`, with an executor to spawn on.
fn captured<F: Future<Output = ()> + 'static>(root: impl FnOnce(Rc<Executor>) -> F) -> Trace {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let executor = Executor::new(clock.clone());
    let captured = Capture::new().manual_clock(clock).time_wakes().run(|| {
        let root = root(Rc::clone(&executor));
        executor.spawn(Box::pin(root.in_span(Span::new("root"))));
        executor.run();
    });
    captured.trace().expect("everything is inside of the root").clone()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).expect("a test is short")
}

/// Busy, waiting on children, waiting without a span, queued.
fn parts(trace: &Trace, name: &str) -> [u64; 4] {
    let anatomy = trace.find(name).expect("it began").anatomy().expect("it ended");
    [anatomy.busy, anatomy.waiting_on_children, anatomy.no_span, anatomy.queued].map(millis)
}

#[test]
fn the_time_from_a_wake_up_to_its_poll_is_queued_and_the_time_before_is_waited() {
    let trace = captured(|executor| async move {
        let (wake, woken) = oneshot::channel();
        let victim = async move { woken.await.expect("noisy wakes us") }.in_span(Span::new("victim"));
        executor.spawn(Box::pin(victim));
        executor.sleep(9).await;
        let works = executor.work(30);
        let noisy = async move {
            wake.send(()).expect("the victim waits");
            works.await;
        };
        noisy.in_span(Span::new("noisy")).await;
    });
    assert_eq!(parts(&trace, "victim"), [0, 0, 9, 30]);
    let victim = trace.find("victim").unwrap();
    let woken: Vec<_> = victim.polls().unwrap().segments().map(|poll| poll.woken_unix_nanos).collect();
    assert_eq!(woken, [None, Some(1_009_000_000)], "its first poll was not woken");
    let [blocked] = victim.blocked_behind() else { panic!("{:?}", victim.blocked_behind()) };
    assert_eq!((&*blocked.name, millis(blocked.up_to), blocked.is_exact), ("noisy", 30, true));
    let tree = trace.to_string();
    assert!(tree.contains("⚠ 30.0 ms behind noisy"), "no bound any more: {tree}");
}

#[test]
fn a_timer_that_fires_late_because_its_thread_was_kept_was_kept_by_the_long_poll() {
    let trace = captured(|executor| async move {
        // Both are due while the other works, and this executor fires timers when nothing else is to be done.
        executor.spawn(Box::pin(executor.sleep(5).in_span(Span::new("victim"))));
        executor.spawn(Box::pin(executor.work(30).in_span(Span::new("noisy"))));
    });
    assert_eq!(parts(&trace, "victim"), [0, 0, 30, 0], "as far as its waker knows, it waited for its timer");
    let [blocked] = trace.find("victim").unwrap().blocked_behind() else { panic!("nobody was in its way") };
    assert_eq!((&*blocked.name, millis(blocked.up_to), blocked.is_exact), ("noisy", 30, false));
}

#[test]
fn who_is_woken_while_being_polled_is_queued_at_once() {
    let trace = captured(|executor| async move {
        let mut polls = 0;
        let yields = poll_fn(move |cx| {
            polls += 1;
            cx.waker().wake_by_ref();
            if polls > 1 { Poll::Ready(()) } else { Poll::Pending }
        });
        executor.spawn(Box::pin(yields.in_span(Span::new("yields"))));
        executor.spawn(Box::pin(executor.work(7).in_span(Span::new("works"))));
    });
    assert_eq!(parts(&trace, "yields"), [0, 0, 0, 7]);
}

#[test]
fn a_poll_to_which_another_waker_led_was_not_queued() {
    let trace = captured(|executor| async move {
        let (first, second) = (executor.sleep(5), executor.sleep(8));
        join(first.in_span(Span::new("first")), second.in_span(Span::new("second"))).await;
    });
    // At 5 both are polled, and only the first was woken.
    assert_eq!(parts(&trace, "second"), [0, 0, 8, 0]);
    let second = trace.find("second").unwrap().polls().unwrap();
    let woken: Vec<_> = second.segments().map(|poll| poll.woken_unix_nanos.is_some()).collect();
    assert_eq!(woken, [false, false, true]);
}

#[test]
fn of_children_that_are_polled_together_the_one_that_was_woken_ended_the_wait_for_certain() {
    let trace = captured(|executor| async move {
        let (first, second) = (executor.sleep(5), executor.sleep(8));
        join(first.in_span(Span::new("first")), second.in_span(Span::new("second"))).await;
    });
    let id = |name| trace.find(name).unwrap().span_id();
    let children = trace.root().unwrap().anatomy().unwrap().children;
    let waited: Vec<_> = children.iter().map(|child| (child.span_id, millis(child.waited), child.is_certain)).collect();
    assert_eq!(waited, [(id("first"), 5, true), (id("second"), 3, true)]);
}

#[test]
fn a_hop_to_a_span_is_proven_if_the_last_poll_of_a_task_woke_its_parent_and_possible_if_a_timer_did() {
    let hops = |pause: u64| {
        let trace = captured(|executor| async move {
            let (done, is_done) = oneshot::channel();
            let waits = executor.sleep(5);
            let task = async move {
                waits.await;
                done.send(()).expect("the root waits");
            };
            executor.spawn(Box::pin(task.in_span(Span::new("task"))));
            // Polled at first by a timer alone, where there is a pause.
            if pause > 0 {
                executor.sleep(pause).await;
            }
            is_done.await.expect("the task sends");
            executor.sleep(4).in_span(Span::new("next")).await;
        });
        let path = trace.critical_path();
        let hop = path.iter().find(|piece| trace.span(piece.span_id).unwrap().name() == "next").unwrap().hop;
        (hop, path.iter().map(|piece| piece.duration).sum::<Duration>() == trace.duration())
    };
    assert_eq!(hops(0), (Hop::Proven, true));
    assert_eq!(hops(9), (Hop::Possible, true), "nobody's poll was under way when the root was woken at 9");
}

/// Remembers the wakers that it is polled with.
fn remembers(wakers: Rc<RefCell<Vec<Waker>>>) -> impl Future<Output = ()> {
    poll_fn(move |cx| {
        wakers.borrow_mut().push(cx.waker().clone());
        Poll::Pending
    })
}

#[derive(Default)]
struct Counts(AtomicUsize);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_waker_says_inside_of_the_future_that_it_wakes_the_same_as_it_did_outside() {
    let (executors, others) = (Arc::new(Counts::default()), Arc::new(Counts::default()));
    let (waker, other) = (Waker::from(Arc::clone(&executors)), Waker::from(Arc::clone(&others)));
    let wakers = Rc::new(RefCell::new(Vec::new()));
    let captured = Capture::new().time_wakes().run(|| {
        let mut future = Box::pin(remembers(Rc::clone(&wakers)).in_span(Span::new("task")));
        for waker in [&waker, &waker, &waker.clone(), &other, &other] {
            assert!(future.as_mut().poll(&mut Context::from_waker(waker)).is_pending());
        }
        let wakers = wakers.borrow().clone();
        assert!(wakers[0].will_wake(&wakers[1]) && wakers[0].will_wake(&wakers[2]));
        assert!(!wakers[0].will_wake(&wakers[3]) && wakers[3].will_wake(&wakers[4]));
        assert!(!wakers[0].will_wake(&waker), "it is ours");
        let counts = || (executors.0.load(Ordering::Relaxed), others.0.load(Ordering::Relaxed));
        wakers[4].wake_by_ref();
        assert_eq!(counts(), (0, 1), "each wakes the executor that it came from");
        let owned = wakers[0].clone();
        owned.wake();
        assert_eq!(counts(), (1, 1));
        assert!(future.as_mut().poll(&mut Context::from_waker(&other)).is_pending());
    });
    // An old waker counts as well: the first call, of the new one, led to the poll.
    let trace = captured.trace().unwrap();
    let last = trace.root().unwrap().polls().unwrap().segments().last().unwrap();
    assert!(last.woken_unix_nanos.is_some_and(|woken| woken <= last.start_unix_nanos));
}

/// A task that lives as long as somebody may wake it, as those of some executors do.
struct Task(Mutex<Option<BoxFuture<'static, ()>>>);

impl Wake for Task {
    fn wake(self: Arc<Self>) {}
}

impl Task {
    fn poll(self: &Arc<Self>) {
        let mut future = self.0.lock().expect("no panic").take().expect("nobody polls it");
        let waker = Waker::from(Arc::clone(self));
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        *self.0.lock().expect("no panic") = Some(future);
    }
}

#[test]
fn a_task_that_nobody_can_wake_any_more_does_not_keep_itself() {
    let captured = Capture::new().time_wakes().run(|| {
        let kept = Arc::new(Mutex::new(None));
        let keeps = Arc::clone(&kept);
        let future = poll_fn(move |cx| {
            *keeps.lock().expect("no panic") = Some(cx.waker().clone());
            Poll::<()>::Pending
        });
        let task = Arc::new(Task(Mutex::new(Some(Box::pin(future.in_span(Span::new("task")))))));
        let alive = Arc::downgrade(&task);
        task.poll();
        let first = kept.lock().expect("no panic").clone().expect("it was polled");
        task.poll();
        assert!(kept.lock().expect("no panic").as_ref().is_some_and(|second| second.will_wake(&first)));
        drop((task, first));
        assert!(alive.upgrade().is_some(), "somebody may wake it");
        let last = kept.lock().expect("no panic").take();
        drop(last);
        assert!(alive.upgrade().is_none());
    });
    assert_eq!(captured.trace().unwrap().root().unwrap().outcome(), Outcome::Cancelled);
}

#[test]
fn a_poll_tells_which_span_woke_it_if_one_did() {
    let trace = captured(|executor| async move {
        let (wake, woken) = oneshot::channel();
        let victim = async move {
            woken.await.expect("somebody wakes us");
            yield_once().await;
        };
        executor.spawn(Box::pin(victim.in_span(Span::new("victim"))));
        executor.sleep(2).await;
        let scope = async move {
            // In a scope inside of a future the scope is what is current.
            trace_core::in_scope("scope", || wake.send(()).expect("the victim waits"));
        };
        scope.in_span(Span::new("caller")).await;
        executor.sleep(3).await;
    });
    let by = |name: &str| -> Vec<Option<String>> {
        let polls = trace.find(name).unwrap().polls().unwrap();
        let name = |by| trace.span(by).expect("it is of this trace").name().to_owned();
        polls.segments().map(|poll| poll.woken_by.map(name)).collect()
    };
    let some = |name: &str| Some(name.to_owned());
    assert_eq!(by("victim"), [None, some("scope"), some("victim")], "at last it wakes itself");
    assert_eq!(by("root"), [None, None, None], "timers are nobody");
    let scope = trace.find("scope").unwrap().span_id();
    let lines = trace.to_json_lines();
    assert!(lines.contains(&format!(",2000000,\"{scope}\"]")), "{lines}");
}

#[test]
fn who_wakes_from_another_trace_is_nobody_here() {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let captured = Capture::new().manual_clock(clock.clone()).time_wakes().run(|| {
        let executor = Executor::new(clock);
        let (wake, woken) = oneshot::channel::<()>();
        let victim = async move { woken.await.expect("the other wakes us") };
        executor.spawn(Box::pin(victim.in_span(Span::root("victim"))));
        let other = async move { wake.send(()).expect("the victim waits") };
        executor.spawn(Box::pin(other.in_span(Span::root("other"))));
        executor.run();
    });
    let victim = captured.spans().find(|span| span.name() == "victim").unwrap();
    let woken = victim.polls().unwrap().segments().last().unwrap();
    assert_eq!((woken.woken_unix_nanos.is_some(), woken.woken_by), (true, None));
}

#[test]
fn a_call_of_an_old_waker_is_noted() {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let waker = |counts: &Arc<Counts>| Waker::from(Arc::clone(counts));
    let (old, new) = (Arc::new(Counts::default()), Arc::new(Counts::default()));
    let wakers = Rc::new(RefCell::new(Vec::new()));
    let captured = Capture::new().manual_clock(clock.clone()).time_wakes().run(|| {
        let mut future = Box::pin(remembers(Rc::clone(&wakers)).in_span(Span::new("task")));
        for waker in [waker(&old), waker(&new)] {
            assert!(future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
        clock.advance(Duration::from_millis(3));
        wakers.borrow()[0].wake_by_ref();
        clock.advance(Duration::from_millis(4));
        assert!(future.as_mut().poll(&mut Context::from_waker(&waker(&new))).is_pending());
    });
    let polls = captured.traces[0].root().unwrap().polls().unwrap();
    let woken: Vec<_> = polls.segments().map(|poll| poll.woken_unix_nanos).collect();
    assert_eq!(woken, [None, None, Some(1_003_000_000)]);
}

#[test]
fn where_wake_ups_are_not_timed_the_future_sees_the_executors_own_waker() {
    let executors = Waker::from(Arc::new(Counts::default()));
    let wakers = Rc::new(RefCell::new(Vec::new()));
    let captured = Capture::new().time_polls().run(|| {
        let mut future = Box::pin(remembers(Rc::clone(&wakers)).in_span(Span::new("task")));
        assert!(future.as_mut().poll(&mut Context::from_waker(&executors)).is_pending());
        assert!(wakers.borrow()[0].will_wake(&executors));
    });
    assert!(captured.traces[0].root().unwrap().polls().unwrap().segments().all(|poll| poll.woken_unix_nanos.is_none()));
}

#[test]
fn scopes_that_a_poll_leaves_open_are_as_they_are_without() {
    let note = |names: &Rc<RefCell<Vec<Option<String>>>>| {
        let id = trace_core::current_span().span_id().map(|id| id.to_string());
        names.borrow_mut().push(id);
    };
    for wakes in [false, true] {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let capture = Capture::new().counted_ids();
        let capture = if wakes { capture.time_wakes() } else { capture };
        let captured = capture.run(|| {
            let seen = Rc::clone(&seen);
            let task = async move {
                let held = trace_core::start_span("held");
                note(&seen);
                yield_once().await;
                note(&seen);
                drop(held);
                note(&seen);
                yield_once().await;
                note(&seen);
                trace_core::in_scope("scope", || note(&seen));
            };
            block_on(task.in_span(Span::new("task")));
        });
        let ids = |names: &[&str]| names.iter().map(|id| Some(format!("{id:0>16}"))).collect::<Vec<_>>();
        assert_eq!(*seen.borrow(), ids(&["2", "2", "1", "1", "3"]), "with wake-ups timed: {wakes}");
        assert_eq!(captured.trace().unwrap().len(), 3);
    }
}

fn yield_once() -> impl Future<Output = ()> {
    let mut is_ready = false;
    poll_fn(move |cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut is_ready, true) { Poll::Ready(()) } else { Poll::Pending }
    })
}

#[test]
fn the_wake_ups_of_a_streams_span_are_timed_too() {
    let trace = captured(|executor| async move {
        let of_stream = Rc::clone(&executor);
        let items = stream::unfold(0, move |count| {
            let waits = of_stream.sleep(2);
            async move {
                waits.await;
                (count < 3).then_some(((), count + 1))
            }
        });
        let mut items = Box::pin(items).in_span(Span::new("items"));
        while items.next().await.is_some() {}
    });
    let polls = trace.find("items").unwrap().polls().unwrap();
    assert_eq!(polls.segments().filter(|poll| poll.woken_unix_nanos.is_some()).count(), 4, "{:?}", polls.to_data());
}

/// A program of tasks and futures that work, wait and wake each other.
#[derive(Clone, Debug)]
enum Step {
    Work(u64),
    Sleep(u64),
    Yield,
    Together(Vec<Vec<Step>>),
    Spawn(Vec<Step>),
    Scope,
}

fn run(executor: Rc<Executor>, steps: Vec<Step>) -> LocalBoxFuture<'static, ()> {
    Box::pin(async move {
        let mut tasks = Vec::new();
        for step in steps {
            match step {
                Step::Work(millis) => executor.work(millis).await,
                Step::Sleep(millis) => executor.sleep(millis).await,
                Step::Yield => yield_once().await,
                Step::Together(parts) => {
                    let part = |steps| run(Rc::clone(&executor), steps).in_span(Span::new("part"));
                    drop(join_all(parts.into_iter().map(part)).await);
                }
                Step::Spawn(steps) => {
                    let (done, is_done) = oneshot::channel();
                    let task = run(Rc::clone(&executor), steps).in_span(Span::new("task"));
                    executor.spawn(Box::pin(async move {
                        task.await;
                        // Nobody waits where the root was done first.
                        let _ = done.send(());
                    }));
                    tasks.push(is_done);
                }
                Step::Scope => trace_core::in_scope("scope", || ()),
            }
        }
        for task in tasks {
            task.await.expect("it ran");
        }
    })
}

#[test]
fn the_parts_sum_to_the_duration_whatever_wakes_whom() {
    let seed = Cell::new(0x9e37_79b9_7f4a_7c15_u64);
    let random = |below: u64| {
        let mut next = seed.get();
        next ^= next << 13;
        next ^= next >> 7;
        next ^= next << 17;
        seed.set(next);
        next % below
    };
    fn steps(random: &dyn Fn(u64) -> u64, depth: u64) -> Vec<Step> {
        let kinds = if depth < 3 { 6 } else { 4 };
        (0..1 + random(5))
            .map(|_| match random(kinds) {
                0 => Step::Work(random(8)),
                1 => Step::Sleep(random(20)),
                2 => Step::Yield,
                3 => Step::Scope,
                4 => Step::Together((0..1 + random(3)).map(|_| steps(random, depth + 1)).collect()),
                _ => Step::Spawn(steps(random, depth + 1)),
            })
            .collect()
    }
    let (mut queued, mut certain, mut exact) = (0, 0, 0);
    for program in 0..400 {
        let steps = steps(&random, 0);
        let of_program = steps.clone();
        let trace = captured(|executor| run(executor, of_program));
        assert_eq!(trace.anatomy().unwrap().total(), trace.duration(), "program {program}: {steps:?}");
        for span in trace.spans() {
            let anatomy = span.anatomy().unwrap();
            assert_eq!(Some(anatomy.total()), span.duration(), "program {program}: {} of {steps:?}", span.name());
            let children: Duration = anatomy.children.iter().map(|child| child.waited).sum();
            assert_eq!(children, anatomy.waiting_on_children, "program {program}");
            queued += usize::from(!anatomy.queued.is_zero());
            certain += anatomy.children.iter().filter(|child| child.is_certain).count();
            exact += span.blocked_behind().iter().filter(|blocked| blocked.is_exact).count();
        }
    }
    // The programs are not trivial.
    assert!(queued > 100 && certain > 100 && exact > 10, "{queued} queued, {certain} certain, {exact} exact");
}
