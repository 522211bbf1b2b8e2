//! The watchdog names what blocks a worker while it does. Nothing here sleeps: what blocks is let go by the hook alone, so that a
//! test whose watchdog says nothing never ends, and is ended as one that hangs.

#![cfg(test)]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use futures::executor::block_on;
use tests::child::in_child;
use trace_core::{FutureExt, MemoryExporter, Pipeline, PipelineBuilder, SlowPoll, Span, builder, stats};

const THRESHOLD: Duration = Duration::from_millis(10);

fn init(build: impl FnOnce(PipelineBuilder) -> PipelineBuilder) -> Pipeline {
    let builder = builder().without_environment().exporter(MemoryExporter::new());
    build(builder).init().expect("this process has no other pipeline")
}

/// Blocks its thread in one poll of a span of this name, until somebody sends or hangs up.
fn block(name: &'static str, until: Receiver<()>) {
    block_on(async move { until.recv().ok() }.in_span(Span::new(name)));
}

#[test]
fn the_span_that_blocks_its_worker_is_named_while_it_does_with_its_place_and_thread() {
    in_child(|| {
        let (release, released) = mpsc::channel();
        let (tell, told) = mpsc::channel();
        let hook = move |slow: &SlowPoll| {
            tell.send(slow.clone()).expect("the test listens");
            release.send(()).expect("the span waits");
        };
        let _pipeline = init(|builder| builder.watch_slow_polls(THRESHOLD, hook));
        let worker = thread::Builder::new().name("worker 7".to_owned()).spawn(move || {
            let request = async move {
                let blocks = async move { released.recv().ok() };
                blocks.in_span(Span::new("render report")).await
            };
            block_on(request.in_span(Span::new("request")))
        });
        assert_eq!(worker.expect("there are threads").join().expect("it ran"), Some(()));

        let slow = told.recv().expect("the hook was called");
        assert_eq!((slow.name(), slow.thread_name.as_deref()), ("render report", Some("worker 7")));
        assert!(slow.elapsed >= THRESHOLD);
        let span = slow.span().expect("the processor knows it");
        assert!(span.callsite().file().ends_with("watchdog.rs"), "{:?}", span.callsite());
        let task = slow.trace.as_ref().and_then(|trace| trace.span(slow.task_id)).expect("the processor knows it");
        assert_eq!((task.name(), span.parent_id()), ("request", Some(task.span_id())));
        let text = slow.to_string();
        assert!(text.starts_with("render report has kept thread \"worker 7\" for "), "{text}");
        assert!(text.contains(" ms, in request (") && text.contains("watchdog.rs:"), "{text}");
    });
}

#[test]
fn a_poll_is_told_of_once_however_long_it_goes_on() {
    in_child(|| {
        let (first, of_first) = mpsc::channel();
        let (second, of_second) = mpsc::channel();
        let of_second = Mutex::new(Some(of_second));
        let names = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&names);
        // The second begins when the first is told of, and both end when the second is: in between the watchdog has looked at
        // the first again.
        let hook = move |slow: &SlowPoll| {
            told.lock().expect("no panic").push(slow.name().to_owned());
            match of_second.lock().expect("no panic").take() {
                Some(of_second) => drop(thread::spawn(move || block("second", of_second))),
                None => {
                    second.send(()).expect("it waits");
                    first.send(()).expect("it waits");
                }
            }
        };
        let pipeline = init(|builder| builder.watch_slow_polls(THRESHOLD, hook));
        block("first", of_first);
        drop(pipeline);
        assert_eq!(*names.lock().expect("no panic"), ["first", "second"]);
    });
}

#[test]
fn every_poll_that_is_too_long_is_told_of_also_after_the_watchdog_has_slept() {
    in_child(|| {
        let (release, released) = mpsc::channel();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let hook = move |_: &SlowPoll| {
            counted.fetch_add(1, Ordering::Relaxed);
            release.send(()).expect("it waits");
        };
        let pipeline = init(|builder| builder.watch_slow_polls(THRESHOLD, hook));
        let polls = async move {
            for _ in 0..5 {
                released.recv().expect("the hook sends");
                tokio::task::yield_now().await;
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("the system has threads");
        runtime.block_on(polls.in_span(Span::new("again and again")));
        drop(pipeline);
        assert_eq!(count.load(Ordering::Relaxed), 5);
    });
}

#[test]
fn a_hook_that_panics_is_counted_and_called_again() {
    in_child(|| {
        let (release, released) = mpsc::channel();
        let hook = move |_: &SlowPoll| {
            release.send(()).expect("it waits");
            panic!("on purpose");
        };
        let pipeline = init(|builder| builder.watch_slow_polls(THRESHOLD, hook));
        for _ in 0..3 {
            block_on(async { released.recv().expect("the hook sends") }.in_span(Span::new("stuck")));
        }
        // The last panic may be under way still; the end of the pipeline waits for it.
        drop(pipeline);
        assert_eq!(stats().user_panics, 3);
    });
}

#[test]
fn the_watchdog_ends_with_its_pipeline() {
    in_child(|| {
        let witness = Arc::new(());
        let held = Arc::clone(&witness);
        let pipeline = init(|builder| builder.watch_slow_polls(THRESHOLD, move |_| drop(Arc::clone(&held))));
        assert_eq!(Arc::strong_count(&witness), 2);
        pipeline.shutdown(Duration::from_secs(5)).expect("everything was exported");
        assert_eq!(Arc::strong_count(&witness), 1, "the hook is gone, and the thread with it");
    });
}

#[test]
fn a_hook_that_never_returns_does_not_keep_the_pipeline_from_ending() {
    in_child(|| {
        let (release, released) = mpsc::channel();
        let hook = move |_: &SlowPoll| {
            release.send(()).expect("it waits");
            loop {
                thread::park();
            }
        };
        let pipeline =
            init(|builder| builder.drop_timeout(Duration::from_millis(50)).watch_slow_polls(THRESHOLD, hook));
        block("stuck", released);
        drop(pipeline);
    });
}

#[test]
fn polls_that_are_short_are_nobodys_business() {
    in_child(|| {
        let hook = |slow: &SlowPoll| panic!("{slow}");
        let pipeline = init(|builder| builder.watch_slow_polls(Duration::from_secs(3600), hook));
        for _ in 0..1000 {
            block_on(async {}.in_span(Span::new("quick")));
        }
        drop(pipeline);
        assert_eq!(stats().user_panics, 0);
    });
}

/// Collects what is logged.
struct Lines(Mutex<Vec<(log::Level, String, String)>>);

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        let line = (record.level(), record.target().to_owned(), record.args().to_string());
        self.0.lock().expect("no panic").push(line);
    }

    fn flush(&self) {}
}

#[test]
fn the_log_facade_is_told_as_well() {
    static LINES: Lines = Lines(Mutex::new(Vec::new()));
    in_child(|| {
        log::set_logger(&LINES).expect("there is no other logger");
        log::set_max_level(log::LevelFilter::Warn);
        let (release, released) = mpsc::channel();
        let hook = move |_: &SlowPoll| release.send(()).expect("it waits");
        let pipeline = init(|builder| builder.watch_slow_polls(THRESHOLD, hook));
        block("stuck", released);
        drop(pipeline);
        let lines = LINES.0.lock().expect("no panic");
        let [(level, target, text)] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!((level, &**target), (&log::Level::Warn, "trace_core"));
        assert!(text.starts_with("stuck has kept "), "{text}");
    });
}
