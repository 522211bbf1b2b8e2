//! OTLP in JSON, as the specification's
//! [JSON Protobuf encoding](https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding) has it: one object, or one a
//! line.

use serde::Deserialize;
use trace_core::{
    Attribute, Event, Link, Outcome, Resource, SpanContext, SpanData, SpanId, SpanKind, Status, Trace, TraceFlags,
    TraceId, TraceState, Value,
};

use crate::read::ReadError;
use crate::read::json_lines::{Nanos, bytes};
use crate::read::parts::{Parts, optional_span_id, resource, span_id, trace_id, trace_state};

pub(super) fn read(text: &str) -> Result<Vec<Trace>, ReadError> {
    let mut parts = Parts::default();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Request>() {
        let request = document.map_err(|error| ReadError::at(&error, 0))?;
        for ResourceSpans { resource: of, scope_spans } in request.resource_spans {
            let of: Resource = resource(attributes(of.attributes));
            for span in scope_spans.into_iter().flat_map(|scope| scope.spans) {
                let state = span.trace_state.clone();
                parts.add(&of, span.into_span(), None, state);
            }
        }
    }
    Ok(parts.traces())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    #[serde(default, alias = "resource_spans")]
    resource_spans: Vec<ResourceSpans>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceSpans {
    #[serde(default)]
    resource: OfResource,
    #[serde(default, alias = "scope_spans", alias = "instrumentationLibrarySpans")]
    scope_spans: Vec<ScopeSpans>,
}

#[derive(Default, Deserialize)]
struct OfResource {
    #[serde(default)]
    attributes: Vec<KeyValue>,
}

#[derive(Deserialize)]
struct ScopeSpans {
    #[serde(default)]
    spans: Vec<Span>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Span {
    #[serde(deserialize_with = "trace_id")]
    trace_id: TraceId,
    #[serde(deserialize_with = "span_id")]
    span_id: SpanId,
    #[serde(default, deserialize_with = "optional_span_id")]
    parent_span_id: Option<SpanId>,
    #[serde(default, deserialize_with = "trace_state")]
    trace_state: TraceState,
    #[serde(default)]
    flags: u32,
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: Number,
    start_time_unix_nano: Nanos,
    #[serde(default)]
    end_time_unix_nano: Option<Nanos>,
    #[serde(default)]
    status: OfStatus,
    #[serde(default)]
    attributes: Vec<KeyValue>,
    #[serde(default)]
    dropped_attributes_count: u32,
    #[serde(default)]
    events: Vec<OfEvent>,
    #[serde(default)]
    dropped_events_count: u32,
    #[serde(default)]
    links: Vec<OfLink>,
    #[serde(default)]
    dropped_links_count: u32,
}

impl Span {
    fn into_span(self) -> SpanData {
        /// The bits of a span's flags that tell whether it is known that the parent is remote, and that it is.
        const PARENT_IS_REMOTE: u32 = 0x300;
        let flags = TraceFlags::from_bits(self.flags as u8);
        let context = SpanContext::new(self.trace_id, self.span_id, flags);
        let mut span = SpanData::new(context, self.name, self.start_time_unix_nano.0, std::time::Duration::ZERO);
        span.parent_id = self.parent_span_id;
        span.parent_is_remote = self.flags & PARENT_IS_REMOTE == PARENT_IS_REMOTE;
        span.kind = match self
            .kind
            .enumerated("SPAN_KIND_", &["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"])
        {
            2 => SpanKind::Server,
            3 => SpanKind::Client,
            4 => SpanKind::Producer,
            5 => SpanKind::Consumer,
            _ => SpanKind::Internal,
        };
        // A span that has not ended has the end 0.
        span.end_unix_nanos = self.end_time_unix_nano.map(|Nanos(nanos)| nanos).filter(|&nanos| nanos != 0);
        span.status = match self.status.code.enumerated("STATUS_CODE_", &["UNSET", "OK", "ERROR"]) {
            1 => Status::Ok,
            2 => Status::error(self.status.message),
            _ => Status::Unset,
        };
        span.attributes = attributes(self.attributes);
        span.outcome = outcome(&span);
        span.events = self.events.into_iter().map(OfEvent::into_event).collect();
        span.links = self.links.into_iter().map(OfLink::into_link).collect();
        span.dropped.attributes = self.dropped_attributes_count;
        span.dropped.events = self.dropped_events_count;
        span.dropped.links = self.dropped_links_count;
        span
    }
}

/// What the status and, of our own exporter, an attribute say.
fn outcome(span: &SpanData) -> Outcome {
    match span.attribute("trace.outcome").and_then(Value::as_str) {
        Some("panicked") => Outcome::Panicked,
        Some("cancelled") => Outcome::Cancelled,
        Some("never_polled") => Outcome::NeverPolled,
        _ if span.status.is_error() => Outcome::Error,
        _ => Outcome::Ok,
    }
}

#[derive(Default, Deserialize)]
struct OfStatus {
    #[serde(default)]
    code: Number,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfEvent {
    time_unix_nano: Nanos,
    #[serde(default)]
    name: String,
    #[serde(default)]
    attributes: Vec<KeyValue>,
    #[serde(default)]
    dropped_attributes_count: u32,
}

impl OfEvent {
    fn into_event(self) -> Event {
        let mut event = Event::new(self.name, self.time_unix_nano.0);
        event.attributes = attributes(self.attributes);
        event.dropped_attributes = self.dropped_attributes_count;
        event
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfLink {
    #[serde(deserialize_with = "trace_id")]
    trace_id: TraceId,
    #[serde(deserialize_with = "span_id")]
    span_id: SpanId,
    #[serde(default, deserialize_with = "trace_state")]
    trace_state: TraceState,
    #[serde(default)]
    flags: u32,
    #[serde(default)]
    attributes: Vec<KeyValue>,
    #[serde(default)]
    dropped_attributes_count: u32,
}

impl OfLink {
    fn into_link(self) -> Link {
        let context = SpanContext::new(self.trace_id, self.span_id, TraceFlags::from_bits(self.flags as u8));
        let mut link = Link::new(context).trace_state(self.trace_state);
        link.attributes = attributes(self.attributes);
        link.dropped_attributes = self.dropped_attributes_count;
        link
    }
}

#[derive(Deserialize)]
struct KeyValue {
    key: String,
    #[serde(default)]
    value: AnyValue,
}

fn attributes(pairs: Vec<KeyValue>) -> Vec<Attribute> {
    pairs.into_iter().map(|KeyValue { key, value }| Attribute::new(key, value.into_value())).collect()
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AnyValue {
    string_value: Option<String>,
    bool_value: Option<bool>,
    int_value: Option<Number>,
    double_value: Option<Number>,
    bytes_value: Option<String>,
    array_value: Option<serde_json::Value>,
    kvlist_value: Option<serde_json::Value>,
}

impl AnyValue {
    fn into_value(self) -> Value {
        if let Some(text) = self.string_value {
            return Value::from(text);
        }
        if let Some(value) = self.bool_value {
            return Value::Bool(value);
        }
        if let Some(value) = self.int_value {
            return value.int().map_or_else(|| Value::from(value.text()), Value::I64);
        }
        if let Some(value) = self.double_value {
            return value.double().map_or_else(|| Value::from(value.text()), Value::F64);
        }
        if let Some(text) = self.bytes_value {
            return bytes(&text).map_or_else(|| Value::from(text), Value::from);
        }
        if let Some(json) = self.array_value {
            return array(&json);
        }
        self.kvlist_value.map_or_else(|| Value::from(""), |json| Value::from(json.to_string()))
    }
}

/// An array of texts, numbers or truth values; one of anything else as JSON text.
fn array(json: &serde_json::Value) -> Value {
    let values = json.get("values").and_then(serde_json::Value::as_array).map_or(&[][..], Vec::as_slice);
    let member = |name: &'static str| values.iter().map(|value| value.get(name)).collect::<Option<Vec<_>>>();
    if let Some(texts) = member("stringValue") {
        return Value::from(texts.into_iter().map(|text| text.as_str().unwrap_or("").to_owned()).collect::<Vec<_>>());
    }
    if let Some(values) = member("boolValue") {
        return Value::from(values.into_iter().map(|value| value.as_bool().unwrap_or(false)).collect::<Vec<_>>());
    }
    let int = |value: &serde_json::Value| value.as_i64().or_else(|| value.as_str()?.parse().ok());
    if let Some(numbers) = member("intValue").and_then(|values| values.into_iter().map(int).collect::<Option<Vec<_>>>())
    {
        return Value::from(numbers);
    }
    let double = serde_json::Value::as_f64;
    if let Some(numbers) =
        member("doubleValue").and_then(|values| values.into_iter().map(double).collect::<Option<Vec<_>>>())
    {
        return Value::from(numbers);
    }
    Value::from(serde_json::Value::from(values).to_string())
}

/// A number, which JSON Protobuf also writes as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Int(i64),
    Double(f64),
    Text(String),
}

impl Default for Number {
    fn default() -> Self {
        Self::Int(0)
    }
}

impl Number {
    fn int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Double(_) => None,
            Self::Text(text) => text.parse().ok(),
        }
    }

    fn double(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Double(value) => Some(*value),
            Self::Text(text) => text.parse().ok(),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::Double(value) => value.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    /// The number of an enumeration's value, which some writers name.
    fn enumerated(&self, prefix: &str, names: &[&str]) -> usize {
        match self {
            Self::Text(text) => {
                let name = text.strip_prefix(prefix);
                let number = name.and_then(|name| names.iter().position(|&known| known == name));
                number.or_else(|| text.parse().ok()).unwrap_or(0)
            }
            _ => self.int().and_then(|number| usize::try_from(number).ok()).unwrap_or(0),
        }
    }
}
