//! How spans leave their [assembly](crate::assembly): as a trace, or in parts of one that goes on.

use std::sync::{Arc, OnceLock};

use crate::assembly::{Assembly, NO_TRACE, SPAN_BYTES, Writers, is_plain};
use crate::callsite::{Callsite, NO_PLACE};
use crate::detail::{Detail, Said, What};
use crate::paired_attributes::PairedAttributes;
use crate::portrait::{self, Omissions, Room, Rules};
use crate::span_record::{Extras, Marks, SpanRecord};
use crate::spent::Spent;
use crate::status::Outcome;
use crate::trace::{Completeness, Trace};
use crate::trace_state::TraceState;

/// Room for so many details stays when a trace has gone.
const KEPT_DETAILS: usize = 1024;

impl Assembly {
    /// Marks what has ended by now, so that a later pass may hand it on.
    pub(crate) fn settle(&mut self) {
        for span in self.spans.iter_mut().filter(|span| span.outcome != Outcome::Open) {
            span.marks.set(Marks::SETTLED);
        }
    }

    /// Adds everything to these traces: what has ended, and what is open as open. The assembly is free for another trace.
    pub(crate) fn finish(
        &mut self,
        rules: &Rules,
        omissions: &mut Omissions,
        spent: &mut Spent,
        to: &mut Vec<Trace>,
    ) -> Remains {
        let completeness = match (self.rooted, self.in_parts) {
            (_, true) => Completeness::Part,
            (true, false) => Completeness::Whole,
            (false, false) => Completeness::Late,
        };
        let spans = std::mem::replace(&mut self.spans, spent.take_spans());
        if self.is_bare() && rules.leave_pairs_alone() {
            let closed = spans.len();
            let pairs = if self.said.pairs.is_empty() {
                PairedAttributes::new()
            } else {
                self.said.pairs.replace(spent.take_pairs())
            };
            // Made when it has its place, and there: what is made elsewhere and then copied is waited for.
            to.extend(std::iter::once_with(|| self.trace_of(spans, closed, completeness, pairs, None)));
            self.leave();
            return Remains::default();
        }
        let (mut said, mut room) = (std::mem::take(&mut self.said), std::mem::take(&mut self.room));
        room.extras.get_or_insert_with(|| spent.take_extras());
        let mut trace = self.trace(spans, &mut said, &mut room, completeness, rules, omissions);
        // In what is left of a trace that was handed on in parts, places are others.
        if !self.in_parts
            && !self.polls.is_empty()
            && let Some(extras) = &mut trace.extras
        {
            extras.threads_of_spans = self.threads.clone();
        }
        let leaks = leaks(&said.details, &trace);
        let of_guards = said.details.iter().filter(|detail| matches!(detail.what, What::OpenGuard(_))).count();
        // Each of a guard comes with an attribute.
        let remains = Remains { details: said.len() - 2 * of_guards, ends: self.early_ends.len(), leaks };
        // What one large trace needed is not kept for many small ones.
        said.clear(KEPT_DETAILS);
        room.shrink_to(KEPT_DETAILS);
        (self.said, self.room) = (said, room);
        self.early_ends.clear();
        self.open.clear();
        self.polls.clear();
        self.state = TraceState::new();
        self.leave();
        to.push(trace);
        remains
    }

    /// Whether all its spans have ended, and there is nothing of them but their records and what came with them: so it is with
    /// most traces.
    fn is_bare(&self) -> bool {
        self.all_plain
            && self.said.are_pairs()
            && self.open.is_empty()
            && self.early_ends.is_empty()
            && self.polls.is_empty()
            && self.state.is_empty()
    }

    /// Makes it free for another trace, of whose lists none has anything in it.
    fn leave(&mut self) {
        self.threads.clear();
        self.id = NO_TRACE;
        (self.carriers, self.closed, self.fresh, self.bytes, self.reckoned) = (0, 0, 0, 0, 0);
        (self.settling, self.rooted, self.in_parts, self.all_plain) = (false, false, false, true);
        self.writers = Writers::None;
    }

    /// What was settled, taken out; what is open, and what was said of it, stays.
    pub(crate) fn take_settled(&mut self, rules: &Rules, omissions: &mut Omissions) -> Option<Trace> {
        self.said.dissolve(&mut self.spans);
        let settled = self.split_settled();
        if settled.is_empty() {
            return None;
        }
        let mut said = std::mem::take(&mut self.said);
        let trace = self.trace(settled, &mut said, &mut Room::default(), Completeness::Part, rules, omissions);
        self.said = said;
        self.forget_polls(&trace);
        self.bytes = self.spans.len() * SPAN_BYTES + self.said.bytes();
        Some(trace)
    }

    /// What was settled, taken out, and copies of what is open beside it.
    pub(crate) fn take_settled_and_open(&mut self, rules: &Rules, omissions: &mut Omissions) -> Option<Trace> {
        // Before anything is copied: a copy would go on to say where its pair was.
        self.said.dissolve(&mut self.spans);
        let open = self.spans.iter().filter(|span| span.outcome == Outcome::Open).copied().collect::<Vec<_>>();
        if open.is_empty() {
            return self.take_settled(rules, omissions);
        }
        let settled = self.split_settled();
        // What was said of the open ones is told now and again with their end.
        let kept = self.said.of(|id| open.iter().any(|span| span.id == id));
        let mut said = std::mem::take(&mut self.said);
        let spans = settled.into_iter().chain(open.iter().copied()).collect();
        let trace = self.trace(spans, &mut said, &mut Room::default(), Completeness::Part, rules, omissions);
        said.append(kept);
        self.said = said;
        self.forget_polls(&trace);
        self.bytes = self.spans.len() * SPAN_BYTES + self.said.bytes();
        Some(trace)
    }

