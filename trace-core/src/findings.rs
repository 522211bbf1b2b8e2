//! Mistakes that a program makes with its spans, as seen from their records: lost contexts, guards held over an `.await` or
//! leaked.

use std::collections::HashMap;

use crate::callsite::{Callsite, NO_PLACE};
use crate::caught::caught;
use crate::log_facade;
use crate::span_record::Marks;
use crate::status::Outcome;
use crate::tally;
use crate::trace::{SpanView, Trace};

/// The attribute that a span gets whose guard was open when a poll returned, with the value `true`, where
/// [`PipelineBuilder::detect_open_guards`](crate::PipelineBuilder::detect_open_guards) looks for that.
pub const OPEN_GUARD_ATTRIBUTE: &str = "trace.guard_left_open";

/// A mistake that the detectors found, by callsite. See [`Stats::findings`](crate::Stats::findings).
///
/// As text: `lost context: fetch became the root of a trace 3 times, and has had parents before (src/client.rs:12)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What is wrong.
    pub mistake: Mistake,
    /// Where the spans begin with which it is wrong.
    pub callsite: &'static Callsite,
    /// With how many spans.
    pub count: u64,
}

/// What a detector looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mistake {
    /// A span became the root of a trace because nothing was current where it began, and spans of its callsite have had parents
    /// in this process before: a task or a thread was started without the context.
    LostContext,
    /// A poll returned while the guard of the span was open: it is held over an `.await`, so the span's time is that of whatever
    /// ran meanwhile as well, and outside of a future with a span it would have leaked into other tasks.
    OpenGuard,
    /// The same, and the span of the guard had not ended when its trace was complete: the guard was leaked, as by
    /// [`std::mem::forget`], or is kept for longer than its trace. A span that does not end says nothing of itself, so the callsite
    /// is that of the span in whose future the guard was open.
    LeakedGuard,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { mistake, callsite, count } = self;
        let name = if callsite.name().is_empty() { "a span" } else { callsite.name() };
        let times = if *count == 1 { "time" } else { "times" };
        match mistake {
            Mistake::LostContext => {
                write!(f, "lost context: {name} became the root of a trace {count} {times}, and has had parents before")
            }
            Mistake::OpenGuard => {
                write!(f, "open guard: that of {name} was open when a poll returned, {count} {times}")
            }
            Mistake::LeakedGuard => {
                write!(f, "leaked guard: one was open when a poll of {name} returned, and never ended, {count} {times}")
            }
        }?;
        if callsite.file().is_empty() { Ok(()) } else { write!(f, " ({}:{})", callsite.file(), callsite.line()) }
    }
}

/// Which detectors are on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Detectors {
    pub(crate) lost_contexts: bool,
    pub(crate) open_guards: bool,
}

/// What the detectors of a pipeline know.
#[derive(Debug, Default)]
pub(crate) struct Detector {
    detectors: Detectors,
    parents: HashMap<Place, Parents>,
    /// By mistake and callsite, the place among the findings.
    places: HashMap<(Mistake, Place), usize>,
    findings: Vec<Finding>,
}

/// A callsite by identity.
type Place = usize;

/// How many roots of a callsite wait for the word that it had had a parent before.
const MAX_WAITING: usize = 64;

/// What is known of the spans of a callsite. Traces are handed on when they end, so a root may be seen before a span that
/// had a parent and began earlier. Times are ticks.
#[derive(Debug, Default)]
struct Parents {
    /// When the first span that had a parent began.
    first: Option<u64>,
    /// When roots began that began before any such span, as far as is known.
    roots: Vec<u64>,
}

impl Parents {
    /// Takes a span that had a parent. Returns how many roots began after it.
    fn add_child(&mut self, start: u64) -> usize {
        if self.first.is_none_or(|first| start < first) {
            self.first = Some(start);
        }
        self.roots.extract_if(.., |root| *root > start).count()
    }

    /// Takes a root. Returns whether a span that had a parent began before it.
    fn add_root(&mut self, start: u64) -> bool {
        let is_lost = self.first.is_some_and(|first| first < start);
        if !is_lost && self.roots.len() < MAX_WAITING {
            self.roots.push(start);
        }
        is_lost
    }
}

impl Detector {
    /// A detector, if any is on.
    pub(crate) fn new(detectors: Detectors) -> Option<Self> {
        (detectors != Detectors::default()).then(|| Self { detectors, ..Self::default() })
    }

    /// Looks at spans that are handed on, each once.
    pub(crate) fn look(&mut self, traces: &[Trace]) {
        for trace in traces {
            for span in trace.spans().filter(|span| span.outcome() != Outcome::Open) {
                if self.detectors.lost_contexts {
                    self.look_for_lost_context(&span);
                }
                if self.detectors.open_guards && span.attribute(OPEN_GUARD_ATTRIBUTE).is_some() {
                    self.find(Mistake::OpenGuard, span.callsite());
                }
            }
        }
    }

    /// Looks at guards that never ended, each once: by where the futures begin that they were open in.
    pub(crate) fn look_at_leaks(&mut self, leaks: Vec<&'static Callsite>) {
        if self.detectors.open_guards {
            leaks.into_iter().for_each(|callsite| self.find(Mistake::LeakedGuard, callsite));
        }
    }

    fn look_for_lost_context(&mut self, span: &SpanView<'_>) {
        if *span.callsite() == NO_PLACE {
            // Of spans of which nobody knows where they begin.
            return;
        }
        let is_root = span.parent_id().is_none();
        // That the caller is in another process says nothing of calls in this one.
        if span.parent_is_remote() || is_root && span.has_mark(Marks::CHOSEN_ROOT) {
            return;
        }
        let parents = self.parents.entry(std::ptr::from_ref(span.callsite()) as Place).or_default();
        let lost = if is_root {
            usize::from(parents.add_root(span.start_ticks()))
        } else {
            parents.add_child(span.start_ticks())
        };
        (0..lost).for_each(|_| self.find(Mistake::LostContext, span.callsite()));
    }

    fn find(&mut self, mistake: Mistake, callsite: &'static Callsite) {
        let place = std::ptr::from_ref(callsite) as Place;
        if let Some(&known) = self.places.get(&(mistake, place)) {
            self.findings[known].count += 1;
            return;
        }
        let finding = Finding { mistake, callsite, count: 1 };
        self.places.insert((mistake, place), self.findings.len());
        self.findings.push(finding);
        // Once for each callsite: who wants to know how often reads the books.
        if caught(|| log_facade::warn(format_args!("{finding}"))).is_none() {
            tally::USER_PANICS.add(1);
        }
    }

    pub(crate) fn findings(&self) -> &[Finding] {
        &self.findings
    }
}
