//! Load and loss: everything is delivered or counted, memory stays bounded, and a flush tells the truth in its time.

#![cfg(test)]

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use tests::child::in_child;
use tests::exporters::{Broken, Counting, Gate, PATIENCE, assert_balanced, init};
use tests::memory::resident_bytes;
use trace_core::{
    FlushError, FutureExt, Redaction, Redactor, Sampler, Span, SpanExporter, builder, current_span, in_scope,
    start_span,
};

const MIB: usize = 1 << 20;

#[test]
fn an_open_span_of_millions_of_polls_takes_no_memory() {
    in_child(|| {
        let counting = Counting::default();
        let pipeline = init(counting.clone());
        let mut future = pin!(poll_fn(|_| Poll::<()>::Pending).in_span(Span::new("endless")));
        let mut poll = |times: usize| {
            for _ in 0..times {
                assert!(future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
            }
        };
        poll(10_000);
        let before = resident_bytes();
        poll(5_000_000);
        if let Some((before, after)) = before.zip(resident_bytes()) {
            assert!(after < before + MIB, "from {before} to {after} bytes");
        }
        assert_eq!(pipeline.stats().open, 1);
    });
}

#[test]
fn all_children_of_one_root_are_delivered() {
    in_child(|| {
        let counting = Counting::default();
        let pipeline = init(counting.clone());
        in_scope("root", || (0..20_001).for_each(|_| in_scope("child", || {})));
        pipeline.flush(PATIENCE).unwrap();
        assert_eq!(counting.spans(), 20_002, "{:#?}", pipeline.stats());
        assert_balanced(&pipeline.stats());
    });
}

#[test]
fn a_hundred_thousand_quick_spans_are_delivered_to_every_kind_of_exporter() {
    in_child(|| {
        let (spans, traces) = (Counting::default(), Counting::whole_traces());
        let pipeline = builder().without_environment().exporter(spans.clone()).exporter(traces.clone()).init().unwrap();
        for _ in 0..10_000 {
            in_scope("root", || (0..9).for_each(|_| in_scope("child", || {})));
        }
        pipeline.flush(PATIENCE).unwrap();
        assert_eq!((spans.spans(), traces.spans()), (100_000, 100_000), "{:#?}", pipeline.stats());
        assert_balanced(&pipeline.stats());
    });
}

#[test]
fn threads_that_record_and_end_lose_nothing_that_is_not_counted() {
    in_child(|| {
        let counting = Counting::default();
        let pipeline = init(counting.clone());
        let record = || (0..50_000).for_each(|_| in_scope("root", || in_scope("child", || {})));
        std::thread::scope(|scope| {
            scope.spawn(record);
            scope.spawn(record);
        });
        pipeline.flush(PATIENCE).unwrap();
        let stats = pipeline.stats();
        assert_eq!(counting.spans() + stats.dropped_over_budget + stats.not_started_over_budget, 200_000, "{stats:#?}");
        assert_eq!(counting.spans(), stats.exporters[0].exported);
        assert_balanced(&stats);
    });
}

#[test]
fn spans_arrive_without_a_flush_when_their_batch_is_old_enough() {
    in_child(|| {
        let (sender, batches) = std::sync::mpsc::channel();
        #[derive(Debug)]
        struct Sending(std::sync::mpsc::Sender<usize>);
        impl SpanExporter for Sending {
            fn export(&mut self, batch: &trace_core::Batch) -> Result<(), trace_core::ExportError> {
                self.0.send(batch.len()).map_err(|_| trace_core::ExportError::new("nobody listens"))
            }
        }
        let delay = Duration::from_millis(20);
        let _pipeline = builder().without_environment().batch_delay(delay).exporter(Sending(sender)).init().unwrap();
        let root = start_span("root");
        in_scope("child", || {});
        assert_eq!(batches.recv_timeout(PATIENCE), Ok(1), "long before the root ends");
        drop(root);
        assert_eq!(batches.recv_timeout(PATIENCE), Ok(1));
    });
}

#[test]
fn a_blocked_exporter_bounds_memory_and_delays_nobody() {
    in_child(|| {
        let gate = Gate::default();
        let budget = 4 * MIB;
        let pipeline = builder().without_environment().budget_bytes(budget).exporter(gate.clone()).init().unwrap();
        let before = resident_bytes();
        let produced = 400_000;
        for _ in 0..produced / 2 {
            in_scope("root", || in_scope("child", || {}));
        }
        let started = Instant::now();
        let flushed = pipeline.flush(Duration::from_millis(50));
        assert!(started.elapsed() < Duration::from_secs(5));
        assert_eq!(flushed, Err(FlushError::Timeout { exporters: vec!["gate".to_owned()] }));
        if let Some((before, after)) = before.zip(resident_bytes()) {
            assert!(after < before + 8 * budget, "from {before} to {after} bytes with a budget of {budget}");
        }
        let stats = pipeline.stats();
        assert_balanced(&stats);
        assert!(stats.bytes_in_use <= (budget + MIB) as u64, "{stats:#?}");
        // A trace whose root found no memory is counted once: its child costs as little as if it were not sampled.
        let lost = stats.dropped_over_budget + 2 * stats.not_started_over_budget;
        assert_eq!(stats.closed + lost, produced, "{stats:#?}");
        gate.open();
        pipeline.flush(PATIENCE).unwrap();
        let stats = pipeline.stats();
        assert_balanced(&stats);
        let exporter = &stats.exporters[0];
        assert_eq!((exporter.queued, exporter.held), (0, 0), "{stats:#?}");
        assert!(exporter.exported > 0 && exporter.dropped_queue_full > 0, "{stats:#?}");
    });
}

#[test]
fn an_exporter_that_fails_is_named_by_the_flush_and_counted() {
    in_child(|| {
        let counting = Counting::default();
        let pipeline =
            builder().without_environment().exporter(Broken::Fails).exporter(counting.clone()).init().unwrap();
        in_scope("span", || {});
        let flushed = pipeline.flush(PATIENCE);
        let failed = vec![("failing".to_owned(), "the disk is full".to_owned())];
        assert_eq!(flushed, Err(FlushError::Failed { exporters: failed }));
        assert_eq!(pipeline.flush(PATIENCE), Ok(()), "a failure is told once");
        let stats = pipeline.stats();
        assert_balanced(&stats);
        assert_eq!((stats.exporters[0].dropped_failed, counting.spans()), (1, 1));
    });
}

#[test]
fn an_exporter_that_panics_is_called_again_and_its_spans_are_counted() {
    in_child(|| {
        std::panic::set_hook(Box::new(|_| {}));
        let pipeline = init(Broken::Panics);
        for _ in 0..2 {
            in_scope("span", || {});
            assert!(matches!(pipeline.flush(PATIENCE), Err(FlushError::Failed { .. })));
        }
        let stats = pipeline.stats();
        assert_balanced(&stats);
        assert_eq!(stats.exporters[0].dropped_panicked, 2);
    });
}

#[test]
fn closures_of_users_that_panic_are_caught_and_counted() {
    in_child(|| {
        std::panic::set_hook(Box::new(|_| {}));
        let counting = Counting::default();
        let pipeline = builder()
            .without_environment()
            .on_start(|_| panic!("on start"))
            .on_end(|_| panic!("on end"))
            .tail_sampler(|_| panic!("tail"))
            .redact(Redactor::new(
                |attribute| if attribute.key.as_str() == "bad" { panic!("redact") } else { Redaction::Keep },
            ))
            .exporter(counting.clone())
            .init()
            .unwrap();
        in_scope("span", || current_span().set_attribute("bad", 1));
        pipeline.flush(PATIENCE).unwrap();
        let stats = pipeline.stats();
        assert_eq!((counting.spans(), stats.user_panics), (1, 4), "{stats:#?}");
        assert_balanced(&stats);
    });
}

#[test]
fn a_sampler_that_panics_records_nothing_and_is_counted() {
    in_child(|| {
        std::panic::set_hook(Box::new(|_| {}));
        let counting = Counting::default();
        let pipeline = builder()
            .without_environment()
            .sampler(Sampler::custom(|_| panic!("sampler")))
            .exporter(counting.clone())
            .init()
            .unwrap();
        in_scope("span", || assert!(current_span().context().is_some()));
        pipeline.flush(PATIENCE).unwrap();
        assert_eq!((counting.spans(), pipeline.stats().user_panics), (0, 1));
    });
}

#[test]
fn a_closure_for_an_attribute_that_panics_panics_at_its_caller_and_ends_the_span() {
    in_child(|| {
        let counting = Counting::default();
        let pipeline = init(counting.clone());
        let caught = std::panic::catch_unwind(|| {
            in_scope("span", || {
                current_span().set_attribute_with("key", || -> i64 { std::panic::resume_unwind(Box::new(())) });
            });
        });
        assert!(caught.is_err());
        assert_eq!(current_span().context(), None);
        pipeline.flush(PATIENCE).unwrap();
        assert_eq!(counting.spans(), 1);
    });
}

#[test]
fn details_are_shed_before_spans() {
    in_child(|| {
        // It waits for the whole trace, so that everything is held.
        let counting = Counting::whole_traces();
        let pipeline = builder().without_environment().budget_bytes(MIB).exporter(counting.clone()).init().unwrap();
        let root = start_span("root");
        let mut losses = Vec::new();
        for _ in 0..200 {
            for _ in 0..100 {
                in_scope("child", || current_span().set_attribute("n", 1));
            }
            let stats = pipeline.stats();
            losses.push((stats.details_over_budget, stats.dropped_over_budget));
        }
        let first = losses.iter().find(|&&losses| losses != (0, 0)).expect("a budget of one MiB is not enough");
        assert!(first.0 > 0 && first.1 == 0, "details and spans lost: {first:?}");
        assert!(losses.last().is_some_and(|last| last.1 > 0), "at last spans are lost as well");
        drop(root);
        pipeline.flush(PATIENCE).unwrap();
        let stats = pipeline.stats();
        assert_balanced(&stats);
        assert_eq!(counting.spans() + stats.dropped_over_budget, 20_001, "{stats:#?}");
    });
}

#[test]
fn with_little_memory_every_span_is_exported_or_counted() {
    in_child(|| {
        let counting = Counting::default();
        let pipeline =
            builder().without_environment().budget_bytes(256 << 10).exporter(counting.clone()).init().unwrap();
        let produced = 100_000;
        {
            let _root = start_span("root");
            // One of them is the root.
            (1..produced).for_each(|_| in_scope("child", || {}));
        }
        pipeline.flush(PATIENCE).unwrap();
        let stats = pipeline.stats();
        assert_balanced(&stats);
        let lost = stats.dropped_over_budget + stats.not_started_over_budget;
        assert_eq!(stats.exporters[0].exported + stats.exporters[0].dropped + lost, produced, "{stats:#?}");
        assert_eq!(counting.spans(), stats.exporters[0].exported);
    });
}
