//! Attributes of any type as protobuf, as in
//! [`common.proto`](https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto).

use trace_core::{Attribute, Value};

use crate::out::Out;
use crate::wire::{close, delimited, fixed64, open, put_bytes, put_varint, varint, varint_length};

pub(crate) const KEY: u8 = delimited(1);
pub(crate) const VALUE: u8 = delimited(2);
pub(crate) const SPAN_ATTRIBUTES: u8 = delimited(9);
const ARRAY_VALUES: u8 = delimited(1);

pub(crate) fn put_attribute(out: &mut Out, tag: u8, attribute: &Attribute) {
    let message = open(out, tag);
    put_bytes(out, KEY, attribute.key.as_str().as_bytes());
    put_value(out, VALUE, &attribute.value);
    close(out, message);
}

/// Adds an attribute of a span.
pub(crate) fn put_number_attribute(out: &mut Out, key: &str, number: i64) {
    let message = open(out, SPAN_ATTRIBUTES);
    put_bytes(out, KEY, key.as_bytes());
    put_any_i64(out, VALUE, number);
    close(out, message);
}

/// Adds an attribute of a span.
pub(crate) fn put_text_attribute(out: &mut Out, key: &str, text: &str) {
    let message = open(out, SPAN_ATTRIBUTES);
    put_bytes(out, KEY, key.as_bytes());
    put_any_bytes(out, VALUE, delimited(1), text.as_bytes());
    close(out, message);
}

/// Adds an `AnyValue` with a text or bytes.
#[inline]
fn put_any_bytes(out: &mut Out, tag: u8, kind: u8, bytes: &[u8]) {
    out.push(tag);
    put_varint(out, (1 + varint_length(bytes.len() as u64) + bytes.len()) as u64);
    put_bytes(out, kind, bytes);
}

/// Adds an `AnyValue`.
fn put_value(out: &mut Out, tag: u8, value: &Value) {
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

fn put_any_bool(out: &mut Out, tag: u8, value: bool) {
    out.push_array([tag, 2, varint(2), u8::from(value)]);
}

fn put_any_i64(out: &mut Out, tag: u8, value: i64) {
    out.push_array([tag, 1 + varint_length(value as u64) as u8, varint(3)]);
    put_varint(out, value as u64);
}

fn put_any_f64(out: &mut Out, tag: u8, value: f64) {
    out.push_array([tag, 9, fixed64(4)]);
    out.push_array(value.to_le_bytes());
}

fn put_array<T>(out: &mut Out, tag: u8, array: &[T], put: impl Fn(&mut Out, &T)) {
    let value = open(out, tag);
    let list = open(out, delimited(5));
    array.iter().for_each(|item| put(out, item));
    close(out, list);
    close(out, value);
}
