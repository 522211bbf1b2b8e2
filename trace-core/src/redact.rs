//! Redaction: what must not leave the process.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::caught::caught;
use crate::span_record::{EventRecord, Extra, Extras, More};
use crate::status::Status;
use crate::trace::Trace;
use crate::value::{Attribute, Key, Value};

/// The key under which the description of an error status is shown to a redaction, as
/// [OpenTelemetry writes it](https://opentelemetry.io/docs/specs/otel/common/mapping-to-non-otlp/#span-status) where a
/// format has no status.
pub const STATUS_DESCRIPTION: &str = "otel.status_description";

/// A closure that sees every attribute before any exporter, picture, live view or dump does.
///
/// It sees the attributes of spans, events and links, and the description of an error status under the key
/// [`STATUS_DESCRIPTION`]; not names, ids, or the resource. Values come whole, before they are cut by
/// [`SpanLimits::value_length`], so that a pattern is not missed because it was cut in two.
///
/// It is called on the thread that assembles the spans, never on the one that records them, and on others where somebody asks
/// for a trace that is not finished. If it panics, the panic is caught, the attribute is removed, and the panic is counted.
///
/// ```
/// use trace_core::{Redaction, Redactor};
///
/// let redactor = Redactor::new(|attribute| match attribute.key.as_str() {
///     "url.query" => Redaction::Remove,
///     "user.email" => Redaction::Replace("***".into()),
///     _ => Redaction::Keep,
/// });
/// # let _ = redactor;
/// ```
///
/// [`SpanLimits::value_length`]: crate::SpanLimits::value_length
#[derive(Clone)]
pub struct Redactor(Arc<Judge>);

type Judge = dyn Fn(&RedactionParameters<'_>) -> Redaction + Send + Sync;

/// One attribute, and where it stands.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RedactionParameters<'a> {
    /// The name of the span.
    pub span_name: &'a str,
    /// What of the span it belongs to.
    pub owner: AttributeOwner<'a>,
    /// What is told.
    pub key: &'a Key,
    /// What is said of it.
    pub value: &'a Value,
}

/// What of a span an attribute belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AttributeOwner<'a> {
    /// The span itself.
    Span,
    /// One of its events.
    Event {
        /// What happened.
        name: &'a str,
    },
    /// One of its links.
    Link,
}

/// What becomes of an attribute.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Redaction {
    /// It stays as it is.
    Keep,
    /// It is left out. Of an error status the description becomes empty.
    Remove,
    /// It stays with another value.
    Replace(Value),
}

/// How much was redacted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Redacted {
    /// Attributes that are gone, those of a panic included.
    pub(crate) removed: usize,
    /// Calls that panicked.
    pub(crate) panicked: usize,
}

