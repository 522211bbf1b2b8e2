//! OTLP as protobuf, as in
//! [`trace.proto`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto).

use trace_core::{
    Attribute, Callsite, DroppedCounts, EventView, LinkView, Outcome, Resource, SpanKind, SpanView, Status, Value,
};

use crate::encode::callsites::Callsites;
use crate::encode::format::{Encoding, Format, Scope};
use crate::names::{CODE_FILE_ATTRIBUTE, CODE_LINE_ATTRIBUTE, CODE_MODULE_ATTRIBUTE, OUTCOME_ATTRIBUTE, is_ours};
use crate::wire::{
    Open, close, close_long, delimited, fixed64, open, open_at, open_long, put_bytes, put_number, put_text, put_varint,
    varint, varint_length,
};

/// Bits 8 and 9 of a span's and a link's flags: whether it is known that the other span is remote, and whether it is.
const REMOTE_IS_KNOWN: u32 = 0x100;
const IS_REMOTE: u32 = 0x200;

/// The flags of a span or a link: those that travel, and whether the parent or the linked span is remote.
pub(crate) const fn flags(bits: u8, is_remote: bool) -> u32 {
    bits as u32 | REMOTE_IS_KNOWN | if is_remote { IS_REMOTE } else { 0 }
}

/// The number of a kind in `Span.SpanKind`.
pub(crate) const fn kind(kind: SpanKind) -> u8 {
    match kind {
        SpanKind::Server => 2,
        SpanKind::Client => 3,
        SpanKind::Producer => 4,
        SpanKind::Consumer => 5,
        _ => 1,
    }
}

/// The number of a status in `Status.StatusCode`, and its message.
pub(crate) fn status(status: &Status) -> Option<(u8, &str)> {
    match status {
        Status::Unset => None,
        Status::Ok => Some((1, "")),
        Status::Error { description } => Some((2, description)),
    }
}

/// What is said of an outcome beside the status.
pub(crate) const fn outcome(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Ok | Outcome::Error => None,
        outcome => Some(outcome.as_str()),
    }
}

/// Nanoseconds since 1970 at a span's end; `now` for one that is open, but never before its start.
pub(crate) fn end(span: &SpanView<'_>, start: u64, now: u64) -> u64 {
    span.end_unix_nanos().unwrap_or(now.max(start))
}

const RESOURCE_SPANS: u8 = delimited(1);
const RESOURCE: u8 = delimited(1);
const SCOPE_SPANS: u8 = delimited(2);
const SCOPE: u8 = delimited(1);
const KEY: u8 = delimited(1);
const VALUE: u8 = delimited(2);
const RESOURCE_ATTRIBUTES: u8 = delimited(1);
const SPAN_TRACE_STATE: u8 = delimited(3);
const SPAN_NAME: u8 = delimited(5);
const SPAN_ATTRIBUTES: u8 = delimited(9);
const SPAN_EVENTS: u8 = delimited(11);
const SPAN_LINKS: u8 = delimited(13);
const SPAN_STATUS: u8 = delimited(15);

/// A span's fields of fixed size, with its parent last: tags and lengths are filled in, and the length of the whole is not.
#[rustfmt::skip]
const HEAD: [u8; 67] = [
    delimited(2), 0, 0,
    delimited(1), 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    delimited(2), 8, 0, 0, 0, 0, 0, 0, 0, 0,
    // Field 16, four bytes: a tag of two bytes.
    0x85, 0x01, 0, 0, 0, 0,
    varint(6), 0,
    fixed64(7), 0, 0, 0, 0, 0, 0, 0, 0,
    fixed64(8), 0, 0, 0, 0, 0, 0, 0, 0,
    delimited(4), 8, 0, 0, 0, 0, 0, 0, 0, 0,
];
/// How much of [`HEAD`] a span without a parent has.
const HEAD_OF_ROOT: usize = 57;
/// Where the content of the span's message begins in [`HEAD`].
const CONTENT: usize = 3;

/// Writes protobuf.
#[derive(Debug)]
pub(crate) struct Protobuf {
    callsites: Callsites,
}

impl Protobuf {
    pub(crate) fn new() -> Self {
        Self { callsites: Callsites::new() }
    }
}

impl Format for Protobuf {
    const ENCODING: Encoding = Encoding::Protobuf;
    type Place = Open;

    fn open_request(&mut self, _: &mut Vec<u8>) {}

    fn close_request(&mut self, _: &mut Vec<u8>) {}

