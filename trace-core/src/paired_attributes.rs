//! Attributes that came right before their spans, two at most of each: those of most spans that have any.
//!
//! They stay as they came, and a span knows the place of its own: nothing is looked up, sorted or made of them on the way to
//! an exporter, which reads them [as they are](crate::SpanView::only_scalars) or has attributes made of all of a trace when it
//! asks for the first. A span with two takes the processor FIXME instructions less so than with attributes made at once (FIXME ns),
//! and 170 less than that where each was kept with its tick and looked over once more at the end of its trace. Whoever
//! needs them in the order of what else was said has them [dissolved](crate::detail::Said::dissolve) first.

use std::num::NonZeroU32;
use std::sync::OnceLock;

use crate::scalar::Pair;
use crate::span_record::{Extra, Extras, SpanRecord};
use crate::value::{Attribute, Key, Value};

/// What stands where a pair has no second attribute.
const NONE: Attribute = Attribute { key: Key::from_static(""), value: Value::Bool(false) };

/// Attributes of spans that came with their spans.
#[derive(Clone, Debug, Default)]
pub(crate) struct PairedAttributes {
    pairs: Vec<Pair>,
    /// The attributes of each, once somebody has asked for those of any.
    made: OnceLock<Box<[[Attribute; 2]]>>,
}

impl PairedAttributes {
    /// What those of a span are reckoned at, in bytes.
    pub(crate) const BYTES: usize = size_of::<Pair>();

    pub(crate) const fn new() -> Self {
        Self { pairs: Vec::new(), made: OnceLock::new() }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// How many attributes they are.
    pub(crate) fn len(&self) -> usize {
        self.pairs.iter().map(Pair::len).sum()
    }

    /// The memory they take, in bytes, without what is made of them while a trace is looked at.
    pub(crate) const fn bytes(&self) -> usize {
        self.pairs.len() * Self::BYTES
    }

    /// The memory that the list has, in bytes.
    pub(crate) const fn room(&self) -> usize {
        self.pairs.capacity() * Self::BYTES
    }

    /// Takes those of a span that has nothing yet, and returns what its record says of them. The last value of a key wins.
    #[inline(always)]
    pub(crate) fn add(&mut self, pair: &Pair) -> Option<NonZeroU32> {
        self.pairs.push(pair.with_each_key_once());
        NonZeroU32::new(self.pairs.len() as u32)
    }

    /// The pair of this span, as it knows its place here.
    #[inline]
    pub(crate) fn pair(&self, span: &SpanRecord) -> Option<&Pair> {
        self.pairs.get(place(span)?)
    }

    /// The attributes of this span.
    pub(crate) fn of(&self, span: &SpanRecord) -> &[Attribute] {
        let place = place(span).and_then(|place| Some((place, self.pairs.get(place)?.len())));
        place.map_or(&[], |(place, count)| &self.made()[place][..count])
    }

    fn made(&self) -> &[[Attribute; 2]] {
        self.made.get_or_init(|| self.pairs.iter().map(made_of).collect())
    }

    /// Makes attributes of all of them in extras that have nothing, in which each has the place that its span knows.
    pub(crate) fn make_in(&self, extras: &mut Extras) {
        debug_assert!(extras.spans.is_empty() && extras.attributes.is_empty(), "places are taken");
        for pair in &self.pairs {
            let first = extras.attributes.len() as u32;
            extras.attributes.extend(pair.each().map(Attribute::from));
            extras.spans.push(Extra { attributes: first..extras.attributes.len() as u32, ..Extra::default() });
        }
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        self.pairs.clear();
        self.made = OnceLock::new();
    }

    /// Keeps room for so many at most.
    pub(crate) fn shrink_to(&mut self, kept: usize) {
        self.pairs.shrink_to(kept);
    }
}

/// Where the pair of this span is, if it has one.
#[inline]
fn place(span: &SpanRecord) -> Option<usize> {
    span.extra.map(|extra| extra.get() as usize - 1)
}

fn made_of(pair: &Pair) -> [Attribute; 2] {
    let mut each = pair.each();
    std::array::from_fn(|_| each.next().map_or(NONE, Attribute::from))
}
