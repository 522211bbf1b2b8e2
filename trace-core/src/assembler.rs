//! Records in, traces out: pure, without a thread or a clock of its own.
//!
//! A trace is complete when nothing of it is open (no announced span, no carrier) and a whole later pass brought no record
//! of it. Why that is enough: whatever still runs in a trace runs under something that was announced, by something announced
//! before. If one such thing was open at the end of the pass that closed the last one known, then its announcement was
//! written before the next pass began, so that pass brings it, and the trace is not quiet.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::assembly::{Assembly, Start};
use crate::clock::Timebase;
use crate::detail::{Detail, Omissions, Rules, What};
use crate::id::{self, SpanId, TraceId};
use crate::record::{Group, Origin, Record};
use crate::resource::Resource;
use crate::span_record::{Marks, SpanRecord};
use crate::status::Outcome;
use crate::trace::{Completeness, Trace};
use crate::value::Attribute;

/// How settled spans leave a trace that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    /// For good.
    Out,
    /// For good, with copies of what is open.
    OutWithOpen,
    /// As copies, each once.
    Copies,
}

/// When a trace that is not complete is handed on in parts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PartRules {
    pub(crate) max_age: Duration,
    pub(crate) max_spans: usize,
}

/// The traces of one pipeline that are being put together.
#[derive(Debug)]
pub(crate) struct Assembler {
    resource: Arc<Resource>,
    rules: Rules,
    parts: PartRules,
    seats: Vec<Option<Assembly>>,
    free: Vec<usize>,
    places: HashMap<TraceId, usize, Seed>,
    /// The trace of the last record: the next one is likely its too.
    last: Option<(TraceId, usize)>,
    /// Where the items of the last group go.
    group: Option<(usize, Group, SpanId, u64)>,
    touched: Vec<usize>,
    settling: Vec<usize>,
    pass: u64,
    now: Instant,
    timebase: Timebase,
    typical_spans: usize,
    holding: Holding,
    counts: Counts,
}

/// What the assembler counted since it was last asked.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Spans that ended.
    pub(crate) closed: u64,
    /// Spans handed on after the rest of their trace.
    pub(crate) late: u64,
    /// Said of spans that were gone or never came.
    pub(crate) without_span: u64,
    pub(crate) omissions: Omissions,
}

impl Assembler {
    pub(crate) fn new(resource: Arc<Resource>, rules: Rules, parts: PartRules, now: Instant) -> Self {
        Self {
            resource,
            rules,
            parts,
            seats: Vec::new(),
            free: Vec::new(),
            places: HashMap::with_hasher(Seed(id::random_word())),
            last: None,
            group: None,
            touched: Vec::new(),
            settling: Vec::new(),
            pass: 1,
            now,
            timebase: Timebase::UNIX_NANOS,
            typical_spans: 4,
            holding: Holding::default(),
            counts: Counts::default(),
        }
    }

    /// Begins a pass: traces that are new in it get this timebase.
    pub(crate) fn begin_pass(&mut self, now: Instant, timebase: Timebase) {
        (self.now, self.timebase) = (now, timebase);
    }

