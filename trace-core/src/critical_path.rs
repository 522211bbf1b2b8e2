//! The chain of work that a trace's duration consists of.
//!
//! From the end of the root backwards: the child that ended last, then what ended before that one began, and so on, down into
//! each of them. What nothing covers is the span's own: its polls, or a wait without a span. A hop from one child to the next
//! is proven where the polls show that the first one's last poll brought the second one about, refuted where they show that
//! something else did, else possible.
//!
//! Nothing is taken for proven because it happened at about the right time. So the end of a task that somebody joins is no
//! more than possible: the runtime wakes who waits for it after the task's last poll, and says on whose behalf to nobody. A
//! task that wakes its parent itself, through a channel say, proves it.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::time::Duration;

use crate::id::SpanId;
use crate::polls::Polls;
use crate::polls_data::PollSegment;
use crate::trace::{Completeness, SpanView, Trace};
use crate::waits::{CriticalShare, Hop};

/// A piece of the critical path. The pieces follow each other without a gap, from the root's start to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CriticalSegment {
    /// The innermost span that the piece belongs to.
    pub span_id: SpanId,
    /// Its start, in nanoseconds since 1970.
    pub start_unix_nanos: u64,
    /// How long it is.
    pub duration: Duration,
    /// What the span did.
    pub what: CriticalWork,
    /// How sure it is that the path comes here from the piece before.
    pub hop: Hop,
}

/// What a span did in a piece of the critical path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CriticalWork {
    /// It was polled, or is a sync span, or its polls were not timed.
    Busy,
    /// It was not polled: it waited for something that has no span.
    NoSpan,
}

impl Trace {
    /// The chain of work that the duration of the first root consists of, in order of time. Empty while the root is open.
    ///
    /// Takes O(n log n) for n spans, and no stack.
    #[must_use]
    pub fn critical_path(&self) -> Vec<CriticalSegment> {
        let mut path = Vec::new();
        let inside = Inside::of(self);
        let root = self.root().and_then(|root| Some((root, root.end_unix_nanos()?)));
        let mut windows: Vec<Window<'_>> = Vec::new();
        if let Some((span, until)) = root {
            windows.push(Window { span, from: span.start_unix_nanos(), until, hop: Hop::Within, is_own: false });
        }
        // From the last window to the first; each brings the windows inside of it, the latest on top.
        while let Some(window) = windows.pop() {
            if window.is_own {
                window.write(&mut path);
            } else {
                windows.extend(window.split(&inside).into_iter().rev());
            }
        }
        path.reverse();
        path
    }
}

impl SpanView<'_> {
    /// What it has of the [critical path](Trace::critical_path) of its trace. `None` where the path does not go through it, where
    /// polls were not timed, and in a trace that is not [whole](crate::Completeness::Whole).
    #[must_use]
    pub fn critical_share(&self) -> Option<CriticalShare> {
        let trace = self.trace();
        let extras = trace.extras.as_deref().filter(|_| trace.times_polls)?;
        if trace.completeness() != Completeness::Whole {
            return None;
        }
        let shares = extras.critical.get_or_init(|| {
            let mut shares: HashMap<SpanId, CriticalShare> = HashMap::new();
            for piece in trace.critical_path() {
                let new = CriticalShare { own: Duration::ZERO, hop: piece.hop };
                shares.entry(piece.span_id).or_insert(new).own += piece.duration;
            }
            shares
        });
        shares.get(&self.span_id()).copied()
    }
}

/// A time in which the path is in a span or below.
#[derive(Clone, Copy)]
struct Window<'a> {
    span: SpanView<'a>,
    from: u64,
    until: u64,
    /// How the path comes to its start.
    hop: Hop,
    /// Whether no child is in it.
    is_own: bool,
}

impl<'a> Window<'a> {
    /// What the window consists of, the latest first.
    fn split(&self, inside: &Inside) -> Vec<Self> {
        let ended = |child: SpanView<'a>| Some((child.end_unix_nanos()?, child));
        let mut children: Vec<_> = self.span.trace().children(self.span.span_id()).filter_map(ended).collect();
        children.sort_by_key(|&(end, child)| Reverse((end, child.span_id())));
        let mut pieces: Vec<Self> = Vec::new();
        let mut at = self.until;
        let mut later: Option<usize> = None;
        let own = |from, until| Self { from, until, hop: Hop::Within, is_own: true, ..*self };
        for (end, child) in children {
            let start = child.start_unix_nanos().max(self.from);
            if end > at || end <= start {
                continue;
            }
            if let Some(place) = later {
                let hop = self.hop_between(child, pieces[place].span, inside);
                pieces[place].hop = hop;
            }
            if end < at {
                pieces.push(own(end, at));
            }
            later = Some(pieces.len());
            pieces.push(Self { span: child, from: start, until: end, hop: Hop::Within, is_own: false });
            at = start;
        }
        if at > self.from || pieces.is_empty() {
            pieces.push(own(self.from, at));
        }
        if let Some(first) = pieces.last_mut() {
            first.hop = self.hop;
        }
        pieces
    }

