//! Attributes that came right before their spans, two at most of each: those of most spans that have any.
//!
//! They are put on the span when it comes, and in the end their lists become the trace's: nothing is looked up, sorted or
//! moved. A span with two takes the processor 170 instructions less than where each is kept with its tick and looked over once
//! more at the end of its trace (10 ns of 115). Whoever needs them in the order of what else was said has them [dissolved](crate::detail::Said::dissolve) first.

use std::num::NonZeroU32;

use crate::record::{Pair, Scalar};
use crate::span_record::{Extra, Extras, SpanRecord};
use crate::value::{Attribute, Key};

/// The next trace gets room for as many as the last one had, up to 12 KiB.
const MOST_TYPICAL: usize = 256;

/// Attributes of spans that came with their spans.
#[derive(Clone, Debug, Default)]
pub(crate) struct PairedAttributes {
    attributes: Vec<Attribute>,
    /// What spans have that have some. The spans know their places here, which are those in the extras of their trace.
    spans: Vec<Extra>,
}

impl PairedAttributes {
    /// What those of a span are reckoned at, in bytes.
    pub(crate) const BYTES: usize = 2 * size_of::<Attribute>() + size_of::<Extra>();

    pub(crate) const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// How many attributes they are.
    pub(crate) const fn len(&self) -> usize {
        self.attributes.len()
    }

    /// The memory they take, in bytes.
    pub(crate) const fn bytes(&self) -> usize {
        self.spans.len() * Self::BYTES
    }

    /// Takes those of a span that has nothing yet, and returns what its record says of them. The last value of a key wins.
    #[inline(always)]
    pub(crate) fn add(&mut self, pair: &Pair) -> Option<NonZeroU32> {
        let first = self.attributes.len() as u32;
        let ([key, other], [bits, other_bits]) = (pair.keys, pair.bits);
        match pair.scalars.1 {
            Some(scalar) => {
                if !is_same(key, other) {
                    self.push((key, pair.scalars.0, bits));
                }
                self.push((other, scalar, other_bits));
            }
            None => self.push((key, pair.scalars.0, bits)),
        }
        let attributes = first..self.attributes.len() as u32;
        self.spans.push(Extra { attributes, ..Extra::default() });
        NonZeroU32::new(self.spans.len() as u32)
    }

    #[inline(always)]
    fn push(&mut self, (key, scalar, bits): (&'static str, Scalar, u64)) {
        // Made when it has its place, and there: what is made elsewhere and then copied is waited for (10 ns a span).
        self.attributes
            .extend(std::iter::once_with(|| Attribute { key: Key::from_static(key), value: scalar.value(bits) }));
    }

    /// Exchanges its lists for those of a trace's extras, which are empty and may have room; done again, it is undone.
    pub(crate) fn exchange(&mut self, extras: &mut Extras) {
        std::mem::swap(&mut self.attributes, &mut extras.attributes);
        std::mem::swap(&mut self.spans, &mut extras.spans);
    }

    /// Makes room for as many as the last trace had, if these are few.
    pub(crate) fn reserve(&mut self, (attributes, spans): (usize, usize)) {
        self.attributes.reserve(attributes.min(MOST_TYPICAL));
        self.spans.reserve(spans.min(MOST_TYPICAL));
    }

    /// Those of this span, as it knows its place here.
    pub(crate) fn of(&self, span: &SpanRecord) -> &[Attribute] {
        let place = span.extra.map_or(0, NonZeroU32::get) as usize;
        let extra = place.checked_sub(1).and_then(|place| self.spans.get(place));
        extra.map_or(&[], |extra| &self.attributes[extra.attributes.start as usize..extra.attributes.end as usize])
    }

    /// Forgets everything, and keeps room for so many at most.
    pub(crate) fn clear(&mut self, kept: usize) {
        self.attributes.clear();
        self.spans.clear();
        self.attributes.shrink_to(kept);
        self.spans.shrink_to(kept);
    }
}

/// Whether these are one key. Keys are mostly of different lengths.
#[inline]
fn is_same(key: &str, other: &str) -> bool {
    key.len() == other.len() && are_alike(key, other)
}

#[inline(never)]
fn are_alike(key: &str, other: &str) -> bool {
    key == other
}
