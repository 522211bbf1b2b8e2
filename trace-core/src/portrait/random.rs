//! Random things said of random spans, in and out of order: attributes that are left where they lie come out as those that
//! are sorted, and both as the rules say.

use std::borrow::Cow;
use std::collections::HashMap;

use super::*;
use crate::callsite::NO_PLACE;
use crate::detail::Detail;
use crate::id::SpanId;
use crate::kind::SpanKind;
use crate::paired_attributes::PairedAttributes;
use crate::scalar::{Pair, Scalar};
use crate::span_context::TraceFlags;
use crate::value::{Key, Value};

const TRIES: u64 = 20_000;

/// Of these the first ones are here, in another order.
const SPANS: usize = 6;

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// One attribute of one span, at one tick.
type Word = (SpanId, u64, Attribute);

fn id(number: usize) -> SpanId {
    SpanId::from_u64(number as u64 + 1).expect("it is not zero")
}

fn span(random: &mut Random, number: usize) -> SpanRecord {
    SpanRecord {
        id: id(number),
        parent: None,
        start: 1,
        end: 5 + random.below(60) as u64,
        callsite: &NO_PLACE,
        kind: SpanKind::Internal,
        outcome: if random.below(4) == 0 { Outcome::Open } else { Outcome::Ok },
        flags: TraceFlags::SAMPLED,
        marks: Marks::NONE,
        extra: None,
    }
}

/// Attributes as they come in life, in a row and in order; and, one time in three, as they should not.
fn words(random: &mut Random) -> Vec<Word> {
    let is_wild = random.below(3) == 0;
    let (mut spans, mut tick) = ((0..SPANS).rev().collect::<Vec<_>>(), 1);
    let mut words = Vec::new();
    while let Some(number) = spans.pop() {
        for place in 0..random.below(4) {
            tick =
                if is_wild && random.below(6) == 0 { random.below(50) as u64 } else { tick + random.below(3) as u64 };
            let key = if is_wild { random.below(4) } else { place };
            let key = ["a", "b", "c", "long name"][key];
            let key = if random.below(8) == 0 { Key::from(key.to_owned()) } else { Key::from(key) };
            let value = words.len() as i64;
            let value = if random.below(4) == 0 { Value::from(value.to_string()) } else { Value::from(value) };
            words.push((id(number), tick, Attribute { key, value }));
        }
        if is_wild && random.below(4) == 0 {
            spans.push(random.below(SPANS));
        }
    }
    words
}

/// Attributes that came with their spans, of some spans of every other trace: before everything else, and now and then one key
/// twice.
fn pairs(random: &mut Random, spans: &mut [SpanRecord], said: &mut PairedAttributes) -> Vec<Word> {
    let mut words = Vec::new();
    if random.below(2) == 0 {
        return words;
    }
    for span in spans {
        let keys = [["a", "b"], ["b", "c"], ["a", "a"]][random.below(3)];
        let (count, bits) = (random.below(3), random.below(1000) as u64);
        let second = (count == 2).then_some(Scalar::I64);
        if count > 0 {
            let bits = [bits, bits + 1];
            span.extra = said.add(&Pair { scalars: (Scalar::I64, second), span: span.id, keys, bits });
        }
        let values = [bits, bits + 1].map(u64::cast_signed);
        let own = keys.into_iter().zip(values).take(count).map(|(key, value)| Attribute::new(key, value));
        words.extend(own.map(|attribute| (span.id, 0, attribute)));
    }
    words
}

/// What the rules make of it, one word after another.
fn expected(span: &SpanRecord, words: &[Word], limit: usize) -> (Vec<Attribute>, u64, u64) {
    let mut own: Vec<_> = words.iter().filter(|(id, ..)| *id == span.id).collect();
    own.sort_by_key(|(_, ticks, _)| *ticks);
    let (mut attributes, mut late, mut over) = (Vec::<Attribute>::new(), 0, 0);
    for (_, ticks, word) in own {
        if span.outcome != Outcome::Open && *ticks > span.end {
            late += 1;
        } else if let Some(known) = attributes.iter_mut().find(|known| known.key == word.key) {
            known.value = word.value.clone();
        } else if attributes.len() < limit {
            attributes.push(word.clone());
        } else {
            over += 1;
        }
    }
    (attributes, late, over)
}

