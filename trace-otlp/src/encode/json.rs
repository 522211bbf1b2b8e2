//! OTLP as JSON, as in [the specification's JSON encoding](https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding):
//! ids in hexadecimal digits, enums as numbers, 64-bit integers as texts, names in lower camel case.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use trace_core::{Attribute, Callsite, EventView, LinkView, Resource, SpanView, TraceState, Value};

use crate::encode::enums::{end, flags, kind, outcome, status};
use crate::encode::format::{CodeLocation, Encoding, Format, Scope};
use crate::encode::kept::Seats;
use crate::names::{CODE_FILE_ATTRIBUTE, CODE_LINE_ATTRIBUTE, CODE_MODULE_ATTRIBUTE, OUTCOME_ATTRIBUTE};
use crate::out::Out;

/// Writes JSON.
#[derive(Debug)]
pub(crate) struct Json {
    callsites: Seats,
    location: CodeLocation,
}

impl Json {
    pub(crate) fn new(location: CodeLocation) -> Self {
        Self { callsites: Seats::new(), location }
    }
}

impl Format for Json {
    const ENCODING: Encoding = Encoding::Json;
    type Place = ();

    fn open_request(&mut self, out: &mut Out) {
        put(out, r#"{"resourceSpans":["#);
    }

    fn close_request(&mut self, out: &mut Out) {
        put(out, "]}");
    }

    fn open_resource(&mut self, out: &mut Out, resource: &Resource, is_first: bool) {
        if !is_first {
            put(out, ",");
        }
        put(out, r#"{"resource":{"#);
        put_attributes(out, resource.attributes(), false);
        put(out, r#"},"scopeSpans":["#);
    }

    fn close_resource(&mut self, out: &mut Out, (): ()) {
        put(out, "]}");
    }

    fn open_scope(&mut self, out: &mut Out, scope: Scope) {
        put(out, r#"{"scope":{"name":"#);
        put_text(out, scope.name);
        put(out, r#","version":"#);
        put_text(out, scope.version);
        put(out, r#"},"spans":["#);
    }

    fn close_scope(&mut self, out: &mut Out, (): ()) {
        put(out, "]}");
    }

    fn between_scopes(&mut self, out: &mut Out) {
        put(out, ",");
    }

    fn span(&mut self, out: &mut Out, span: &SpanView<'_>, is_first: bool, now: u64) {
        if !is_first {
            put(out, ",");
        }
        let (context, start) = (span.context(), span.start_unix_nanos());
        write(out, format_args!(r#"{{"traceId":"{}","spanId":"{}""#, context.trace_id(), context.span_id()));
        if let Some(parent) = span.parent_id() {
            write(out, format_args!(r#","parentSpanId":"{parent}""#));
        }
        put_trace_state(out, span.trace_state());
        put(out, r#","name":"#);
        put_text(out, span.name());
        let flags = flags(context.flags().bits(), span.parent_is_remote());
        write(out, format_args!(r#","flags":{flags},"kind":{}"#, kind(span.kind())));
        write(out, format_args!(r#","startTimeUnixNano":"{start}","endTimeUnixNano":"{}","#, end(span, start, now)));
        self.put_all_attributes(out, span);
        put_list(out, "events", span.events(), put_event);
        put_list(out, "links", span.links(), put_link);
        let dropped = span.dropped();
        put_count(out, "droppedAttributesCount", dropped.attributes);
        put_count(out, "droppedEventsCount", dropped.events);
        put_count(out, "droppedLinksCount", dropped.links);
        if let Some((code, message)) = status(span.status()) {
            put(out, r#","status":{"message":"#);
            put_text(out, message);
            write(out, format_args!(r#","code":{code}}}"#));
        }
        put(out, "}");
    }
}

impl Json {
    /// Adds what the user said, and of ours what he did not say by himself.
    fn put_all_attributes(&mut self, out: &mut Out, span: &SpanView<'_>) {
        let is_set = |key| span.attribute(key).is_some();
        put_attributes(out, span.attributes(), true);
        let mut is_first = span.attributes().is_empty();
        let has_place = is_set(CODE_FILE_ATTRIBUTE) || is_set(CODE_LINE_ATTRIBUTE) || is_set(CODE_MODULE_ATTRIBUTE);
        let place = self.callsites.get(span.callsite(), put_place);
        if self.location == CodeLocation::Sent && !has_place && !place.is_empty() {
            put(out, if is_first { "" } else { "," });
            place.put(out);
            is_first = false;
        }
        if let Some(text) = outcome(span.outcome()).filter(|_| !is_set(OUTCOME_ATTRIBUTE)) {
            put(out, if is_first { "" } else { "," });
            put_text_attribute(out, OUTCOME_ATTRIBUTE, text);
            is_first = false;
        }
        for fact in span.facts() {
            put(out, if is_first { "" } else { "," });
            put_attribute(out, &fact);
            is_first = false;
        }
        put(out, "]");
    }
}

fn put(out: &mut Out, text: &str) {
    out.extend_from_slice(text.as_bytes());
}

fn write(out: &mut Out, arguments: std::fmt::Arguments<'_>) {
    out.write_fmt(arguments).expect("memory takes everything");
}

/// Adds a string, quoted and escaped.
fn put_text(out: &mut Out, text: &str) {
    put(out, "\"");
    let mut plain = 0;
    for (place, byte) in text.bytes().enumerate() {
        if !matches!(byte, b'"' | b'\\' | 0..0x20) {
            continue;
        }
        out.extend_from_slice(&text.as_bytes()[plain..place]);
        plain = place + 1;
        match byte {
            b'"' => put(out, "\\\""),
            b'\\' => put(out, "\\\\"),
            b'\n' => put(out, "\\n"),
            control => write(out, format_args!("\\u{control:04x}")),
        }
    }
    out.extend_from_slice(&text.as_bytes()[plain..]);
    put(out, "\"");
}

/// Adds the member `attributes`, without the closing bracket if more may follow.
fn put_attributes(out: &mut Out, attributes: &[Attribute], more_may_follow: bool) {
    put(out, r#""attributes":["#);
    for (index, attribute) in attributes.iter().enumerate() {
        put(out, if index > 0 { "," } else { "" });
        put_attribute(out, attribute);
    }
    if !more_may_follow {
        put(out, "]");
    }
}

fn put_attribute(out: &mut Out, attribute: &Attribute) {
    put(out, r#"{"key":"#);
    put_text(out, attribute.key.as_str());
    put(out, r#","value":"#);
    put_value(out, &attribute.value);
    put(out, "}");
}

fn put_text_attribute(out: &mut Out, key: &str, text: &str) {
    put(out, r#"{"key":"#);
    put_text(out, key);
    put(out, r#","value":{"stringValue":"#);
    put_text(out, text);
    put(out, "}}");
}

fn put_number_attribute(out: &mut Out, key: &str, number: i64) {
    write(out, format_args!(r#"{{"key":"{key}","value":{{"intValue":"{number}"}}}}"#));
}

fn put_place(out: &mut Out, callsite: &'static Callsite) {
    if !callsite.file().is_empty() {
        put_text_attribute(out, CODE_FILE_ATTRIBUTE, callsite.file());
        put(out, ",");
        put_number_attribute(out, CODE_LINE_ATTRIBUTE, callsite.line().into());
    }
    if !callsite.module().is_empty() {
        put(out, if out.is_empty() { "" } else { "," });
        put_text_attribute(out, CODE_MODULE_ATTRIBUTE, callsite.module());
    }
}

fn put_value(out: &mut Out, value: &Value) {
    match value {
        Value::Bool(value) => put_bool(out, value),
        Value::I64(value) => put_i64(out, value),
        Value::F64(value) => put_f64(out, value),
        Value::String(text) => put_string(out, text),
        Value::Bytes(bytes) => write(out, format_args!(r#"{{"bytesValue":"{}"}}"#, STANDARD.encode(bytes))),
        Value::BoolArray(array) => put_array(out, array, put_bool),
        Value::I64Array(array) => put_array(out, array, put_i64),
        Value::F64Array(array) => put_array(out, array, put_f64),
        Value::StringArray(array) => put_array(out, array, |out, text| put_string(out, text)),
        // A type that this crate does not know yet is better read than lost.
        other => put_string(out, &other.to_string()),
    }
}

fn put_bool(out: &mut Out, value: &bool) {
    write(out, format_args!(r#"{{"boolValue":{value}}}"#));
}

fn put_i64(out: &mut Out, value: &i64) {
    write(out, format_args!(r#"{{"intValue":"{value}"}}"#));
}

/// What JSON has no number for is a text, as in
/// [protobuf's JSON mapping](https://protobuf.dev/programming-guides/json/).
fn put_f64(out: &mut Out, value: &f64) {
    match value {
        value if value.is_nan() => put(out, r#"{"doubleValue":"NaN"}"#),
        value if value.is_infinite() && value.is_sign_positive() => put(out, r#"{"doubleValue":"Infinity"}"#),
        value if value.is_infinite() => put(out, r#"{"doubleValue":"-Infinity"}"#),
        value => write(out, format_args!(r#"{{"doubleValue":{value:?}}}"#)),
    }
}

fn put_string(out: &mut Out, text: &str) {
    put(out, r#"{"stringValue":"#);
    put_text(out, text);
    put(out, "}");
}

fn put_array<T>(out: &mut Out, array: &[T], put_item: impl Fn(&mut Out, &T)) {
    put(out, r#"{"arrayValue":{"values":["#);
    for (index, item) in array.iter().enumerate() {
        put(out, if index > 0 { "," } else { "" });
        put_item(out, item);
    }
    put(out, "]}}");
}

/// Adds a member with a list, unless it is empty.
fn put_list<T>(out: &mut Out, name: &str, items: impl ExactSizeIterator<Item = T>, put_item: impl Fn(&mut Out, T)) {
    if items.len() == 0 {
        return;
    }
    write(out, format_args!(r#","{name}":["#));
    for (index, item) in items.enumerate() {
        put(out, if index > 0 { "," } else { "" });
        put_item(out, item);
    }
    put(out, "]");
}

fn put_count(out: &mut Out, name: &str, count: u32) {
    if count > 0 {
        write(out, format_args!(r#","{name}":{count}"#));
    }
}

/// Adds a member, unless nobody says anything.
fn put_trace_state(out: &mut Out, state: &TraceState) {
    if !state.is_empty() {
        put(out, r#","traceState":"#);
        put_text(out, state.as_str());
    }
}

fn put_event(out: &mut Out, event: EventView<'_>) {
    write(out, format_args!(r#"{{"timeUnixNano":"{}","name":"#, event.unix_nanos()));
    put_text(out, event.name());
    put(out, ",");
    put_attributes(out, event.attributes(), false);
    put_count(out, "droppedAttributesCount", event.dropped_attributes());
    put(out, "}");
}

fn put_link(out: &mut Out, link: LinkView<'_>) {
    let context = link.context();
    write(out, format_args!(r#"{{"traceId":"{}","spanId":"{}""#, context.trace_id(), context.span_id()));
    put_trace_state(out, link.trace_state());
    put(out, ",");
    put_attributes(out, link.attributes(), false);
    put_count(out, "droppedAttributesCount", link.dropped_attributes());
    write(out, format_args!(r#","flags":{}}}"#, flags(context.flags().bits(), context.is_remote())));
}
