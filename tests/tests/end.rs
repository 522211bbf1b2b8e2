//! The end: of a runtime, a guard, a pipeline, a thread, a process. Every span is told as ended, cancelled or open.

#![cfg(test)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tests::child::{Child, in_child};
use tests::exporters::{Counting, PATIENCE};
use tokio::runtime::{Builder, Runtime};
use trace_core::{
    Batch, ExportError, FlushError, FutureExt, Handoff, InitError, MemoryExporter, Outcome, Pipeline, Span,
    SpanExporter, builder, current_span, flush, flush_async, in_scope, init, start_span, stats,
};

fn start() -> (Pipeline, MemoryExporter) {
    let memory = MemoryExporter::new();
    (builder().without_environment().exporter(memory.clone()).init().unwrap(), memory)
}

fn current_thread() -> Runtime {
    Builder::new_current_thread().build().unwrap()
}

/// The names and outcomes, in order of name.
fn told(memory: &MemoryExporter) -> Vec<(String, Outcome)> {
    let mut told: Vec<_> = memory.spans().into_iter().map(|span| (span.name.into_owned(), span.outcome)).collect();
    told.sort_unstable_by(|left, right| left.0.cmp(&right.0));
    told
}

fn expect(memory: &MemoryExporter, expected: &[(&str, Outcome)]) {
    let expected: Vec<_> = expected.iter().map(|&(name, outcome)| (name.to_owned(), outcome)).collect();
    assert_eq!(told(memory), expected);
}

#[test]
fn a_runtime_that_is_dropped_cancels_the_spans_of_its_tasks() {
    in_child(|| {
        let (pipeline, memory) = start();
        let runtime = current_thread();
        runtime.block_on(async {
            in_scope("request", || {
                Handoff::span(Span::new("started")).spawn(async { std::future::pending::<()>().await });
            });
            tokio::task::yield_now().await;
            Handoff::span(Span::new("not started")).spawn(async {});
        });
        drop(runtime);
        drop(pipeline);
        expect(
            &memory,
            &[("not started", Outcome::NeverPolled), ("request", Outcome::Ok), ("started", Outcome::Cancelled)],
        );
    });
}

#[test]
fn a_runtime_of_several_threads_that_is_dropped_cancels_the_spans_of_its_tasks() {
    in_child(|| {
        let (pipeline, memory) = start();
        let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
        for _ in 0..50 {
            runtime.spawn(async { std::future::pending::<()>().await }.in_span(Span::new("task")));
        }
        drop(runtime);
        drop(pipeline);
        let told = told(&memory);
        assert_eq!(told.len(), 50);
        assert!(told.iter().all(|(_, outcome)| matches!(outcome, Outcome::Cancelled | Outcome::NeverPolled)));
    });
}

#[test]
fn an_aborted_task_is_cancelled() {
    in_child(|| {
        let (pipeline, memory) = start();
        current_thread().block_on(async {
            let task = tokio::spawn(async { std::future::pending::<()>().await }.in_span(Span::new("task")));
            tokio::task::yield_now().await;
            task.abort();
            assert!(task.await.is_err_and(|error| error.is_cancelled()));
        });
        drop(pipeline);
        expect(&memory, &[("task", Outcome::Cancelled)]);
    });
}

#[test]
fn a_guard_in_the_main_future_of_a_current_thread_runtime_hands_on_everything() {
    in_child(|| {
        let memory = current_thread().block_on(async {
            let (_pipeline, memory) = start();
            async { tokio::task::yield_now().await }.in_span(Span::new("work")).await;
            memory
        });
        expect(&memory, &[("work", Outcome::Ok)]);
    });
}

#[test]
fn what_is_open_at_the_drop_of_the_guard_is_told_as_open_and_again_when_it_ends() {
    in_child(|| {
        let (pipeline, memory) = start();
        let open = Span::new("open");
        let id = open.span_id();
        in_scope("ended", || {});
        drop(pipeline);
        expect(&memory, &[("ended", Outcome::Ok), ("open", Outcome::Open)]);
        drop(open);
        flush(PATIENCE).unwrap();
        let spans = memory.spans();
        let last = spans.iter().rfind(|span| Some(span.span_id) == id).unwrap();
        assert_eq!((last.outcome, last.end_unix_nanos.is_some()), (Outcome::Ok, true));
    });
}

#[test]
fn after_the_guard_is_dropped_spans_are_still_accepted_and_after_shutdown_none() {
    in_child(|| {
        let (pipeline, memory) = start();
        drop(pipeline);
        in_scope("after the guard", || {});
        flush(PATIENCE).unwrap();
        expect(&memory, &[("after the guard", Outcome::Ok)]);
    });
}

#[test]
fn after_shutdown_everything_runs_and_nothing_is_recorded() {
    in_child(|| {
        let (pipeline, memory) = start();
        pipeline.shutdown(PATIENCE).unwrap();
        let runs = in_scope("after", || current_span().context().is_none());
        assert!(runs);
        flush(PATIENCE).unwrap();
        assert!(memory.is_empty());
    });
}

#[test]
fn a_span_that_is_open_at_shutdown_is_told_as_open_and_its_end_harms_nobody() {
    in_child(|| {
        let (pipeline, memory) = start();
        let open = start_span("open");
        pipeline.shutdown(PATIENCE).unwrap();
        expect(&memory, &[("open", Outcome::Open)]);
        in_scope("child of the open one", || {});
        drop(open);
        flush(PATIENCE).unwrap();
        let stats = stats();
        assert!(stats.exporters.iter().all(|exporter| exporter.is_balanced(&stats)), "{stats:#?}");
    });
}

