//! The memory of traces that exporters are done with, for the traces that begin next.
//!
//! Each trace has some lists, which the processor makes and an exporter's thread drops. To free on one thread what another
//! one allocated takes the allocator's lock on both sides: 60 ns for a span with two attributes, of 200 in all (glibc, two
//! processors). Given back here they cost a tenth of that.

use std::sync::{Mutex, PoisonError, TryLockError};

use crate::span_record::{Extras, SpanRecord};
use crate::trace::Trace;

/// So much is kept, in bytes; what is given back beyond it is freed.
const KEPT_BYTES: usize = 1 << 20;

/// A list of so many bytes is freed: one large trace must not be what many small ones keep.
const KEPT_LIST_BYTES: usize = 16 << 10;

/// So many of each are taken at a time.
const TAKEN_AT_ONCE: usize = 64;

/// Lists without content that have room.
#[derive(Debug)]
#[expect(clippy::vec_box, reason = "the boxes are what is used again")]
pub(crate) struct Spent {
    spans: Vec<Vec<SpanRecord>>,
    extras: Vec<Box<Extras>>,
    /// The memory of these, in bytes.
    bytes: usize,
}

/// What waits to be used again.
static BIN: Mutex<Spent> = Mutex::new(Spent::new());

impl Spent {
    pub(crate) const fn new() -> Self {
        Self { spans: Vec::new(), extras: Vec::new(), bytes: 0 }
    }

    /// A list for spans, maybe with room.
    #[inline]
    pub(crate) fn take_spans(&mut self) -> Vec<SpanRecord> {
        if self.spans.is_empty() {
            self.fetch();
        }
        self.spans.pop().unwrap_or_default()
    }

    /// Extras without content, maybe with room.
    #[inline]
    pub(crate) fn take_extras(&mut self) -> Box<Extras> {
        if self.extras.is_empty() {
            self.fetch();
        }
        self.extras.pop().unwrap_or_default()
    }

    /// Takes some of what waits. Nobody waits here for an exporter that gives something back at this moment.
    #[inline(never)]
    fn fetch(&mut self) {
        let mut bin = match BIN.try_lock() {
            Ok(bin) => bin,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        self.take_from(&mut bin);
    }

    fn take_from(&mut self, bin: &mut Self) {
        let spans = bin.spans.drain(bin.spans.len().saturating_sub(TAKEN_AT_ONCE)..);
        self.spans.extend(spans.inspect(|spans| bin.bytes -= bytes_of(spans)));
        let extras = bin.extras.drain(bin.extras.len().saturating_sub(TAKEN_AT_ONCE)..);
        self.extras.extend(extras.inspect(|extras| bin.bytes -= extras.room()));
    }

    /// Takes of what is given as much as may be kept.
    fn keep(&mut self, given: &mut Self) {
        while self.bytes < KEPT_BYTES
            && let Some(spans) = given.spans.pop()
        {
            self.bytes += bytes_of(&spans);
            self.spans.push(spans);
        }
        while self.bytes < KEPT_BYTES
            && let Some(extras) = given.extras.pop()
        {
            self.bytes += extras.room();
            self.extras.push(extras);
        }
    }
}

/// Takes traces apart that nobody needs any more.
pub(crate) fn give_back(traces: Vec<Trace>) {
    let mut spent = Spent::new();
    for Trace { mut spans, extras, .. } in traces {
        if (1..=KEPT_LIST_BYTES).contains(&bytes_of(&spans)) {
            spans.clear();
            spent.spans.push(spans);
        }
        if let Some(mut extras) = extras
            && extras.room() <= KEPT_LIST_BYTES
        {
            extras.clear();
            spent.extras.push(extras);
        }
    }
    let mut bin = BIN.lock().unwrap_or_else(PoisonError::into_inner);
    bin.keep(&mut spent);
    // What found no place is freed when nobody waits for the bin.
    drop(bin);
}

fn bytes_of(spans: &Vec<SpanRecord>) -> usize {
    spans.capacity() * size_of::<SpanRecord>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_kept_than_is_said_and_all_of_it_comes_back() {
        let (mut bin, mut given) = (Spent::new(), Spent::new());
        let each = 100 * size_of::<SpanRecord>();
        given.spans.extend((0..2 * KEPT_BYTES / each).map(|_| Vec::with_capacity(100)));
        bin.keep(&mut given);
        assert_eq!(bin.bytes, bin.spans.len() * each);
        assert!((KEPT_BYTES..KEPT_BYTES + each).contains(&bin.bytes), "{}", bin.bytes);

        let (mut taker, mut taken) = (Spent::new(), 0);
        while !bin.spans.is_empty() {
            taker.take_from(&mut bin);
            taken += taker.spans.drain(..).count();
        }
        assert_eq!((bin.bytes, taken), (0, KEPT_BYTES.div_ceil(each)));
    }
}
