//! Who stood in the way: waits that overlapped a long poll of another span on the same thread.
//!
//! A future that is ready is not polled while its worker thread is busy with another task. So where a wait ends in a poll
//! on a thread that has not rested since a long poll of an unrelated span, the time that the wait and that poll have in common
//! may have been lost to it. It is an upper bound: the future may have become ready later, and on a runtime with several
//! threads another worker might have taken it. Where the wake-up is known to lie inside of the long poll, only the rest of that
//! counts. A wake-up that came right after it proves nothing: timers and sockets are often looked at by the same thread, which
//! was not free to do so.
//!
//! Of polls inside of each other the innermost that took the time is named. Of spans inside of each other the innermost that
//! waited is the victim.

use std::collections::HashMap;
use std::time::Duration;

use crate::id::SpanId;
use crate::long_polls::LongPoll;
use crate::trace::{SpanView, Trace};
use crate::waits::{BlockedBehind, HeldUp, InTheWay};

/// A thread that polls nothing for so long has rested: whoever is polled then did not wait behind what was polled before.
const REST: Duration = Duration::from_millis(1);

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

    /// The other spans of this trace that waited behind its long polls, each with how long it did at most, the longest first.
    ///
    /// Their times sum to [`held_up`](Self::held_up)'s.
    #[must_use]
    pub fn victims(&self) -> Vec<(SpanView<'a>, Duration)> {
        let trace = self.trace();
        let behind_this =
            |blocked: &&BlockedBehind| blocked.trace_id == trace.id() && blocked.span_id == self.span_id();
        let victim = |(&victim, waits): (&SpanId, &Vec<BlockedBehind>)| {
            let up_to: Duration = waits.iter().filter(behind_this).map(|blocked| blocked.up_to).sum();
            Some((trace.span(victim)?, up_to)).filter(|_| !up_to.is_zero())
        };
        let mut victims: Vec<_> =
            trace.in_the_way().into_iter().flat_map(|found| &found.blocked).filter_map(victim).collect();
        victims.sort_by_key(|&(span, up_to)| (std::cmp::Reverse(up_to), span.span_id()));
        victims
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
        let by_thread = self.long_polls_by_thread();
        let (busy, one_thread) = (self.busy_times(), self.runs_on_one_thread());
        let waits: HashMap<SpanId, Vec<Wait<'_>>> = self
            .spans()
            .map(|victim| (victim.span_id(), self.waits_of(&victim, &by_thread, &busy)))
            .filter(|(_, waits)| !waits.is_empty())
            .collect();
        let mut found = InTheWay::default();
        for (&victim, of_victim) in &waits {
            // Where a child waited behind the same poll, the wait is the child's: the span waited for the child.
            let is_its_own = |wait: &&Wait<'_>| {
                let children = self.children(victim).filter_map(|child| waits.get(&child.span_id()));
                !children.flatten().any(|of_child| std::ptr::eq(of_child.behind, wait.behind))
            };
            let mut blocked: Vec<_> =
                of_victim.iter().filter(is_its_own).map(|wait| self.blocked(wait, one_thread)).collect();
            if blocked.is_empty() {
                continue;
            }
            blocked.sort_by_key(|blocked| std::cmp::Reverse(blocked.up_to));
            let mut counted = Vec::new();
            for wait in blocked.iter().filter(|wait| wait.trace_id == self.id()) {
                let held_up = found.held_up.entry(wait.span_id).or_default();
                held_up.up_to += wait.up_to;
                if !counted.contains(&wait.span_id) {
                    counted.push(wait.span_id);
                    held_up.spans += 1;
                }
            }
            found.blocked.insert(victim, blocked);
        }
        found
    }

    /// The long polls of each thread in order of end, without those that consist for the most part of other long ones: the
    /// poll of a handler is as long as that of the function inside of it that blocks.
    fn long_polls_by_thread(&self) -> ByThread<'_> {
        let mut all: HashMap<u32, Vec<&LongPoll>> = HashMap::new();
        for long in &self.extras().long_polls {
            all.entry(long.thread).or_default().push(long);
        }
        for polls in all.values_mut() {
            // The outer one first, also where a clock that stands still makes them equally long.
            let depth = |long: &LongPoll| if long.trace == self.id() { self.around(long.span).count() } else { 0 };
            polls.sort_by_cached_key(|long| (long.start, std::cmp::Reverse(long.end), depth(long)));
            let mut inside = vec![0; polls.len()];
            // The polls around the one that is looked at, outermost first.
            let mut around: Vec<usize> = Vec::new();
            for (place, poll) in polls.iter().enumerate() {
                around.retain(|&outer| polls[outer].end >= poll.end);
                if let Some(&outer) = around.last() {
                    inside[outer] += poll.end - poll.start;
                }
                around.push(place);
            }
            let mut inside = inside.into_iter();
            polls.retain(|long| inside.next().is_some_and(|inside| inside * 2 < long.end - long.start));
            polls.sort_by_key(|long| long.end);
        }
        all
    }

    /// When each thread was polling without a rest, as far as this trace knows.
    fn busy_times(&self) -> BusyTimes {
        let mut busy = BusyTimes::new();
        let polls = self.spans().filter_map(|span| span.poll_log()).flat_map(|(log, _)| &log.segments);
        let polls = polls.map(|poll| (poll.thread, (poll.start, poll.end)));
        for (thread, time) in
            polls.chain(self.extras().long_polls.iter().map(|long| (long.thread, (long.start, long.end))))
        {
            busy.entry(thread).or_default().push(time);
        }
        for times in busy.values_mut() {
            times.sort_unstable();
            times.dedup_by(|next, time| {
                let goes_on = self.common.timebase.nanos(next.0.saturating_sub(time.1)) < REST.as_nanos() as u64;
                if goes_on {
                    time.1 = time.1.max(next.1);
                }
                goes_on
            });
        }
        busy
    }

    /// The waits of a span, each with a long poll that may have been in its way.
    fn waits_of<'a>(&self, victim: &SpanView<'_>, by_thread: &ByThread<'a>, busy: &BusyTimes) -> Vec<Wait<'a>> {
        let Some((log, _)) = victim.poll_log() else { return Vec::new() };
        let mut found = Vec::new();
        // A task that was spawned waits for its first poll as for any other.
        let mut wait_from = victim.start_ticks();
        for poll in &log.segments {
            let longs = by_thread.get(&poll.thread).map_or(&[][..], Vec::as_slice);
            let before = longs.partition_point(|long| long.end <= poll.start);
            let busy_from = busy.get(&poll.thread).map_or(poll.start, |times| {
                let later = times.partition_point(|time| time.0 <= poll.start);
                times[..later].last().map_or(poll.start, |time| time.0)
            });
            let is_ready_during = |long: &LongPoll| poll.wake.at != 0 && poll.wake.at < long.end;
            let is_near = |long: &&&LongPoll| is_ready_during(long) || long.end > busy_from;
            for &behind in longs[..before].iter().rev().take_while(is_near) {
                let was_ready = is_ready_during(behind);
                let from = if was_ready { poll.wake.at.max(wait_from) } else { wait_from };
                let overlap = behind.end.saturating_sub(behind.start.max(from));
                if overlap > 0 && !victim.is_related_to(behind) {
                    found.push(Wait { behind, overlap, was_ready });
                }
            }
            wait_from = poll.end;
        }
        found
    }

    fn blocked(&self, &Wait { behind, overlap, was_ready }: &Wait<'_>, one_thread: bool) -> BlockedBehind {
        let here = (behind.trace == self.id()).then(|| self.span(behind.span)).flatten();
        BlockedBehind {
            trace_id: behind.trace,
            span_id: behind.span,
            name: here.map_or_else(|| behind.name.clone(), |span| span.name_owned()),
            up_to: Duration::from_nanos(self.common.timebase.nanos(overlap)),
            poll: Duration::from_nanos(self.common.timebase.nanos(behind.end - behind.start)),
            is_exact: one_thread && was_ready,
        }
    }

    /// Whether the first span is the second, or somewhere below it.
    fn is_inside(&self, inner: SpanId, outer: SpanId) -> bool {
        self.around(inner).any(|id| id == outer)
    }

    /// A span and those around it, the innermost first.
    fn around(&self, span: SpanId) -> impl Iterator<Item = SpanId> {
        let parent = |id: &SpanId| self.span(*id).and_then(|span| span.parent_id());
        // No tree is deeper than it has spans; a circle of parents ends here.
        std::iter::successors(Some(span), parent).take(self.len() + 1)
    }

    fn runs_on_one_thread(&self) -> bool {
        let logs = || self.spans().filter_map(|span| span.poll_log());
        let mut threads = logs().flat_map(|(log, _)| log.segments.iter().map(|segment| segment.thread));
        let first = threads.next();
        threads.all(|thread| Some(thread) == first)
            && self.extras().long_polls.iter().all(|long| Some(long.thread) == first)
    }
}

/// A wait that overlapped a long poll by so many ticks.
struct Wait<'a> {
    behind: &'a LongPoll,
    overlap: u64,
    /// Whether it is known that the future was ready for that long.
    was_ready: bool,
}

type ByThread<'a> = HashMap<u32, Vec<&'a LongPoll>>;
/// From when to when each thread was busy, in order of time.
type BusyTimes = HashMap<u32, Vec<(u64, u64)>>;
