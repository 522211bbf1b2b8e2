//! A finished span as an owned value, with all that its polls tell.

use crate::span_data::SpanData;
use crate::trace::SpanView;

impl SpanView<'_> {
    /// All of it, owned.
    #[must_use]
    pub fn to_data(&self) -> SpanData {
        SpanData {
            trace_id: self.trace_id(),
            span_id: self.span_id(),
            parent_id: self.parent_id(),
            parent_is_remote: self.parent_is_remote(),
            flags: self.context().flags(),
            name: self.name_owned(),
            kind: self.kind(),
            start_unix_nanos: self.start_unix_nanos(),
            end_unix_nanos: self.end_unix_nanos(),
            status: self.status().clone(),
            outcome: self.outcome(),
            attributes: self.attributes().to_vec(),
            events: self.events().map(|event| event.to_event()).collect(),
            links: self.links().map(|link| link.to_link()).collect(),
            dropped: self.dropped(),
            callsite: Some(self.callsite()),
            polls: self.polls().map(|polls| polls.to_data()),
            anatomy: self.polls().and_then(|_| self.anatomy()),
            blocked_behind: self.blocked_behind().to_vec(),
            held_up: self.held_up(),
            critical: self.critical_share(),
            cancellation: self.cancellation(),
            thread: self.thread(),
        }
    }
}
