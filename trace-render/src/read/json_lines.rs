//! The schema of [`JsonLinesExporter`](trace_core::JsonLinesExporter).

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use trace_core::{
    Attribute, Cancellation, Dropped as HowDropped, Event, Link, Outcome, Resource, SpanContext, SpanData, SpanId,
    SpanKind, Status, Trace, TraceFlags, TraceId, TraceState, Value,
};

use crate::read::ReadError;
use crate::read::parts::{Parts, optional_span_id, resource, span_id, trace_id, trace_state};
use crate::read::polls::PollsLine;

pub(super) fn read(text: &str) -> Result<Vec<Trace>, ReadError> {
    let mut parts = Parts::default();
    // The resource is written on every line and is nearly always the same.
    let mut resources: HashMap<String, Resource> = HashMap::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let mut line: Line<'_> = serde_json::from_str(line).map_err(|error| ReadError::at(&error, number))?;
        let of = match line.resource {
            None => Resource::new(),
            Some(raw) => match resources.get(raw.get()) {
                Some(known) => known.clone(),
                None => {
                    let Attributes(attributes) =
                        serde_json::from_str(raw.get()).map_err(|error| ReadError::at(&error, number))?;
                    resources.entry(raw.get().to_owned()).or_insert(resource(attributes)).clone()
                }
            },
        };
        let polls = line.polls.as_ref().map(|polls| polls.data(line.start_unix_nano.0));
        let (state, threads) = (line.trace_state.clone(), line.polls.take().map(|polls| polls.threads));
        let part = parts.add(&of, line.into_span(), polls, state);
        part.threads.extend(threads.into_iter().flatten());
    }
    Ok(parts.traces())
}

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(deserialize_with = "trace_id")]
    trace_id: TraceId,
    #[serde(deserialize_with = "span_id")]
    span_id: SpanId,
    #[serde(default, deserialize_with = "optional_span_id")]
    parent_id: Option<SpanId>,
    #[serde(default, deserialize_with = "trace_state")]
    trace_state: TraceState,
    #[serde(default)]
    parent_is_remote: bool,
    #[serde(default)]
    flags: u8,
    name: String,
    #[serde(default)]
    kind: Kind,
    start_unix_nano: Nanos,
    end_unix_nano: Option<Nanos>,
    #[serde(default)]
    status: StatusLine,
    #[serde(default)]
    outcome: OutcomeName,
    #[serde(default)]
    attributes: Attributes,
    #[serde(default)]
    events: Vec<EventLine>,
    #[serde(default)]
    links: Vec<LinkLine>,
    #[serde(default)]
    dropped: Dropped,
    #[serde(default)]
    polls: Option<PollsLine>,
    #[serde(default)]
    cancellation: Option<CancellationLine>,
    #[serde(default)]
    thread: Option<u32>,
    #[serde(default)]
    code: Option<Code>,
    #[serde(default, borrow)]
    resource: Option<&'a serde_json::value::RawValue>,
}

impl Line<'_> {
    fn into_span(self) -> SpanData {
        let context = SpanContext::new(self.trace_id, self.span_id, TraceFlags::from_bits(self.flags));
        let mut span = SpanData::new(context, self.name, self.start_unix_nano.0, std::time::Duration::ZERO);
        span.parent_id = self.parent_id;
        span.parent_is_remote = self.parent_is_remote;
        span.kind = self.kind.into();
        span.end_unix_nanos = self.end_unix_nano.map(|Nanos(nanos)| nanos);
        span.status = match self.status.code {
            Code3::Unset => Status::Unset,
            Code3::Ok => Status::Ok,
            Code3::Error => Status::error(self.status.description),
        };
        span.outcome = self.outcome.into();
        span.attributes = self.attributes.0;
        // A static place in the source cannot be made of a file's text: OpenTelemetry's attributes say the same.
        if let Some(Code { file, line, module }) = self.code {
            let mut add = |key: &'static str, value: Value| span.attributes.push(Attribute::new(key, value));
            add("code.file.path", Value::from(file));
            add("code.line.number", Value::from(line));
            if let Some(module) = module {
                add("code.module.name", Value::from(module));
            }
        }
        span.events = self.events.into_iter().map(EventLine::into_event).collect();
        span.links = self.links.into_iter().map(LinkLine::into_link).collect();
        span.cancellation = self.cancellation.map(|CancellationLine { dropped }| Cancellation::new(dropped.into()));
        span.thread = self.thread;
        span.dropped.attributes = self.dropped.attributes;
        span.dropped.events = self.dropped.events;
        span.dropped.links = self.dropped.links;
        span
    }
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