    /// Takes a record of this pipeline; items follow their group at once.
    #[inline]
    pub(crate) fn take(&mut self, record: Record) {
        match record {
            Record::Closed { kind, outcome, flags, trace, span, parent, start, end, callsite, .. } => {
                self.count_closed();
                let (id, marks, extra) = (span, Marks::NONE, None);
                let span = SpanRecord { id, parent, start, end, callsite, kind, outcome, flags, marks, extra };
                self.at(trace).closed(span);
            }
            Record::Opened { kind, flags, origin, trace, span, parent, start, callsite, .. } => {
                let marks = Marks::PARENT_IS_REMOTE.if_so(origin == Origin::Remote);
                let (id, end, outcome, extra) = (span, start, Outcome::Open, None);
                let span = SpanRecord { id, parent, start, end, callsite, kind, outcome, flags, marks, extra };
                self.holding.open += 1;
                if self.at(trace).opened(span, origin != Origin::Child) == Start::AfterItsEnd {
                    self.holding.open -= 1;
                    self.count_closed();
                }
            }
            Record::Ended { outcome, trace, span, end, .. } => {
                if self.at(trace).ended(span, end, outcome) {
                    self.holding.open -= 1;
                    self.count_closed();
                }
            }
            Record::CarrierOpened { trace, .. } => self.at(trace).carrier(1),
            Record::CarrierClosed { trace, .. } => self.at(trace).carrier(-1),
            Record::Scalar { scalar, trace, span, ticks, key, bits, .. } => {
                let what = What::Attribute(Attribute::new(key, scalar.value(bits)));
                self.at(trace).detail(Detail { span, ticks, what });
            }
            Record::Lost { lost, trace, span, .. } => {
                self.at(trace).detail(Detail { span, ticks: 0, what: What::Lost(lost) });
            }
            Record::Group { what, trace, span, ticks, .. } => {
                let seat = self.seat(trace);
                self.group = Some((seat, what, span, ticks));
            }
            item => {
                if let Some((seat, what, span, ticks)) = self.group
                    && let Some(assembly) = &mut self.seats[seat]
                {
                    assembly.item(what, span, ticks, item);
                }
            }
        }
    }

    /// Ends a pass. Returns the traces that are complete, or grew too large or too old.
    pub(crate) fn end_pass(&mut self) -> Vec<Trace> {
        let mut finished = Vec::new();
        for seat in std::mem::take(&mut self.settling) {
            let Some(assembly) = &mut self.seats[seat] else { continue };
            assembly.settling = false;
            // What this pass brought it, if anything, has put it among the touched.
            if assembly.last_pass < self.pass && assembly.is_quiet() {
                finished.extend(self.finish(seat));
            }
        }
        for seat in std::mem::take(&mut self.touched) {
            let Some(assembly) = &mut self.seats[seat] else { continue };
            self.holding.bytes += assembly.bytes();
            self.holding.bytes -= assembly.reckoned;
            assembly.reckoned = assembly.bytes();
            if assembly.is_quiet() && !assembly.settling {
                assembly.settling = true;
                self.settling.push(seat);
            } else if assembly.closed > self.parts.max_spans {
                assembly.settle();
            }
        }
        self.pass += 1;
        finished
    }

    /// Whether another pass, even an empty one, completes something.
    pub(crate) fn is_settling(&self) -> bool {
        !self.settling.is_empty()
    }

    /// Parts of the traces that are too large or too old, of what has settled.
    pub(crate) fn take_parts(&mut self) -> Vec<Trace> {
        let PartRules { max_age, max_spans } = self.parts;
        let now = self.now;
        let overdue = |assembly: &Assembly| {
            assembly.closed > max_spans || assembly.closed > 0 && now.duration_since(assembly.born()) > max_age
        };
        self.each_due(overdue, Assembly::take_settled)
    }

    /// Everything that has settled.
    pub(crate) fn take_settled(&mut self, how: Take) -> Vec<Trace> {
        match how {
            Take::Out => self.each_due(|assembly| assembly.closed > 0, Assembly::take_settled),
            Take::OutWithOpen => self.each_due(|_| true, Assembly::take_settled_and_open),
            Take::Copies => self.each_due(|assembly| assembly.closed > 0, Assembly::copy_settled),
        }
    }

    fn each_due(
        &mut self,
        is_due: impl Fn(&Assembly) -> bool,
        take: fn(&mut Assembly, &Arc<Resource>, &Rules, &mut Omissions) -> Option<Trace>,
    ) -> Vec<Trace> {
        let mut finished = Vec::new();
        for assembly in self.seats.iter_mut().flatten().filter(|assembly| is_due(assembly)) {
            let closed = assembly.closed;
            if let Some(trace) = take(assembly, &self.resource, &self.rules, &mut self.counts.omissions) {
                self.holding.closed -= closed - assembly.closed;
                self.holding.bytes -= assembly.reckoned.saturating_sub(assembly.bytes());
                assembly.reckoned = assembly.reckoned.min(assembly.bytes());
                finished.push(trace);
            }
            assembly.settle();
        }
        finished
    }

    /// Marks everything that has ended by now as settled by the next pass.
    pub(crate) fn settle(&mut self) {
        self.seats.iter_mut().flatten().filter(|assembly| assembly.closed > 0).for_each(Assembly::settle);
    }

