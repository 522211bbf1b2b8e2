//! Spans by chance, the same for the same seed.

use std::time::Duration;

use trace_core::{
    Attribute, Callsite, Event, Link, Outcome, Resource, SpanContext, SpanData, SpanId, SpanKind, Status, TraceFlags,
    TraceId, TraceState, Value,
};

/// SplitMix64.
pub(crate) struct Random {
    state: u64,
    floats: Floats,
}

/// Which floating-point numbers there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Floats {
    /// All.
    All,
    /// Those that JSON has.
    Finite,
    /// Those that every reader of JSON gets right to the last bit.
    Simple,
}

static PLACES: [Callsite; 4] = [
    Callsite::new("a", "one::module", "src/one.rs", 1).scope("one", "1.0.0"),
    Callsite::new("b", "one::other", "src/other.rs", 4_000_000_000).scope("one", "1.0.0"),
    Callsite::new("c", "two", "src/two.rs", 300).scope("two", "0.0.1-beta+7"),
    Callsite::new("d", "ü::\"quoted\"", "src\\windows.rs", 7).scope("ü", ""),
];

impl Random {
    pub(crate) fn new(seed: u64, floats: Floats) -> Self {
        Self { state: seed, floats }
    }

    pub(crate) fn word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.word() % limit as u64) as usize
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// A number of any length.
    fn number(&mut self) -> u64 {
        let bits = self.below(65);
        if bits == 0 { 0 } else { self.word() >> (64 - bits) }
    }

    pub(crate) fn text(&mut self) -> String {
        const PARTS: [&str; 12] = ["a", "key", ".", "\"", "\\", "\n", "\u{0}", "\u{7f}", "ä", "日本", "🦀", "\u{2028}"];
        let length = match self.below(20) {
            0 => 0,
            // Around the sizes at which a length takes another byte.
            1 => 120 + self.below(20),
            2 => 16_370 + self.below(30),
            _ => self.below(12),
        };
        (0..length).map(|_| PARTS[self.below(PARTS.len())]).collect()
    }

    fn f64(&mut self) -> f64 {
        if self.floats == Floats::Simple {
            return self.below(1_000_000) as f64 / 8.0;
        }
        match self.below(8) {
            0 if self.floats == Floats::All => f64::NAN,
            1 if self.floats == Floats::All => f64::INFINITY,
            2 if self.floats == Floats::All => f64::NEG_INFINITY,
            3 => -0.0,
            4 => f64::MIN_POSITIVE / 2.0,
            5 => self.number() as f64,
            _ => Some(f64::from_bits(self.word())).filter(|number| number.is_finite()).unwrap_or(0.1),
        }
    }

    fn value(&mut self) -> Value {
        match self.below(9) {
            0 => self.one_in(2).into(),
            1 => (self.number() as i64).into(),
            2 => (self.number() as i64).wrapping_neg().into(),
            3 => self.f64().into(),
            4 => self.bytes().into(),
            5 => self.several(|random| random.one_in(2)).into(),
            6 => self.several(|random| random.number() as i64).into(),
            7 => self.several(Self::f64).into(),
            _ if self.one_in(3) => self.several(Self::text).into(),
            _ => self.text().into(),
        }
    }

    fn bytes(&mut self) -> Vec<u8> {
        let length = self.below(5);
        (0..length).map(|_| self.word() as u8).collect()
    }

    fn several<T>(&mut self, one: impl Fn(&mut Self) -> T) -> Vec<T> {
        let length = self.below(4);
        (0..length).map(|_| one(self)).collect()
    }

    /// Attributes with keys of their own.
    fn attributes(&mut self) -> Vec<Attribute> {
        let length = if self.one_in(30) { 40 } else { self.below(4) };
        let attribute = |place: usize| {
            let key = format!("{place}{}", if self.one_in(15) { self.text() } else { ".key".to_owned() });
            Attribute::new(key, self.value())
        };
        (0..length).map(attribute).collect()
    }

    pub(crate) fn resource(&mut self) -> Resource {
        self.attributes()
            .into_iter()
            .fold(Resource::new(), |resource, Attribute { key, value, .. }| resource.attribute(key, value))
    }

    fn context(&mut self, trace: TraceId) -> SpanContext {
        let span = SpanId::from_u64(self.word() | 1).unwrap();
        SpanContext::new(trace, span, TraceFlags::from_bits(self.word() as u8))
    }

    pub(crate) fn trace_id(&mut self) -> TraceId {
        TraceId::from_u128(u128::from(self.word()) << 64 | u128::from(self.word()) | 1).unwrap()
    }

    /// Mostly empty.
    pub(crate) fn trace_state(&mut self) -> TraceState {
        let mut state = TraceState::new();
        for number in 0..self.below(5).saturating_sub(2) {
            state.insert(&format!("vendor{number}@x"), &"v;:\"\\".repeat(1 + self.below(40))).unwrap();
        }
        state
    }

    pub(crate) fn span(&mut self, trace: TraceId) -> SpanData {
        let start = self.number();
        let mut span = SpanData::new(self.context(trace), self.text(), start, Duration::from_nanos(self.number()));
        if !self.one_in(4) {
            span.parent_id = SpanId::from_u64(self.word() | 1);
            span.parent_is_remote = self.one_in(3);
        }
        span.kind = [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer]
            [self.below(5)];
        span.outcome =
            [Outcome::Ok, Outcome::Error, Outcome::Panicked, Outcome::Cancelled, Outcome::NeverPolled][self.below(5)];
        span.status = match self.below(4) {
            0 => Status::Ok,
            1 => Status::error(self.text()),
            _ => Status::Unset,
        };
        span.attributes = self.attributes();
        for _ in 0..self.below(3) {
            let mut event = Event::new(self.text(), self.number());
            event.attributes = self.attributes();
            event.dropped_attributes = self.number() as u32;
            span.events.push(event);
        }
        for _ in 0..self.below(3) {
            let other = self.trace_id();
            let context = self.context(other);
            let mut link = Link::new(if self.one_in(2) { context.remote() } else { context });
            link.trace_state = self.trace_state();
            link.attributes = self.attributes();
            link.dropped_attributes = self.number() as u32;
            span.links.push(link);
        }
        if self.one_in(3) {
            span.dropped.attributes = self.number() as u32;
            span.dropped.events = self.number() as u32;
            span.dropped.links = self.number() as u32;
        }
        span.callsite = if self.one_in(5) { None } else { Some(&PLACES[self.below(PLACES.len())]) };
        span
    }
}
