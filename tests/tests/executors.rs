//! What the polls tell is told under every executor: the wrapper needs nothing of it but that it polls.

#![cfg(test)]

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use futures::FutureExt as _;
use futures::channel::oneshot;
use futures::executor::LocalPool;
use futures::future::{BoxFuture, LocalBoxFuture};
use futures::task::LocalSpawnExt;
use tokio::runtime::{Builder, Runtime};
use trace_core::{Capture, Captured, FutureExt, Hop, ManualClock, Span, Trace};

/// How a scenario spawns a task and waits for it.
type Spawn = dyn Fn(BoxFuture<'static, ()>) -> BoxFuture<'static, ()>;
type Scenario = Box<dyn FnOnce(Box<Spawn>) -> LocalBoxFuture<'static, ()>>;
/// What it is called, and how it runs a scenario.
type Executor = (&'static str, fn(Scenario));

/// The executors on which all tasks of the scenario share one thread.
const SINGLE: [Executor; 5] = [
    ("futures::executor", futures_executor),
    ("tokio, current thread", |scenario| on_tokio(Builder::new_current_thread(), scenario)),
    ("tokio, one worker", |scenario| on_tokio(workers(1), scenario)),
    ("tokio, LocalSet", local_set),
    ("smol", smol_on_one_thread),
];

/// The executors on which they may run at the same time.
const SEVERAL: [Executor; 2] =
    [("tokio, two workers", |scenario| on_tokio(workers(2), scenario)), ("smol, two threads", smol_on_two_threads)];

fn workers(count: usize) -> Builder {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(count);
    builder
}

fn futures_executor(scenario: Scenario) {
    let mut pool = LocalPool::new();
    let spawner = pool.spawner();
    let spawn = move |task| spawner.spawn_local_with_handle(task).expect("the pool runs").boxed();
    pool.run_until(scenario(Box::new(spawn)));
}

fn on_tokio(mut builder: Builder, scenario: Scenario) {
    let runtime: Runtime = builder.build().expect("the system has threads");
    runtime.block_on(scenario(Box::new(|task| tokio::spawn(task).map(|joined| joined.expect("it ran")).boxed())));
}

fn local_set(scenario: Scenario) {
    let runtime = Builder::new_current_thread().build().expect("the system has threads");
    let spawn = |task| tokio::task::spawn_local(task).map(|joined| joined.expect("it ran")).boxed();
    tokio::task::LocalSet::new().block_on(&runtime, scenario(Box::new(spawn)));
}

fn smol_on_one_thread(scenario: Scenario) {
    let executor = Arc::new(smol::Executor::new());
    let spawner = Arc::clone(&executor);
    let scenario = scenario(Box::new(move |task| spawner.spawn(task).boxed()));
    smol::block_on(executor.run(scenario));
}

fn smol_on_two_threads(scenario: Scenario) {
    let executor = Arc::new(smol::Executor::new());
    let (over, rest) = smol::channel::unbounded::<()>();
    let (spawner, other) = (Arc::clone(&executor), Arc::clone(&executor));
    let thread = std::thread::spawn(move || smol::block_on(other.run(rest.recv())).ok());
    let scenario = scenario(Box::new(move |task| spawner.spawn(task).boxed()));
    smol::block_on(executor.run(scenario));
    drop(over);
    thread.join().expect("it ran");
}

fn captured(
    run: fn(Scenario),
    scenario: impl FnOnce(ManualClock, Box<Spawn>) -> LocalBoxFuture<'static, ()> + 'static,
) -> Captured<()> {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let capture = Capture::new().manual_clock(clock.clone()).time_polls();
    capture.run(|| run(Box::new(|spawn| scenario(clock, spawn))))
}

/// A root that goes on once its task is done: when the task says so itself, or when the executor does on its behalf.
fn hop(executor: &str, run: fn(Scenario), tells: bool) -> Hop {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let capture = Capture::new().manual_clock(clock.clone()).time_wakes();
    let captured = capture.run(|| {
        run(Box::new(move |spawn| {
            let root = async move {
                let (done, is_done) = oneshot::channel();
                let works = clock.clone();
                let task = async move {
                    works.advance(Duration::from_millis(5));
                    if tells {
                        done.send(()).expect("the root waits");
                    }
                };
                let task = spawn(task.in_span(Span::new("task")).boxed());
                if tells {
                    is_done.await.expect("the task tells");
                }
                // Else it is joined here.
                task.await;
                async move { clock.advance(Duration::from_millis(4)) }.in_span(Span::new("next")).await;
            };
            root.in_span(Span::new("root")).boxed_local()
        }));
    });
    let trace = captured.trace().unwrap_or_else(|error| panic!("{executor}: {error}"));
    let next = trace.find("next").expect("it began").span_id();
    let path = trace.critical_path();
    path.iter().find(|piece| piece.span_id == next).unwrap_or_else(|| panic!("{executor}: {path:?}")).hop
}

#[test]
fn a_hop_from_a_task_is_proven_if_it_woke_the_other_itself_and_possible_if_its_executor_did() {
    for (executor, run) in SINGLE {
        assert_eq!(hop(executor, run, false), Hop::Possible, "{executor}, joined");
    }
    // There the root runs beside the worker, so it may find the task done before it waits for it.
    let is_alone = |(executor, _): &Executor| *executor != "tokio, one worker";
    for (executor, run) in SINGLE.into_iter().filter(is_alone) {
        assert_eq!(hop(executor, run, true), Hop::Proven, "{executor}, told");
    }
}

/// A server of which one task waits for another, which wakes it and then keeps the thread for 50 ms.
fn server(clock: ManualClock, spawn: Box<Spawn>) -> LocalBoxFuture<'static, ()> {
    let server = async move {
        let (waits, waiting) = oneshot::channel();
        let (wake, woken) = oneshot::channel();
        let victim = async move {
            waits.send(()).expect("the server waits");
            woken.await.expect("noisy wakes us");
        };
        let victim = spawn(victim.in_span(Span::new("victim")).boxed());
        waiting.await.expect("the victim waits");
        let noisy = async move {
            wake.send(()).expect("the victim waits");
            clock.advance(Duration::from_millis(50));
        };
        spawn(noisy.in_span(Span::new("noisy")).boxed()).await;
        victim.await;
    };
    server.in_span(Span::new("server")).boxed_local()
}

fn assert_parts_sum_to_the_whole(trace: &Trace, executor: &str) {
    assert_eq!(trace.anatomy().map(|anatomy| anatomy.total()), Some(trace.duration()), "{executor}");
    for span in trace.spans() {
        let anatomy = span.anatomy().unwrap_or_else(|| panic!("{executor}: {}", span.name()));
        assert_eq!(Some(anatomy.total()), span.duration(), "{executor}: {}", span.name());
    }
}

#[test]
fn polls_waits_and_who_was_in_the_way_are_exact_on_one_thread() {
    for (executor, run) in SINGLE {
        let captured = captured(run, server);
        let trace = captured.trace().unwrap_or_else(|error| panic!("{executor}: {error}"));
        assert_parts_sum_to_the_whole(trace, executor);
        let of = |name| trace.find(name).unwrap_or_else(|| panic!("{executor}: no {name}"));

        let (victim, noisy) = (of("victim"), of("noisy"));
        let polls = [victim, noisy].map(|span| span.polls().expect("polls are timed"));
        assert_eq!(polls.map(|polls| polls.count()), [2, 1], "{executor}");
        assert_eq!(polls.map(|polls| polls.busy()), [Duration::ZERO, Duration::from_millis(50)], "{executor}");
        let threads = polls.map(|polls| polls.longest().and_then(|poll| poll.thread));
        assert!(threads[0].is_some() && threads[0] == threads[1], "{executor}: {threads:?}");

        assert_eq!(victim.anatomy().expect("it ended").no_span, Duration::from_millis(50), "{executor}");
        let [blocked] = victim.blocked_behind() else { panic!("{executor}: {:?}", victim.blocked_behind()) };
        assert_eq!((&*blocked.name, blocked.up_to), ("noisy", Duration::from_millis(50)), "{executor}");
        let held_up = noisy.held_up();
        assert_eq!((held_up.spans, held_up.up_to), (1, Duration::from_millis(50)), "{executor}");
    }
}

#[test]
fn on_several_threads_the_parts_still_sum_and_a_wait_behind_another_is_a_bound() {
    for (executor, run) in SEVERAL {
        for _ in 0..20 {
            let captured = captured(run, server);
            let trace = captured.trace().unwrap_or_else(|error| panic!("{executor}: {error}"));
            assert_parts_sum_to_the_whole(trace, executor);
            for span in trace.spans() {
                assert!(span.polls().is_some_and(|polls| polls.count() > 0), "{executor}: {}", span.name());
                for blocked in span.blocked_behind() {
                    assert!(!blocked.is_exact && blocked.up_to <= blocked.poll, "{executor}: {blocked:?}");
                }
            }
        }
    }
}

#[test]
fn a_task_that_is_dropped_by_its_executor_tells_what_it_was_doing() {
    /// Spawns a task that waits for ever and drops it, which cancels it, or aborts it.
    fn scenario(_: ManualClock, spawn: Box<Spawn>) -> LocalBoxFuture<'static, ()> {
        async move {
            let (waits, waiting) = oneshot::channel();
            let stuck = async move {
                let lock = async move {
                    waits.send(()).expect("the scenario waits");
                    std::future::pending().await
                };
                let () = lock.in_span(Span::new("lock")).await;
            };
            let task = spawn(stuck.in_span(Span::new("stuck")).boxed());
            waiting.await.expect("it waits");
            drop(task);
        }
        .boxed_local()
    }
    // A tokio task goes on when its handle is dropped, until the runtime ends.
    for (executor, run) in SINGLE {
        let captured = captured(run, scenario);
        let stuck = captured.spans().find(|span| span.name() == "stuck").expect("it began");
        let cancellation = stuck.cancellation().unwrap_or_else(|| panic!("{executor}: {:?}", stuck.outcome()));
        assert_eq!(cancellation.polls, Some(1), "{executor}");
        assert_eq!(cancellation.waiting_in.expect("it had a child").name, "lock", "{executor}");
    }
}

