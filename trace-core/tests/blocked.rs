//! Who stood in the way of a task.

use std::time::{Duration, UNIX_EPOCH};

use futures::channel::oneshot;
use futures::executor::LocalPool;
use futures::task::LocalSpawnExt;
use trace_core::{Capture, Captured, FutureExt, ManualClock, Span};

/// A victim that is woken and then waits while another task works for 50 ms on the only thread.
fn victim_and_noisy(is_child: bool) -> Captured<()> {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    Capture::new().manual_clock(clock.clone()).time_polls().run(|| {
        let mut pool = LocalPool::new();
        let root = trace_core::start_span("root");
        let (wake, woken) = oneshot::channel::<()>();
        let victim = Span::new("victim");
        let noisy = if is_child { trace_core::span("noisy").parent(&victim).start() } else { Span::new("noisy") };
        let victim = async move { woken.await.expect("noisy wakes us") }.in_span(victim);
        let noisy = async move {
            wake.send(()).expect("victim waits");
            clock.advance(Duration::from_millis(50));
        }
        .in_span(noisy);
        for task in [Box::pin(victim) as std::pin::Pin<Box<dyn Future<Output = ()>>>, Box::pin(noisy)] {
            pool.spawner().spawn_local(task).expect("the pool runs");
        }
        pool.run();
        root.end();
    })
}

#[test]
fn a_task_that_was_ready_while_another_worked_names_it() {
    let captured = victim_and_noisy(false);
    let trace = captured.trace().unwrap();
    let blocked = trace.find("victim").unwrap().blocked_behind();
    assert_eq!(blocked.len(), 1);
    assert_eq!((&*blocked[0].name, blocked[0].up_to), ("noisy", Duration::from_millis(50)));
    assert!(!blocked[0].is_exact, "the wake-up is not recorded, so it is a bound");
    let noisy = trace.find("noisy").unwrap().span_id();
    let held_up = trace.held_up_by(noisy);
    assert_eq!((held_up.spans, held_up.up_to), (1, Duration::from_millis(50)));
}

#[test]
fn a_span_is_not_blocked_by_a_span_inside_of_it() {
    let captured = victim_and_noisy(true);
    assert_eq!(captured.trace().unwrap().find("victim").unwrap().blocked_behind(), []);
}

#[test]
fn the_tree_names_who_was_in_the_way_and_what_it_cost() {
    let captured = victim_and_noisy(false);
    let tree = captured.trace().unwrap().to_string();
    assert!(tree.contains("⚠ up to 50.0 ms behind noisy"), "{tree}");
    assert!(tree.contains("longest poll 50.0 ms, held up 1 span, up to 50.0 ms"), "{tree}");
}

#[test]
fn the_head_of_the_tree_names_the_span_that_held_up_the_others() {
    let captured = victim_and_noisy(false);
    let trace = captured.trace().unwrap();
    let (worst, held_up) = trace.worst_held_up().unwrap();
    assert_eq!((worst.name(), held_up.spans, held_up.up_to), ("noisy", 1, Duration::from_millis(50)));
    let tree = trace.to_string();
    let head = tree.lines().take_while(|line| !line.starts_with("root")).collect::<Vec<_>>().join(" ");
    assert!(head.contains("noisy held up 1 span, up to 50.0 ms"), "{tree}");
}

#[test]
fn a_culprit_that_was_renamed_is_called_by_its_new_name_also_from_another_trace() {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let captured = Capture::new().manual_clock(clock.clone()).time_polls().run(|| {
        let mut pool = LocalPool::new();
        let (wake, woken) = oneshot::channel::<()>();
        let victim = async move { woken.await.expect("noisy wakes us") }.in_span(Span::root("victim"));
        let noisy = async move {
            trace_core::current_span().set_name(format!("report {}", 7));
            wake.send(()).expect("victim waits");
            clock.advance(Duration::from_millis(20));
        };
        let noisy = noisy.in_span(Span::root("noisy"));
        pool.spawner().spawn_local(victim).expect("the pool runs");
        pool.spawner().spawn_local(noisy).expect("the pool runs");
        pool.run();
    });
    let victim = captured.spans().find(|span| span.name() == "victim").unwrap();
    let noisy = captured.spans().find(|span| span.name() == "report 7").unwrap();
    let [blocked] = victim.blocked_behind() else { panic!("{:?}", victim.blocked_behind()) };
    assert_eq!((&*blocked.name, blocked.trace_id, blocked.span_id), ("report 7", noisy.trace_id(), noisy.span_id()));
}

#[test]
fn a_task_that_waited_for_its_first_poll_behind_another_names_it() {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let captured = Capture::new().manual_clock(clock.clone()).time_polls().run(|| {
        let mut pool = LocalPool::new();
        let root = trace_core::start_span("root");
        let noisy = async move { clock.advance(Duration::from_millis(30)) }.in_span(Span::new("noisy"));
        pool.spawner().spawn_local(noisy).expect("the pool runs");
        pool.spawner().spawn_local(async {}.in_span(Span::new("late"))).expect("the pool runs");
        pool.run();
        root.end();
    });
    let late = captured.trace().unwrap().find("late").unwrap();
    let [blocked] = late.blocked_behind() else { panic!("{:?}", late.blocked_behind()) };
    assert_eq!((&*blocked.name, blocked.up_to), ("noisy", Duration::from_millis(30)));
}