    /// All that is here, complete or not, with what is open as open. Nothing stays.
    pub(crate) fn take_all(&mut self) -> Vec<Trace> {
        self.touched.clear();
        self.settling.clear();
        (0..self.seats.len()).filter_map(|seat| self.finish(seat)).collect()
    }

    /// What has ended so far of a trace, with what is open as open if so asked.
    pub(crate) fn snapshot(&self, trace: TraceId, with_open: bool) -> Option<Trace> {
        let assembly = self.seats[*self.places.get(&trace)?].as_ref()?;
        Some(assembly.snapshot(with_open, &self.resource, &self.rules))
    }

    /// What it holds at this moment; memory as of the last pass.
    pub(crate) const fn holding(&self) -> Holding {
        self.holding
    }

    /// How many contexts are carried somewhere, and spans open, all told.
    pub(crate) fn running(&self) -> usize {
        let carriers = |assembly: &Assembly| usize::try_from(assembly.carriers()).unwrap_or(0);
        self.holding.open + self.seats.iter().flatten().map(carriers).sum::<usize>()
    }

    fn count_closed(&mut self) {
        self.counts.closed += 1;
        self.holding.closed += 1;
    }

    /// Takes the counts.
    pub(crate) fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }

    fn at(&mut self, trace: TraceId) -> &mut Assembly {
        let seat = self.seat(trace);
        self.seats[seat].as_mut().expect("a seat that was looked up is taken")
    }

    #[inline]
    fn seat(&mut self, trace: TraceId) -> usize {
        let seat = match self.last {
            Some((last, seat)) if last == trace => seat,
            _ => self.find_or_begin(trace),
        };
        self.last = Some((trace, seat));
        let pass = self.pass;
        if let Some(assembly) = &mut self.seats[seat]
            && assembly.last_pass != pass
        {
            assembly.last_pass = pass;
            self.touched.push(seat);
        }
        seat
    }

    fn find_or_begin(&mut self, trace: TraceId) -> usize {
        if let Some(&seat) = self.places.get(&trace) {
            return seat;
        }
        let assembly = Assembly::new(trace, self.timebase, self.now, self.typical_spans);
        let seat = self.free.pop().unwrap_or_else(|| {
            self.seats.push(None);
            self.seats.len() - 1
        });
        self.seats[seat] = Some(assembly);
        self.places.insert(trace, seat);
        seat
    }

    /// Hands a trace on. `None` if it has no span.
    fn finish(&mut self, seat: usize) -> Option<Trace> {
        let assembly = self.seats[seat].take()?;
        self.free.push(seat);
        self.places.remove(&assembly.id());
        self.last = None;
        self.group = None;
        self.holding.open -= assembly.open();
        self.holding.closed -= assembly.closed;
        self.holding.bytes -= assembly.reckoned;
        let (trace, remains) = assembly.finish(&self.resource, &self.rules, &mut self.counts.omissions);
        self.counts.without_span += (remains.details + remains.ends) as u64;
        self.typical_spans = trace.len().next_power_of_two().min(64);
        if trace.completeness() == Completeness::Late {
            self.counts.late += trace.len() as u64;
        }
        (!trace.is_empty()).then_some(trace)
    }
}

/// What the assembler holds at this moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Holding {
    /// Spans that announced themselves and have not ended.
    pub(crate) open: usize,
    /// Spans that ended and were not handed on, but for copies.
    pub(crate) closed: usize,
    /// The memory of all of it.
    pub(crate) bytes: usize,
}

/// Hashes trace ids, which other processes may choose, with a secret of this one.
#[derive(Clone, Copy, Debug)]
struct Seed(u64);

impl BuildHasher for Seed {
    type Hasher = Folded;

    fn build_hasher(&self) -> Folded {
        Folded(self.0)
    }
}

#[derive(Clone, Copy, Debug)]
struct Folded(u64);

impl Hasher for Folded {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(u64::from(byte)));
    }

    fn write_u64(&mut self, word: u64) {
        // The odd constant is 2^64 divided by the golden ratio.
        let product = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
