//! The pipeline of `init`: filter, hooks, tail sampler, parts, several exporters.

#![cfg(test)]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tests::child::{Child, in_child};
use tests::exporters::{Counting, PATIENCE};
use trace_core::{
    Attribute, Completeness, Filter, FutureExt, MemoryExporter, PipelineBuilder, Redaction, Redactor, Resource, Span,
    SpanLimits, TraceState, assert_tree, builder, capture, current_span, filter, flush, in_scope, init, span,
    start_span, traced,
};

mod quiet {
    #[trace_core::traced]
    pub(crate) fn sync(body: impl FnOnce()) {
        body();
    }

    #[trace_core::traced]
    pub(crate) async fn future(body: impl Future<Output = ()>) {
        body.await;
    }
}

#[traced]
fn loud() {
    current_span().set_attribute("loud", true);
}

fn block_on<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}

#[test]
fn children_of_a_filtered_span_attach_to_the_nearest_enabled_one() {
    in_child(|| {
        let memory = MemoryExporter::new().whole_traces();
        let filter: Filter = "info,pipeline::quiet=off".parse().unwrap();
        let pipeline = builder().without_environment().filter(filter).exporter(memory.clone()).init().unwrap();
        in_scope("root", || {
            quiet::sync(|| {
                // There is no span of its own to say it of, so it is not said of another one.
                loud();
            });
            block_on(quiet::future(async {
                loud();
                async { loud() }.in_span(Span::new("inner")).await;
            }));
        });
        pipeline.flush(PATIENCE).unwrap();
        let traces = memory.traces();
        assert_eq!(traces.len(), 1);
        assert_tree!(traces[0], "root\n  loud\n  loud\n  inner\n    loud");
    });
}

#[test]
fn a_call_that_ended_on_another_thread_is_flushed_while_its_caller_goes_on() {
    in_child(|| {
        let memory = MemoryExporter::new();
        let _pipeline = builder().without_environment().exporter(memory.clone()).init().unwrap();
        let _caller = start_span("caller");
        for count in 1..=3 {
            let call = quiet::future(async {});
            std::thread::scope(|scope| scope.spawn(|| block_on(call)).join()).unwrap();
            flush(PATIENCE).unwrap();
            assert_eq!(memory.spans().iter().filter(|span| span.name == "future").count(), count);
        }
    });
}

#[test]
fn a_filter_can_be_changed_while_the_program_runs() {
    in_child(|| {
        let memory = MemoryExporter::new();
        let pipeline = builder().without_environment().exporter(memory.clone()).init().unwrap();
        loud();
        filter::set("off".parse().unwrap());
        loud();
        filter::set("info".parse().unwrap());
        loud();
        pipeline.flush(PATIENCE).unwrap();
        assert_eq!(memory.spans().len(), 2);
    });
}

#[test]
fn the_environment_sets_the_filter_the_limits_and_the_service() {
    Child::new()
        .env("TRACE_FILTER", "info,pipeline::quiet=off")
        .env("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1")
        .env("OTEL_SERVICE_NAME", "from the environment")
        .run(|| {
            let memory = MemoryExporter::new();
            let pipeline = builder().exporter(memory.clone()).init().unwrap();
            quiet::sync(|| {});
            in_scope("span", || {
                current_span().set_attribute("one", 1);
                current_span().set_attribute("two", 2);
            });
            pipeline.flush(PATIENCE).unwrap();
            assert_eq!((memory.spans().len(), memory.spans()[0].attributes.len()), (1, 1));
            assert_eq!(memory.traces()[0].resource().service_name(), Some("from the environment"));
        });
}

#[test]
fn what_is_wrong_in_the_environment_is_told_unless_only_errors_are_wanted() {
    for (level, is_printed) in [("info", true), ("warn", true), ("error", false)] {
        let output = Child::new().env("OTEL_TRACES_SAMPLER", "dice").env("OTEL_LOG_LEVEL", level).run(|| {
            let pipeline = builder().exporter(MemoryExporter::new()).init().unwrap();
            assert_eq!(pipeline.warnings().len(), 1);
            assert!(pipeline.warnings()[0].to_string().contains("dice"));
        });
        assert_eq!(String::from_utf8_lossy(&output.stderr).contains("dice"), is_printed, "{level}");
    }
}

#[test]
fn a_sampler_from_the_environment_is_asked() {
    let output = Child::new().env("OTEL_TRACES_SAMPLER", "always_off").run(|| {
        let pipeline = init().unwrap();
        in_scope("span", || assert!(!current_span().is_recording()));
        pipeline.flush(PATIENCE).unwrap();
        assert_eq!(pipeline.stats().closed, 0);
    });
    assert!(!String::from_utf8_lossy(&output.stdout).contains("span"));
}

