//! An event that is about to be told.

use std::borrow::Cow;

use crate::attribute_list::AttributeList;
use crate::value::{Attribute, Key, Value};

/// Something that happens in a span: a name and facts.
///
/// ```
/// use trace_core::{NewEvent, current_span};
///
/// current_span().add_event(NewEvent::new("retry").attribute("attempt", 2).attribute("reason", "timeout"));
/// ```
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub(crate) name: Cow<'static, str>,
    pub(crate) attributes: AttributeList,
}

impl NewEvent {
    /// An event of this name.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self { name: name.into(), attributes: AttributeList::new() }
    }

    /// Adds a fact.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.attributes.push(|| Attribute { key: key.into(), value: value.into() });
        self
    }

    /// Adds several facts.
    #[must_use]
    pub fn attributes<A: Into<Attribute>>(mut self, attributes: impl IntoIterator<Item = A>) -> Self {
        self.attributes.extend(attributes.into_iter().map(Into::into));
        self
    }
}

impl From<&'static str> for NewEvent {
    fn from(name: &'static str) -> Self {
        Self::new(name)
    }
}

impl From<String> for NewEvent {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}
