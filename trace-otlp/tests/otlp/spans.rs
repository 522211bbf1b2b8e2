//! Batches to export, and the messages that they must arrive as.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource as ProtoResource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status as ProtoStatus, span};
use trace_core::{
    Attribute, Batch, Outcome, Resource, SpanContext, SpanData, SpanId, SpanKind, Status, Trace, TraceFlags, TraceId,
    TraceState, Value,
};
use trace_otlp::{CODE_FILE_ATTRIBUTE, CODE_LINE_ATTRIBUTE, CODE_MODULE_ATTRIBUTE, OUTCOME_ATTRIBUTE};

/// A batch of one trace with so many spans, named after their places.
pub(crate) fn batch(spans: usize) -> Batch {
    named(&(0..spans).map(|number| format!("span {number}")).collect::<Vec<_>>())
}

/// A batch of one trace with spans of these names.
pub(crate) fn named(names: &[String]) -> Batch {
    let id = TraceId::random();
    let span = |name: &String| {
        let context = SpanContext::new(id, SpanId::random(), TraceFlags::SAMPLED);
        SpanData::new(context, name.clone(), 1_700_000_000_000_000_000, Duration::from_millis(3))
    };
    Batch::new(vec![Trace::from_spans(id, names.iter().map(span))])
}

/// A trace, as it is handed to an exporter.
pub(crate) struct Sent {
    pub(crate) resource: Resource,
    pub(crate) state: TraceState,
    pub(crate) spans: Vec<SpanData>,
}

impl Sent {
    /// A batch of these traces.
    pub(crate) fn batch(traces: &[Self]) -> Batch {
        let trace = |sent: &Self| {
            let trace = Trace::from_spans(sent.spans[0].trace_id, sent.spans.clone());
            trace.trace_state_of_spans(sent.state.clone()).resource_of_spans(sent.resource.clone())
        };
        Batch::new(traces.iter().map(trace).collect())
    }
}

/// Whether spans say where they stand in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Places {
    Left,
    Sent,
}

/// The message as which these traces must arrive: grouped by resource and then by scope, in the order in which they come.
pub(crate) fn message(traces: &[Sent], places: Places) -> ExportTraceServiceRequest {
    let mut request = ExportTraceServiceRequest::default();
    for Sent { resource, state, spans } in traces {
        let resource = ProtoResource { attributes: attributes(resource.attributes()), ..ProtoResource::default() };
        let known = request.resource_spans.iter().position(|known| known.resource.as_ref() == Some(&resource));
        let known = known.unwrap_or_else(|| {
            request.resource_spans.push(ResourceSpans { resource: Some(resource), ..ResourceSpans::default() });
            request.resource_spans.len() - 1
        });
        spans.iter().for_each(|span| add(&mut request.resource_spans[known], span, state, places));
    }
    request
}

fn add(resource: &mut ResourceSpans, span: &SpanData, state: &TraceState, places: Places) {
    let (name, version) = span.callsite.map_or(("", ""), |callsite| (callsite.crate_name(), callsite.crate_version()));
    let scope =
        InstrumentationScope { name: name.to_owned(), version: version.to_owned(), ..InstrumentationScope::default() };
    let known = resource.scope_spans.iter().position(|known| known.scope.as_ref() == Some(&scope));
    let known = known.unwrap_or_else(|| {
        resource.scope_spans.push(ScopeSpans { scope: Some(scope), ..ScopeSpans::default() });
        resource.scope_spans.len() - 1
    });
    resource.scope_spans[known].spans.push(proto_span(span, state, places));
}

