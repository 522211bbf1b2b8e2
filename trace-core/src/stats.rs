//! The books: what became of every span.

use std::time::SystemTime;

use crate::findings::Finding;

/// What a pipeline knows of its spans. Taken by [`stats`](crate::stats) and [`Pipeline::stats`](crate::Pipeline::stats).
///
/// For every exporter, always: `closed = exported + dropped + sampled_out + held + queued`, see
/// [`ExporterStats::is_balanced`].
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Stats {
    /// Spans that ended and reached the processor.
    pub closed: u64,
    /// Spans that announced themselves and run still: local roots, spans of futures, spans that left their scope.
    pub open: u64,
    /// Spans of traces that the tail sampler left out.
    pub sampled_out: u64,
    /// Spans that came after the rest of their trace had been handed on. They are handed on all the same.
    pub late: u64,
    /// Attributes, events, links, names and statuses that came after their span's end, and were ignored.
    pub after_end: u64,
    /// Attributes, events, links, names and statuses of spans that were gone or never came.
    pub without_span: u64,
    /// Attributes, events and links over a limit of [`SpanLimits`](crate::SpanLimits).
    pub over_limits: u64,
    /// Attributes that the redaction removed.
    pub redacted: u64,
    /// Spans whose end came before their start; they last zero.
    pub clamped: u64,
    /// Spans lost for want of memory, in the whole process.
    pub dropped_over_budget: u64,
    /// Spans that did not start recording for want of memory, in the whole process.
    pub not_started_over_budget: u64,
    /// Attributes, events and links lost for want of memory, in the whole process.
    pub details_over_budget: u64,
    /// Polls lost for want of memory, in the whole process.
    pub polls_over_budget: u64,
    /// Records lost because an allocator traces its own work, in the whole process.
    pub reentrant: u64,
    /// Panics in samplers, redactions, hooks and tail samplers, caught.
    pub user_panics: u64,
    /// Headers of incoming requests that broke their grammar and were not used, in the whole process. See
    /// [`Extracted::broken`](crate::propagation::Extracted::broken).
    pub broken_headers: u64,
    /// The memory in use for records, in bytes, in the whole process.
    pub bytes_in_use: u64,
    /// What the detectors found among the spans that were handed on, if any is on
    /// ([`PipelineBuilder::detect_lost_contexts`](crate::PipelineBuilder::detect_lost_contexts),
    /// [`PipelineBuilder::detect_open_guards`](crate::PipelineBuilder::detect_open_guards)), in the order of the first of each.
    pub findings: Vec<Finding>,
    /// One for each exporter, in the order of the builder.
    pub exporters: Vec<ExporterStats>,
}

/// What became of the spans of one exporter.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ExporterStats {
    /// The exporter's name.
    pub name: String,
    /// Spans that the exporter took without an error.
    pub exported: u64,
    /// Spans that it did not take, whatever the cause.
    pub dropped: u64,
    /// Of these, spans for which its queue had no room.
    pub dropped_queue_full: u64,
    /// Of these, spans of batches that it refused with an error.
    pub dropped_failed: u64,
    /// Of these, spans of batches at which it panicked.
    pub dropped_panicked: u64,
    /// Of these, spans that came after it was shut down.
    pub dropped_after_shutdown: u64,
    /// Spans in its queue, or being exported at this moment.
    pub queued: u64,
    /// Spans that wait for the rest of their trace or of their batch.
    pub held: u64,
    /// The newest error.
    pub last_error: Option<String>,
    /// When it last took a batch without an error.
    pub last_success: Option<SystemTime>,
}

impl ExporterStats {
    /// Whether every closed span of the pipeline is accounted for.
    #[must_use]
    pub fn is_balanced(&self, stats: &Stats) -> bool {
        let causes =
            self.dropped_queue_full + self.dropped_failed + self.dropped_panicked + self.dropped_after_shutdown;
        causes == self.dropped
            && stats.closed == self.exported + self.dropped + stats.sampled_out + self.held + self.queued
    }
}
