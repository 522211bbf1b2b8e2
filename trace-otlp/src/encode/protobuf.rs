//! OTLP as protobuf, as in
//! [`trace.proto`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto).

use trace_core::{Attribute, DroppedCounts, EventView, LinkView, Outcome, Resource, SpanView};

use crate::encode::attributes::{SPAN_ATTRIBUTES, put_attribute, put_number_attribute, put_text_attribute};
use crate::encode::enums::{end, flags, outcome, status};
use crate::encode::format::{CodeLocation, Encoding, Format, Scope};
use crate::encode::plain::{CONTENT, HEAD_ROOM, PlainSpans, put_head, put_name, put_place};
use crate::names::{CODE_FILE_ATTRIBUTE, CODE_LINE_ATTRIBUTE, CODE_MODULE_ATTRIBUTE, OUTCOME_ATTRIBUTE, is_ours};
use crate::out::Out;
use crate::wire::{
    Open, close, close_long, delimited, fixed64, open, open_at, open_long, put_bytes, put_number, put_text, varint,
};

const RESOURCE_SPANS: u8 = delimited(1);
const RESOURCE: u8 = delimited(1);
const SCOPE_SPANS: u8 = delimited(2);
const SCOPE: u8 = delimited(1);
const RESOURCE_ATTRIBUTES: u8 = delimited(1);
const SPAN_TRACE_STATE: u8 = delimited(3);
const SPAN_EVENTS: u8 = delimited(11);
const SPAN_LINKS: u8 = delimited(13);
const SPAN_STATUS: u8 = delimited(15);

/// Writes protobuf.
#[derive(Debug)]
pub(crate) struct Protobuf {
    plain: PlainSpans,
}

impl Protobuf {
    pub(crate) fn new(location: CodeLocation) -> Self {
        Self { plain: PlainSpans::new(location) }
    }
}

impl Format for Protobuf {
    const ENCODING: Encoding = Encoding::Protobuf;
    type Place = Open;

    fn open_request(&mut self, _: &mut Out) {}

    fn close_request(&mut self, _: &mut Out) {}

    fn open_resource(&mut self, out: &mut Out, resource: &Resource, _: bool) -> Open {
        let place = open_long(out, RESOURCE_SPANS);
        let message = open(out, RESOURCE);
        resource.attributes().iter().for_each(|attribute| put_attribute(out, RESOURCE_ATTRIBUTES, attribute));
        close(out, message);
        place
    }

    fn close_resource(&mut self, out: &mut Out, place: Open) {
        close_long(out, place);
    }

    fn open_scope(&mut self, out: &mut Out, scope: Scope) -> Open {
        let place = open_long(out, SCOPE_SPANS);
        let message = open(out, SCOPE);
        put_text(out, delimited(1), scope.name);
        put_text(out, delimited(2), scope.version);
        close(out, message);
        place
    }

    fn close_scope(&mut self, out: &mut Out, place: Open) {
        close_long(out, place);
    }

    fn between_scopes(&mut self, _: &mut Out) {}

    #[inline]
    fn span(&mut self, out: &mut Out, span: &SpanView<'_>, _: bool, now: u64) {
        if let Some(scalars) = span.only_scalars()
            && matches!(span.outcome(), Outcome::Ok | Outcome::Error)
            && self.plain.put_scalars(out, span, end(span, 0, now), scalars)
        {
            return;
        }
        let before = out.len();
        match (span.only_attributes(), span.outcome()) {
            (Some(attributes), Outcome::Ok | Outcome::Error) if span.trace_state().is_empty() => {
                let end = end(span, 0, now);
                let others = self.plain.put(out, span, end, attributes);
                if others.is_empty() {
                    return;
                }
                self.put_attributes(out, span, None, others);
            }
            _ => self.put_all(out, span, now),
        }
        close(out, open_at(before + CONTENT));
    }
}

impl Protobuf {
    /// Adds whatever a span has.
    #[inline(never)]
    fn put_all(&mut self, out: &mut Out, span: &SpanView<'_>, now: u64) {
        let start = span.start_unix_nanos();
        let length = put_head(out.next::<HEAD_ROOM>(), span, start, end(span, start, now));
        out.advance(length);
        put_text(out, SPAN_TRACE_STATE, span.trace_state().as_str());
        self.put_attributes(out, span, Some(span.name()), span.attributes());
        put_rest(out, span);
    }