    fn open_resource(&mut self, out: &mut Vec<u8>, resource: &Resource, _: bool) -> Open {
        let place = open_long(out, RESOURCE_SPANS);
        let message = open(out, RESOURCE);
        resource.attributes().iter().for_each(|attribute| put_attribute(out, RESOURCE_ATTRIBUTES, attribute));
        close(out, message);
        place
    }

    fn close_resource(&mut self, out: &mut Vec<u8>, place: Open) {
        close_long(out, place);
    }

    fn open_scope(&mut self, out: &mut Vec<u8>, scope: Scope) -> Open {
        let place = open_long(out, SCOPE_SPANS);
        let message = open(out, SCOPE);
        put_text(out, delimited(1), scope.name);
        put_text(out, delimited(2), scope.version);
        close(out, message);
        place
    }

    fn close_scope(&mut self, out: &mut Vec<u8>, place: Open) {
        close_long(out, place);
    }

    fn between_scopes(&mut self, _: &mut Vec<u8>) {}

    #[inline]
    fn span(&mut self, out: &mut Vec<u8>, span: &SpanView<'_>, _: bool, now: u64) {
        let start = out.len();
        put_head(out, span, now);
        let message = open_at(start + CONTENT);
        put_text(out, SPAN_TRACE_STATE, span.trace_state().as_str());
        match span.only_attributes() {
            Some(attributes) if !span.outcome().is_cancelled() => self.put_attributes(out, span, None, attributes),
            _ => self.put_all(out, span),
        }
        close(out, message);
    }
}

impl Protobuf {
    /// Adds whatever a span has.
    #[inline(never)]
    fn put_all(&mut self, out: &mut Vec<u8>, span: &SpanView<'_>) {
        self.put_attributes(out, span, Some(span.name()), span.attributes());
        put_rest(out, span);
    }

    /// Adds a span's name, if it is not its callsite's, and its attributes with those that are ours.
    #[inline]
    fn put_attributes(
        &mut self,
        out: &mut Vec<u8>,
        span: &SpanView<'_>,
        own_name: Option<&str>,
        attributes: &[Attribute],
    ) {
        let mut has_ours = false;
        for attribute in attributes {
            has_ours |= is_ours(attribute.key.as_str());
            put_attribute(out, SPAN_ATTRIBUTES, attribute);
        }
        if has_ours {
            put_name(out, span.name());
            return put_ours_unless_set(out, span);
        }
        let name_and_place = self.callsites.get(span.callsite(), put_name_and_place);
        match own_name {
            None => out.extend_from_slice(name_and_place),
            Some(name) => {
                put_name(out, name);
                out.extend_from_slice(&name_and_place[name_length(span.callsite().name())..]);
            }
        }
        if let Some(text) = outcome(span.outcome()) {
            put_text_attribute(out, OUTCOME_ATTRIBUTE, text);
        }
    }
}

fn put_name(out: &mut Vec<u8>, name: &str) {
    put_bytes(out, SPAN_NAME, name.as_bytes());
}

/// How many bytes [`put_name`] adds.
const fn name_length(name: &str) -> usize {
    1 + varint_length(name.len() as u64) + name.len()
}

