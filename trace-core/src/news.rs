//! What begins and what ends, told without waiting for the rest of its trace.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Timebase;
use crate::id::{SpanId, TraceId};
use crate::span_context::SpanContext;
use crate::span_data::SpanData;
use crate::span_record::{Marks, SpanRecord};
use crate::status::{Outcome, Status};

/// Starts and ends of spans since they were last asked for.
#[derive(Debug, Default)]
pub(crate) struct News {
    told: Vec<SpanData>,
}

impl News {
    /// Takes a span as it is now: open, if it has begun, or ended.
    pub(crate) fn add(
        &mut self,
        trace: TraceId,
        span: SpanRecord,
        name: Cow<'static, str>,
        status: Status,
        timebase: &Timebase,
    ) {
        let (start, end) = (timebase.unix_nanos(span.start), timebase.unix_nanos(span.end));
        let context = SpanContext::new(trace, span.id, span.flags);
        let mut data = SpanData::new(context, name, start, Duration::from_nanos(end.saturating_sub(start)));
        if span.outcome == Outcome::Open {
            data.end_unix_nanos = None;
        }
        data.parent_id = span.parent;
        data.parent_is_remote = span.marks.has(Marks::PARENT_IS_REMOTE);
        (data.kind, data.outcome, data.status, data.callsite) = (span.kind, span.outcome, status, Some(span.callsite));
        self.told.push(data);
    }

    /// What there is, in order of time. `name_of` tells what an open span is called by now: a name that was given to a span right
    /// after its start came after it.
    pub(crate) fn take(&mut self, name_of: impl Fn(TraceId, SpanId) -> Cow<'static, str>) -> Vec<SpanData> {
        let mut told = std::mem::take(&mut self.told);
        let ended = told.iter().filter(|span| span.end_unix_nanos.is_some());
        let ended: HashMap<SpanId, Cow<'static, str>> = ended.map(|span| (span.span_id, span.name.clone())).collect();
        for span in told.iter_mut().filter(|span| span.end_unix_nanos.is_none()) {
            let name = ended.get(&span.span_id).cloned().unwrap_or_else(|| name_of(span.trace_id, span.span_id));
            if !name.is_empty() {
                span.name = name;
            }
        }
        // Of what happened at one moment, a thread's order stays as it was.
        told.sort_by_key(|span| span.end_unix_nanos.unwrap_or(span.start_unix_nanos));
        told
    }
}