#[test]
fn hooks_see_every_span_at_its_start_and_at_its_end() {
    in_child(|| {
        let seen = Arc::new(Mutex::new((Vec::new(), Vec::new())));
        let (at_start, at_end) = (Arc::clone(&seen), Arc::clone(&seen));
        let memory = MemoryExporter::new();
        let pipeline = builder()
            .without_environment()
            .exporter(memory.clone())
            .on_start(move |started| {
                started.span.set_attribute("from the hook", true);
                at_start.lock().unwrap().0.push(started.name.to_owned());
            })
            .on_end(move |span| at_end.lock().unwrap().1.push(span.name().to_owned()))
            .init()
            .unwrap();
        in_scope("root", || {
            in_scope("sync", || {});
            block_on(async {}.in_span(Span::new("future")));
            trace_core::span("built").in_scope(|| {});
        });
        pipeline.flush(PATIENCE).unwrap();
        let (started, mut ended) = std::mem::take(&mut *seen.lock().unwrap());
        assert_eq!(started, ["root", "sync", "future", "built"]);
        ended.sort_unstable();
        assert_eq!(ended, ["built", "future", "root", "sync"]);
        assert!(memory.spans().iter().all(|span| span.attribute("from the hook").is_some()));
    });
}

#[test]
fn a_tail_sampler_decides_once_and_what_is_late_follows() {
    in_child(|| {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let keep = Arc::clone(&asked);
        let memory = MemoryExporter::new();
        let pipeline = builder()
            .without_environment()
            .exporter(memory.clone())
            .tail_sampler(move |trace| {
                let name = trace.root().unwrap().name().to_owned();
                let is_kept = name == "kept";
                keep.lock().unwrap().push(name);
                is_kept
            })
            .init()
            .unwrap();
        let handles = ["kept", "left out"].map(|name| in_scope(name, || (in_scope("child", || {}), current_span()).1));
        pipeline.flush(PATIENCE).unwrap();
        for handle in handles {
            trace_core::span("late").parent(handle).in_scope(|| {});
        }
        pipeline.flush(PATIENCE).unwrap();
        let mut names: Vec<_> = memory.spans().into_iter().map(|span| span.name).collect();
        names.sort_unstable();
        assert_eq!(names, ["child", "kept", "late"]);
        let mut asked = asked.lock().unwrap().clone();
        asked.sort_unstable();
        assert_eq!(asked, ["kept", "left out"]);
        let stats = pipeline.stats();
        assert_eq!((stats.sampled_out, stats.late), (3, 2), "{stats:#?}");
        assert!(stats.exporters[0].is_balanced(&stats), "{stats:#?}");
    });
}

#[test]
fn a_trace_that_grows_too_large_is_handed_on_in_marked_parts() {
    in_child(|| {
        let memory = MemoryExporter::new().whole_traces();
        let pipeline = builder().without_environment().exporter(memory.clone()).max_trace_spans(100).init().unwrap();
        let root = start_span("root");
        (0..1_000).for_each(|_| in_scope("child", || {}));
        flush(PATIENCE).unwrap();
        drop(root);
        pipeline.flush(PATIENCE).unwrap();
        assert_eq!(memory.spans().len(), 1_001);
        assert_eq!(memory.traces()[0].completeness(), Completeness::Part);
    });
}

#[test]
fn spans_keep_the_attributes_that_came_with_them_whatever_part_they_are_in() {
    in_child(|| {
        let (spans, traces) = (MemoryExporter::new(), MemoryExporter::new().whole_traces());
        let builder = builder().without_environment().exporter(spans.clone()).exporter(traces.clone());
        let pipeline = builder.max_trace_spans(10).init().unwrap();
        let root = span("root").attribute("number", -1).attribute("is_root", true).enter();
        for number in 0..100 {
            let _span = start_span("child").attribute("number", number).attribute("is_root", false);
            if number % 7 == 0 {
                let open = trace_core::open_spans();
                let seen = open[0].spans().map(|span| span.attribute("number").cloned()).collect::<Vec<_>>();
                assert_eq!(seen, [Some((-1_i64).into())]);
            }
            if number % 10 == 0 {
                pipeline.flush(PATIENCE).unwrap();
            }
        }
        root.set_attribute("late", 1);
        drop(root);
        pipeline.flush(PATIENCE).unwrap();
        for memory in [spans, traces] {
            let mut spans: Vec<_> = memory.spans().into_iter().map(|span| span.attributes).collect();
            spans.sort_by_key(|attributes| attributes[0].value.as_i64());
            assert_eq!(spans.len(), 101);
            for (number, attributes) in (-1_i64..).zip(spans) {
                let mut expected = vec![Attribute::new("number", number), Attribute::new("is_root", number < 0)];
                if number < 0 {
                    expected.push(Attribute::new("late", 1));
                }
                assert_eq!(attributes, expected);
            }
        }
    });
}

