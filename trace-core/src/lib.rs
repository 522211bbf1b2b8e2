//! Async-first distributed tracing.

mod active;
mod buffer;
mod callsite;
mod caught;
mod clock;
mod context;
mod current_span;
mod directive;
mod doorbell;
mod exporter;
pub mod filter;
mod future;
mod id;
mod kind;
mod limits;
mod manual_clock;
mod name;
mod new_event;
mod record;
mod redact;
mod resource;
mod sampler;
mod small_list;
mod span;
mod span_context;
mod span_data;
mod span_record;
mod start;
mod status;
mod switches;
mod sync;
mod tally;
mod token_bucket;
mod trace;
mod tree;
mod value;

pub use crate::active::{ActiveSpan, in_scope, start_span};
pub use crate::buffer::DEFAULT_BUDGET_BYTES;
pub use crate::callsite::{Callsite, MAX_INTERNED};
#[doc(hidden)]
pub use crate::clock::stop_for_benchmark;
pub use crate::current_span::{CurrentSpan, current_span};
pub use crate::directive::ParseFilterError;
pub use crate::exporter::{Batch, Delivery, ExportError, SpanExporter};
pub use crate::filter::Filter;
pub use crate::future::{FutureExt, InSpan};
pub use crate::id::{ParseIdError, SpanId, TraceId};
pub use crate::kind::{Level, ParseLevelError, SpanKind};
pub use crate::limits::{
    DEFAULT_ATTRIBUTES, DEFAULT_ATTRIBUTES_PER_EVENT, DEFAULT_ATTRIBUTES_PER_LINK, DEFAULT_EVENTS, DEFAULT_LINKS,
    SpanLimits,
};
pub use crate::manual_clock::ManualClock;
pub use crate::name::SpanName;
pub use crate::new_event::NewEvent;
pub use crate::redact::{AttributeOwner, Redaction, RedactionParameters, Redactor, STATUS_DESCRIPTION};
pub use crate::resource::Resource;
pub use crate::sampler::{ParentBased, Sampler, SamplingDecision, SamplingParameters};
pub use crate::span::{Parent, Span, SpanBuilder, span};
pub use crate::span_context::{SpanContext, TraceFlags};
pub use crate::span_data::{DroppedCounts, Event, Link, SpanData};
pub use crate::status::{Outcome, Status};
pub use crate::trace::{Completeness, EventView, LinkView, SpanView, Trace};
pub use crate::value::{Attribute, Key, Value};
