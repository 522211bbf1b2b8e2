//! The memory exporter: finished spans for tests and for looking at them inside the program.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::exporter::{Batch, Delivery, ExportError, SpanExporter};
use crate::span_data::SpanData;
use crate::trace::{Completeness, Trace};

/// Keeps finished spans in memory.
///
/// All clones share what was kept: give one to the pipeline, and read with another.
///
/// ```
/// use std::time::Duration;
/// use trace_core::{Batch, MemoryExporter, SpanContext, SpanData, SpanExporter, SpanId, Trace, TraceFlags, TraceId};
///
/// let id = TraceId::random();
/// let context = SpanContext::new(id, SpanId::random(), TraceFlags::SAMPLED);
/// let trace = Trace::from_spans(id, [SpanData::new(context, "work", 0, Duration::from_millis(5))]);
///
/// let memory = MemoryExporter::new();
/// memory.clone().export(&Batch::new(vec![trace]))?; // what a pipeline does with it
/// assert_eq!(memory.spans()[0].name, "work");
/// assert_eq!(memory.take().len(), 1);
/// assert!(memory.is_empty());
/// # Ok::<(), trace_core::ExportError>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemoryExporter {
    kept: Arc<Mutex<Kept>>,
    delivery: Delivery,
    max_spans: usize,
}

#[derive(Debug, Default)]
struct Kept {
    /// As they came: traces, or parts of them.
    parts: Vec<Trace>,
    spans: usize,
    rejected: usize,
}

impl Default for MemoryExporter {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryExporter {
    /// How many spans are kept unless it is told otherwise.
    pub const DEFAULT_MAX_SPANS: usize = 100_000;

    /// Keeps up to [`DEFAULT_MAX_SPANS`](Self::DEFAULT_MAX_SPANS) (100,000) spans, each soon after it ended.
    #[must_use]
    pub fn new() -> Self {
        Self { kept: Arc::default(), delivery: Delivery::Spans, max_spans: Self::DEFAULT_MAX_SPANS }
    }

    /// Waits for traces to be complete ([`Delivery::Traces`]), so that [`traces`](Self::traces) never sees half of one.
    #[must_use]
    pub const fn whole_traces(mut self) -> Self {
        self.delivery = Delivery::Traces;
        self
    }

    /// Sets how many spans are kept. Those that do not fit are counted ([`rejected`](Self::rejected)) and, in the
    /// pipeline's statistics, dropped. [`take`](Self::take) and [`clear`](Self::clear) make room.
    ///
    /// Default: [`DEFAULT_MAX_SPANS`](Self::DEFAULT_MAX_SPANS) (100,000).
    #[must_use]
    pub const fn max_spans(mut self, spans: usize) -> Self {
        self.max_spans = spans;
        self
    }

    /// The spans kept, in the order in which they came.
    #[must_use]
    pub fn spans(&self) -> Vec<SpanData> {
        spans_of(&self.lock().parts)
    }

    /// The spans kept, put together to traces, in the order in which their first spans came. A trace is a
    /// [`Completeness::Part`] if something of it did not fit, or if a part of it came as one.
    #[must_use]
    pub fn traces(&self) -> Vec<Trace> {
        traces_of(self.lock().parts.clone())
    }

    /// Takes the spans out, in the order in which they came.
    #[must_use = "to drop them, call `clear`"]
    pub fn take(&self) -> Vec<SpanData> {
        let parts = self.empty();
        spans_of(&parts)
    }

    /// Takes the spans out, put together to traces as by [`traces`](Self::traces).
    #[must_use = "to drop them, call `clear`"]
    pub fn take_traces(&self) -> Vec<Trace> {
        traces_of(self.empty())
    }

    /// Drops the spans kept.
    pub fn clear(&self) {
        drop(self.empty());
    }

    /// How many spans are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lock().spans
    }

    /// Whether no span is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many spans came and did not fit, ever.
    #[must_use]
    pub fn rejected(&self) -> usize {
        self.lock().rejected
    }

    fn empty(&self) -> Vec<Trace> {
        let mut kept = self.lock();
        kept.spans = 0;
        std::mem::take(&mut kept.parts)
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // Nothing is ever half done under the lock.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn spans_of(parts: &[Trace]) -> Vec<SpanData> {
    parts.iter().flat_map(Trace::spans).map(|span| span.to_data()).collect()
}

fn traces_of(parts: Vec<Trace>) -> Vec<Trace> {
    let mut groups: Vec<Vec<Trace>> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for part in parts {
        let place = *places.entry(part.id()).or_insert(groups.len());
        match groups.get_mut(place) {
            Some(group) => group.push(part),
            None => groups.push(vec![part]),
        }
    }
    groups.into_iter().filter_map(joined).collect()
}

/// Parts of one trace as one.
fn joined(mut parts: Vec<Trace>) -> Option<Trace> {
    let first = parts.first()?;
    if parts.len() == 1 {
        return parts.pop();
    }
    let cut = parts.iter().any(|part| part.completeness == Completeness::Part);
    let mut trace = Trace::from_spans(first.id(), spans_of(&parts)).resource_of_spans(first.resource().clone());
    trace.completeness = if cut { Completeness::Part } else { Completeness::Whole };
    Some(trace)
}

impl SpanExporter for MemoryExporter {
    fn name(&self) -> &str {
        "memory"
    }

    fn delivery(&self) -> Delivery {
        self.delivery
    }

    fn export(&mut self, batch: &Batch) -> Result<(), ExportError> {
        let mut kept = self.lock();
        let mut rejected = 0;
        for trace in batch.traces() {
            let room = self.max_spans.saturating_sub(kept.spans).min(trace.len());
            rejected += trace.len() - room;
            kept.spans += room;
            kept.parts.extend(first_spans(trace, room));
        }
        kept.rejected += rejected;
        match rejected {
            0 => Ok(()),
            _ => Err(ExportError::new("the memory exporter is full").dropped_spans(rejected)),
        }
    }
}

/// As much of the trace as there is room for.
fn first_spans(trace: &Trace, room: usize) -> Option<Trace> {
    if room == trace.len() {
        return Some(trace.clone());
    }
    let mut part = Trace::from_spans(trace.id(), trace.spans().take(room).map(|span| span.to_data()))
        .resource_of_spans(trace.resource().clone());
    part.completeness = Completeness::Part;
    (room > 0).then_some(part)
}