#[test]
fn flushing_and_shutting_down_as_futures_works_on_a_current_thread_runtime() {
    in_child(|| {
        let (pipeline, memory) = start();
        current_thread().block_on(async {
            in_scope("first", || {});
            flush_async(PATIENCE).await.unwrap();
            pipeline.flush_async(PATIENCE).await.unwrap();
            assert_eq!(memory.spans().len(), 1);
            in_scope("second", || {});
            pipeline.shutdown_async(PATIENCE).await.unwrap();
        });
        expect(&memory, &[("first", Outcome::Ok), ("second", Outcome::Ok)]);
    });
}

#[test]
fn flush_is_safe_in_a_destructor_a_dying_thread_and_twice() {
    in_child(|| {
        struct Flushes;
        impl Drop for Flushes {
            fn drop(&mut self) {
                in_scope("in a destructor", || {});
                flush(PATIENCE).unwrap();
            }
        }
        thread_local! {
            static AT_THREAD_EXIT: Flushes = const { Flushes };
        }
        let (pipeline, memory) = start();
        std::thread::spawn(|| AT_THREAD_EXIT.with(|_| in_scope("in the thread", || {}))).join().unwrap();
        drop(Flushes);
        flush(PATIENCE).unwrap();
        flush(PATIENCE).unwrap();
        drop(pipeline);
        assert_eq!(memory.spans().len(), 3);
    });
}

#[test]
fn a_flush_from_a_hook_says_that_it_would_wait_for_itself() {
    in_child(|| {
        let said = Arc::new(Mutex::new(None));
        let keep = Arc::clone(&said);
        let memory = MemoryExporter::new();
        let pipeline = builder()
            .without_environment()
            .exporter(memory.clone())
            .on_end(move |_| *keep.lock().unwrap() = Some(flush(PATIENCE)))
            .init()
            .unwrap();
        in_scope("span", || {});
        pipeline.flush(PATIENCE).unwrap();
        assert_eq!(*said.lock().unwrap(), Some(Err(FlushError::FromWithin)));
    });
}

#[test]
fn a_flush_in_an_exporter_returns() {
    in_child(|| {
        #[derive(Debug)]
        struct Flushing(Arc<AtomicBool>);
        impl SpanExporter for Flushing {
            fn export(&mut self, _: &Batch) -> Result<(), ExportError> {
                // It waits for this very call, so it cannot be in time; but it returns.
                let flushed = flush(Duration::from_millis(20));
                self.0.store(flushed.is_err(), Ordering::Release);
                Ok(())
            }
        }
        let timed_out = Arc::new(AtomicBool::new(false));
        let exporter = Flushing(Arc::clone(&timed_out));
        let pipeline = builder().without_environment().exporter(exporter).init().unwrap();
        in_scope("span", || {});
        pipeline.flush(PATIENCE).unwrap();
        assert!(timed_out.load(Ordering::Acquire));
    });
}

#[test]
fn a_second_init_is_an_error_that_says_so() {
    in_child(|| {
        let (_pipeline, _) = start();
        let second = builder().without_environment().exporter(Counting::default()).init();
        let error = second.unwrap_err();
        assert!(matches!(error, InitError::AlreadyInitialised));
        assert_eq!(error.to_string(), "tracing was initialised before; a process has one pipeline");
    });
}

#[test]
fn without_init_everything_runs_and_nothing_is_recorded() {
    in_child(|| {
        assert_eq!(in_scope("span", || 42), 42);
        assert_eq!(current_thread().block_on(async { 7 }.in_span(Span::new("future"))), 7);
        flush(PATIENCE).unwrap();
        assert_eq!(stats().closed, 0);
        assert!(start_span("span").context().is_none());
    });
}

#[test]
fn a_disabled_sdk_records_nothing_and_says_nothing() {
    let output = Child::new().env("OTEL_SDK_DISABLED", "true").run(|| {
        let pipeline = init().unwrap();
        assert_eq!(in_scope("span", || 42), 42);
        pipeline.flush(PATIENCE).unwrap();
        pipeline.shutdown(PATIENCE).unwrap();
    });
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn an_exporter_of_another_crate_is_an_error_that_names_it() {
    Child::new().env("OTEL_TRACES_EXPORTER", "otlp").run(|| {
        let error = init().unwrap_err();
        assert!(matches!(error, InitError::UnknownExporter { in_crate: "trace-otlp", .. }), "{error}");
        // It was no init: another one may follow.
        let (_pipeline, memory) = {
            let memory = MemoryExporter::new();
            (builder().exporter(memory.clone()).init().unwrap(), memory)
        };
        in_scope("span", || {});
        flush(PATIENCE).unwrap();
        assert_eq!(memory.spans().len(), 1);
    });
}

#[test]
fn a_process_that_ends_without_dropping_the_guard_ends() {
    let output = Child::new().run_to_any_end(|| {
        let (_pipeline, _) = start();
        in_scope("span", || {});
        std::process::exit(7);
    });
    assert_eq!(output.status.code(), Some(7));
}

#[test]
fn a_panic_in_main_still_hands_on_its_span_as_panicked() {
    in_child(|| {
        let (pipeline, memory) = start();
        let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
            let _pipeline = pipeline;
            let _span = start_span("main");
            std::panic::resume_unwind(Box::new("out of main"));
        }));
        assert!(caught.is_err());
        expect(&memory, &[("main", Outcome::Panicked)]);
    });
}