impl Redactor {
    /// A redaction by this closure.
    #[must_use]
    pub fn new(judge: impl Fn(&RedactionParameters<'_>) -> Redaction + Send + Sync + 'static) -> Self {
        Self(Arc::new(judge))
    }

    /// Redacts all attributes of one owner.
    pub(crate) fn redact(
        &self,
        span_name: &str,
        owner: AttributeOwner<'_>,
        attributes: &mut Vec<Attribute>,
    ) -> Redacted {
        let before = attributes.len();
        let mut panicked = 0;
        attributes.retain_mut(|Attribute { key, value }| {
            match caught(|| (self.0)(&RedactionParameters { span_name, owner, key, value })) {
                Some(Redaction::Keep) => true,
                Some(Redaction::Replace(new)) => {
                    *value = new;
                    true
                }
                Some(Redaction::Remove) => false,
                None => {
                    panicked += 1;
                    false
                }
            }
        });
        Redacted { removed: before - attributes.len(), panicked }
    }

    /// Redacts the description of an error.
    pub(crate) fn redact_status(&self, span_name: &str, status: &mut Status) -> Redacted {
        let Status::Error { description } = status else { return Redacted::default() };
        if description.is_empty() {
            return Redacted::default();
        }
        let text = std::mem::take(description);
        let mut attributes = vec![Attribute::new(STATUS_DESCRIPTION, text)];
        let redacted = self.redact(span_name, AttributeOwner::Span, &mut attributes);
        *description = attributes.pop().map_or(Cow::Borrowed(""), |attribute| match attribute.value {
            Value::String(text) => text,
            other => Cow::Owned(other.to_string()),
        });
        redacted
    }
}

impl Trace {
    /// The trace as a redactor leaves it, and how many values it removed or replaced: for a picture of a trace that was
    /// recorded without that redactor.
    #[must_use]
    pub fn redacted(&self, redactor: &Redactor) -> (Self, usize) {
        let mut redacted = self.clone();
        if redacted.extras.is_none() && redacted.pairs.is_empty() {
            return (redacted, 0);
        }
        let extras = redacted.extras_mut();
        let old = std::mem::take(&mut extras.attributes);
        let mut changed = 0;
        for record in &self.spans {
            let Some(place) = record.extra.map(|extra| extra.get() as usize - 1) else { continue };
            let Extra { attributes, events, more } = extras.spans[place].clone();
            let more = more.map(|more| more.get() as usize - 1);
            let More { name, links, .. } = more.map(|more| extras.more[more].clone()).unwrap_or_default();
            let name = name.as_deref().unwrap_or(record.callsite.name());
            let mut redact = |owner: AttributeOwner<'_>, of: &Range<u32>, extras: &mut Extras| {
                let before = &old[of.start as usize..of.end as usize];
                let mut after = before.to_vec();
                redactor.redact(name, owner, &mut after);
                changed += before.iter().filter(|attribute| !after.contains(attribute)).count();
                extras.keep(after)
            };
            let kept = redact(AttributeOwner::Span, &attributes, extras);
            extras.spans[place].attributes = kept;
            for event in events.start as usize..events.end as usize {
                let EventRecord { name, attributes, .. } = extras.events[event].clone();
                extras.events[event].attributes = redact(AttributeOwner::Event { name: &name }, &attributes, extras);
            }
            for link in links.start as usize..links.end as usize {
                let attributes = extras.links[link].attributes.clone();
                extras.links[link].attributes = redact(AttributeOwner::Link, &attributes, extras);
            }
            if let Some(more) = more {
                let status = &mut extras.more[more].status;
                let before = status.clone();
                redactor.redact_status(name, status);
                changed += usize::from(*status != before);
            }
        }
        (redacted, changed)
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new(|attribute| match (attribute.key.as_str(), attribute.owner, attribute.span_name) {
            ("removed", ..) => Redaction::Remove,
            ("replaced", ..) => Redaction::Replace(Value::from("***")),
            ("broken", ..) => panic!("a redaction that panics"),
            ("only in events", AttributeOwner::Event { name: "login" }, _) => Redaction::Remove,
            ("only in this span", _, "secret") => Redaction::Remove,
            (STATUS_DESCRIPTION, _, "secret") => Redaction::Replace(Value::from(7)),
            (STATUS_DESCRIPTION, _, "gone") => Redaction::Remove,
            _ => Redaction::Keep,
        })
    }

    #[test]
    fn an_attribute_is_kept_replaced_or_removed_and_one_that_made_it_panic_is_removed() {
        let (span, event) = (AttributeOwner::Span, AttributeOwner::Event { name: "login" });
        let table = [
            ("kept", span, "any", Some(Value::from(1)), 0, "nothing was said of it"),
            ("removed", span, "any", None, 0, "removed"),
            ("replaced", span, "any", Some(Value::from("***")), 0, "another value, even of another type"),
            ("broken", span, "any", None, 1, "removing is the safe side of a panic"),
            ("only in events", event, "any", None, 0, "the event's name is known"),
            ("only in events", span, "any", Some(Value::from(1)), 0, "and it is no attribute of a span"),
            ("only in this span", AttributeOwner::Link, "secret", None, 0, "the span's name is known"),
            ("only in this span", span, "any", Some(Value::from(1)), 0, "another span"),
        ];
        for (key, owner, span_name, left, panicked, reason) in table {
            let mut attributes = vec![Attribute::new("before", 0), Attribute::new(key, 1), Attribute::new("after", 2)];
            let redacted = redactor().redact(span_name, owner, &mut attributes);
            let removed = usize::from(left.is_none());
            assert_eq!(redacted, Redacted { removed, panicked }, "{reason}");
            let found = attributes.iter().find(|attribute| attribute.key.as_str() == key);
            assert_eq!(found.map(|attribute| &attribute.value), left.as_ref(), "{reason}");
            assert_eq!(attributes.len(), 3 - removed, "the others stay: {reason}");
        }
    }

    #[test]
    fn the_description_of_an_error_is_redacted_and_it_stays_an_error() {
        let table = [
            (Status::error("text"), "any", Status::error("text"), "kept"),
            (Status::error("text"), "secret", Status::error("7"), "replaced by its text"),
            (Status::error("text"), "gone", Status::error(""), "removed"),
            (Status::Ok, "gone", Status::Ok, "no error, no description"),
        ];
        for (mut status, span_name, expected, reason) in table {
            redactor().redact_status(span_name, &mut status);
            assert_eq!(status, expected, "{reason}");
        }
    }
}
