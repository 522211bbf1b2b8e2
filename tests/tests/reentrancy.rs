//! User code that traces while it is being traced: no deadlock, no panic, and the right parents.

#![cfg(test)]

use std::cell::RefCell;
use std::fmt;

use tests::child::in_child;
use tests::exporters::PATIENCE;
use trace_core::{
    Batch, Capture, ExportError, FutureExt, MemoryExporter, Redaction, Redactor, Sampler, SamplingDecision, Span,
    SpanExporter, Value, assert_tree, builder, capture, current_span, flush, in_scope, start_span, traced,
};

/// Traces in everything that it does.
struct Talkative;

impl fmt::Debug for Talkative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        in_scope("debug", || f.write_str("talkative"))
    }
}

impl fmt::Display for Talkative {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        in_scope("display", || f.write_str("talkative"))
    }
}

impl std::error::Error for Talkative {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        in_scope("source", || None)
    }
}

impl Drop for Talkative {
    fn drop(&mut self) {
        in_scope("drop", || current_span().set_attribute("dropped", true));
    }
}

#[test]
fn a_value_that_traces_in_its_debug_text_is_a_child_of_the_span_it_is_told_of() {
    let captured = capture(|| {
        in_scope("work", || {
            current_span().set_attribute("value", Value::debug(&Talkative));
            current_span().set_attribute_with("lazy", || Value::display(&Talkative));
        });
    });
    let trace = captured.trace().unwrap();
    assert_tree!(trace, "work\n  debug\n  drop\n  display\n  drop");
    assert_eq!(trace.root().unwrap().attribute("value"), Some(&Value::from("talkative")));
}

#[test]
fn an_error_that_traces_is_recorded() {
    let captured = capture(|| in_scope("work", || current_span().record_error(&Talkative)));
    assert_tree!(captured.trace().unwrap(), "work [error]\n  display\n  source\n  drop");
}

#[test]
fn arguments_of_a_traced_function_may_trace() {
    #[traced(fields(value = &value))]
    fn work(value: Talkative) {
        drop(value);
    }
    let captured = capture(|| work(Talkative));
    assert_tree!(captured.trace().unwrap(), "work\n  debug\n  drop");
}

#[test]
fn the_destructor_of_a_cancelled_future_traces_under_its_span() {
    let captured = capture(|| {
        let value = Talkative;
        drop(
            async move {
                let _value = value;
            }
            .in_span(Span::new("future")),
        );
    });
    assert_tree!(captured.trace().unwrap(), "future [never_polled]\n  drop");
}

#[test]
fn a_sampler_that_traces_does_not_ask_itself() {
    let sampler = Sampler::custom(|span| {
        in_scope("in the sampler", || {});
        if span.name == "work" { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop }
    });
    let captured = Capture::new().sampler(sampler).run(|| in_scope("work", || {}));
    assert_tree!(captured.trace().unwrap(), "work");
}

#[test]
fn a_redaction_that_traces_records_nothing_of_itself() {
    let redactor = Redactor::new(|_| {
        in_scope("in the redaction", || {});
        Redaction::Keep
    });
    let captured = Capture::new().redact(redactor).run(|| in_scope("work", || current_span().set_attribute("n", 1)));
    assert_tree!(captured.trace().unwrap(), "work");
}

#[test]
fn spans_in_the_destructors_of_thread_locals_are_recorded() {
    thread_local! {
        static EARLY: RefCell<Option<Talkative>> = const { RefCell::new(None) };
        static LATE: RefCell<Option<Talkative>> = const { RefCell::new(None) };
    }
    let captured = capture(|| {
        in_scope("parent", || {
            let work = trace_core::Handoff::child().wrap(|| {
                // One is registered before the thread's first record, one after it: they are destroyed on both sides of it.
                EARLY.with(|slot| *slot.borrow_mut() = Some(Talkative));
                in_scope("thread", || {});
                LATE.with(|slot| *slot.borrow_mut() = Some(Talkative));
            });
            std::thread::spawn(work).join().unwrap();
        });
    });
    // At the thread's exit its context is gone: they have no parent, and belong to no capture.
    assert_tree!(captured.trace().unwrap(), "parent\n  thread");
}

#[test]
fn spans_at_a_threads_exit_reach_the_exporter() {
    in_child(|| {
        thread_local! {
            static EARLY: RefCell<Option<Talkative>> = const { RefCell::new(None) };
            static LATE: RefCell<Option<Talkative>> = const { RefCell::new(None) };
        }
        let memory = MemoryExporter::new();
        let pipeline = builder().without_environment().exporter(memory.clone()).init().unwrap();
        for _ in 0..10 {
            let thread = std::thread::spawn(|| {
                EARLY.with(|slot| *slot.borrow_mut() = Some(Talkative));
                in_scope("thread", || {});
                LATE.with(|slot| *slot.borrow_mut() = Some(Talkative));
            });
            thread.join().unwrap();
        }
        pipeline.flush(PATIENCE).unwrap();
        let spans = memory.spans();
        assert_eq!(spans.iter().filter(|span| span.name == "drop").count(), 20, "{spans:#?}");
        assert_eq!(spans.len(), 30);
        let has_attribute = |span: &&trace_core::SpanData| span.attribute("dropped").is_some();
        assert_eq!(spans.iter().filter(has_attribute).count(), 20, "{:#?}", pipeline.stats());
    });
}

#[test]
fn an_exporter_that_traces_does_not_feed_itself() {
    in_child(|| {
        #[derive(Debug)]
        struct Tracing(MemoryExporter);
        impl SpanExporter for Tracing {
            fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
                let _span = start_span("export");
                in_scope("serialize", || assert!(!current_span().is_recording()));
                drop(Span::root("root in the exporter"));
                self.0.export(batch)
            }
        }
        let memory = MemoryExporter::new();
        let exporter = Tracing(memory.clone());
        let pipeline = builder().without_environment().exporter(exporter).init().unwrap();
        in_scope("work", || {});
        pipeline.flush(PATIENCE).unwrap();
        pipeline.flush(PATIENCE).unwrap();
        let names: Vec<_> = memory.spans().into_iter().map(|span| span.name).collect();
        assert_eq!(names, ["work"]);
    });
}

#[test]
fn hooks_that_trace_record_nothing_of_themselves() {
    in_child(|| {
        let memory = MemoryExporter::new();
        let pipeline = builder()
            .without_environment()
            .exporter(memory.clone())
            .on_start(|_| in_scope("in on_start", || {}))
            .on_end(|_| in_scope("in on_end", || {}))
            .tail_sampler(|_| in_scope("in the tail sampler", || true))
            .init()
            .unwrap();
        in_scope("work", || in_scope("child", || {}));
        pipeline.flush(PATIENCE).unwrap();
        flush(PATIENCE).unwrap();
        assert_eq!(memory.spans().len(), 2, "{:#?}", memory.spans());
    });
}
