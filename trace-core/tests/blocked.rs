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
fn the_lines_of_json_tell_of_the_polls() {
    let lines = victim_and_noisy(false).trace().unwrap().to_json_lines();
    let spans: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let noisy = &spans.iter().find(|span| span["name"] == "noisy").unwrap()["polls"];
    assert_eq!(
        (&noisy["count"], &noisy["busy_ns"], &noisy["longest_ns"]),
        (&1.into(), &50_000_000.into(), &50_000_000.into())
    );
    assert_eq!(noisy["segments"][0][1], 50_000_000);
    assert!(spans.iter().all(|span| span["name"] != "root" || span["polls"].is_null()), "root is a sync span");
}