    /// Forgets the polls of spans that have gone.
    fn forget_polls(&mut self, gone: &Trace) {
        for span in gone.spans.iter().filter(|span| span.outcome != Outcome::Open) {
            self.polls.remove(&span.id);
        }
    }

    /// Takes what was settled out of the spans.
    fn split_settled(&mut self) -> Vec<SpanRecord> {
        let is_settled = |span: &&SpanRecord| span.marks.has(Marks::SETTLED);
        let settled: Vec<_> = self.spans.iter().filter(is_settled).copied().collect();
        if !settled.is_empty() {
            let copied = settled.iter().filter(|span| span.marks.has(Marks::HANDED_ON)).count();
            self.spans.retain(|span| !span.marks.has(Marks::SETTLED));
            self.open.clear();
            self.index();
            self.closed -= settled.len();
            self.fresh -= settled.len() - copied;
            self.in_parts = true;
        }
        settled
    }

    /// What was settled and not handed on before, as a copy; all of it stays.
    pub(crate) fn copy_settled(&mut self, rules: &Rules, _: &mut Omissions) -> Option<Trace> {
        let fresh =
            self.spans.iter_mut().filter(|span| span.marks.has(Marks::SETTLED) && !span.marks.has(Marks::HANDED_ON));
        let copies: Vec<_> = fresh
            .map(|span| {
                span.marks.set(Marks::HANDED_ON);
                *span
            })
            .collect();
        if copies.is_empty() {
            return None;
        }
        self.fresh -= copies.len();
        let mut said = self.said.clone();
        // What is left out is counted when the whole trace goes.
        let omissions = &mut Omissions::default();
        Some(self.trace(copies, &mut said, &mut Room::default(), Completeness::Part, rules, omissions))
    }

    /// What is open, as a copy.
    pub(crate) fn open_spans(&self, rules: &Rules) -> Trace {
        let spans = self.spans.iter().filter(|span| span.outcome == Outcome::Open).copied().collect();
        let mut said = self.said.clone();
        self.trace(spans, &mut said, &mut Room::default(), Completeness::Part, rules, &mut Omissions::default())
    }

    /// What has ended so far, as a copy.
    pub(crate) fn snapshot(&self, rules: &Rules) -> Trace {
        let spans = self.spans.iter().filter(|span| span.outcome != Outcome::Open).copied().collect();
        let mut said = self.said.clone();
        self.trace(spans, &mut said, &mut Room::default(), Completeness::Part, rules, &mut Omissions::default())
    }

    fn trace(
        &self,
        mut spans: Vec<SpanRecord>,
        said: &mut Said,
        room: &mut Room,
        completeness: Completeness,
        rules: &Rules,
        omissions: &mut Omissions,
    ) -> Trace {
        let (mut closed, mut plain) = (0, true);
        for span in &spans {
            closed += usize::from(span.outcome != Outcome::Open);
            plain &= is_plain(span);
        }
        let is_bare = plain && said.is_empty() && self.polls.is_empty() && self.state.is_empty();
        let extras = (!is_bare).then(|| self.extras(&mut spans, said, room, rules, omissions));
        self.trace_of(spans, closed, completeness, PairedAttributes::new(), extras)
    }

    #[inline]
    fn trace_of(
        &self,
        spans: Vec<SpanRecord>,
        closed: usize,
        completeness: Completeness,
        pairs: PairedAttributes,
        extras: Option<Box<Extras>>,
    ) -> Trace {
        Trace {
            id: self.id,
            completeness,
            times_polls: !self.polls.is_empty(),
            common: Arc::clone(&self.common),
            spans,
            closed,
            pairs,
            extras,
            tree: OnceLock::new(),
        }
    }

    /// What these spans have beyond their records, and the trace beyond its spans.
    fn extras(
        &self,
        spans: &mut [SpanRecord],
        said: &mut Said,
        room: &mut Room,
        rules: &Rules,
        omissions: &mut Omissions,
    ) -> Box<Extras> {
        let mut extras = room.extras.take().unwrap_or_default();
        extras.state = self.state.clone();
        portrait::apply(spans, said, &mut extras, room, &self.common.timebase, rules, omissions);
        if !self.polls.is_empty() {
            for span in spans {
                if let Some(log) = self.polls.get(&span.id) {
                    extras.keep_polls(span, log.clone());
                }
            }
        }
        extras
    }

    /// Tells anew where the open spans stand.
    fn index(&mut self) {
        for (place, span) in (0_u32..).zip(&self.spans) {
            if span.outcome == Outcome::Open {
                self.open.insert(span.id, place);
            }
        }
    }
}

/// What was left of an assembly when its spans were handed on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Remains {
    /// Details of spans that are not here.
    pub(crate) details: usize,
    /// Ends of spans whose start never came.
    pub(crate) ends: usize,
    /// Where the spans begin in whose futures guards were left open that never ended.
    pub(crate) leaks: Vec<&'static Callsite>,
}

/// The callsites of the spans in whose futures guards were open whose own spans are not here, one for each guard.
fn leaks(details: &[Detail], trace: &Trace) -> Vec<&'static Callsite> {
    let guard = |detail: &Detail| match detail.what {
        What::OpenGuard(future) => Some((detail.span, future)),
        _ => None,
    };
    let mut guards: Vec<_> = details.iter().filter_map(guard).collect();
    guards.sort_unstable();
    guards.dedup_by_key(|&mut (guard, _)| guard);
    let place = |(_, future)| trace.spans.iter().find(|span| span.id == future).map_or(&NO_PLACE, |span| span.callsite);
    guards.into_iter().map(place).collect()
}
