//! Mistakes that the detectors find, and what they leave alone.

#![cfg(test)]

use std::sync::Mutex;
use std::time::Duration;

use futures::executor::block_on;
use tests::child::in_child;
use trace_core::{
    Capture, Captured, Completeness, Finding, FutureExt, Handoff, MemoryExporter, Mistake, OPEN_GUARD_ATTRIBUTE, Span,
    SpanContext, SpanId, TraceFlags, TraceId, builder, in_scope, span, start_span, stats, traced,
};

#[traced]
fn fetch() {}

#[traced]
async fn fetch_later() {
    tokio::task::yield_now().await;
}

fn lost(body: impl FnOnce()) -> Captured<()> {
    Capture::new().detect_lost_contexts().wait_for_stragglers(Duration::from_secs(10)).run(body)
}

fn guards<F: Future<Output = ()>>(body: F) -> Captured<()> {
    Capture::new().detect_open_guards().run(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("the system has threads");
        runtime.block_on(body);
    })
}

/// The callsites of the findings, with the number of spans.
fn found<T>(captured: &Captured<T>, mistake: Mistake) -> Vec<(&str, u64)> {
    let findings = captured.stats.findings.iter();
    findings
        .map(|finding| {
            assert_eq!(finding.mistake, mistake);
            (finding.callsite.name(), finding.count)
        })
        .collect()
}

#[test]
fn a_call_that_became_a_root_where_calls_had_parents_before_is_found_by_callsite() {
    let captured = lost(|| {
        in_scope("request", fetch);
        (0..3).for_each(|_| fetch());
    });
    assert_eq!(found(&captured, Mistake::LostContext), [("fetch", 3)]);
    let finding = captured.stats.findings[0];
    assert!(finding.callsite.file().ends_with("detectors.rs") && finding.callsite.line() > 0);
    let text = finding.to_string();
    assert!(
        text.starts_with("lost context: fetch became the root of a trace 3 times, and has had parents before ("),
        "{text}"
    );
    assert!(text.contains("detectors.rs:"), "{text}");
}

#[test]
fn a_call_that_always_is_a_root_is_no_mistake() {
    let captured = lost(|| (0..3).for_each(|_| fetch()));
    assert_eq!(captured.traces.len(), 3);
    assert_eq!(captured.stats.findings, []);
}