/// Adds what most spans do not have.
fn put_rest(out: &mut Vec<u8>, span: &SpanView<'_>) {
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

#[inline]
fn put_head(out: &mut Vec<u8>, span: &SpanView<'_>, now: u64) {
    let context = span.context();
    let (before, start) = (out.len(), span.start_unix_nanos());
    // Filled in where it stays: what is put together elsewhere and then copied is waited for.
    out.extend_from_slice(&HEAD);
    let head = &mut out[before..];
    head[5..21].copy_from_slice(&context.trace_id().to_bytes());
    head[23..31].copy_from_slice(&context.span_id().to_bytes());
    head[33..37].copy_from_slice(&flags(context.flags().bits(), span.parent_is_remote()).to_le_bytes());
    head[38] = kind(span.kind());
    head[40..48].copy_from_slice(&start.to_le_bytes());
    head[49..57].copy_from_slice(&end(span, start, now).to_le_bytes());
    match span.parent_id() {
        Some(parent) => head[59..67].copy_from_slice(&parent.to_bytes()),
        None => out.truncate(before + HEAD_OF_ROOT),
    }
}

/// The longest key for which an attribute with a number has a length of one byte.
const SHORT_KEY: usize = 100;

#[inline]
fn put_attribute(out: &mut Vec<u8>, tag: u8, attribute: &Attribute) {
    let key = attribute.key.as_str();
    match &attribute.value {
        Value::I64(number) if key.len() <= SHORT_KEY => put_number_attribute(out, tag, key, *number),
        value => {
            let message = open(out, tag);
            put_bytes(out, KEY, key.as_bytes());
            put_value(out, VALUE, value);
            close(out, message);
        }
    }
}

/// Adds the most frequent attribute at once: all its lengths are known.
#[inline]
fn put_number_attribute(out: &mut Vec<u8>, tag: u8, key: &str, number: i64) {
    // The tag of the value, its length, the tag of the number, and the number: put together in a register.
    let (mut word, mut length) = (0, 3);
    let mut rest = number as u64;
    if rest >= 1 << 35 {
        return put_long_number_attribute(out, tag, key, number);
    }
    while rest >= 0x80 {
        word |= (rest & 0x7f | 0x80) << (8 * length);
        rest >>= 7;
        length += 1;
    }
    word |= rest << (8 * length);
    length += 1;
    word |= u64::from(VALUE) | (length - 2) << 8 | u64::from(varint(3)) << 16;
    let head = [tag, (2 + key.len() + length as usize) as u8, KEY, key.len() as u8];
    out.extend_from_slice(&head);
    put_few(out, key.as_bytes());
    let end = out.len() + length as usize;
    // All of it and then back: a copy of a known size is faster than one of any.
    out.extend_from_slice(&word.to_le_bytes());
    out.truncate(end);
}

/// Adds some bytes, which are mostly few: up to 16 of them are copied by two words that overlap, without a call.
#[inline]
fn put_few(out: &mut Vec<u8>, bytes: &[u8]) {
    let end = out.len() + bytes.len();
    if let (Some(first), Some(last), 8..=16) = (bytes.first_chunk::<8>(), bytes.last_chunk::<8>(), bytes.len()) {
        out.extend_from_slice(first);
        out.truncate(end - 8);
        out.extend_from_slice(last);
    } else if let (Some(first), Some(last), 4..=7) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>(), bytes.len()) {
        out.extend_from_slice(first);
        out.truncate(end - 4);
        out.extend_from_slice(last);
    } else {
        out.extend_from_slice(bytes);
    }
}

/// Adds an attribute with a number that takes more than five bytes.
#[cold]
fn put_long_number_attribute(out: &mut Vec<u8>, tag: u8, key: &str, number: i64) {
    let message = open(out, tag);
    put_bytes(out, KEY, key.as_bytes());
    put_any_i64(out, VALUE, number);
    close(out, message);
}

fn put_text_attribute(out: &mut Vec<u8>, key: &str, text: &str) {
    let message = open(out, SPAN_ATTRIBUTES);
    put_bytes(out, KEY, key.as_bytes());
    put_any_bytes(out, VALUE, delimited(1), text.as_bytes());
    close(out, message);
}

/// Adds an `AnyValue` with a text or bytes.
#[inline]
fn put_any_bytes(out: &mut Vec<u8>, tag: u8, kind: u8, bytes: &[u8]) {
    out.push(tag);
    put_varint(out, (1 + varint_length(bytes.len() as u64) + bytes.len()) as u64);
    put_bytes(out, kind, bytes);
}

/// Adds an `AnyValue`.
fn put_value(out: &mut Vec<u8>, tag: u8, value: &Value) {
    match value {
        Value::Bool(value) => put_any_bool(out, tag, *value),
        Value::I64(value) => put_any_i64(out, tag, *value),
        Value::F64(value) => put_any_f64(out, tag, *value),
        Value::String(text) => put_any_bytes(out, tag, delimited(1), text.as_bytes()),
        Value::Bytes(bytes) => put_any_bytes(out, tag, delimited(7), bytes),
        Value::BoolArray(array) => put_array(out, tag, array, |out, value| put_any_bool(out, ARRAY_VALUES, *value)),
        Value::I64Array(array) => put_array(out, tag, array, |out, value| put_any_i64(out, ARRAY_VALUES, *value)),
        Value::F64Array(array) => put_array(out, tag, array, |out, value| put_any_f64(out, ARRAY_VALUES, *value)),
        Value::StringArray(array) => {
            put_array(out, tag, array, |out, text| put_any_bytes(out, ARRAY_VALUES, delimited(1), text.as_bytes()));
        }
        // A type that this crate does not know yet is better read than lost.
        other => put_any_bytes(out, tag, delimited(1), other.to_string().as_bytes()),
    }
}

