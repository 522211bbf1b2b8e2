//! What contexts are read from and written into.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

/// Something from which a context can be read: a request's headers, a message's metadata.
///
/// It is asked on the caller's thread, during [`extract`](crate::propagation::extract) only, several times. Names are compared
/// without regard to case.
pub trait Extractor {
    /// Calls `visit` with each value of this name, in their order; not at all if there is none. A value need not be text:
    /// what is broken must be told from what is absent.
    fn values(&self, name: &str, visit: &mut dyn FnMut(&[u8]));

    /// Calls `visit` with each name, as often as it likes. Only formats whose names are not fixed need it (the baggage of
    /// [`Jaeger`](crate::propagation::Jaeger)).
    fn names(&self, visit: &mut dyn FnMut(&str));
}

/// Something into which a context can be written.
///
/// It is called on the caller's thread, during [`inject`](crate::propagation::inject) only. Names are in lower case.
pub trait Injector {
    /// Sets the one value of this name; values before are gone.
    fn set(&mut self, name: &str, value: &str);

    /// Takes all values of this name away: what an earlier hop wrote must not travel on beside a context it does not
    /// belong to.
    fn remove(&mut self, name: &str);
}

impl<E: Extractor + ?Sized> Extractor for &E {
    fn values(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        (**self).values(name, visit);
    }

    fn names(&self, visit: &mut dyn FnMut(&str)) {
        (**self).names(visit);
    }
}

/// The values of a name in a carrier that can only be walked.
fn find<'a, K: AsRef<str> + 'a, V: AsRef<[u8]> + 'a>(
    pairs: impl IntoIterator<Item = (&'a K, &'a V)>,
    name: &str,
    visit: &mut dyn FnMut(&[u8]),
) {
    let of_name = pairs.into_iter().filter(|(key, _)| key.as_ref().eq_ignore_ascii_case(name));
    of_name.for_each(|(_, value)| visit(value.as_ref()));
}

impl<K: AsRef<str>, V: AsRef<[u8]>, S: BuildHasher> Extractor for HashMap<K, V, S> {
    fn values(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        find(self, name, visit);
    }

    fn names(&self, visit: &mut dyn FnMut(&str)) {
        self.keys().for_each(|key| visit(key.as_ref()));
    }
}

impl<K: AsRef<str>, V: AsRef<[u8]>> Extractor for BTreeMap<K, V> {
    fn values(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        find(self, name, visit);
    }

    fn names(&self, visit: &mut dyn FnMut(&str)) {
        self.keys().for_each(|key| visit(key.as_ref()));
    }
}

/// A list of headers, in which a name may stand several times.
impl<K: AsRef<str>, V: AsRef<[u8]>> Extractor for [(K, V)] {
    fn values(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        find(self.iter().map(|(key, value)| (key, value)), name, visit);
    }

    fn names(&self, visit: &mut dyn FnMut(&str)) {
        self.iter().for_each(|(key, _)| visit(key.as_ref()));
    }
}

/// A list of headers, in which a name may stand several times.
impl<K: AsRef<str>, V: AsRef<[u8]>> Extractor for Vec<(K, V)> {
    fn values(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        (**self).values(name, visit);
    }

    fn names(&self, visit: &mut dyn FnMut(&str)) {
        (**self).names(visit);
    }
}

/// A list of headers, in which a name may stand several times.
impl<K: AsRef<str>, V: AsRef<[u8]>, const N: usize> Extractor for [(K, V); N] {
    fn values(&self, name: &str, visit: &mut dyn FnMut(&[u8])) {
        self.as_slice().values(name, visit);
    }

    fn names(&self, visit: &mut dyn FnMut(&str)) {
        self.as_slice().names(visit);
    }
}

impl<S: BuildHasher> Injector for HashMap<String, String, S> {
    fn set(&mut self, name: &str, value: &str) {
        self.retain(|key, _| !key.eq_ignore_ascii_case(name));
        self.insert(name.to_owned(), value.to_owned());
    }

    fn remove(&mut self, name: &str) {
        self.retain(|key, _| !key.eq_ignore_ascii_case(name));
    }
}

impl Injector for BTreeMap<String, String> {
    fn set(&mut self, name: &str, value: &str) {
        self.retain(|key, _| !key.eq_ignore_ascii_case(name));
        self.insert(name.to_owned(), value.to_owned());
    }

    fn remove(&mut self, name: &str) {
        self.retain(|key, _| !key.eq_ignore_ascii_case(name));
    }
}

impl Injector for Vec<(String, String)> {
    fn set(&mut self, name: &str, value: &str) {
        self.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.push((name.to_owned(), value.to_owned()));
    }

    fn remove(&mut self, name: &str) {
        self.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
    }
}

/// The values of a name, for a format that needs at most one.
pub(crate) enum Found {
    /// There is none.
    Absent,
    /// There is one, without the space around it.
    One(Vec<u8>),
    /// There are several, and it cannot be told which counts.
    Several,
}

/// Looks for the one value of a name.
pub(crate) fn one(carrier: &dyn Extractor, name: &str) -> Found {
    let mut found = Found::Absent;
    carrier.values(name, &mut |value| {
        found = match found {
            Found::Absent => Found::One(crate::trace_state::trim(value).to_vec()),
            Found::One(_) | Found::Several => Found::Several,
        };
    });
    found
}

/// All values of a name.
pub(crate) fn all(carrier: &dyn Extractor, name: &str) -> Vec<Vec<u8>> {
    let mut values = Vec::new();
    carrier.values(name, &mut |value| values.push(value.to_vec()));
    values
}
