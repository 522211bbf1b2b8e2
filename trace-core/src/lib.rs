//! Async-first distributed tracing.

mod callsite;
mod clock;
mod exporter;
mod id;
mod kind;
mod resource;
mod span_context;
mod span_data;
mod span_record;
mod status;
mod trace;
mod tree;
mod value;

pub use crate::callsite::{Callsite, MAX_INTERNED};
#[doc(hidden)]
pub use crate::clock::stop_for_benchmark;
pub use crate::exporter::{Batch, Delivery, ExportError, SpanExporter};
pub use crate::id::{ParseIdError, SpanId, TraceId};
pub use crate::kind::{Level, ParseLevelError, SpanKind};
pub use crate::resource::Resource;
pub use crate::span_context::{SpanContext, TraceFlags};
pub use crate::span_data::{DroppedCounts, Event, Link, SpanData};
pub use crate::status::{Outcome, Status};
pub use crate::trace::{Completeness, EventView, LinkView, SpanView, Trace};
pub use crate::value::{Attribute, Key, Value};
