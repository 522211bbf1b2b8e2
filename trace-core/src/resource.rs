//! What the spans of a process have in common.

use crate::value::{Attribute, Key, Value};

/// The entity that produces the spans: a service, its version, its host, as in
/// [OpenTelemetry's `Resource`](https://opentelemetry.io/docs/specs/otel/resource/sdk/).
///
/// ```
/// use trace_core::Resource;
///
/// let resource = Resource::new().attribute("service.name", "shop").attribute("service.version", "1.2.3");
/// assert_eq!(resource.service_name(), Some("shop"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resource {
    attributes: Vec<Attribute>,
}

impl Resource {
    /// A resource of which nothing is known.
    #[must_use]
    pub const fn new() -> Self {
        Self { attributes: Vec::new() }
    }

    /// Sets an attribute; the last value of a key wins.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        let new = Attribute::new(key, value);
        match self.attributes.iter_mut().find(|attribute| attribute.key == new.key) {
            Some(attribute) => *attribute = new,
            None => self.attributes.push(new),
        }
        self
    }

    /// This resource with what `other` says beside it; where both speak, `other` wins.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        other.attributes.into_iter().fold(self, |merged, Attribute { key, value }| merged.attribute(key, value))
    }

    /// Its attributes, each key once.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The value of this attribute.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|attribute| &attribute.value)
    }

    /// The name of the service, if one is known.
    #[must_use]
    pub fn service_name(&self) -> Option<&str> {
        self.get("service.name").and_then(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_resource_wins_where_both_speak() {
        let merged = Resource::new().attribute("a", 1).attribute("b", 1).merge(Resource::new().attribute("b", 2));
        assert_eq!((merged.get("a"), merged.get("b")), (Some(&Value::I64(1)), Some(&Value::I64(2))));
    }
}
