//! Who stood in the way: waits that overlapped a long poll of another span on the same thread.
//!
//! A future that is ready is not polled while its worker thread is busy with another task. So where a wait ends in a poll
//! that begins on a thread right after a long poll of an unrelated span has ended there, the time that the two have in common
//! may have been lost to that poll. It is an upper bound: the future may have become ready later, and on a runtime with
//! several threads another worker might have taken it.

use std::borrow::Cow;
use std::time::Duration;

use crate::id::{SpanId, TraceId};
use crate::long_polls::LongPoll;
use crate::trace::{SpanView, Trace};

/// How soon after the long poll the waiting future must be polled for the one to have waited behind the other.
const SOON: Duration = Duration::from_millis(1);

/// A wait that may have been lost to another span's poll.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockedBehind {
    /// The span that was polled meanwhile, which may belong to another trace.
    pub trace_id: TraceId,
    /// The span that was polled meanwhile.
    pub span_id: SpanId,
    /// Its name; that at its callsite if it belongs to another trace.
    pub name: Cow<'static, str>,
    /// How long the wait and the poll overlapped: at most so much was lost.
    pub up_to: Duration,
    /// How long the poll took.
    pub poll: Duration,
    /// Whether it is no upper bound but the time lost: the wake-up is known, and all polls of the trace ran on one thread.
    pub is_exact: bool,
}

/// What a span that polled for long has cost others of its trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldUp {
    /// How many other spans waited behind its polls.
    pub spans: usize,
    /// How long they waited at most, in all.
    pub up_to: Duration,
}

impl SpanView<'_> {
    /// The waits of this span that may have been lost to long polls of unrelated spans on the same thread, the longest first.
    ///
    /// Empty where polls were not timed. The threshold is set by
    /// [`PipelineBuilder::long_poll`](crate::PipelineBuilder::long_poll).
    #[must_use]
    pub fn blocked_behind(&self) -> Vec<BlockedBehind> {
        let trace = self.trace();
        let Some((log, timebase)) = self.poll_log() else { return Vec::new() };
        let mut found: Vec<BlockedBehind> = Vec::new();
        for pair in log.segments.windows(2) {
            let (before, poll) = (pair[0], pair[1]);
            let wait_start = if poll.woken == 0 { before.end } else { poll.woken.max(before.end) };
            // They stand in order of their ends.
            let ended = trace.extras().long_polls.partition_point(|long| long.end <= poll.start);
            let is_soon = |long: &&LongPoll| timebase.nanos(poll.start - long.end) < SOON.as_nanos() as u64;
            let soon = trace.extras().long_polls[..ended].iter().rev().take_while(is_soon);
            for long in soon.filter(|long| long.thread == poll.thread) {
                let overlap = long.end.min(poll.start).saturating_sub(long.start.max(wait_start));
                if overlap > 0 && !self.is_related_to(long) {
                    found.push(BlockedBehind {
                        trace_id: long.trace,
                        span_id: long.span,
                        name: self.name_of(long),
                        up_to: Duration::from_nanos(timebase.nanos(overlap)),
                        poll: Duration::from_nanos(timebase.nanos(long.end - long.start)),
                        is_exact: poll.woken != 0 && trace.runs_on_one_thread(),
                    });
                }
            }
        }
        found.sort_by_key(|blocked| std::cmp::Reverse(blocked.up_to));
        found
    }

    fn name_of(&self, long: &LongPoll) -> Cow<'static, str> {
        let known = self.trace().span(long.span).filter(|_| long.trace == self.trace_id());
        known.map_or(Cow::Borrowed(long.name), |span| Cow::Owned(span.name().to_owned()))
    }

    /// Whether the long poll is of this span, of a span around it, or of a span inside.
    fn is_related_to(&self, long: &LongPoll) -> bool {
        let trace = self.trace();
        long.trace == trace.id()
            && (trace.is_inside(self.span_id(), long.span) || trace.is_inside(long.span, self.span_id()))
    }
}

impl Trace {
    /// What the long polls of a span have cost other spans of this trace.
    #[must_use]
    pub fn held_up_by(&self, span: SpanId) -> HeldUp {
        let mut held_up = HeldUp::default();
        if self.extras().long_polls.iter().all(|long| long.span != span) {
            return held_up;
        }
        for victim in self.spans() {
            let lost: Vec<_> = victim.blocked_behind().into_iter().filter(|blocked| blocked.span_id == span).collect();
            held_up.spans += usize::from(!lost.is_empty());
            held_up.up_to += lost.iter().map(|blocked| blocked.up_to).sum::<Duration>();
        }
        held_up
    }

    /// Whether the first span is the second, or somewhere below it.
    fn is_inside(&self, inner: SpanId, outer: SpanId) -> bool {
        let parent = |id: &SpanId| self.span(*id).and_then(|span| span.parent_id());
        // No tree is deeper than it has spans; a circle of parents ends here.
        std::iter::successors(Some(inner), parent).take(self.len() + 1).any(|id| id == outer)
    }

    fn runs_on_one_thread(&self) -> bool {
        *self.tree().runs_on_one_thread.get_or_init(|| self.has_polls_of_one_thread())
    }

    fn has_polls_of_one_thread(&self) -> bool {
        let logs = || self.spans().filter_map(|span| span.poll_log());
        let mut threads = logs().flat_map(|(log, _)| log.segments.iter().map(|segment| segment.thread));
        let first = threads.next();
        threads.all(|thread| Some(thread) == first)
            && self.extras().long_polls.iter().all(|long| Some(long.thread) == first)
    }
}
