//! A span as one line of JSON. The schema stands in [`json_lines`](crate::export::json_lines).

use std::borrow::Cow;

use crate::export::json::Json;
use crate::export::wait_json::push_waits;
use crate::resource::Resource;
use crate::span_data::DroppedCounts;
use crate::span_view::{EventView, LinkView};
use crate::status::Status;
use crate::trace::SpanView;
use crate::trace_state::TraceState;
use crate::value::{Attribute, Value};

/// The resource as JSON, written once for many spans; `None` for one of which nothing is known.
pub(crate) fn resource_json(resource: &Resource) -> Option<String> {
    let mut out = String::new();
    attributes(&mut Json::new(&mut out), resource.attributes());
    (!resource.attributes().is_empty()).then_some(out)
}

/// Appends the span and a line break.
pub(crate) fn push_line(out: &mut String, span: &SpanView<'_>, resource: Option<&str>) {
    Json::new(out).object(|json| {
        identity(json, span);
        time(json, span);
        json.key("status").object(|json| status(json, span.status()));
        json.key("outcome").string(span.outcome().as_str());
        if let Some(thread) = span.thread() {
            json.key("thread").u64(thread.into());
        }
        optional_attributes(json, span.attributes());
        if span.events().len() > 0 {
            json.key("events").array(|json| span.events().for_each(|of| json.object(|json| event(json, &of))));
        }
        if span.links().len() > 0 {
            json.key("links").array(|json| span.links().for_each(|of| json.object(|json| link(json, &of))));
        }
        if span.dropped() != DroppedCounts::default() {
            json.key("dropped").object(|json| {
                json.key("attributes").u64(span.dropped().attributes.into());
                json.key("events").u64(span.dropped().events.into());
                json.key("links").u64(span.dropped().links.into());
            });
        }
        push_waits(json, span);
        source(json, span);
        if let Some(resource) = resource {
            json.key("resource").raw(resource);
        }
    });
    out.push('\n');
}

fn identity(json: &mut Json<'_>, span: &SpanView<'_>) {
    json.key("trace_id").plain_string(span.trace_id());
    json.key("span_id").plain_string(span.span_id());
    match span.parent_id() {
        Some(parent) => json.key("parent_id").plain_string(parent),
        None => json.key("parent_id").null(),
    }
    if span.parent_is_remote() {
        json.key("parent_is_remote").bool(true);
    }
    json.key("flags").u64(span.context().flags().bits().into());
    trace_state(json, span.trace_state());
    json.key("name").string(span.name());
    json.key("kind").string(span.kind().as_str());
}

fn time(json: &mut Json<'_>, span: &SpanView<'_>) {
    let start = span.start_unix_nanos();
    json.key("start_unix_nano").plain_string(start);
    match span.end_unix_nanos() {
        Some(end) => {
            json.key("end_unix_nano").plain_string(end);
            json.key("duration_ns").u64(end.saturating_sub(start));
        }
        None => {
            json.key("end_unix_nano").null();
            json.key("duration_ns").null();
        }
    }
}

fn status(json: &mut Json<'_>, status: &Status) {
    json.key("code").string(match status {
        Status::Unset => "unset",
        Status::Ok => "ok",
        Status::Error { .. } => "error",
    });
    if let Status::Error { description } = status {
        json.key("description").string(description);
    }
}

fn event(json: &mut Json<'_>, event: &EventView<'_>) {
    json.key("name").string(event.name());
    json.key("unix_nano").plain_string(event.unix_nanos());
    optional_attributes(json, event.attributes());
    dropped_attributes(json, event.dropped_attributes());
}

fn link(json: &mut Json<'_>, link: &LinkView<'_>) {
    let context = link.context();
    json.key("trace_id").plain_string(context.trace_id());
    json.key("span_id").plain_string(context.span_id());
    json.key("flags").u64(context.flags().bits().into());
    if context.is_remote() {
        json.key("is_remote").bool(true);
    }
    trace_state(json, link.trace_state());
    optional_attributes(json, link.attributes());
    dropped_attributes(json, link.dropped_attributes());
}

fn trace_state(json: &mut Json<'_>, state: &TraceState) {
    if !state.is_empty() {
        json.key("trace_state").string(state.as_str());
    }
}

fn dropped_attributes(json: &mut Json<'_>, dropped: u32) {
    if dropped > 0 {
        json.key("dropped_attributes").u64(dropped.into());
    }
}

/// The place in the source and the instrumentation scope, as far as they are known.
fn source(json: &mut Json<'_>, span: &SpanView<'_>) {
    let callsite = span.callsite();
    if !callsite.file().is_empty() {
        json.key("code").object(|json| {
            json.key("file").string(callsite.file());
            json.key("line").u64(callsite.line().into());
            if !callsite.module().is_empty() {
                json.key("module").string(callsite.module());
            }
            json.key("level").string(callsite.detail().as_str());
        });
    }
    if !callsite.crate_name().is_empty() {
        json.key("scope").object(|json| {
            json.key("name").string(callsite.crate_name());
            json.key("version").string(callsite.crate_version());
        });
    }
}

fn optional_attributes(json: &mut Json<'_>, of: &[Attribute]) {
    if !of.is_empty() {
        attributes(json.key("attributes"), of);
    }
}

fn attributes(json: &mut Json<'_>, attributes: &[Attribute]) {
    json.object(|json| attributes.iter().for_each(|Attribute { key, value: of }| value(json.key(key.as_str()), of)));
}

fn value(json: &mut Json<'_>, value: &Value) {
    match value {
        Value::Bool(value) => json.bool(*value),
        Value::I64(value) => int(json, value),
        Value::F64(value) => double(json, value),
        Value::String(value) => json.string(value),
        Value::Bytes(bytes) => json.object(|json| json.key("bytes").plain_string(base64(bytes))),
        Value::BoolArray(values) => array(json, "bool", values, |json, value| json.bool(*value)),
        Value::I64Array(values) => array(json, "int", values, int),
        Value::F64Array(values) => array(json, "double", values, double),
        Value::StringArray(values) => array(json, "string", values, |json, value: &Cow<'_, str>| json.string(value)),
    }
}

fn int(json: &mut Json<'_>, value: &i64) {
    if !json.safe_i64(*value) {
        json.object(|json| json.key("int").plain_string(value));
    }
}

fn double(json: &mut Json<'_>, value: &f64) {
    if json.finite(*value) {
        return;
    }
    let text = if value.is_nan() {
        "NaN"
    } else if *value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    };
    json.object(|json| json.key("double").string(text));
}

/// The values; or, of an empty array, the type that its values would have.
fn array<T>(json: &mut Json<'_>, of: &str, values: &[T], mut value: impl FnMut(&mut Json<'_>, &T)) {
    match values {
        [] => json.object(|json| json.key("empty").string(of)),
        _ => json.array(|json| values.iter().for_each(|element| value(json, element))),
    }
}

/// [RFC 4648, 4](https://www.rfc-editor.org/rfc/rfc4648#section-4), with padding.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |place| u32::from(chunk.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (bytes, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE=")]
        {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xbf]), "+/+/");
    }
}
