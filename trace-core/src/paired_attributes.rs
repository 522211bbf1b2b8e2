//! Attributes that came right before their spans, two at most of each: those of most spans that have any.
//!
//! They stay as they came, and a span knows the place of its own: nothing is looked up, sorted or made of them on the way to
//! an exporter. That reads them [as they are](crate::SpanView::only_scalars), or has attributes made of all of a trace when it
//! asks for the first. So a span with two takes the processor and the encoder 95 instructions less (5 ns of 73) than where
//! attributes were made at once, and another 170 less than where each was kept with its tick and looked over once more at the
//! end of its trace. Whoever needs them in the order of what else was said has them
//! [dissolved](crate::detail::Said::dissolve) first.

use std::num::NonZeroU32;
use std::sync::OnceLock;

use crate::scalar::Pair;
use crate::span_record::{Extra, Extras, SpanRecord};
use crate::value::{Attribute, Key, Value};

/// The next trace gets room for as many pairs as the last one had, up to 16 KiB.
const MOST_TYPICAL: usize = 256;

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
    /// What those of a span are reckoned at, in bytes: with the attributes that may be made of them.
    pub(crate) const BYTES: usize = size_of::<Pair>() + size_of::<[Attribute; 2]>();

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

    /// The memory that they may take, in bytes.
    pub(crate) const fn bytes(&self) -> usize {
        self.pairs.len() * Self::BYTES
    }

    /// The memory that the list has, in bytes.
    pub(crate) const fn room(&self) -> usize {
        self.pairs.capacity() * size_of::<Pair>()
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

    /// Hands itself over, and goes on in this list, which has nothing in it, with room for as many.
    pub(crate) fn replace(&mut self, mut next: Self) -> Self {
        next.pairs.reserve(self.pairs.len().min(MOST_TYPICAL));
        std::mem::replace(self, next)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callsite::NO_PLACE;
    use crate::id::SpanId;
    use crate::kind::SpanKind;
    use crate::scalar::Scalar;
    use crate::span_context::TraceFlags;
    use crate::span_record::Marks;
    use crate::status::Outcome;

    /// Spans with none, one or two attributes each, in turn, and what these are.
    fn some() -> (PairedAttributes, Vec<(SpanRecord, Vec<Attribute>)>) {
        let mut pairs = PairedAttributes::new();
        let spans = (0..30_u64).map(|number| {
            let id = SpanId::from_u64(number + 1).expect("it is not zero");
            let attributes = [("first", Scalar::I64), (["second", "first"][number as usize % 2], Scalar::F64)];
            let pair = Pair {
                scalars: (attributes[0].1, (number % 3 == 2).then_some(attributes[1].1)),
                span: id,
                keys: attributes.map(|(key, _)| key),
                bits: [number, (number as f64).to_bits()],
            };
            let extra = if number % 3 == 0 { None } else { pairs.add(&pair) };
            let (first, second) = (Attribute::new("first", number), Attribute::new(pair.keys[1], number as f64));
            let expected = match number % 6 {
                0 | 3 => vec![],
                // One key twice: the last value of it wins.
                5 => vec![second],
                2 => vec![first, second],
                _ => vec![first],
            };
            let (kind, outcome, flags) = (SpanKind::Internal, Outcome::Ok, TraceFlags::SAMPLED);
            let (start, end, callsite, marks) = (1, 2, &NO_PLACE, Marks::NONE);
            (SpanRecord { id, parent: None, start, end, callsite, kind, outcome, flags, marks, extra }, expected)
        });
        let spans = spans.collect();
        (pairs, spans)
    }

    #[test]
    fn each_span_has_its_own_whoever_asks_first() {
        let (pairs, spans) = some();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for (span, expected) in &spans {
                        assert_eq!(pairs.of(span), expected);
                        let scalars = pairs.pair(span).into_iter().flat_map(Pair::each);
                        assert_eq!(&scalars.map(Attribute::from).collect::<Vec<_>>(), expected);
                    }
                });
            }
        });
        assert_eq!(pairs.len(), spans.iter().map(|(_, expected)| expected.len()).sum::<usize>());
    }

    #[test]
    fn what_is_made_of_them_elsewhere_is_the_same() {
        let (mut pairs, spans) = some();
        let mut extras = Extras::default();
        pairs.make_in(&mut extras);
        for (span, expected) in &spans {
            let range = extras.of(span).map_or(0..0, |extra| extra.attributes.clone());
            assert_eq!(&extras.attributes[range.start as usize..range.end as usize], expected);
        }
        let room = pairs.room();
        assert!(!pairs.of(&spans[1].0).is_empty());
        pairs.clear();
        assert!(pairs.is_empty() && pairs.of(&spans[1].0).is_empty());
        assert_eq!((pairs.bytes(), pairs.room()), (0, room), "the room stays");
    }
}
