//! Who stood in the way: waits that overlapped a long poll of another span on the same thread.
//!
//! A future that is ready is not polled while its worker thread is busy with another task. So where a wait ends in a poll
//! that begins on a thread right after a long poll of an unrelated span has ended there, the time that the two have in common
//! may have been lost to that poll. It is an upper bound: the future may have become ready later, and on a runtime with
//! several threads another worker might have taken it.

use std::collections::HashMap;
use std::time::Duration;

use crate::id::SpanId;
use crate::long_polls::LongPoll;
use crate::trace::{SpanView, Trace};
use crate::waits::{BlockedBehind, HeldUp, InTheWay};

/// How soon after the long poll the waiting future must be polled for the one to have waited behind the other.
const SOON: Duration = Duration::from_millis(1);

impl<'a> SpanView<'a> {
    /// The waits of this span that may have been lost to long polls of unrelated spans on the same thread, the longest first.
    ///
    /// Empty where polls were not timed. The threshold is set by
    /// [`PipelineBuilder::long_poll`](crate::PipelineBuilder::long_poll).
    #[must_use]
    pub fn blocked_behind(&self) -> &'a [BlockedBehind] {
        let found = self.trace().in_the_way().and_then(|found| found.blocked.get(&self.span_id()));
        found.map_or(&[], Vec::as_slice)
    }

    /// How many other spans of this trace waited behind its long polls, and for how long.
    #[must_use]
    pub fn held_up(&self) -> HeldUp {
        self.trace().held_up_by(self.span_id())
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
        self.in_the_way().and_then(|found| found.held_up.get(&span)).copied().unwrap_or_default()
    }

    /// The span whose long polls cost other spans of this trace the most, if any did.
    #[must_use]
    pub fn worst_held_up(&self) -> Option<(SpanView<'_>, HeldUp)> {
        let held_up = self.in_the_way()?.held_up.iter();
        let (&worst, &held_up) = held_up.max_by_key(|&(&span, held_up)| (held_up.up_to, span))?;
        Some((self.span(worst)?, held_up))
    }

    /// Who was in whose way; `None` where no poll was long.
    fn in_the_way(&self) -> Option<&InTheWay> {
        let extras = self.extras.as_deref().filter(|extras| !extras.long_polls.is_empty())?;
        Some(extras.in_the_way.get_or_init(|| Box::new(self.find_in_the_way())))
    }

    fn find_in_the_way(&self) -> InTheWay {
        let mut found = InTheWay::default();
        let mut by_thread: HashMap<u32, Vec<&LongPoll>> = HashMap::new();
        for long in &self.extras().long_polls {
            by_thread.entry(long.thread).or_default().push(long);
        }
        by_thread.values_mut().for_each(|polls| polls.sort_by_key(|long| long.end));
        let one_thread = self.runs_on_one_thread();
        for victim in self.spans() {
            let blocked = self.waits_of(&victim, &by_thread, one_thread);
            if blocked.is_empty() {
                continue;
            }
            let mut counted = Vec::new();
            for wait in blocked.iter().filter(|wait| wait.trace_id == self.id()) {
                let held_up = found.held_up.entry(wait.span_id).or_default();
                held_up.up_to += wait.up_to;
                if !counted.contains(&wait.span_id) {
                    counted.push(wait.span_id);
                    held_up.spans += 1;
                }
            }
            found.blocked.insert(victim.span_id(), blocked);
        }
        found
    }

    /// The waits of a span, each with the long poll that ended on the thread right before the wait did.
    fn waits_of(
        &self,
        victim: &SpanView<'_>,
        by_thread: &HashMap<u32, Vec<&LongPoll>>,
        one_thread: bool,
    ) -> Vec<BlockedBehind> {
        let Some((log, timebase)) = victim.poll_log() else { return Vec::new() };
        let mut found: Vec<BlockedBehind> = Vec::new();
        // A task that was spawned waits for its first poll as for any other.
        let mut wait_from = victim.start_ticks();
        for poll in &log.segments {
            let ready_from = if poll.woken == 0 { wait_from } else { poll.woken.max(wait_from) };
            let longs = by_thread.get(&poll.thread).map_or(&[][..], Vec::as_slice);
            let before = longs.partition_point(|long| long.end <= poll.start);
            let is_soon = |long: &&&LongPoll| timebase.nanos(poll.start - long.end) < SOON.as_nanos() as u64;
            for long in longs[..before].iter().rev().take_while(is_soon) {
                let overlap = long.end.saturating_sub(long.start.max(ready_from));
                if overlap > 0 && !victim.is_related_to(long) {
                    let here = (long.trace == self.id()).then(|| self.span(long.span)).flatten();
                    found.push(BlockedBehind {
                        trace_id: long.trace,
                        span_id: long.span,
                        name: here.map_or_else(|| long.name.clone(), |span| span.name_owned()),
                        up_to: Duration::from_nanos(timebase.nanos(overlap)),
                        poll: Duration::from_nanos(timebase.nanos(long.end - long.start)),
                        is_exact: one_thread && poll.woken != 0,
                    });
                }
            }
            wait_from = poll.end;
        }
        found.sort_by_key(|blocked| std::cmp::Reverse(blocked.up_to));
        found
    }

    /// Whether the first span is the second, or somewhere below it.
    fn is_inside(&self, inner: SpanId, outer: SpanId) -> bool {
        let parent = |id: &SpanId| self.span(*id).and_then(|span| span.parent_id());
        // No tree is deeper than it has spans; a circle of parents ends here.
        std::iter::successors(Some(inner), parent).take(self.len() + 1).any(|id| id == outer)
    }

    fn runs_on_one_thread(&self) -> bool {
        let logs = || self.spans().filter_map(|span| span.poll_log());
        let mut threads = logs().flat_map(|(log, _)| log.segments.iter().map(|segment| segment.thread));
        let first = threads.next();
        threads.all(|thread| Some(thread) == first)
            && self.extras().long_polls.iter().all(|long| Some(long.thread) == first)
    }
}