#[test]
fn whatever_is_said_in_whatever_order_each_span_has_what_the_rules_say() {
    let mut straight: HashMap<(bool, bool), u64> = HashMap::new();
    for seed in 0..TRIES {
        let random = &mut Random(seed);
        let here = 1 + random.below(SPANS);
        let mut spans: Vec<_> = (0..here).map(|number| span(random, number)).collect();
        if random.below(2) == 0 {
            spans.rotate_left(here / 2);
        }
        let mut said = Said::default();
        let pairs = pairs(random, &mut spans, &mut said.pairs);
        let mut later = words(random);
        if random.below(2) == 0 {
            // As in life: a span has attributes of the one kind or of the other, and is here.
            later.retain(|(of, ..)| spans.iter().any(|span| span.id == *of && span.extra.is_none()));
        }
        let words = [pairs, later.clone()].concat();
        let mut rules = Rules { limits: SpanLimits::new(), ..Rules::default() };
        if random.below(4) == 0 {
            rules.limits = rules.limits.attributes(1 + random.below(2));
        }
        for (span, ticks, attribute) in &later {
            said.attributes.push(*span, *ticks, attribute.clone());
        }
        let event = (random.below(3) == 0).then(|| (id(random.below(SPANS)), Cow::Borrowed("event")));
        if let Some((span, name)) = event.clone() {
            let attributes = vec![Attribute::new("a", 1), Attribute::new("a", 2)];
            said.details.push(Detail { span, ticks: 1, what: What::Event { name, attributes } });
        }
        let (mut room, mut places) = (Room::default(), SpanPlaces::default());
        let settles =
            said.attributes.clone().settle(&mut spans.clone(), &mut Extras::default(), &mut places, &rules.limits);
        *straight.entry((settles, !said.pairs.is_empty())).or_default() += 1;

        let (mut extras, mut omissions) = (Extras::default(), Omissions::default());
        apply(&mut spans, &mut said, &mut extras, &mut room, &Timebase::UNIX_NANOS, &rules, &mut omissions);

        let (mut late, mut over, mut heap) = (0, 0, 0);
        for span in &spans {
            let (attributes, span_late, span_over) = expected(span, &words, rules.limits.attributes);
            let extra = extras.of(span).cloned().unwrap_or_default();
            let range = extra.attributes.start as usize..extra.attributes.end as usize;
            assert_eq!(extras.attributes[range], attributes, "seed {seed}, span {}", span.id);
            let events = event.as_ref().filter(|(id, _)| *id == span.id).map_or(0, |_| 1);
            assert_eq!(extra.events.len(), events, "seed {seed}, span {}", span.id);
            (late, over) = (late + span_late, over + span_over);
            heap += attributes.iter().map(Attribute::heap_bytes).sum::<usize>();
        }
        assert_eq!((omissions.after_end, omissions.over_limits), (late, over), "seed {seed}");
        let lists = size_of_val(&*extras.spans)
            + size_of_val(&*extras.more)
            + size_of_val(&*extras.attributes)
            + size_of_val(&*extras.events);
        assert_eq!(extras.bytes() - lists, heap, "seed {seed}");

        let left: Vec<_> = words.iter().filter(|(of, ..)| *of >= id(here)).cloned().collect();
        let stayed: Vec<_> = said.attributes.runs().flat_map(|(span, run)| run.map(move |word| (span, word))).collect();
        assert_eq!(stayed.len(), left.len(), "seed {seed}");
        for ((span, (ticks, place)), word) in stayed.into_iter().zip(left) {
            assert_eq!((span, ticks, said.attributes.take(place)), word, "seed {seed}");
        }
    }
    assert!(straight.len() == 4 && straight.values().all(|&times| times > TRIES / 20), "{straight:?}");
}