#[test]
fn what_came_with_spans_stays_when_their_trace_is_changed() {
    let captured = capture(|| {
        in_scope("request", || {
            start_span("two").attribute("number", 1).attribute("is_odd", true).end();
            start_span("one").attribute("half", 0.5).end();
        });
    });
    let trace = captured.trace().unwrap();
    assert!(trace.find("two").unwrap().only_scalars().is_some());
    let redactor = Redactor::new(|parameters| match parameters.key.as_str() {
        "number" => Redaction::Replace(7_i64.into()),
        _ => Redaction::Keep,
    });
    let (redacted, changed) = trace.redacted(&redactor);
    assert_eq!(changed, 1);
    let state = "a=1".parse::<TraceState>().unwrap();
    let changed = [
        (redacted, 7_i64),
        (trace.clone(), 1),
        (trace.clone().trace_state_of_spans(state), 1),
        (trace.clone().thread_names_of_spans([(1, "worker")]), 1),
        (trace.clone().resource_of_spans(Resource::new().attribute("service.name", "s")), 1),
    ];
    for (trace, number) in changed {
        let two = trace.find("two").unwrap();
        assert_eq!(two.attributes(), [Attribute::new("number", number), Attribute::new("is_odd", true)]);
        assert_eq!(two.to_data().attributes, two.attributes());
        assert_eq!(trace.find("one").unwrap().attributes(), [Attribute::new("half", 0.5)]);
        assert!(trace.find("request").unwrap().attributes().is_empty());
    }
}

/// What is open at the end has the attributes that it began with.
fn assert_open_is_whole(rule: impl FnOnce(PipelineBuilder) -> PipelineBuilder) {
    let memory = MemoryExporter::new();
    let pipeline = rule(builder().without_environment().exporter(memory.clone())).init().unwrap();
    let _open = span("open").attribute("number", 1).attribute("is_open", true).enter();
    let _within = span("within").attribute("number", 2).start();
    start_span("ended").attribute("number", 3).end();
    pipeline.shutdown(PATIENCE).unwrap();
    let spans = memory.spans();
    for (name, number, count) in [("open", 1, 2), ("within", 2, 1), ("ended", 3, 1)] {
        let span = spans.iter().find(|span| span.name == name).unwrap();
        assert_eq!(span.attributes.first(), Some(&Attribute::new("number", number)), "{name}");
        assert_eq!(span.attributes.len(), count, "{name}");
    }
}

#[test]
fn what_is_open_at_the_end_has_its_attributes() {
    in_child(|| assert_open_is_whole(|builder| builder));
}

#[test]
fn what_is_open_at_the_end_has_its_attributes_under_a_redactor() {
    in_child(|| assert_open_is_whole(|builder| builder.redact(Redactor::new(|_| Redaction::Keep))));
}

#[test]
fn what_is_open_at_the_end_has_its_attributes_where_texts_are_cut() {
    in_child(|| assert_open_is_whole(|builder| builder.limits(SpanLimits::new().value_length(5))));
}

#[test]
fn a_trace_that_grows_too_old_is_handed_on_in_marked_parts() {
    in_child(|| {
        let (sender, batches) = std::sync::mpsc::channel();
        struct Sending(std::sync::mpsc::Sender<(usize, Completeness)>);
        impl trace_core::SpanExporter for Sending {
            fn delivery(&self) -> trace_core::Delivery {
                trace_core::Delivery::Traces
            }
            fn export(&mut self, batch: &trace_core::Batch) -> Result<(), trace_core::ExportError> {
                let sent = self.0.send((batch.len(), batch.traces()[0].completeness()));
                sent.map_err(|_| trace_core::ExportError::new("nobody listens"))
            }
        }
        let age = Duration::from_millis(10);
        let _pipeline = builder().without_environment().exporter(Sending(sender)).max_trace_age(age).init().unwrap();
        let root = start_span("root");
        in_scope("child", || {});
        assert_eq!(batches.recv_timeout(PATIENCE), Ok((1, Completeness::Part)), "while its root runs");
        drop(root);
        assert_eq!(batches.recv_timeout(PATIENCE), Ok((1, Completeness::Part)));
    });
}

