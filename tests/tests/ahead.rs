//! Exporters that have spans encoded ahead of their export.

#![cfg(test)]

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use tests::child::in_child;
use tests::exporters::{Counting, Gate, PATIENCE, assert_balanced, init};
use trace_core::{Batch, EncodedBatch, ExportError, SpanEncoder, SpanExporter, Trace, builder, in_scope, start_span};

/// What came, and by which way.
#[derive(Debug, Default)]
struct Came {
    encoded: Vec<String>,
    as_they_are: Vec<String>,
}

/// Keeps the names of spans.
#[derive(Clone, Debug, Default)]
struct Names {
    came: Arc<Mutex<Came>>,
    gate: Option<Gate>,
    /// The encoder panics at a span of this name.
    panics_at: &'static str,
}

impl Names {
    fn came(&self) -> std::sync::MutexGuard<'_, Came> {
        self.came.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many spans came encoded, and how many as they are.
    fn counts(&self) -> (usize, usize) {
        let came = self.came();
        (came.encoded.len(), came.as_they_are.len())
    }
}

impl SpanExporter for Names {
    fn name(&self) -> &str {
        "names"
    }

    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        self.came().as_they_are.extend(batch.spans().map(|span| span.name().to_owned()));
        self.gate.as_mut().map_or(Ok(()), |gate| gate.export(batch))
    }

    fn encoder(&mut self) -> Option<Box<dyn SpanEncoder>> {
        Some(Box::new(Encoder { names: Vec::new(), panics_at: self.panics_at }))
    }

    fn export_encoded(&mut self, batch: EncodedBatch) -> Result<(), ExportError> {
        let spans = batch.len();
        let names: Vec<String> = batch.into_content().expect("the encoder is ours");
        assert_eq!(names.len(), spans);
        self.came().encoded.extend(names);
        self.gate.as_mut().map_or(Ok(()), |gate| gate.export(&Batch::default()))
    }
}

struct Encoder {
    names: Vec<String>,
    panics_at: &'static str,
}

impl SpanEncoder for Encoder {
    fn add(&mut self, traces: &[Trace]) {
        for span in traces.iter().flat_map(Trace::spans) {
            assert_ne!(span.name(), self.panics_at);
            self.names.push(span.name().to_owned());
        }
    }

    fn bytes(&self) -> usize {
        self.names.iter().map(String::len).sum()
    }

    fn finish(&mut self) -> Box<dyn Any + Send> {
        Box::new(std::mem::take(&mut self.names))
    }
}

#[test]
fn an_exporter_that_keeps_up_gets_its_spans_encoded_and_each_once() {
    in_child(|| {
        let names = Names::default();
        let pipeline = init(names.clone());
        for _ in 0..1000 {
            in_scope("root", || (0..9).for_each(|_| in_scope("child", || {})));
        }
        pipeline.flush(PATIENCE).unwrap();
        let came = names.came();
        assert_eq!((came.encoded.len(), came.as_they_are.len()), (10_000, 0));
        assert_eq!(came.encoded.iter().filter(|name| *name == "root").count(), 1000);
        drop(came);
        let stats = pipeline.stats();
        assert_eq!(stats.exporters[0].exported, 10_000);
        assert_balanced(&stats);
    });
}

#[test]
fn what_is_open_at_the_end_is_encoded_and_stands_in_no_books() {
    in_child(|| {
        let names = Names::default();
        let pipeline = init(names.clone());
        let _open = start_span("open");
        in_scope("ended", || {});
        pipeline.shutdown(PATIENCE).unwrap();
        let mut encoded = names.came().encoded.clone();
        encoded.sort_unstable();
        assert_eq!(encoded, ["ended", "open"]);
    });
}

#[test]
fn an_exporter_that_is_behind_gets_its_spans_as_they_are_and_later_encoded_again() {
    in_child(|| {
        let gate = Gate::default();
        let names = Names { gate: Some(gate.clone()), ..Names::default() };
        // Of so little memory less than a hundred spans are more than an exporter that keeps up has before it.
        let pipeline = builder().without_environment().budget_bytes(1 << 20).exporter(names.clone()).init().unwrap();
        let mut made = 0;
        while pipeline.stats().exporters[0].queued < 2000 {
            in_scope("a name that takes some memory when it waits as it is, or in a list of names", || {});
            made += 1;
            // Each batch by itself, and nobody waits for the exporter.
            let _ = pipeline.flush(std::time::Duration::ZERO);
        }
        gate.open();
        pipeline.flush(PATIENCE).unwrap();
        let (encoded, as_they_are) = names.counts();
        assert!(encoded > 0 && as_they_are > 0, "{encoded} and {as_they_are}");
        assert_eq!(encoded + as_they_are, made);
        in_scope("afterwards", || {});
        pipeline.flush(PATIENCE).unwrap();
        assert_eq!(names.counts(), (encoded + 1, as_they_are));
        assert_balanced(&pipeline.stats());
    });
}

#[test]
fn where_another_exporter_wants_the_same_spans_both_get_them_as_they_are() {
    in_child(|| {
        let (names, counting) = (Names::default(), Counting::default());
        let pipeline =
            builder().without_environment().exporter(names.clone()).exporter(counting.clone()).init().unwrap();
        (0..100).for_each(|_| in_scope("root", || {}));
        pipeline.flush(PATIENCE).unwrap();
        assert_eq!((names.counts(), counting.spans()), ((0, 100), 100));
        assert_balanced(&pipeline.stats());
    });
}

#[test]
fn one_that_wants_whole_traces_is_no_hindrance() {
    in_child(|| {
        let (names, counting) = (Names::default(), Counting::whole_traces());
        let pipeline =
            builder().without_environment().exporter(names.clone()).exporter(counting.clone()).init().unwrap();
        (0..100).for_each(|_| in_scope("root", || {}));
        pipeline.flush(PATIENCE).unwrap();
        assert_eq!((names.counts(), counting.spans()), ((100, 0), 100));
        assert_balanced(&pipeline.stats());
    });
}

#[test]
fn an_encoder_that_panics_loses_its_batch_is_counted_and_not_called_again() {
    in_child(|| {
        let names = Names { panics_at: "bad", ..Names::default() };
        let pipeline = init(names.clone());
        in_scope("good", || {});
        in_scope("bad", || {});
        let error = pipeline.flush(PATIENCE).unwrap_err();
        assert!(error.to_string().contains("the encoder panicked"), "{error}");
        in_scope("bad", || {});
        pipeline.flush(PATIENCE).unwrap();
        let came = names.came();
        assert_eq!((came.encoded.len(), came.as_they_are.as_slice()), (0, &["bad".to_owned()][..]));
        drop(came);
        let stats = pipeline.stats();
        let exporter = &stats.exporters[0];
        assert_eq!((exporter.exported, exporter.dropped, exporter.dropped_panicked), (1, 2, 2));
        assert_balanced(&stats);
    });
}
