//! Where the spans of a trace stand in its list, for what was said of them.

use crate::id::SpanId;
use crate::span_record::SpanRecord;

/// So many spans from the last one on are looked at first: what is said of spans comes nearly in the order of their ends.
const NEAR: usize = 3;

/// Finds spans by their ids, one after another in about the order of the list.
#[derive(Debug, Default)]
pub(crate) struct SpanPlaces {
    last: usize,
    /// The spans' ids in their order, with the spans' places; empty until something is not found near by.
    index: Vec<(SpanId, u32)>,
}

impl SpanPlaces {
    /// Begins with another list.
    pub(crate) fn begin(&mut self) {
        self.last = 0;
        self.index.clear();
    }

    /// Goes back to the begin of the list.
    pub(crate) const fn rewind(&mut self) {
        self.last = 0;
    }

    /// Keeps room for so many spans at most.
    pub(crate) fn shrink_to(&mut self, spans: usize) {
        self.index.shrink_to(spans);
    }

    /// The place of this span in the list that was begun with.
    #[inline]
    pub(crate) fn find(&mut self, spans: &[SpanRecord], id: SpanId) -> Option<usize> {
        let near = spans.get(self.last..)?.iter().take(NEAR).position(|span| span.id == id);
        let found = match near {
            Some(near) => self.last + near,
            None => self.look_up(spans, id)?,
        };
        self.last = found;
        Some(found)
    }

    #[inline(never)]
    fn look_up(&mut self, spans: &[SpanRecord], id: SpanId) -> Option<usize> {
        if self.index.is_empty() {
            self.index.extend((0..).zip(spans).map(|(place, span)| (span.id, place)));
            self.index.sort_unstable();
        }
        let found = self.index.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        Some(self.index[found].1 as usize)
    }
}
