//! What stands in a request, read by the official messages.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::Span;

/// The names of all spans in a request, in their order.
pub(crate) fn names(request: &ExportTraceServiceRequest) -> Vec<String> {
    spans(request).map(|(_, span)| span.name.clone()).collect()
}

/// All spans in a request, each with the name of its service.
pub(crate) fn spans(request: &ExportTraceServiceRequest) -> impl Iterator<Item = (&str, &Span)> {
    request.resource_spans.iter().flat_map(|resource| {
        let attributes = resource.resource.as_ref().map_or(&[][..], |resource| &resource.attributes);
        let service = text(attributes, "service.name").unwrap_or_default();
        resource.scope_spans.iter().flat_map(|scope| &scope.spans).map(move |span| (service, span))
    })
}

/// The id of a span, as it is written.
pub(crate) fn id(span: &Span) -> String {
    span.span_id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text of the attribute of this key.
pub(crate) fn text<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a str> {
    let attribute = attributes.iter().find(|attribute| attribute.key == key)?;
    match &attribute.value {
        Some(AnyValue { value: Some(Value::StringValue(text)) }) => Some(text),
        _ => None,
    }
}