#[test]
fn exporters_of_spans_and_of_traces_get_every_span_once() {
    in_child(|| {
        let (spans, traces) = (Counting::default(), Counting::whole_traces());
        let pipeline = builder()
            .without_environment()
            .exporter(spans.clone())
            .exporter(traces.clone())
            .batch_spans(10)
            .init()
            .unwrap();
        let root = start_span("root");
        for _ in 0..100 {
            (0..10).for_each(|_| in_scope("child", || {}));
            // Each question is a pass of the processor, and batches go ahead of the trace.
            let stats = pipeline.stats();
            assert!(stats.exporters.iter().all(|exporter| exporter.is_balanced(&stats)), "{stats:#?}");
        }
        drop(root);
        pipeline.flush(PATIENCE).unwrap();
        assert_eq!((spans.spans(), traces.spans()), (1_001, 1_001), "{:#?}", pipeline.stats());
    });
}

#[test]
fn exporters_of_spans_and_of_traces_are_told_the_same_threads() {
    in_child(|| {
        let (spans, traces) = (MemoryExporter::new(), MemoryExporter::new().whole_traces());
        let builder = builder().without_environment().exporter(spans.clone()).exporter(traces.clone());
        let pipeline = builder.time_polls().batch_spans(10).init().unwrap();
        let work = async {
            for _ in 0..30 {
                in_scope("here", || {});
                // Each question is a pass of the processor, and batches go ahead of the trace.
                let _ = pipeline.stats();
            }
            let there = trace_core::in_current_span(|()| (0..7).for_each(|_| in_scope("there", || {})));
            std::thread::spawn(move || there(())).join().unwrap();
        };
        futures::executor::block_on(work.in_span(Span::new("root")));
        pipeline.flush(PATIENCE).unwrap();
        let all = traces.spans();
        let (mut told, mut untold) = (0, 0);
        for span in spans.spans() {
            let same = all.iter().find(|other| other.span_id == span.span_id).unwrap();
            match span.thread {
                // It went ahead of the trace, or is that of a future.
                None => untold += 1,
                thread => {
                    assert_eq!(thread, same.thread, "{}", span.name);
                    told += 1;
                }
            }
        }
        assert!(told > 0 && untold > 1, "{told} and {untold}");
    });
}

#[test]
fn a_trace_has_no_trace_state_of_the_one_before() {
    in_child(|| {
        let memory = MemoryExporter::new().whole_traces();
        let pipeline = builder().without_environment().exporter(memory.clone()).init().unwrap();
        let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let headers = [("traceparent", parent), ("tracestate", "congo=t61rcWkgMzE")];
        span("first").parent(trace_core::propagation::extract(&headers.as_slice())).in_scope(|| ());
        in_scope("second", || ());
        pipeline.flush(PATIENCE).unwrap();
        let traces = memory.traces();
        let mut states: Vec<_> =
            traces.iter().map(|trace| (trace.root().unwrap().name(), trace.trace_state().len())).collect();
        states.sort_unstable();
        assert_eq!(states, [("first", 1), ("second", 0)]);
    });
}

/// Walks every trace it gets, which takes the tree of the trace.
#[derive(Clone, Debug, Default)]
struct Walking(Arc<Mutex<Vec<usize>>>);

impl trace_core::SpanExporter for Walking {
    fn name(&self) -> &str {
        "walking"
    }

    fn export(&mut self, batch: &trace_core::Batch) -> Result<(), trace_core::ExportError> {
        let walked = batch.traces().iter().map(|trace| (trace.walk().count(), trace.len()));
        for (walked, spans) in walked {
            assert_eq!(walked, spans);
            self.0.lock().unwrap().push(spans);
        }
        Ok(())
    }
}

#[test]
fn a_hook_that_looks_around_in_a_trace_leaves_nothing_wrong_behind_for_exporters_of_spans() {
    in_child(|| {
        let (walking, traces) = (Walking::default(), Counting::whole_traces());
        let builder = builder().without_environment().exporter(walking.clone()).exporter(traces.clone());
        // What a span waited for is found by the children of its parent.
        let pipeline = builder.batch_spans(4).on_end(|span| drop(span.cancellation())).init().unwrap();
        in_scope("root", || {
            for _ in 0..3 {
                (0..5).for_each(|_| in_scope("child", || ()));
                assert!(trace_core::current_trace().is_some());
            }
            drop(std::future::pending::<()>().in_span(Span::new("given up")));
        });
        pipeline.flush(PATIENCE).unwrap();
        let stats = pipeline.stats();
        assert_eq!(stats.exporters[0].dropped_panicked, 0);
        let batches = walking.0.lock().unwrap().clone();
        assert!(batches.len() > 1, "some of it went ahead: {batches:?}");
        assert_eq!((batches.iter().sum::<usize>(), traces.spans()), (17, 17));
    });
}