    /// Whether the last poll of one child brought the next one about.
    fn hop_between(&self, before: SpanView<'a>, after: SpanView<'a>, inside: &Inside) -> Hop {
        let last = match before.polls() {
            Some(polls) => polls.segments().last().filter(|_| knows_each(&polls)),
            // A sync span ran inside of one poll, if it ran on that thread.
            None => {
                let end = before.end_unix_nanos().zip(before.thread());
                end.map(|(end, thread)| PollSegment::new(end, Duration::ZERO).on_thread(thread))
            }
        };
        let polls = self.span.polls().filter(knows_each);
        let (Some(polls), Some(last)) = (polls, last) else { return Hop::Possible };
        let Some(began_in) = polls.at(after.start_unix_nanos()) else { return Hop::Possible };
        let is_in_last = |moment| last.start_unix_nanos <= moment && moment <= last.end_unix_nanos();
        let was_polled_in = |poll: &PollSegment| {
            let is_same_thread = last.thread.is_some() && poll.thread == last.thread;
            is_same_thread && last.end_unix_nanos() <= poll.end_unix_nanos()
        };
        let ended_in = polls.at(last.start_unix_nanos).filter(was_polled_in);
        match (ended_in, began_in.woken_unix_nanos) {
            (Some(poll), _) if poll.start_unix_nanos == began_in.start_unix_nanos => Hop::Proven,
            (_, Some(woken)) if is_in_last(woken) && inside.is_inside(began_in.woken_by, before.span_id()) => {
                Hop::Proven
            }
            // Of all calls of the waker since the poll before, the first came when the span was over, and with it what it ran in.
            (Some(poll), Some(woken)) if woken > poll.end_unix_nanos() => Hop::Refuted,
            _ => Hop::Possible,
        }
    }

    /// Writes a time in which the path is in the span itself, the latest first.
    fn write(&self, path: &mut Vec<CriticalSegment>) {
        let Self { from, until, .. } = *self;
        let mut write = |from: u64, until: u64, what| {
            if until > from {
                path.push(CriticalSegment {
                    span_id: self.span.span_id(),
                    start_unix_nanos: from,
                    duration: Duration::from_nanos(until - from),
                    what,
                    hop: if from == self.from { self.hop } else { Hop::Within },
                });
            }
        };
        let Some(polls) = self.span.polls() else { return write(from, until, CriticalWork::Busy) };
        let mut at = until;
        let segments: Vec<_> = polls.segments().collect();
        for poll in segments.into_iter().rev() {
            let start = poll.start_unix_nanos.clamp(from, at);
            let end = poll.end_unix_nanos().clamp(start, at);
            if end > start {
                write(end, at, CriticalWork::NoSpan);
                write(start, end, CriticalWork::Busy);
                at = start;
            }
        }
        write(from, at, CriticalWork::NoSpan);
    }
}

/// Whether each poll is known: none was lost, and none looks like one with its neighbour.
fn knows_each(polls: &Polls<'_>) -> bool {
    !polls.is_merged() && !polls.is_incomplete()
}

/// Which span is inside of which, for those that woke somebody.
struct Inside(HashMap<SpanId, (usize, usize)>);

impl Inside {
    /// Takes O(n), and nothing where no span is known to have woken another.
    fn of(trace: &Trace) -> Self {
        let knows_wakers = |span: SpanView<'_>| {
            span.poll_log().is_some_and(|(log, _)| log.segments.iter().any(|poll| poll.wake.by.is_some()))
        };
        let mut places = HashMap::new();
        if !trace.spans().any(knows_wakers) {
            return Self(places);
        }
        // Depth first, what is inside of a span follows it at once.
        let mut around: Vec<(usize, SpanId)> = Vec::new();
        let mut end = 0;
        for (depth, span) in trace.walk() {
            while let Some((_, over)) = around.pop_if(|&mut (outer, _)| outer >= depth) {
                places.entry(over).and_modify(|(_, last)| *last = end);
            }
            places.insert(span.span_id(), (end, end));
            around.push((depth, span.span_id()));
            end += 1;
        }
        for (_, over) in around {
            places.entry(over).and_modify(|(_, last)| *last = end);
        }
        Self(places)
    }

    /// Whether the first span is the second, or somewhere below it.
    fn is_inside(&self, inner: Option<SpanId>, outer: SpanId) -> bool {
        let inner = inner.and_then(|inner| self.0.get(&inner));
        inner.zip(self.0.get(&outer)).is_some_and(|(&(place, _), &(first, end))| first <= place && place < end)
    }
}
