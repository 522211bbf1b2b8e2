//! Which spans of a trace are open, and where they stand.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::id::SpanId;

/// Beyond so many open spans a map is kept; up to it, looking at each is quicker.
const FEW: usize = 16;

/// A map by ids of our own making.
pub(crate) type SpanMap<T> = HashMap<SpanId, T, BuildHasherDefault<RandomAlready>>;

/// From the id of an open span to its place in the trace.
#[derive(Debug, Default)]
pub(crate) struct OpenSpans {
    few: Vec<(SpanId, u32)>,
    many: SpanMap<u32>,
}

impl OpenSpans {
    pub(crate) fn insert(&mut self, id: SpanId, place: u32) {
        if self.few.len() < FEW {
            self.few.push((id, place));
        } else {
            self.many.insert(id, place);
        }
    }

    /// The span that was opened last is the likeliest to end first.
    pub(crate) fn remove(&mut self, id: SpanId) -> Option<u32> {
        match self.few.iter().rposition(|&(known, _)| known == id) {
            Some(found) => Some(self.few.swap_remove(found).1),
            None if self.many.is_empty() => None,
            None => self.many.remove(&id),
        }
    }

    pub(crate) fn get(&self, id: SpanId) -> Option<u32> {
        let found = self.few.iter().rev().find(|&&(known, _)| known == id);
        found.map(|&(_, place)| place).or_else(|| self.many.get(&id).copied())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.few.is_empty() && self.many.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.few.len() + self.many.len()
    }

    pub(crate) fn clear(&mut self) {
        self.few.clear();
        if self.many.capacity() > 0 {
            self.many = HashMap::default();
        }
    }
}

/// Hashes ids of our own making, which are random.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RandomAlready(u64);

impl Hasher for RandomAlready {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, word: u64) {
        self.0 = self.0.rotate_left(32) ^ word;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
