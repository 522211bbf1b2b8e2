//! What the memory exporter keeps.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use trace_core::{Batch, Completeness, Delivery, MemoryExporter, SpanExporter, assert_tree};

use crate::common::{checkout, span, trace};

fn batch(numbers: std::ops::RangeInclusive<u64>) -> Batch {
    Batch::new(vec![trace(numbers.map(|number| span(number, number / 2, "work", number, 1)))])
}

#[test]
fn clones_share_what_is_kept_and_take_empties_it() {
    let memory = MemoryExporter::new();
    memory.clone().export(&batch(1..=3)).unwrap();
    assert_eq!((memory.len(), memory.spans().len()), (3, 3));
    assert_eq!(memory.take().len(), 3);
    assert!(memory.is_empty() && memory.spans().is_empty() && memory.traces().is_empty());
}

#[test]
fn spans_that_came_in_parts_are_one_trace() {
    let mut memory = MemoryExporter::new();
    assert_eq!(memory.delivery(), Delivery::Spans);
    memory.export(&batch(2..=3)).unwrap();
    memory.export(&Batch::new(vec![checkout()])).unwrap();
    memory.clear();
    memory.export(&batch(2..=3)).unwrap();
    memory.export(&batch(1..=1)).unwrap();
    let traces = memory.take_traces();
    assert_eq!(traces.len(), 1);
    assert_eq!(traces[0].completeness(), Completeness::Whole);
    assert_tree!(traces[0], "work\n  work\n  work");
    assert_eq!(MemoryExporter::new().whole_traces().delivery(), Delivery::Traces);
}

#[test]
fn what_does_not_fit_is_counted_and_an_error() {
    let mut memory = MemoryExporter::new().max_spans(5);
    memory.export(&batch(1..=3)).unwrap();
    let error = memory.export(&batch(4..=9)).unwrap_err();
    assert_eq!(error.to_string(), "the memory exporter is full");
    assert!(format!("{error:?}").contains("dropped: Some(4)"), "{error:?}");
    assert_eq!((memory.len(), memory.rejected()), (5, 4));
    assert_eq!(memory.traces()[0].completeness(), Completeness::Part);
    memory.clear();
    memory.export(&batch(1..=5)).unwrap();
    assert_eq!((memory.len(), memory.rejected()), (5, 4));
    assert!(memory.export(&batch(1..=5)).is_err());
    assert_eq!(memory.traces().len(), 1);
}

#[test]
fn a_reader_on_another_thread_sees_what_came() {
    let memory = MemoryExporter::new();
    let mut writer = memory.clone();
    std::thread::spawn(move || writer.export(&batch(1..=3))).join().unwrap().unwrap();
    assert_eq!(memory.len(), 3);
}