#[test]
fn of_spans_inside_of_each_other_the_innermost_blocks_and_the_innermost_waits() {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let captured = Capture::new().manual_clock(clock.clone()).time_polls().run(|| {
        let mut pool = LocalPool::new();
        let root = trace_core::start_span("root");
        let (wake, woken) = oneshot::channel::<()>();
        let waiting = async move {
            async move { woken.await.expect("noisy wakes us") }.in_span(Span::new("query")).await;
        };
        let noisy = async move {
            clock.advance(Duration::from_millis(1));
            let report = async move {
                wake.send(()).expect("the other waits");
                clock.advance(Duration::from_millis(40));
            };
            report.in_span(Span::new("report")).await;
        };
        pool.spawner().spawn_local(waiting.in_span(Span::new("request 1"))).expect("the pool runs");
        pool.spawner().spawn_local(noisy.in_span(Span::new("request 2"))).expect("the pool runs");
        pool.run();
        root.end();
    });
    let trace = captured.trace().unwrap();
    let of = |name| trace.find(name).unwrap();
    let [blocked] = of("query").blocked_behind() else { panic!("{:?}", of("query").blocked_behind()) };
    assert_eq!((&*blocked.name, blocked.up_to), ("report", Duration::from_millis(40)));
    assert_eq!(of("request 1").blocked_behind(), [], "it waited for its query");
    assert_eq!((of("report").held_up().spans, of("request 2").held_up().spans), (1, 0));
}

#[test]
fn who_is_polled_late_because_others_were_first_waited_behind_the_long_poll_all_the_same() {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let victims = |rest: u64| {
        let captured = Capture::new().manual_clock(clock.clone()).time_polls().run(|| {
            let mut pool = LocalPool::new();
            let root = trace_core::start_span("root");
            let mut wakes = Vec::new();
            for number in 1..5 {
                let (wake, woken) = oneshot::channel::<()>();
                wakes.push(wake);
                let clock = clock.clone();
                // Each works for a while before the next is polled.
                let victim = async move {
                    woken.await.expect("noisy wakes us");
                    clock.advance(Duration::from_micros(900));
                };
                let victim = victim.in_span(Span::new(format!("victim {number}")));
                pool.spawner().spawn_local(victim).expect("the pool runs");
            }
            let noisy = {
                let clock = clock.clone();
                async move { clock.advance(Duration::from_millis(20)) }.in_span(Span::new("noisy"))
            };
            let waker = {
                let clock = clock.clone();
                async move {
                    clock.advance(Duration::from_millis(rest));
                    wakes.into_iter().for_each(|wake| wake.send(()).expect("they wait"));
                }
            };
            pool.spawner().spawn_local(noisy).expect("the pool runs");
            pool.spawner().spawn_local(waker).expect("the pool runs");
            pool.run();
            root.end();
        });
        let trace = captured.trace().unwrap();
        let noisy = trace.find("noisy").unwrap();
        let victims = noisy.victims();
        assert_eq!(victims.len(), noisy.held_up().spans);
        assert_eq!(victims.iter().map(|&(_, up_to)| up_to).sum::<Duration>(), noisy.held_up().up_to);
        assert!(victims.iter().all(|(victim, _)| victim.name().starts_with("victim ")), "{victims:?}");
        let blocked = trace.spans().filter(|span| !span.blocked_behind().is_empty());
        (blocked.count(), trace.find("noisy").unwrap().held_up().up_to.as_millis())
    };
    assert_eq!(victims(0), (4, 80));
    assert_eq!(victims(1), (0, 0), "the thread rested, or did something without a span, for a millisecond");
}

#[test]
fn what_the_polls_tell_is_in_the_owned_spans_and_survives_them() {
    let captured = victim_and_noisy(false);
    let trace = captured.trace().unwrap();
    let spans: Vec<_> = trace.spans().map(|span| span.to_data()).collect();
    let of = |name| spans.iter().find(|span| span.name == name).unwrap();
    assert_eq!(of("victim").blocked_behind, trace.find("victim").unwrap().blocked_behind());
    assert_eq!(of("noisy").held_up, trace.find("noisy").unwrap().held_up());
    assert_eq!(of("noisy").polls.as_ref().unwrap().busy, Duration::from_millis(50));
    assert_eq!(of("noisy").anatomy.as_ref().unwrap().busy, Duration::from_millis(50));
    assert_eq!(of("root").polls, None, "a sync span");

    let again = trace_core::Trace::from_spans(trace.id(), spans.clone());
    assert_eq!(again.spans().map(|span| span.to_data()).collect::<Vec<_>>(), spans);
}

#[test]
fn the_lines_of_json_tell_of_the_polls() {
    let captured = victim_and_noisy(false);
    let trace = captured.trace().unwrap();
    let lines = trace.to_json_lines();
    let spans: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |name: &str| spans.iter().find(|span| span["name"] == name).unwrap();
    let noisy = &of("noisy")["polls"];
    assert_eq!(
        (&noisy["count"], &noisy["busy_ns"], &noisy["longest_ns"], &noisy["longest_start_ns"]),
        (&1.into(), &50_000_000.into(), &50_000_000.into(), &0.into())
    );
    assert_eq!(noisy["segments"][0][1], 50_000_000);
    assert_eq!(noisy["segments"][0][2], noisy["longest_thread"]);
    assert_eq!(of("noisy")["held_up"], serde_json::json!({ "spans": 1, "up_to_ns": 50_000_000 }));
    assert!(of("root")["polls"].is_null(), "root is a sync span");
    let victim = of("victim");
    let waited = &victim["blocked_behind"][0];
    assert_eq!(
        (&waited["name"], &waited["up_to_ns"], &waited["exact"]),
        (&"noisy".into(), &50_000_000.into(), &false.into())
    );
    assert_eq!(waited["span_id"], of("noisy")["span_id"]);
    assert_eq!(
        victim["anatomy"],
        serde_json::json!({ "busy_ns": 0, "children_ns": 0, "no_span_ns": 50_000_000, "queued_ns": 0 })
    );
}
