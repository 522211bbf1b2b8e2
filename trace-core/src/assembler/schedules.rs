//! Random schedules of writers and the reader: whatever the moments at which a pass finds the ends of the rings, a trace is
//! handed on once, whole, and not before its last record was written.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::assembler::{Assembler, PartRules};
use crate::callsite::Callsite;
use crate::clock::Timebase;
use crate::detail::Rules;
use crate::id::{SpanId, TraceId};
use crate::kind::SpanKind;
use crate::record::{Origin, Record};
use crate::resource::Resource;
use crate::span_context::TraceFlags;
use crate::status::Outcome;
use crate::trace::{Completeness, Trace};

const RINGS: usize = 4;
const SCHEDULES: u64 = 5_000;

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
    /// How many more things begin.
    left: usize,
}

impl Writers {
    fn new(random: &mut Random) -> Self {
        let trace = TraceId::random();
        let mut writers =
            Self { trace, rings: Default::default(), tokens: Vec::new(), spans: 0, left: 3 + random.below(8) };
        writers.open(random, Origin::LocalRoot);
        writers
    }

    fn is_over(&self) -> bool {
        self.tokens.is_empty()
    }

    fn write(&mut self, random: &mut Random, record: Record) {
        self.rings[random.below(RINGS)].push(record);
    }

    fn open(&mut self, random: &mut Random, origin: Origin) {
        let (trace, span) = (self.trace, SpanId::random());
        let (kind, flags) = (SpanKind::Internal, TraceFlags::SAMPLED);
        let callsite = &CALLSITE;
        self.write(
            random,
            Record::Opened { kind, flags, origin, pipeline: 1, trace, span, parent: None, start: 1, callsite },
        );
        self.tokens.push(Token::Span(span));
        self.spans += 1;
    }

    /// The next thing that happens.
    fn go_on(&mut self, random: &mut Random) {
        let (pipeline, trace) = (1, self.trace);
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
                self.write(
                    random,
                    Record::Closed { kind, outcome, flags, pipeline, trace, span, parent, start: 1, end: 2, callsite },
                );
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

/// A pass during which the writers go on; `false` if there was nothing to read.
fn pass(random: &mut Random, writers: &mut Writers, assembler: &mut Assembler, finished: &mut Vec<Trace>) -> bool {
    let mut ends = [0; RINGS];
    for (ring, end) in ends.iter_mut().enumerate() {
        *end = writers.rings[ring].len();
        // The other rings are asked later.
        for _ in 0..random.below(4) {
            if !writers.is_over() {
                writers.go_on(random);
            }
        }
    }
    assembler.begin_pass(Instant::now(), Some(Timebase::UNIX_NANOS));
    for (ring, end) in ends.into_iter().enumerate() {
        for mut record in writers.rings[ring].drain(..end) {
            assembler.take(ring as u32, &mut record);
        }
    }
    finished.extend(assembler.end_pass());
    ends.into_iter().any(|end| end > 0)
}

#[test]
fn a_trace_is_handed_on_once_and_whole_in_every_schedule() {
    for seed in 0..SCHEDULES {
        let random = &mut Random(seed);
        let mut writers = Writers::new(random);
        let parts = PartRules { max_age: Duration::MAX, max_spans: usize::MAX, long_poll_nanos: u64::MAX };
        let mut assembler = Assembler::new(Arc::new(Resource::new()), Rules::default(), parts, Instant::now());
        let mut finished = Vec::new();
        loop {
            let is_over = writers.is_over();
            let has_read = pass(random, &mut writers, &mut assembler, &mut finished);
            assert!(is_over || finished.is_empty(), "seed {seed}: handed on while something runs in it");
            if is_over && !has_read && !assembler.is_settling() {
                break;
            }
        }
        let found: Vec<_> = finished.iter().map(|trace| (trace.len(), trace.completeness())).collect();
        assert_eq!(found, [(writers.spans, Completeness::Whole)], "seed {seed}");
    }
}
