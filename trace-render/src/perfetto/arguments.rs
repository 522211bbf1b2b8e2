//! What a slice tells of its span when it is clicked.

use serde_json::{Map, Value as Json};
use trace_core::{Attribute, Outcome, Status, Value};

use crate::scene::Node;

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
    for (number, link) in node.span.links().enumerate() {
        let of = link.context();
        arguments.insert(format!("link.{number}"), format!("{}/{}", of.trace_id(), of.span_id()).into());
    }
    add(&mut arguments, node.span.attributes());
    arguments
}

pub(super) fn add(arguments: &mut Map<String, Json>, attributes: &[Attribute]) {
    for Attribute { key, value, .. } in attributes {
        let value = match value {
            Value::Bool(value) => Json::from(*value),
            Value::I64(value) => Json::from(*value),
            Value::F64(value) if value.is_finite() => Json::from(*value),
            value => Json::from(value.to_string()),
        };
        arguments.insert(key.as_str().to_owned(), value);
    }
}
