//! What a candidate can do.

use std::hint::black_box;

use crate::otlp::fastrace::Fastrace;
use crate::otlp::measure::{Effort, Measured, measure};
use crate::otlp::opentelemetry::Sdk;
use crate::otlp::ours::Ours;
use crate::otlp::tracing::Tracing;

/// Where spans go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// Over OTLP to where `OTEL_EXPORTER_OTLP_ENDPOINT` says.
    Receiver,
    /// To an exporter that throws them away unread.
    Nobody,
}

/// A tracing library with its way to OTLP, set up as its documentation shows.
pub(super) trait Sender: Sized {
    fn start(to: To) -> Self;

    /// A root with ten children, all with two integer attributes.
    fn trace(&self, number: i64);

    /// Returns when everything that has ended was sent.
    fn flush(&self);

    /// Nanoseconds for a span from the library's own form to protobuf, for a batch of its spans; nothing if it is not to be
    /// had alone.
    fn encode(rounds: u32) -> Option<f64>;
}

/// How many spans a trace has.
pub(super) const SPANS: u64 = 11;

/// A column of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) measure: fn(Measured, Effort, usize) -> crate::sample::Sample,
}

impl Column {
    /// What the loop costs that makes the traces, and nothing else.
    pub(super) const LOOP: Self = Self::new::<Loop>("loop", "");

    pub(super) const ALL: [Self; 4] = [
        Self::new::<Ours>("ours", "trace-otlp"),
        Self::new::<Fastrace>("fastrace", "fastrace-opentelemetry"),
        Self::new::<Tracing>("tracing-otel", "tracing-opentelemetry"),
        Self::new::<Sdk>("otel", "opentelemetry"),
    ];

    const fn new<S: Sender>(id: &'static str, title: &'static str) -> Self {
        Self { id, title, measure: measure::<S> }
    }

    pub(super) fn from_id(id: &str) -> Option<Self> {
        Self::ALL.into_iter().chain([Self::LOOP]).find(|column| column.id == id)
    }
}

struct Loop;

impl Sender for Loop {
    fn start(_: To) -> Self {
        Self
    }

    fn trace(&self, number: i64) {
        black_box(number);
    }

    fn flush(&self) {}

    fn encode(_: u32) -> Option<f64> {
        None
    }
}