#[test]
fn a_root_that_somebody_asked_for_is_no_mistake() {
    #[track_caller]
    fn work(builder: trace_core::SpanBuilder) {
        builder.in_scope(|| ());
    }
    let caller = SpanContext::new(TraceId::random(), SpanId::random(), TraceFlags::SAMPLED).remote();
    let captured = lost(|| {
        // One callsite for all of them: the loop's.
        for round in 0..4 {
            let _request = start_span("request");
            let builder = span("work");
            work(match round {
                0 => builder,
                1 => builder.root(),
                2 => builder.parent(None),
                _ => builder.parent(caller),
            });
        }
    });
    let callsites: Vec<_> = captured.spans().filter(|span| span.name() == "work").map(|span| span.callsite()).collect();
    assert_eq!(callsites.len(), 4);
    assert!(callsites.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(captured.stats.findings, []);
}

#[test]
fn work_that_was_detached_begins_traces_of_its_own_on_purpose() {
    let captured = lost(|| {
        in_scope("request", || {
            fetch();
            Handoff::detached().wrap(fetch)();
            Handoff::linked_root("audit").wrap(fetch)();
            block_on(async { fetch() }.without_context());
            Handoff::detached().thread(fetch).join().expect("it ran");
        });
    });
    assert_eq!(captured.spans().filter(|span| span.name() == "fetch").count(), 5);
    assert_eq!(captured.stats.findings, []);
}

#[test]
fn a_guard_held_over_an_await_is_found_with_its_place_and_marked() {
    let captured = guards(async {
        let wrong = async {
            let _held = start_span("held");
            tokio::task::yield_now().await;
            tokio::task::yield_now().await;
        };
        wrong.in_span(Span::new("task")).await;
        let fine = async {
            in_scope("sync", || ());
            tokio::task::yield_now().await;
            start_span("ended").end();
        };
        fine.in_span(Span::new("another task")).await;
    });
    assert_eq!(found(&captured, Mistake::OpenGuard), [("held", 1)], "one span, however many polls");
    let text = captured.stats.findings[0].to_string();
    assert!(text.starts_with("open guard: that of held was open when a poll returned, 1 time ("), "{text}");
    assert!(text.contains("detectors.rs:"), "{text}");
    let marked: Vec<_> = captured
        .spans()
        .filter(|span| span.attribute(OPEN_GUARD_ATTRIBUTE).is_some())
        .map(|span| span.name())
        .collect();
    assert_eq!(marked, ["held"]);
}

#[test]
fn a_guard_that_is_leaked_in_a_future_is_found_by_the_place_of_the_future_once_its_trace_is_complete() {
    let captured = guards(async {
        let leaks = async {
            for _ in 0..2 {
                std::mem::forget(start_span("leaked"));
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
            }
            in_scope("inside of the leaked", || ());
        };
        leaks.in_span(Span::new("task")).await;
        async { start_span("fine").end() }.in_span(Span::new("another task")).await;
    });
    assert_eq!(found(&captured, Mistake::LeakedGuard), [("task", 2)], "two guards, however many polls");
    let text = captured.stats.findings[0].to_string();
    let expected = "leaked guard: one was open when a poll of task returned, and never ended, 2 times (";
    assert!(text.starts_with(expected) && text.contains("detectors.rs:"), "{text}");
    assert_eq!(captured.stats.without_span, 0, "nobody but us said anything of it");
    assert_eq!(captured.spans().filter(|span| span.name() == "leaked").count(), 0);
}

#[test]
fn a_leaked_guard_keeps_neither_its_trace_nor_its_thread() {
    in_child(|| {
        let memory = MemoryExporter::new().whole_traces();
        let pipeline = builder().without_environment().exporter(memory.clone()).detect_open_guards();
        let pipeline = pipeline.init().expect("this process has no other pipeline");
        let leaks = async {
            std::mem::forget(start_span("leaked"));
            tokio::task::yield_now().await;
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("the system has threads");
        runtime.block_on(leaks.in_span(Span::root("request")));
        assert!(!trace_core::current_span().is_recording());
        pipeline.flush(Duration::from_secs(5)).expect("everything is exported");
        // Whole, and not because the flush asked: nothing of it is open.
        assert_eq!(memory.traces().len(), 1);
        assert_eq!(memory.traces()[0].completeness(), Completeness::Whole);
        let findings = stats().findings;
        let [Finding { mistake: Mistake::LeakedGuard, callsite, count: 1, .. }] = &findings[..] else {
            panic!("{findings:?}")
        };
        assert_eq!(callsite.name(), "request");
    });
}

#[test]
fn a_guard_that_outlives_its_future_and_ends_in_time_was_only_left_open() {
    let captured = guards(async {
        let mut kept = None;
        let passes_on = async {
            let guard = start_span("passed on");
            tokio::task::yield_now().await;
            guard
        };
        let root = async {
            kept = Some(passes_on.in_span(Span::new("inner")).await);
            tokio::task::yield_now().await;
            drop(kept.take());
        };
        root.in_span(Span::new("outer")).await;
    });
    assert_eq!(found(&captured, Mistake::OpenGuard), [("passed on", 1)]);
}

#[test]
fn without_detectors_nothing_is_looked_for_and_nothing_marked() {
    let captured = Capture::new().run(|| {
        in_scope("request", fetch);
        fetch();
        let wrong = async {
            let _held = start_span("held");
            let mut polls = 0;
            std::future::poll_fn(|cx| {
                polls += 1;
                cx.waker().wake_by_ref();
                if polls > 1 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
            })
            .await;
        };
        block_on(wrong.in_span(Span::new("task")));
    });
    assert_eq!(captured.stats.findings, []);
    assert!(captured.spans().all(|span| span.attributes().is_empty()));
}

#[test]
fn a_plain_spawn_in_a_pipeline_is_found_and_logged_once() {
    /// Collects what is logged.
    struct Lines(Mutex<Vec<String>>);

    impl log::Log for Lines {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, record: &log::Record<'_>) {
            self.0.lock().expect("no panic").push(format!("{} {}", record.level(), record.args()));
        }

        fn flush(&self) {}
    }

    static LINES: Lines = Lines(Mutex::new(Vec::new()));
    in_child(|| {
        log::set_logger(&LINES).expect("there is no other logger");
        log::set_max_level(log::LevelFilter::Trace);
        let pipeline = builder().without_environment().exporter(MemoryExporter::new()).detect_lost_contexts();
        let pipeline = pipeline.init().expect("this process has no other pipeline");
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("the system has threads");
        let request = async {
            fetch_later().await;
            for _ in 0..3 {
                tokio::spawn(async { fetch_later().await }).await.expect("it ran");
                // Each is seen before the next, whatever the order in which their records are read.
                trace_core::flush_async(Duration::from_secs(5)).await.expect("everything is exported");
            }
        };
        runtime.block_on(async { request.in_span(Span::new("request")).await });
        pipeline.flush(Duration::from_secs(5)).expect("everything is exported");
        let findings = stats().findings;
        let [Finding { mistake: Mistake::LostContext, callsite, count: 3, .. }] = &findings[..] else {
            panic!("{findings:?}")
        };
        assert_eq!(callsite.name(), "fetch_later");
        let lines = LINES.0.lock().expect("no panic");
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].starts_with("WARN lost context: fetch_later became the root of a trace 1 time"), "{lines:?}");
    });
}
