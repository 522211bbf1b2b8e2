//! Async-first distributed tracing.

mod callsite;
mod caught;
mod clock;
mod directive;
mod exporter;
pub mod filter;
mod id;
mod kind;
mod limits;
mod redact;
mod resource;
mod sampler;
mod span_context;
mod span_data;
mod span_record;
mod status;
mod token_bucket;
mod trace;
mod tree;
mod value;

pub use crate::callsite::{Callsite, MAX_INTERNED};
#[doc(hidden)]
pub use crate::clock::stop_for_benchmark;
pub use crate::directive::ParseFilterError;
pub use crate::exporter::{Batch, Delivery, ExportError, SpanExporter};
pub use crate::filter::Filter;
pub use crate::id::{ParseIdError, SpanId, TraceId};
pub use crate::kind::{Level, ParseLevelError, SpanKind};
pub use crate::limits::{
    DEFAULT_ATTRIBUTES, DEFAULT_ATTRIBUTES_PER_EVENT, DEFAULT_ATTRIBUTES_PER_LINK, DEFAULT_EVENTS, DEFAULT_LINKS,
    SpanLimits,
};
pub use crate::redact::{AttributeOwner, Redaction, RedactionParameters, Redactor, STATUS_DESCRIPTION};
pub use crate::resource::Resource;
pub use crate::sampler::{ParentBased, Sampler, SamplingDecision, SamplingParameters};
pub use crate::span_context::{SpanContext, TraceFlags};
pub use crate::span_data::{DroppedCounts, Event, Link, SpanData};
pub use crate::status::{Outcome, Status};
pub use crate::trace::{Completeness, EventView, LinkView, SpanView, Trace};
pub use crate::value::{Attribute, Key, Value};