    /// Adds attributes of a span with those that are ours, and its name.
    #[inline(never)]
    fn put_attributes(&mut self, out: &mut Out, span: &SpanView<'_>, own_name: Option<&str>, attributes: &[Attribute]) {
        let mut has_ours = false;
        for attribute in attributes {
            has_ours |= is_ours(attribute.key.as_str());
            put_attribute(out, SPAN_ATTRIBUTES, attribute);
        }
        if has_ours {
            put_name(out, span.name());
            return put_ours_unless_set(out, span, self.plain.location());
        }
        match own_name {
            None => self.plain.callsite(span).put(out),
            Some(name) => {
                put_name(out, name);
                put_place(out, span.callsite(), self.plain.location());
            }
        }
        if let Some(text) = outcome(span.outcome()) {
            put_text_attribute(out, OUTCOME_ATTRIBUTE, text);
        }
    }
}

/// Adds what most spans do not have.
fn put_rest(out: &mut Out, span: &SpanView<'_>) {
    if span.polls().is_some() || span.outcome().is_cancelled() {
        put_facts(out, span);
    }
    span.events().for_each(|event| put_event(out, event));
    span.links().for_each(|link| put_link(out, link));
    put_dropped(out, span.dropped());
    if let Some(status) = status(span.status()) {
        put_status(out, status);
    }
}

/// Adds what the user did not say by himself.
#[cold]
fn put_ours_unless_set(out: &mut Out, span: &SpanView<'_>, location: CodeLocation) {
    let callsite = span.callsite();
    let (file, module) = match location {
        CodeLocation::Sent => (callsite.file(), callsite.module()),
        CodeLocation::Left => ("", ""),
    };
    let texts = [
        (CODE_FILE_ATTRIBUTE, file),
        (CODE_MODULE_ATTRIBUTE, module),
        (OUTCOME_ATTRIBUTE, outcome(span.outcome()).unwrap_or_default()),
    ];
    for (key, text) in texts {
        if !text.is_empty() && span.attribute(key).is_none() {
            put_text_attribute(out, key, text);
        }
    }
    if !file.is_empty() && span.attribute(CODE_LINE_ATTRIBUTE).is_none() {
        put_number_attribute(out, CODE_LINE_ATTRIBUTE, callsite.line().into());
    }
}

#[cold]
fn put_facts(out: &mut Out, span: &SpanView<'_>) {
    span.facts().iter().for_each(|fact| put_attribute(out, SPAN_ATTRIBUTES, fact));
}

fn put_event(out: &mut Out, event: EventView<'_>) {
    let message = open(out, SPAN_EVENTS);
    out.push(fixed64(1));
    out.push_array(event.unix_nanos().to_le_bytes());
    put_text(out, delimited(2), event.name());
    event.attributes().iter().for_each(|attribute| put_attribute(out, delimited(3), attribute));
    put_number(out, varint(4), event.dropped_attributes().into());
    close(out, message);
}

fn put_link(out: &mut Out, link: LinkView<'_>) {
    let context = link.context();
    let message = open(out, SPAN_LINKS);
    put_bytes(out, delimited(1), &context.trace_id().to_bytes());
    put_bytes(out, delimited(2), &context.span_id().to_bytes());
    put_text(out, delimited(3), link.trace_state().as_str());
    link.attributes().iter().for_each(|attribute| put_attribute(out, delimited(4), attribute));
    put_number(out, varint(5), link.dropped_attributes().into());
    // Field 6, four bytes.
    out.push(6 << 3 | 5);
    out.push_array(flags(context.flags().bits(), context.is_remote()).to_le_bytes());
    close(out, message);
}

#[inline]
fn put_dropped(out: &mut Out, dropped: DroppedCounts) {
    if dropped != DroppedCounts::default() {
        put_number(out, varint(10), dropped.attributes.into());
        put_number(out, varint(12), dropped.events.into());
        put_number(out, varint(14), dropped.links.into());
    }
}

fn put_status(out: &mut Out, (code, message): (u8, &str)) {
    let status = open(out, SPAN_STATUS);
    put_text(out, delimited(2), message);
    put_number(out, varint(3), code.into());
    close(out, status);
}