impl From<Kind> for SpanKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Internal => Self::Internal,
            Kind::Server => Self::Server,
            Kind::Client => Self::Client,
            Kind::Producer => Self::Producer,
            Kind::Consumer => Self::Consumer,
        }
    }
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum OutcomeName {
    #[default]
    Ok,
    Error,
    Panicked,
    Cancelled,
    NeverPolled,
    Open,
}

impl From<OutcomeName> for Outcome {
    fn from(name: OutcomeName) -> Self {
        match name {
            OutcomeName::Ok => Self::Ok,
            OutcomeName::Error => Self::Error,
            OutcomeName::Panicked => Self::Panicked,
            OutcomeName::Cancelled => Self::Cancelled,
            OutcomeName::NeverPolled => Self::NeverPolled,
            OutcomeName::Open => Self::Open,
        }
    }
}

/// Of it only what a trace cannot work out by itself.
#[derive(Deserialize)]
struct CancellationLine {
    #[serde(default)]
    dropped: DroppedName,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum DroppedName {
    InParentsPoll,
    WithParent,
    FromOutside,
    #[default]
    Unknown,
}

impl From<DroppedName> for HowDropped {
    fn from(name: DroppedName) -> Self {
        match name {
            DroppedName::InParentsPoll => Self::InParentsPoll,
            DroppedName::WithParent => Self::WithParent,
            DroppedName::FromOutside => Self::FromOutside,
            DroppedName::Unknown => Self::Unknown,
        }
    }
}

#[derive(Default, Deserialize)]
struct StatusLine {
    code: Code3,
    #[serde(default)]
    description: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Code3 {
    #[default]
    Unset,
    Ok,
    Error,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Dropped {
    attributes: u32,
    events: u32,
    links: u32,
}

#[derive(Deserialize)]
struct Code {
    file: String,
    line: u32,
    #[serde(default)]
    module: Option<String>,
}

#[derive(Deserialize)]
struct EventLine {
    name: String,
    unix_nano: Nanos,
    #[serde(default)]
    attributes: Attributes,
    #[serde(default)]
    dropped_attributes: u32,
}

impl EventLine {
    fn into_event(self) -> Event {
        let mut event = Event::new(self.name, self.unix_nano.0);
        event.attributes = self.attributes.0;
        event.dropped_attributes = self.dropped_attributes;
        event
    }
}

#[derive(Deserialize)]
struct LinkLine {
    #[serde(deserialize_with = "trace_id")]
    trace_id: TraceId,
    #[serde(deserialize_with = "span_id")]
    span_id: SpanId,
    #[serde(default)]
    flags: u8,
    #[serde(default, deserialize_with = "trace_state")]
    trace_state: TraceState,
    #[serde(default)]
    is_remote: bool,
    #[serde(default)]
    attributes: Attributes,
    #[serde(default)]
    dropped_attributes: u32,
}

impl LinkLine {
    fn into_link(self) -> Link {
        let context = SpanContext::new(self.trace_id, self.span_id, TraceFlags::from_bits(self.flags));
        let mut link = Link::new(if self.is_remote { context.remote() } else { context });
        link.trace_state = self.trace_state;
        link.attributes = self.attributes.0;
        link.dropped_attributes = self.dropped_attributes;
        link
    }
}

/// Nanoseconds as a text of decimal digits.
pub(super) struct Nanos(pub(super) u64);

impl<'de> Deserialize<'de> for Nanos {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Digits;
        impl Visitor<'_> for Digits {
            type Value = Nanos;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("nanoseconds as a text of decimal digits")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Nanos, E> {
                let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let nanos = digits.then(|| text.parse().ok()).flatten();
                nanos.map(Nanos).ok_or_else(|| E::custom(format_args!("{text:?} is no number of nanoseconds")))
            }

            fn visit_u64<E: serde::de::Error>(self, nanos: u64) -> Result<Nanos, E> {
                Ok(Nanos(nanos))
            }
        }
        from.deserialize_any(Digits)
    }
}

/// An object of values, in its order.
#[derive(Default)]
struct Attributes(Vec<Attribute>);

impl<'de> Deserialize<'de> for Attributes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Attributes;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of attributes")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Attributes, M::Error> {
                let mut attributes = Vec::new();
                while let Some((key, Any(value))) = members.next_entry::<String, Any>()? {
                    attributes.push(Attribute::new(key, value));
                }
                Ok(Attributes(attributes))
            }
        }
        from.deserialize_map(Members)
    }
}