#[test]
fn a_future_that_is_ready_at_once_has_one_poll() {
    fn scenario(_: ManualClock, spawn: Box<Spawn>) -> LocalBoxFuture<'static, ()> {
        let task: BoxFuture<'static, ()> = std::future::ready(()).in_span(Span::new("ready")).boxed();
        spawn(task).boxed_local()
    }
    fn scenario_in_the_executor(clock: ManualClock, spawn: Box<Spawn>) -> LocalBoxFuture<'static, ()> {
        async move { scenario(clock, spawn).await }.boxed_local()
    }
    for (executor, run) in SINGLE.into_iter().chain(SEVERAL) {
        let captured = captured(run, scenario_in_the_executor);
        let ready = captured.spans().next().expect("it began");
        assert_eq!(ready.polls().map(|polls| polls.count()), Some(1), "{executor}");
        assert_eq!(ready.polls().and_then(|polls| polls.first_poll_delay()), Some(Duration::ZERO), "{executor}");
    }
}

#[test]
fn a_poll_that_found_no_memory_is_counted_and_its_span_says_that_polls_are_missing() {
    tests::child::in_child(|| {
        let memory = trace_core::MemoryExporter::new().whole_traces();
        let builder = trace_core::builder().without_environment().exporter(memory.clone()).time_polls();
        let pipeline = builder.budget_bytes(1 << 20).init().expect("this process has no other pipeline");
        let work = async {
            // Polls are the first to be dropped, above 70 % of the budget.
            trace_core::current_span().set_attribute("large", "x".repeat(800_000));
            tokio::task::yield_now().await;
            // A question to the processor, which has the attribute then.
            drop(pipeline.stats());
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
        };
        let runtime = Builder::new_current_thread().build().expect("the system has threads");
        runtime.block_on(work.in_span(Span::new("work")));
        pipeline.flush(Duration::from_secs(5)).expect("everything is exported");
        let lost = pipeline.stats().polls_over_budget;
        assert!(lost > 0);
        let traces = memory.traces();
        let polls = traces[0].root().expect("it ended").polls().expect("the first were timed");
        assert!(polls.is_incomplete());
        assert_eq!(polls.count() + lost, 102, "what is not lost is counted");
        let line = traces[0].to_json_lines();
        assert!(line.contains(r#""incomplete":true"#), "{line}");
    });
}