const ARRAY_VALUES: u8 = delimited(1);

fn put_any_bool(out: &mut Vec<u8>, tag: u8, value: bool) {
    out.extend_from_slice(&[tag, 2, varint(2), u8::from(value)]);
}

fn put_any_i64(out: &mut Vec<u8>, tag: u8, value: i64) {
    out.extend_from_slice(&[tag, 1 + varint_length(value as u64) as u8, varint(3)]);
    put_varint(out, value as u64);
}

fn put_any_f64(out: &mut Vec<u8>, tag: u8, value: f64) {
    out.extend_from_slice(&[tag, 9, fixed64(4)]);
    out.extend_from_slice(&value.to_le_bytes());
}

fn put_array<T>(out: &mut Vec<u8>, tag: u8, array: &[T], put: impl Fn(&mut Vec<u8>, &T)) {
    let value = open(out, tag);
    let list = open(out, delimited(5));
    array.iter().for_each(|item| put(out, item));
    close(out, list);
    close(out, value);
}

/// Adds what a callsite is called and where it stands.
fn put_name_and_place(out: &mut Vec<u8>, callsite: &Callsite) {
    put_name(out, callsite.name());
    if !callsite.file().is_empty() {
        put_text_attribute(out, CODE_FILE_ATTRIBUTE, callsite.file());
        put_number_attribute(out, SPAN_ATTRIBUTES, CODE_LINE_ATTRIBUTE, callsite.line().into());
    }
    if !callsite.module().is_empty() {
        put_text_attribute(out, CODE_MODULE_ATTRIBUTE, callsite.module());
    }
}

/// Adds what the user did not say by himself.
#[cold]
fn put_ours_unless_set(out: &mut Vec<u8>, span: &SpanView<'_>) {
    let callsite = span.callsite();
    let texts = [
        (CODE_FILE_ATTRIBUTE, callsite.file()),
        (CODE_MODULE_ATTRIBUTE, callsite.module()),
        (OUTCOME_ATTRIBUTE, outcome(span.outcome()).unwrap_or_default()),
    ];
    for (key, text) in texts {
        if !text.is_empty() && span.attribute(key).is_none() {
            put_text_attribute(out, key, text);
        }
    }
    if !callsite.file().is_empty() && span.attribute(CODE_LINE_ATTRIBUTE).is_none() {
        put_number_attribute(out, SPAN_ATTRIBUTES, CODE_LINE_ATTRIBUTE, callsite.line().into());
    }
}

#[cold]
fn put_facts(out: &mut Vec<u8>, span: &SpanView<'_>) {
    span.facts().iter().for_each(|fact| put_attribute(out, SPAN_ATTRIBUTES, fact));
}

fn put_event(out: &mut Vec<u8>, event: EventView<'_>) {
    let message = open(out, SPAN_EVENTS);
    out.push(fixed64(1));
    out.extend_from_slice(&event.unix_nanos().to_le_bytes());
    put_text(out, delimited(2), event.name());
    event.attributes().iter().for_each(|attribute| put_attribute(out, delimited(3), attribute));
    put_number(out, varint(4), event.dropped_attributes().into());
    close(out, message);
}

fn put_link(out: &mut Vec<u8>, link: LinkView<'_>) {
    let context = link.context();
    let message = open(out, SPAN_LINKS);
    put_bytes(out, delimited(1), &context.trace_id().to_bytes());
    put_bytes(out, delimited(2), &context.span_id().to_bytes());
    put_text(out, delimited(3), link.trace_state().as_str());
    link.attributes().iter().for_each(|attribute| put_attribute(out, delimited(4), attribute));
    put_number(out, varint(5), link.dropped_attributes().into());
    // Field 6, four bytes.
    out.push(6 << 3 | 5);
    out.extend_from_slice(&flags(context.flags().bits(), context.is_remote()).to_le_bytes());
    close(out, message);
}

#[inline]
fn put_dropped(out: &mut Vec<u8>, dropped: DroppedCounts) {
    if dropped != DroppedCounts::default() {
        put_number(out, varint(10), dropped.attributes.into());
        put_number(out, varint(12), dropped.events.into());
        put_number(out, varint(14), dropped.links.into());
    }
}

fn put_status(out: &mut Vec<u8>, (code, message): (u8, &str)) {
    let status = open(out, SPAN_STATUS);
    put_text(out, delimited(2), message);
    put_number(out, varint(3), code.into());
    close(out, status);
}