fn proto_span(data: &SpanData, state: &TraceState, places: Places) -> Span {
    let mut all = attributes(&data.attributes);
    let mut ours: Vec<(&str, Any)> = Vec::new();
    if let (Some(callsite), Places::Sent) = (data.callsite, places) {
        ours.push((CODE_FILE_ATTRIBUTE, Any::StringValue(callsite.file().to_owned())));
        ours.push((CODE_LINE_ATTRIBUTE, Any::IntValue(callsite.line().into())));
        ours.push((CODE_MODULE_ATTRIBUTE, Any::StringValue(callsite.module().to_owned())));
    }
    match data.outcome {
        Outcome::Ok | Outcome::Error => {}
        outcome => ours.push((OUTCOME_ATTRIBUTE, Any::StringValue(outcome.as_str().to_owned()))),
    }
    all.extend(ours.into_iter().map(|(key, value)| key_value(key, value)));
    Span {
        trace_id: data.trace_id.to_bytes().to_vec(),
        span_id: data.span_id.to_bytes().to_vec(),
        trace_state: state.to_string(),
        parent_span_id: data.parent_id.map(|id| id.to_bytes().to_vec()).unwrap_or_default(),
        flags: flags(data.flags, data.parent_is_remote),
        name: data.name.clone().into_owned(),
        kind: match data.kind {
            SpanKind::Server => 2,
            SpanKind::Client => 3,
            SpanKind::Producer => 4,
            SpanKind::Consumer => 5,
            _ => 1,
        },
        start_time_unix_nano: data.start_unix_nanos,
        end_time_unix_nano: data.end_unix_nanos.unwrap_or_default(),
        attributes: all,
        dropped_attributes_count: data.dropped.attributes,
        events: data.events.iter().map(event).collect(),
        dropped_events_count: data.dropped.events,
        links: data.links.iter().map(link).collect(),
        dropped_links_count: data.dropped.links,
        status: match &data.status {
            Status::Unset => None,
            Status::Ok => Some(ProtoStatus { message: String::new(), code: 1 }),
            Status::Error { description } => Some(ProtoStatus { message: description.clone().into_owned(), code: 2 }),
        },
    }
}

fn flags(flags: TraceFlags, is_remote: bool) -> u32 {
    u32::from(flags.bits()) | 0x100 | if is_remote { 0x200 } else { 0 }
}

fn event(event: &trace_core::Event) -> span::Event {
    span::Event {
        time_unix_nano: event.unix_nanos,
        name: event.name.clone().into_owned(),
        attributes: attributes(&event.attributes),
        dropped_attributes_count: event.dropped_attributes,
    }
}

fn link(link: &trace_core::Link) -> span::Link {
    span::Link {
        trace_id: link.context.trace_id().to_bytes().to_vec(),
        span_id: link.context.span_id().to_bytes().to_vec(),
        trace_state: link.trace_state.to_string(),
        attributes: attributes(&link.attributes),
        dropped_attributes_count: link.dropped_attributes,
        flags: flags(link.context.flags(), link.context.is_remote()),
    }
}

fn attributes(attributes: &[Attribute]) -> Vec<KeyValue> {
    attributes.iter().map(|attribute| key_value(attribute.key.as_str(), any(&attribute.value))).collect()
}

fn key_value(key: &str, value: Any) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn any(value: &Value) -> Any {
    let array = |values: Vec<Any>| {
        Any::ArrayValue(ArrayValue {
            values: values.into_iter().map(|value| AnyValue { value: Some(value) }).collect(),
        })
    };
    match value {
        Value::Bool(value) => Any::BoolValue(*value),
        Value::I64(value) => Any::IntValue(*value),
        Value::F64(value) => Any::DoubleValue(*value),
        Value::String(text) => Any::StringValue(text.clone().into_owned()),
        Value::Bytes(bytes) => Any::BytesValue(bytes.to_vec()),
        Value::BoolArray(values) => array(values.iter().map(|value| Any::BoolValue(*value)).collect()),
        Value::I64Array(values) => array(values.iter().map(|value| Any::IntValue(*value)).collect()),
        Value::F64Array(values) => array(values.iter().map(|value| Any::DoubleValue(*value)).collect()),
        Value::StringArray(values) => {
            array(values.iter().map(|text| Any::StringValue(text.clone().into_owned())).collect())
        }
        other => panic!("{other:?} has no type in OTLP that the test knows"),
    }
}
