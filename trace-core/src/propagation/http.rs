//! The headers of HTTP requests as carriers.

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::propagation::carrier::{Extractor, Injector};

impl Extractor for HeaderMap {
    fn values(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        self.get_all(name).iter().for_each(|value| visit(value.as_bytes()));
    }

    fn names(&self, visit: &mut dyn FnMut(&str)) {
        self.keys().for_each(|name| visit(name.as_str()));
    }
}

/// What cannot stand in a header is left out: a name that is no token, a value with control characters.
impl Injector for HeaderMap {
    fn set(&mut self, name: &str, value: &str) {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            self.insert(name, value);
        }
    }

    fn remove(&mut self, name: &str) {
        HeaderMap::remove(self, name);
    }
}
