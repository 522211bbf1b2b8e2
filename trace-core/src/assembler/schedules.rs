//! Random schedules of writers and the reader: whatever the moments at which a pass finds the ends of the rings, a trace is
//! handed on once, whole, and not before its last record was written.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::assembler::{Assembler, PartRules};
use crate::callsite::Callsite;
use crate::clock::Timebase;
use crate::id::{SpanId, TraceId};
use crate::kind::SpanKind;
use crate::portrait::Rules;
use crate::record::{Origin, Record};
use crate::resource::Resource;
use crate::scalar::Scalar;
use crate::span_context::TraceFlags;
use crate::status::Outcome;
use crate::trace::{Completeness, Trace};
use crate::value::Value;

const RINGS: usize = 4;
const SCHEDULES: u64 = 20_000;

static CALLSITE: Callsite = Callsite::new("span", "", "", 0);

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

/// What runs in the trace and was announced.
enum Token {
    Span(SpanId),
    Carrier,
}

/// Writers of one trace, which say one thing after another, each into any ring.
struct Writers {
    trace: TraceId,
    rings: [Vec<Record>; RINGS],
    tokens: Vec<Token>,
    spans: usize,
    /// How many of eight records go to any ring.
    spread: usize,
    /// How many more things begin.
    left: usize,
    /// What a thread writes next, right after the attributes of that span: into this ring.
    next: Option<(usize, Record)>,
    /// The spans that have attributes.
    with_pairs: Vec<SpanId>,
}

impl Writers {
    fn new(random: &mut Random) -> Self {
        let trace = TraceId::random();
        let (spread, left) = (random.below(3), 3 + random.below(8));
        let (rings, tokens, with_pairs) = (Default::default(), Vec::new(), Vec::new());
        let mut writers = Self { trace, rings, tokens, spans: 0, spread, left, next: None, with_pairs };
        writers.open(random, Origin::LocalRoot);
        writers
    }

    fn is_over(&self) -> bool {
        self.tokens.is_empty() && self.next.is_none()
    }

    /// Mostly one thread writes, as it is in life: so that many a trace is that thread's alone.
    fn write(&mut self, random: &mut Random, record: Record) {
        let ring = self.ring(random);
        self.rings[ring].push(record);
    }

    fn ring(&self, random: &mut Random) -> usize {
        if random.below(8) < self.spread { random.below(RINGS) } else { 0 }
    }

    fn open(&mut self, random: &mut Random, origin: Origin) {
        let (trace, span) = (self.trace, SpanId::random());
        let (kind, flags) = (SpanKind::Internal, TraceFlags::SAMPLED);
        let callsite = &CALLSITE;
        let opened = Record::Opened { kind, flags, origin, pipeline: 1, trace, span, parent: None, start: 1, callsite };
        let ring = self.ring(random);
        // The first one always, so that there is no moment at which nothing of the trace runs.
        if self.spans > 0 && random.below(2) == 0 {
            let (keys, bits) = (["first", ""], [span.to_u64(), 0]);
            self.rings[ring].push(Record::Pair { scalar: Scalar::I64, second: None, pipeline: 1, span, keys, bits });
            self.next = Some((ring, opened));
            self.with_pairs.push(span);
        } else {
            self.rings[ring].push(opened);
        }
        self.tokens.push(Token::Span(span));
        self.spans += 1;
    }

    /// The next thing that happens.
    fn go_on(&mut self, random: &mut Random) {
        let (pipeline, trace) = (1, self.trace);
        if let Some((ring, record)) = self.next.take() {
            return self.rings[ring].push(record);
        }
        let choice = if self.left == 0 { 3 } else { random.below(5) };
        self.left = self.left.saturating_sub(1);
        match choice {
            0 => self.open(random, Origin::Child),
            1 => {
                self.write(random, Record::CarrierOpened { pipeline, trace });
                self.tokens.push(Token::Carrier);
            }
            2 => {
                let (kind, flags, outcome) = (SpanKind::Internal, TraceFlags::SAMPLED, Outcome::Ok);
                let (span, callsite) = (SpanId::random(), &CALLSITE);
                let parent = None;
                let closed =
                    Record::Closed { kind, outcome, flags, pipeline, trace, span, parent, start: 1, end: 2, callsite };
                let ring = self.ring(random);
                if random.below(2) == 0 {
                    self.rings[ring].push(closed);
                } else {
                    let (keys, bits, scalar) = (["first", "second"], [span.to_u64(); 2], Scalar::I64);
                    let second = (random.below(2) == 0).then_some(Scalar::I64);
                    self.rings[ring].push(Record::Pair { scalar, second, pipeline, span, keys, bits });
                    if random.below(4) == 0 {
                        // For the span itself there was no memory.
                        return;
                    }
                    // The reader may come between the two.
                    self.next = Some((ring, closed));
                    self.with_pairs.push(span);
                }
                self.spans += 1;
            }
            _ => {
                let token = self.tokens.swap_remove(random.below(self.tokens.len()));
                let record = match token {
                    Token::Span(span) => Record::Ended { outcome: Outcome::Ok, pipeline, trace, span, end: 2 },
                    Token::Carrier => Record::CarrierClosed { pipeline, trace },
                };
                self.write(random, record);
            }
        }
    }
}

