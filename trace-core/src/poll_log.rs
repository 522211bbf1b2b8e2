//! What is known of the polls of one span.

use std::time::Duration;

use crate::polls_data::{PollSegment, PollsData};
use crate::wake_up::WakeUp;

/// How many segments a span keeps of its polls; beyond it neighbours are joined.
pub const MAX_POLL_SEGMENTS: usize = 128;

/// The thread of a segment that was joined from polls on several threads.
pub(crate) const SEVERAL_THREADS: u32 = 0;

/// The polls of one span: totals, which are exact, and segments, of which the closest are joined when there are too many.
/// Times are ticks.
#[derive(Clone, Debug, Default)]
pub(crate) struct PollLog {
    pub(crate) count: u64,
    pub(crate) busy: u64,
    /// Of the busy time, what polls of other spans inside took.
    pub(crate) nested: u64,
    pub(crate) longest: Option<Segment>,
    pub(crate) segments: Vec<Segment>,
    pub(crate) is_merged: bool,
    /// Whether a poll was lost for want of memory.
    pub(crate) is_incomplete: bool,
    /// The poll that was under way when somebody looked; it is not among the others.
    pub(crate) under_way: Option<Segment>,
}

/// One poll, or several that were joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) start: u64,
    pub(crate) end: u64,
    /// The wake-up that led to the poll.
    pub(crate) wake: WakeUp,
    pub(crate) thread: u32,
}

impl Segment {
    pub(crate) const fn ticks(&self) -> u64 {
        self.end.saturating_sub(self.start)
    }
}

impl PollLog {
    /// Of polls from elsewhere, whose ticks are nanoseconds since 1970 as in [`Timebase::UNIX_NANOS`](crate::clock::Timebase::UNIX_NANOS).
    pub(crate) fn of_data(data: &PollsData) -> Self {
        let nanos = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let segment = |segment: &PollSegment| Segment {
            start: segment.start_unix_nanos,
            end: segment.end_unix_nanos(),
            wake: WakeUp { at: segment.woken_unix_nanos.unwrap_or(0), by: segment.woken_by },
            thread: segment.thread.unwrap_or(SEVERAL_THREADS),
        };
        let mut segments: Vec<_> = data.segments.iter().map(segment).collect();
        segments.sort_by_key(|segment| segment.start);
        Self {
            count: data.count,
            busy: nanos(data.busy),
            nested: nanos(data.busy.saturating_sub(data.self_busy)),
            longest: data.longest.as_ref().map(segment),
            segments,
            is_merged: data.is_merged,
            is_incomplete: data.is_incomplete,
            under_way: None,
        }
    }

    /// Adds a poll, of which `nested` ticks were spent in polls of other spans.
    pub(crate) fn add(&mut self, poll: Segment, nested: u64) {
        self.count += 1;
        self.busy += poll.ticks();
        self.nested += nested.min(poll.ticks());
        if self.longest.is_none_or(|longest| poll.ticks() > longest.ticks()) {
            self.longest = Some(poll);
        }
        if self.segments.len() == MAX_POLL_SEGMENTS {
            self.join_closest();
        }
        // Polls on several threads come through several buffers, so not in order of time; nearly always the last is the latest.
        let later = self.segments.iter().rev().take_while(|segment| segment.start > poll.start).count();
        self.segments.insert(self.segments.len() - later, poll);
    }

    /// Joins about half of the neighbours, those with the smallest gaps between them.
    fn join_closest(&mut self) {
        self.is_merged = true;
        let mut gaps: Vec<_> = self.segments.windows(2).map(|pair| pair[1].start.saturating_sub(pair[0].end)).collect();
        let (_, &mut limit, _) = gaps.select_nth_unstable(MAX_POLL_SEGMENTS / 2 - 1);
        let mut joined: Vec<Segment> = Vec::with_capacity(MAX_POLL_SEGMENTS);
        let mut left = MAX_POLL_SEGMENTS / 2;
        for &segment in &self.segments {
            match joined.last_mut() {
                Some(last) if left > 0 && segment.start.saturating_sub(last.end) <= limit => {
                    left -= 1;
                    last.end = last.end.max(segment.end);
                    if last.thread != segment.thread {
                        last.thread = SEVERAL_THREADS;
                    }
                }
                _ => joined.push(segment),
            }
        }
        self.segments = joined;
    }

    /// The memory on the heap, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + self.segments.capacity() * size_of::<Segment>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(start: u64, end: u64) -> Segment {
        Segment { start, end, wake: WakeUp::UNKNOWN, thread: 1 }
    }

    #[test]
    fn totals_stay_exact_however_many_polls_are_joined() {
        let mut log = PollLog::default();
        let mut now = 0;
        for round in 0..10_000 {
            let (gap, length) = (1 + round * 7919 % 1013, 1 + round * 104_729 % 97);
            log.add(poll(now + gap, now + gap + length), length / 2);
            now += gap + length;
        }
        let expected: u64 = (0..10_000_u64).map(|round| 1 + round * 104_729 % 97).sum();
        assert_eq!((log.count, log.busy), (10_000, expected));
        assert!(
            log.is_merged && log.segments.len() <= MAX_POLL_SEGMENTS && log.segments.len() >= MAX_POLL_SEGMENTS / 2
        );
        assert!(log.segments.windows(2).all(|pair| pair[0].end <= pair[1].start));
        assert_eq!((log.segments[0].start, log.segments.last().unwrap().end), (1, now));
        assert_eq!(log.longest.unwrap().ticks(), 97);
    }

    #[test]
    fn polls_that_come_out_of_order_stand_in_order_of_time() {
        let mut log = PollLog::default();
        for start in [40, 10, 30, 20, 50] {
            log.add(poll(start, start + 1), 0);
        }
        assert_eq!(log.segments.iter().map(|segment| segment.start).collect::<Vec<_>>(), [10, 20, 30, 40, 50]);
    }

    #[test]
    fn the_smallest_gaps_are_closed_first() {
        let mut log = PollLog::default();
        // Pairs of polls one tick apart, a thousand ticks from pair to pair.
        for pair in 0..MAX_POLL_SEGMENTS as u64 / 2 + 1 {
            log.add(poll(pair * 1000, pair * 1000 + 10), 0);
            log.add(poll(pair * 1000 + 11, pair * 1000 + 20), 0);
        }
        let lengths: Vec<_> = log.segments.iter().map(Segment::ticks).collect();
        assert_eq!(lengths[..MAX_POLL_SEGMENTS / 2], [20; MAX_POLL_SEGMENTS / 2]);
    }
}