/// A value with its type.
struct Any(Value);

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(AnyVisitor).map(Any)
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "an attribute's value: true, a number, a text, an array of these, or an object such as {\"int\": \"1\"}",
        )
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::I64(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or_else(|_| Value::from(value.to_string()), Value::I64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::F64(value))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::from(text.to_owned()))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut elements: S) -> Result<Value, S::Error> {
        let mut values = Vec::new();
        while let Some(Any(value)) = elements.next_element()? {
            values.push(value);
        }
        array(values).map_err(S::Error::custom)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Value, M::Error> {
        let Some((tag, text)) = members.next_entry::<String, String>()? else {
            return Err(M::Error::custom("an object without a member is no value"));
        };
        let value = match (&*tag, &*text) {
            ("int", digits) => digits.parse().ok().map(Value::I64),
            ("double", "NaN") => Some(Value::F64(f64::NAN)),
            ("double", "Infinity") => Some(Value::F64(f64::INFINITY)),
            ("double", "-Infinity") => Some(Value::F64(f64::NEG_INFINITY)),
            ("bytes", digits) => bytes(digits).map(Value::from),
            ("empty", "bool") => Some(Value::BoolArray(Box::default())),
            ("empty", "int") => Some(Value::I64Array(Box::default())),
            ("empty", "double") => Some(Value::F64Array(Box::default())),
            ("empty", "string") => Some(Value::StringArray(Box::default())),
            _ => None,
        };
        value.ok_or_else(|| M::Error::custom(format_args!("{{{tag:?}: {text:?}}} is no value")))
    }
}

/// The values as an array of their type.
fn array(values: Vec<Value>) -> Result<Value, &'static str> {
    fn all<T>(values: &[Value], of: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
        values.iter().map(of).collect()
    }
    let found = match values.first() {
        None => Some(Value::StringArray(Box::default())),
        Some(Value::Bool(_)) => {
            all(&values, |value| if let Value::Bool(value) = value { Some(*value) } else { None }).map(Value::from)
        }
        Some(Value::I64(_)) => all(&values, Value::as_i64).map(Value::from),
        Some(Value::F64(_)) => {
            all(&values, |value| if let Value::F64(value) = value { Some(*value) } else { None }).map(Value::from)
        }
        Some(_) => all(&values, |value| value.as_str().map(str::to_owned)).map(Value::from),
    };
    found.ok_or("the values of an array are of one type")
}

/// Base64 with or without padding.
pub(super) fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    let (mut bits, mut count) = (0_u32, 0);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}