/// The traces that were handed on.
#[derive(Default)]
struct Finished {
    /// As soon as nothing of them was open.
    at_once: Vec<Trace>,
    /// After a quiet pass.
    later: Vec<Trace>,
}

impl Finished {
    fn iter(&self) -> impl Iterator<Item = &Trace> {
        self.at_once.iter().chain(&self.later)
    }
}

/// A pass, as the reader makes one, during which the writers go on; `false` if there was nothing to read.
///
/// The ring of most records has its end taken first and is read last.
fn pass(random: &mut Random, writers: &mut Writers, assembler: &mut Assembler, finished: &mut Finished) -> bool {
    let busiest = (0..RINGS).max_by_key(|&ring| writers.rings[ring].len()).unwrap();
    let mut ends = [0; RINGS];
    for ring in std::iter::once(busiest).chain((0..RINGS).filter(|&ring| ring != busiest)) {
        ends[ring] = writers.rings[ring].len();
        // The other rings are asked later.
        for _ in 0..random.below(4) {
            if !writers.is_over() {
                writers.go_on(random);
            }
        }
    }
    assembler.begin_pass(Instant::now(), Some(Timebase::UNIX_NANOS));
    for ring in (0..RINGS).filter(|&ring| ring != busiest).chain([busiest]) {
        assembler.stream(1 + ring as u32, ring == busiest);
        let mut records: Vec<_> = writers.rings[ring].drain(..ends[ring]).collect();
        let mut rest = &mut records[..];
        while !rest.is_empty() {
            let taken = assembler.take(rest);
            rest = &mut rest[taken..];
        }
    }
    finished.at_once.extend(assembler.take_complete());
    assembler.end_pass();
    finished.later.extend(assembler.take_complete());
    ends.into_iter().any(|end| end > 0)
}

#[test]
fn a_trace_is_handed_on_once_and_whole_in_every_schedule() {
    let mut at_once = 0;
    for seed in 0..SCHEDULES {
        let random = &mut Random(seed);
        let mut writers = Writers::new(random);
        let parts = PartRules { max_age: Duration::MAX, max_spans: usize::MAX, long_poll_nanos: u64::MAX };
        let mut assembler = Assembler::new(Arc::new(Resource::new()), Rules::default(), parts, Instant::now());
        let mut finished = Finished::default();
        loop {
            let is_over = writers.is_over();
            let has_read = pass(random, &mut writers, &mut assembler, &mut finished);
            let is_early = !writers.is_over() && finished.iter().count() > 0;
            assert!(!is_early, "seed {seed}: handed on while something runs in it");
            if is_over && !has_read && !assembler.is_settling() {
                break;
            }
        }
        let found: Vec<_> = finished.iter().map(|trace| (trace.len(), trace.completeness())).collect();
        assert_eq!(found, [(writers.spans, Completeness::Whole)], "seed {seed}");
        for span in finished.iter().flat_map(Trace::spans) {
            let first = span.attribute("first").and_then(Value::as_i64);
            let expected = span.span_id().to_u64().cast_signed();
            let wanted = writers.with_pairs.contains(&span.span_id()).then_some(expected);
            assert_eq!(first, wanted, "seed {seed}: the attributes of {span:?}");
        }
        at_once += finished.at_once.len() as u64;
    }
    // Else the schedules do not show what they are here for.
    assert!((SCHEDULES / 10..SCHEDULES / 10 * 9).contains(&at_once), "{at_once} of {SCHEDULES} at once");
}
