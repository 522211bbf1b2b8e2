//! The memory of traces that exporters are done with, for the traces that begin next.
//!
//! Each trace has some lists, which the processor makes and an exporter's thread drops. To free on one thread what another
//! one allocated cost 55 to 60 ns a span with two attributes, on both sides together (glibc, two processors); to give it back
//! here and to take it costs 20 to 25, most of it for cache lines that go from one processor to the other.

use std::sync::{Mutex, PoisonError, TryLockError};

use crate::paired_attributes::PairedAttributes;
use crate::span_record::{Extras, SpanRecord};
use crate::trace::Trace;

/// So much is kept at most, in bytes: what is on its way while spans come by the hundred thousand a second, in batches of
/// some thousand.
const MOST_KEPT_BYTES: usize = 4 << 20;

/// So many times what is given back at once is kept: one batch is filled while another is with the exporters. So little is
/// kept where little comes.
const KEPT_BATCHES: usize = 2;

/// A list of so many bytes is freed: one large trace must not be what many small ones keep.
const KEPT_LIST_BYTES: usize = 16 << 10;

/// So many of each are taken at a time.
const TAKEN_AT_ONCE: usize = 64;

/// Lists without content that have room.
#[derive(Debug)]
#[expect(clippy::vec_box, reason = "the boxes are what is used again")]
pub(crate) struct Spent {
    spans: Vec<Vec<SpanRecord>>,
    pairs: Vec<PairedAttributes>,
    extras: Vec<Box<Extras>>,
    /// The memory of these, in bytes, while they wait.
    bytes: usize,
}

/// What waits to be used again.
static BIN: Mutex<Spent> = Mutex::new(Spent::new());

impl Spent {
    pub(crate) const fn new() -> Self {
        Self { spans: Vec::new(), pairs: Vec::new(), extras: Vec::new(), bytes: 0 }
    }

    /// A list for spans, maybe with room.
    #[inline]
    pub(crate) fn take_spans(&mut self) -> Vec<SpanRecord> {
        if self.spans.is_empty() {
            self.fetch();
        }
        self.spans.pop().unwrap_or_default()
    }

    /// A list for pairs of attributes, likewise.
    #[inline]
    pub(crate) fn take_pairs(&mut self) -> PairedAttributes {
        if self.pairs.is_empty() {
            self.fetch();
        }
        self.pairs.pop().unwrap_or_default()
    }

    /// Extras without content, maybe with room.
    #[inline]
    pub(crate) fn take_extras(&mut self) -> Box<Extras> {
        if self.extras.is_empty() {
            self.fetch();
        }
        self.extras.pop().unwrap_or_default()
    }

    /// Takes traces apart that nobody needs any more, for those that begin next in the same hands.
    pub(crate) fn put_back(&mut self, traces: &mut Vec<Trace>) {
        for trace in &mut *traces {
            self.take_apart(trace);
        }
        traces.clear();
        self.spans.truncate(TAKEN_AT_ONCE);
        self.pairs.truncate(TAKEN_AT_ONCE);
        self.extras.truncate(TAKEN_AT_ONCE);
    }

    /// Keeps the lists of a trace; tells how many bytes they have.
    fn take_apart(&mut self, trace: &mut Trace) -> usize {
        let (mut spans, mut pairs) = (std::mem::take(&mut trace.spans), std::mem::take(&mut trace.pairs));
        let (extras, mut bytes) = (trace.extras.take(), 0);
        if (1..=KEPT_LIST_BYTES).contains(&bytes_of(&spans)) {
            spans.clear();
            bytes += bytes_of(&spans);
            self.spans.push(spans);
        }
        if (1..=KEPT_LIST_BYTES).contains(&pairs.room()) {
            pairs.clear();
            bytes += pairs.room();
            self.pairs.push(pairs);
        }
        if let Some(mut extras) = extras
            && extras.room() <= KEPT_LIST_BYTES
        {
            extras.clear();
            bytes += extras.room();
            self.extras.push(extras);
        }
        bytes
    }

    /// Takes some of what waits, of each kind of which there is nothing here. Nobody waits here for an exporter that gives something back at this moment.
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
        bin.bytes -= refill(&mut self.spans, &mut bin.spans, bytes_of)
            + refill(&mut self.pairs, &mut bin.pairs, PairedAttributes::room)
            + refill(&mut self.extras, &mut bin.extras, |extras| extras.room());
    }

    /// Takes of what is given as much as may be kept. What is too much stays there, or goes there.
    fn keep(&mut self, given: &mut Self) {
        let most = (given.bytes * KEPT_BATCHES).min(MOST_KEPT_BYTES);
        self.spans.append(&mut given.spans);
        self.pairs.append(&mut given.pairs);
        self.extras.append(&mut given.extras);
        self.bytes += std::mem::take(&mut given.bytes);
        while self.bytes > most
            && let Some(extras) = self.extras.pop()
        {
            self.bytes -= extras.room();
            given.extras.push(extras);
        }
        while self.bytes > most
            && let Some(pairs) = self.pairs.pop()
        {
            self.bytes -= pairs.room();
            given.pairs.push(pairs);
        }
        while self.bytes > most
            && let Some(spans) = self.spans.pop()
        {
            self.bytes -= bytes_of(&spans);
            given.spans.push(spans);
        }
    }
}

/// Takes some lists if there are none; tells how many bytes they have.
fn refill<T>(lists: &mut Vec<T>, from: &mut Vec<T>, bytes: impl Fn(&T) -> usize) -> usize {
    if !lists.is_empty() {
        return 0;
    }
    lists.extend(from.drain(from.len().saturating_sub(TAKEN_AT_ONCE)..));
    lists.iter().map(bytes).sum()
}

/// Takes traces apart that nobody needs any more.
pub(crate) fn give_back(traces: Vec<Trace>) {
    let mut spent = Spent::new();
    for mut trace in traces {
        spent.bytes += spent.take_apart(&mut trace);
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

    const EACH: usize = 100 * size_of::<SpanRecord>();

    fn batch(lists: usize) -> Spent {
        let spans = (0..lists).map(|_| Vec::with_capacity(100)).collect();
        Spent { spans, pairs: Vec::new(), extras: Vec::new(), bytes: lists * EACH }
    }

    #[test]
    fn as_much_is_kept_as_two_batches_need_and_no_more_than_is_said() {
        let mut bin = Spent::new();
        let kept = [10, 10, 10, 1, 5000].map(|lists| {
            bin.keep(&mut batch(lists));
            assert_eq!(bin.bytes, bin.spans.len() * EACH);
            bin.spans.len()
        });
        assert_eq!(kept, [10, 20, 20, 2, MOST_KEPT_BYTES / EACH]);
    }

    #[test]
    fn all_that_is_kept_comes_back() {
        let (mut bin, mut taker) = (batch(150), Spent::new());
        for (taken, left) in [(64, 86), (64, 22), (22, 0)] {
            taker.take_from(&mut bin);
            assert_eq!((taker.spans.drain(..).len(), bin.spans.len(), bin.bytes), (taken, left, left * EACH));
        }
    }

    #[test]
    fn of_what_is_here_no_more_is_taken() {
        let (mut bin, mut taker) = (batch(100), batch(1));
        bin.extras = vec![Box::default(); 3];
        bin.bytes += 3 * bin.extras[0].room();
        for _ in 0..2 {
            taker.take_from(&mut bin);
            assert_eq!((taker.spans.len(), taker.extras.len()), (1, 3));
            assert_eq!((bin.spans.len(), bin.extras.len(), bin.bytes), (100, 0, 100 * EACH));
        }
    }
}
