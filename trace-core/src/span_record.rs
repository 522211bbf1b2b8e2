//! What a trace stores of its spans, packed: the records under the views of [`Trace`](crate::Trace).

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::ops::Range;

use crate::callsite::Callsite;
use crate::id::SpanId;
use crate::kind::SpanKind;
use crate::span_context::{SpanContext, TraceFlags};
use crate::span_data::DroppedCounts;
use crate::status::{Outcome, Status};
use crate::value::Attribute;

/// One span of a trace: 48 bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpanRecord {
    pub(crate) id: SpanId,
    pub(crate) parent: Option<SpanId>,
    pub(crate) start: u64,
    /// Meaningless while the outcome is [`Outcome::Open`].
    pub(crate) end: u64,
    pub(crate) callsite: &'static Callsite,
    pub(crate) kind: SpanKind,
    pub(crate) outcome: Outcome,
    pub(crate) flags: TraceFlags,
    pub(crate) parent_is_remote: bool,
    /// One more than the index into [`Extras::spans`].
    pub(crate) extra: Option<NonZeroU32>,
}

/// What only some spans have, packed for all spans of a trace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    pub(crate) spans: Vec<Extra>,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) events: Vec<EventRecord>,
    pub(crate) links: Vec<LinkRecord>,
}

/// What one span has beyond its record.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extra {
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) status: Status,
    pub(crate) attributes: Range<u32>,
    pub(crate) events: Range<u32>,
    pub(crate) links: Range<u32>,
    pub(crate) dropped: DroppedCounts,
}

#[derive(Clone, Debug)]
pub(crate) struct EventRecord {
    pub(crate) name: Cow<'static, str>,
    pub(crate) ticks: u64,
    pub(crate) attributes: Range<u32>,
    pub(crate) dropped_attributes: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct LinkRecord {
    pub(crate) context: SpanContext,
    pub(crate) attributes: Range<u32>,
    pub(crate) dropped_attributes: u32,
}

impl Extras {
    /// Keeps these attributes and tells where.
    pub(crate) fn keep(&mut self, attributes: Vec<Attribute>) -> Range<u32> {
        let start = self.attributes.len() as u32;
        self.attributes.extend(attributes);
        start..self.attributes.len() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_without_attributes_takes_48_bytes() {
        assert_eq!(size_of::<SpanRecord>(), 48);
    }
}
