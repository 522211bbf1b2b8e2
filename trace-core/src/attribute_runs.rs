//! The attributes of a trace's spans as they come: what one thread says of a span comes in a row.
//!
//! Where every span has one such run, in order of ticks and each key once, nothing is sorted and nothing moved: the list
//! becomes that of the trace. That is so for nearly every trace: to put two attributes on a span takes 212 instructions so,
//! and took 786 when each was sorted and moved.

use crate::id::SpanId;
use crate::limits::SpanLimits;
use crate::scalar::Scalar;
use crate::span_places::SpanPlaces;
use crate::span_record::{Extra, Extras, SpanRecord};
use crate::status::Outcome;
use crate::value::{Attribute, Key, Value};

/// Above so many attributes of one span it is not looked by comparing all of them whether each key is there once.
const FEW: usize = 16;

/// The next trace gets room for as many attributes as the last one had, up to 12 KiB.
const MOST_TYPICAL: usize = 256;

/// What is left in the place of an attribute that was taken, and of its tick: nobody sees the clock come so far.
pub(crate) const TAKEN: Attribute = Attribute { key: Key::from_static(""), value: Value::Bool(false) };
const TAKEN_TICKS: u64 = u64::MAX;

/// Attributes of spans, in the order in which they came.
#[derive(Clone, Debug, Default)]
pub(crate) struct AttributeRuns {
    attributes: Vec<Attribute>,
    /// When each was said.
    ticks: Vec<u64>,
    runs: Vec<Run>,
    /// The bytes on the heap that they own.
    heap: usize,
}

/// Attributes of one span that came one after another.
#[derive(Clone, Copy, Debug)]
struct Run {
    span: SpanId,
    /// Where its attributes end, which begin where those of the run before end.
    end: u32,
}

impl AttributeRuns {
    /// What an attribute is reckoned at beside what it has on the heap.
    pub(crate) const BYTES: usize = size_of::<Attribute>() + size_of::<u64>();

