//! Traces for the tests of exporters.
#![allow(dead_code, reason = "every test file uses a part of it")]

pub(crate) mod executor;

use std::time::Duration;

use trace_core::{
    Attribute, Event, Key, Outcome, PollSegment, PollsData, Resource, SpanContext, SpanData, SpanId, Status, Trace,
    TraceFlags, TraceId, Value,
};

/// Milliseconds in nanoseconds.
pub(crate) const MS: u64 = 1_000_000;

/// When the traces start, in nanoseconds since 1970.
pub(crate) const START: u64 = 1_700_000_000_000_000_000;

/// What a name, key, value or description can do to a terminal or to its reader.
pub(crate) const EVIL: [&str; 10] = [
    "\x1b[31mred",
    "\x1b]0;title\x07",
    "\u{9b}31mC1",
    "nul\0nul",
    "a\nforged line",
    "a\r\rover",
    "tab\tbackspace\x08\x7f",
    "\u{202e}live\u{202c}",
    "\u{2066}isolate\u{2069}\u{200f}\u{61c}",
    "\u{2028}\u{2029}\u{feff}\u{200b}\u{e0041}",
];

/// The id of the traces.
pub(crate) fn id() -> TraceId {
    "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap()
}

/// A span of a parent, or of none (0), from and for milliseconds.
pub(crate) fn span(span_id: u64, parent: u64, name: &str, from_ms: u64, for_ms: u64) -> SpanData {
    let context = SpanContext::new(id(), SpanId::from_u64(span_id).unwrap(), TraceFlags::SAMPLED);
    let mut span = SpanData::new(context, name.to_owned(), START + from_ms * MS, Duration::from_millis(for_ms));
    span.parent_id = SpanId::from_u64(parent);
    span
}

/// The span with this end.
pub(crate) fn ending(mut span: SpanData, outcome: Outcome, status: Status) -> SpanData {
    span.outcome = outcome;
    span.status = status;
    if outcome == Outcome::Open {
        span.end_unix_nanos = None;
    }
    span
}

/// The span with this attribute.
pub(crate) fn with(mut span: SpanData, key: impl Into<Key>, value: impl Into<Value>) -> SpanData {
    span.attributes.push(Attribute::new(key, value));
    span
}

/// The span with an event after so many milliseconds.
pub(crate) fn event(mut span: SpanData, name: &'static str, after_ms: u64) -> SpanData {
    let at = span.start_unix_nanos + after_ms * MS;
    span.events.push(Event::new(name, at).attribute(("attempt", 2)));
    span
}

/// The trace of these spans.
pub(crate) fn trace(spans: impl IntoIterator<Item = SpanData>) -> Trace {
    Trace::from_spans(id(), spans)
}

/// Spans of every outcome.
pub(crate) fn checkout() -> Trace {
    trace([
        with(span(1, 0, "checkout", 0, 152), "user.id", 42),
        event(span(2, 1, "reserve stock", 0, 101), "retry", 50),
        with(ending(span(3, 1, "charge", 101, 40), Outcome::Error, Status::error("card declined")), "card", "visa 42"),
        ending(span(4, 3, "POST /charges", 103, 35), Outcome::Panicked, Status::error("index out of bounds")),
        ending(span(5, 1, "log", 141, 5), Outcome::Cancelled, Status::Unset),
        event(ending(span(6, 5, "sync", 141, 0), Outcome::NeverPolled, Status::Unset), "given up", 0),
        ending(span(7, 1, "report", 128, 0), Outcome::Open, Status::Unset),
    ])
    .resource_of_spans(Resource::new().attribute("service.name", "shop"))
}

/// A trace whose texts are all evil, and everything that can be drawn of one.
pub(crate) fn evil() -> Trace {
    let mut resource = Resource::new();
    let mut spans = Vec::new();
    for (number, text) in (1..).zip(EVIL) {
        let text = text.to_owned();
        resource = resource.attribute("service.name", text.clone());
        let mut span = with(span(number, number / 2, &text, number, 5), text.clone(), text.clone());
        span.status = Status::error(text.clone());
        span.outcome = Outcome::Error;
        span.attributes.push(Attribute::new(text.clone(), vec![text.clone(), text.clone()]));
        span.events.push(Event::new(text.clone(), START).attribute((text.clone(), text)));
        spans.push(span);
    }
    trace(spans).resource_of_spans(resource)
}

/// Numbers that look random and are the same in every run: splitmix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }
}

/// Polls as `(start, duration, thread, woken)`, in milliseconds after the beginning of the traces; woken 0 is not known.
pub(crate) fn polls(of: &[(u64, u64, u32, u64)]) -> Option<PollsData> {
    let segment = |&(start, duration, thread, woken): &(u64, u64, u32, u64)| {
        let mut segment = PollSegment::new(START + start * MS, Duration::from_millis(duration));
        segment.thread = Some(thread);
        segment.woken_unix_nanos = (woken != 0).then(|| START + woken * MS);
        segment
    };
    Some(PollsData::of_segments(of.iter().map(segment).collect()))
}
