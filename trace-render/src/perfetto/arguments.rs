//! What a slice tells of its span when it is clicked.

use serde_json::{Map, Value as Json};
use trace_core::{Attribute, Outcome, Status, Value};

use crate::scene::Node;

/// The largest integer up to which a double holds them all.
const MAX_SAFE: u64 = (1 << 53) - 1;

pub(super) fn arguments(node: &Node<'_>) -> Map<String, Json> {
    let mut arguments = Map::new();
    arguments.insert("trace_id".to_owned(), node.span.trace_id().to_string().into());
    arguments.insert("span_id".to_owned(), node.span.span_id().to_string().into());
    if let Some(parent) = node.span.parent_id() {
        arguments.insert("parent_id".to_owned(), parent.to_string().into());
    }
    if node.outcome() != Outcome::Ok {
        arguments.insert("outcome".to_owned(), node.outcome().as_str().into());
    }
    if let Some(polls) = node.span.polls() {
        arguments.insert("polls".to_owned(), polls.count().into());
        arguments.insert("busy_ns".to_owned(), u64::try_from(polls.busy().as_nanos()).unwrap_or(u64::MAX).into());
    }
    if *node.span.status() != Status::Unset {
        arguments.insert("status".to_owned(), node.span.status().to_string().into());
    }
    let links = node.span.links().map(|link| format!("{}/{}", link.context().trace_id(), link.context().span_id()));
    let links: Vec<Json> = links.map(Json::from).collect();
    if !links.is_empty() {
        arguments.insert("links".to_owned(), links.into());
    }
    add(&mut arguments, node.span.attributes());
    arguments
}

pub(super) fn add(arguments: &mut Map<String, Json>, attributes: &[Attribute]) {
    for Attribute { key, value, .. } in attributes {
        arguments.insert(key.as_str().to_owned(), json(value));
    }
}

/// The value; as text where a reader of JSON would lose digits, or could not read it at all.
fn json(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::from(*value),
        Value::I64(value) => int(value),
        Value::F64(value) => double(value),
        Value::BoolArray(values) => values.to_vec().into(),
        Value::I64Array(values) => values.iter().map(int).collect(),
        Value::F64Array(values) => values.iter().map(double).collect(),
        Value::StringArray(values) => values.iter().map(|text| Json::from(&**text)).collect(),
        value => Json::from(value.to_string()),
    }
}

fn int(value: &i64) -> Json {
    if value.unsigned_abs() <= MAX_SAFE { Json::from(*value) } else { Json::from(value.to_string()) }
}

fn double(value: &f64) -> Json {
    match *value {
        f64::INFINITY => Json::from("Infinity"),
        f64::NEG_INFINITY => Json::from("-Infinity"),
        value if value.is_nan() => Json::from("NaN"),
        // JSON has a zero below zero, and JavaScript writes none.
        value => Json::from(value + 0.0),
    }
}