    pub(crate) const fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }

    pub(crate) const fn len(&self) -> usize {
        self.attributes.len()
    }

    /// The memory they take, in bytes.
    pub(crate) const fn bytes(&self) -> usize {
        self.attributes.len() * Self::BYTES + self.heap
    }

    pub(crate) fn push(&mut self, span: SpanId, ticks: u64, attribute: Attribute) {
        self.heap += attribute.heap_bytes();
        self.attributes.push(attribute);
        self.note(span, ticks);
    }

    /// Adds a number or a truth value.
    #[inline]
    pub(crate) fn push_scalar(&mut self, span: SpanId, ticks: u64, key: &'static str, scalar: Scalar, bits: u64) {
        // Made when it has its place, and there: what is made elsewhere and then copied is waited for (10 ns a span).
        let made = || Attribute { key: Key::from_static(key), value: scalar.value(bits).into() };
        self.attributes.extend(std::iter::once_with(made));
        self.note(span, ticks);
    }

    #[inline]
    fn note(&mut self, span: SpanId, ticks: u64) {
        self.ticks.push(ticks);
        let end = self.attributes.len() as u32;
        match self.runs.last_mut() {
            Some(run) if run.span == span => run.end = end,
            _ => self.runs.push(Run { span, end }),
        }
    }

    /// Forgets everything, and keeps room for so many at most.
    pub(crate) fn clear(&mut self, kept: usize) {
        self.attributes.clear();
        self.ticks.clear();
        self.runs.clear();
        self.heap = 0;
        self.attributes.shrink_to(kept);
        self.ticks.shrink_to(kept);
        self.runs.shrink_to(kept);
    }

    /// Copies of those of these spans.
    pub(crate) fn of(&self, is_wanted: impl Fn(SpanId) -> bool) -> Self {
        let mut copy = Self::default();
        for (span, run) in self.runs().filter(|(span, _)| is_wanted(*span)) {
            run.for_each(|(ticks, place)| copy.push(span, ticks, self.attributes[place as usize].clone()));
        }
        copy
    }

    /// Adds those of another list behind its own.
    pub(crate) fn append(&mut self, other: Self) {
        other.each(|span, ticks, attribute| self.push(span, ticks, attribute));
    }

    /// Gives these spans their attributes as they lie here, behind those in the extras, if nothing needs to be changed. Else
    /// nothing happens, and the answer is `false`.
    pub(crate) fn settle(
        &mut self,
        spans: &mut [SpanRecord],
        extras: &mut Extras,
        places: &mut SpanPlaces,
        limits: &SpanLimits,
    ) -> bool {
        if self.is_empty() {
            return true;
        }
        extras.spans.reserve(self.runs.len());
        let (before, behind) = (extras.spans.len(), extras.attributes.len() as u32);
        let mut first = 0;
        let are_straight = self.runs.iter().all(|run| {
            let range = first..run.end;
            first = run.end;
            let Some(span) = places.find(spans, run.span).and_then(|place| spans.get_mut(place)) else { return false };
            let is_straight = span.extra.is_none()
                && range.len() <= limits.attributes
                && self.is_straight(range.start as usize, range.end as usize, span);
            if is_straight {
                let attributes = range.start + behind..range.end + behind;
                extras.set(span, Extra { attributes, ..Extra::default() });
            }
            is_straight
        });
        if are_straight {
            let said = self.attributes.len();
            extras.take_attributes(&mut self.attributes, &mut self.heap);
            self.attributes.reserve(said.min(MOST_TYPICAL));
            self.ticks.clear();
            self.runs.clear();
        } else {
            extras.spans.truncate(before);
            for span in spans {
                span.extra = span.extra.filter(|extra| extra.get() as usize <= before);
            }
        }
        are_straight
    }

    /// Whether these are in order of ticks, none came after the span's end, and each key is there once.
    #[inline]
    fn is_straight(&self, first: usize, end: usize, span: &SpanRecord) -> bool {
        let (attributes, ticks) = (&self.attributes[first..end], &self.ticks[first..end]);
        let last = if span.outcome == Outcome::Open { u64::MAX } else { span.end };
        attributes.len() <= FEW
            && ticks.is_sorted()
            && ticks.last().is_none_or(|&ticks| ticks <= last)
            && (1..attributes.len()).all(|own| {
                let key = attributes[own].key.as_str();
                attributes[..own].iter().all(|before| before.key.as_str() != key)
            })
    }

    /// Each run: its span, and the tick and the place of each attribute.
    pub(crate) fn runs(&self) -> impl Iterator<Item = (SpanId, impl Iterator<Item = (u64, u32)>)> {
        let mut first = 0;
        self.runs.iter().map(move |run| {
            let range = first..run.end;
            first = run.end;
            (run.span, range.map(|place| (self.ticks[place as usize], place)))
        })
    }

    /// Takes the attribute in this place; [`Self::forget_taken`] follows.
    pub(crate) fn take(&mut self, place: u32) -> Attribute {
        self.ticks[place as usize] = TAKEN_TICKS;
        std::mem::replace(&mut self.attributes[place as usize], TAKEN)
    }

    /// Forgets what was taken, which is so many attributes.
    pub(crate) fn forget_taken(&mut self, taken: usize) {
        if taken == self.attributes.len() {
            self.attributes.clear();
            self.ticks.clear();
            self.runs.clear();
            self.heap = 0;
        } else {
            let all = std::mem::take(self);
            all.each(|span, ticks, attribute| {
                if ticks != TAKEN_TICKS {
                    self.push(span, ticks, attribute);
                }
            });
        }
    }

    /// Goes through all of them, with their spans and ticks.
    fn each(self, mut take: impl FnMut(SpanId, u64, Attribute)) {
        let mut all = self.attributes.into_iter().zip(self.ticks);
        let mut first = 0;
        for run in self.runs {
            for (attribute, ticks) in all.by_ref().take((run.end - first) as usize) {
                take(run.span, ticks, attribute);
            }
            first = run.end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_truth_value_survives_its_bits_and_nothing_else_has_any() {
        for value in [Value::Bool(true), Value::Bool(false), Value::I64(i64::MIN), Value::F64(-0.5)] {
            let (scalar, bits) = Scalar::of(&value).unwrap();
            let mut runs = AttributeRuns::default();
            runs.push_scalar(SpanId::random(), 1, "key", scalar, bits);
            assert_eq!(runs.take(0), Attribute::new("key", value));
        }
        assert_eq!(Scalar::of(&Value::from("text")), None);
    }
}
