//! Async-first distributed tracing.

mod active;
mod answer;
mod assembler;
mod assembly;
mod buffer;
mod callsite;
mod capture;
mod caught;
mod clock;
mod config;
mod context;
mod current_span;
mod detail;
mod detect;
mod directive;
mod doorbell;
mod ending;
mod env;
mod export;
mod exporter;
pub mod filter;
mod future;
mod handoff;
mod id;
mod kind;
mod limits;
mod line;
mod macro_support;
mod manual_clock;
mod name;
mod new_event;
mod open_spans;
mod percent;
mod pipeline;
mod processor;
mod record;
mod redact;
mod resource;
mod sampler;
mod shape;
mod small_list;
mod span;
mod span_context;
mod span_data;
mod span_record;
mod start;
mod stats;
mod status;
mod switches;
mod sync;
mod tally;
#[cfg(feature = "tokio")]
mod task;
mod text;
mod token_bucket;
mod trace;
mod tree;
mod value;
mod worker;

pub use crate::active::{ActiveSpan, in_scope, start_span};
pub use crate::buffer::DEFAULT_BUDGET_BYTES;
pub use crate::callsite::{Callsite, MAX_INTERNED};
pub use crate::capture::{Capture, CaptureError, Captured, capture, capture_async, current_trace};
#[doc(hidden)]
pub use crate::clock::stop_for_benchmark;
pub use crate::config::{BatchConfig, DEFAULT_SAMPLER_RATIO, EnvConfig, ExporterName, PropagatorName, TRACE_FILTER};
pub use crate::current_span::{CurrentSpan, current_span};
pub use crate::directive::ParseFilterError;
pub use crate::env::{ConfigProblem, ConfigWarning, EnvReader};
pub use crate::export::color::ColorChoice;
pub use crate::export::console::{ConsoleExporter, ConsoleStyle};
pub use crate::export::json_lines::{JsonLinesExporter, OpenFileError};
pub use crate::export::memory::MemoryExporter;
pub use crate::exporter::{Batch, Delivery, ExportError, SpanExporter};
pub use crate::filter::Filter;
pub use crate::future::{FutureExt, InSpan};
pub use crate::handoff::{Handoff, drive, in_current_span, suppressed};
pub use crate::id::{ParseIdError, SpanId, TraceId};
pub use crate::kind::{Level, ParseLevelError, SpanKind};
pub use crate::limits::{
    DEFAULT_ATTRIBUTES, DEFAULT_ATTRIBUTES_PER_EVENT, DEFAULT_ATTRIBUTES_PER_LINK, DEFAULT_EVENTS, DEFAULT_LINKS,
    SpanLimits,
};
pub use crate::manual_clock::ManualClock;
pub use crate::name::SpanName;
pub use crate::new_event::NewEvent;
pub use crate::pipeline::{
    DEFAULT_BATCH_DELAY, DEFAULT_BATCH_SPANS, DEFAULT_DROP_TIMEOUT, DEFAULT_MAX_TRACE_AGE, DEFAULT_MAX_TRACE_SPANS,
    FlushError, InitError, Pipeline, PipelineBuilder, StartedSpan, builder, flush, flush_async, init, stats,
};
pub use crate::redact::{AttributeOwner, Redaction, RedactionParameters, Redactor, STATUS_DESCRIPTION};
pub use crate::resource::Resource;
pub use crate::sampler::{ParentBased, Sampler, SamplingDecision, SamplingParameters};
pub use crate::shape::{Shape, ShapeMismatch};
pub use crate::span::{Parent, Span, SpanBuilder, span};
pub use crate::span_context::{SpanContext, TraceFlags};
pub use crate::span_data::{DroppedCounts, Event, Link, SpanData};
pub use crate::stats::{ExporterStats, Stats};
pub use crate::status::{Outcome, Status};
#[cfg(feature = "tokio")]
pub use crate::task::{JoinSetExt, block_on, spawn, spawn_blocking, spawn_local};
pub use crate::trace::{Completeness, EventView, LinkView, SpanView, Trace};
pub use crate::value::{Attribute, Key, Value};
pub use trace_macros::traced;

#[doc(hidden)]
pub mod __private {
    pub use crate::macro_support::*;
}

/// What the pictures of `trace-render` share with the console tree.
#[doc(hidden)]
pub mod __render {
    pub use crate::ending::outcome;
    pub use crate::export::duration::duration_text;
    pub use crate::text::{columns, cut_end, cut_middle, escaped, is_hidden};
}
