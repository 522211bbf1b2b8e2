//! Spans by trace and resource.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize as _;
use serde::de::Error as _;
use trace_core::{Attribute, PollsData, Resource, SpanData, SpanId, Trace, TraceId, TraceState};

type Spans = Vec<(SpanData, Option<PollsData>)>;

/// The spans of a trace that one process recorded.
pub(super) struct Part {
    id: TraceId,
    resource: Resource,
    state: TraceState,
    pub(super) threads: BTreeMap<u32, String>,
    spans: Spans,
}

/// Spans on their way into traces.
#[derive(Default)]
pub(super) struct Parts {
    parts: Vec<Part>,
    places: HashMap<(TraceId, String), usize>,
}

impl Parts {
    /// Adds a span, and returns its part, for what is known of the whole of it.
    pub(super) fn add(
        &mut self,
        resource: &Resource,
        span: SpanData,
        polls: Option<PollsData>,
        state: TraceState,
    ) -> &mut Part {
        // A resource has no order and no hash of its own.
        let key = (span.trace_id, format!("{resource:?}"));
        let place = *self.places.entry(key).or_insert_with(|| {
            let (id, resource) = (span.trace_id, resource.clone());
            self.parts.push(Part {
                id,
                resource,
                state: TraceState::new(),
                threads: BTreeMap::new(),
                spans: Vec::new(),
            });
            self.parts.len() - 1
        });
        let part = &mut self.parts[place];
        if part.state.is_empty() {
            part.state = state;
        }
        part.spans.push((span, polls));
        part
    }

    pub(super) fn traces(self) -> Vec<Trace> {
        let trace = |Part { id, resource, state, threads, spans }: Part| {
            let trace = Trace::from_spans_with_polls(id, spans).resource_of_spans(resource);
            let trace = trace.thread_names_of_spans(threads);
            if state.is_empty() { trace } else { trace.trace_state_of_spans(state) }
        };
        self.parts.into_iter().map(trace).collect()
    }
}

pub(super) fn resource(attributes: Vec<Attribute>) -> Resource {
    attributes
        .into_iter()
        .fold(Resource::new(), |resource, Attribute { key, value, .. }| resource.attribute(key, value))
}

pub(super) fn trace_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<TraceId, D::Error> {
    let text = String::deserialize(from)?;
    text.to_ascii_lowercase().parse().map_err(|error| D::Error::custom(format_args!("trace id {text:?}: {error}")))
}

pub(super) fn span_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<SpanId, D::Error> {
    let text = String::deserialize(from)?;
    text.to_ascii_lowercase().parse().map_err(|error| D::Error::custom(format_args!("span id {text:?}: {error}")))
}

/// A span's id, or none: `null`, an empty text, or zeros.
pub(super) fn optional_span_id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<SpanId>, D::Error> {
    match Option::<String>::deserialize(from)? {
        Some(text) if !text.is_empty() && text != "0000000000000000" => match text.to_ascii_lowercase().parse() {
            Ok(id) => Ok(Some(id)),
            Err(error) => Err(D::Error::custom(format_args!("span id {text:?}: {error}"))),
        },
        _ => Ok(None),
    }
}

/// A trace state; none if there is none, or one that keeps to no grammar: it is nobody's to repair.
pub(super) fn trace_state<'de, D: serde::Deserializer<'de>>(from: D) -> Result<TraceState, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or_default())
}
