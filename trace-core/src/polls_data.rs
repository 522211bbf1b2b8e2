//! What is known of a span's polls, owned.

use std::time::Duration;

use crate::id::SpanId;

/// The polls of the future of a finished span, owned. See [`SpanData::polls`](crate::SpanData::polls).
///
/// [`Polls`](crate::Polls) is the same, borrowed from a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PollsData {
    /// How often the future was polled.
    pub count: u64,
    /// How long all its polls took.
    pub busy: Duration,
    /// How long all its polls took, less the polls of other spans inside of them.
    pub self_busy: Duration,
    /// The longest poll; `None` if there was none.
    pub longest: Option<PollSegment>,
    /// The single polls, in order of time; at most [`MAX_POLL_SEGMENTS`](crate::MAX_POLL_SEGMENTS).
    pub segments: Vec<PollSegment>,
    /// Whether segments were joined, so that gaps between polls are missing.
    pub is_merged: bool,
    /// Whether polls were lost for want of memory.
    pub is_incomplete: bool,
}

/// One poll, or several that were joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PollSegment {
    /// Its start, in nanoseconds since 1970.
    pub start_unix_nanos: u64,
    /// From its start to its end.
    pub duration: Duration,
    /// The thread it ran on, numbered from 1 in the order in which threads first recorded something; `None` where polls of
    /// several threads were joined.
    pub thread: Option<u32>,
    /// When the waker was called that led to the poll, in nanoseconds since 1970; `None` where wake-ups are not timed, and
    /// where it was not this span's waker that led to it. See
    /// [`PipelineBuilder::time_wakes`](crate::PipelineBuilder::time_wakes).
    pub woken_unix_nanos: Option<u64>,
    /// The span that woke it: the one that was current where the waker was called. `None` where nobody's was, as in a timer, in
    /// the runtime when a task is done, or in a span of another trace; and after a poll of a second or more.
    pub woken_by: Option<SpanId>,
}

impl PollsData {
    /// The polls of these segments, in order of time: a count for each, and the totals that follow from them.
    ///
    /// For spans from elsewhere; every field may be set afterwards.
    #[must_use]
    pub fn of_segments(mut segments: Vec<PollSegment>) -> Self {
        segments.sort_by_key(|segment| segment.start_unix_nanos);
        let busy = segments.iter().map(|segment| segment.duration).sum();
        Self {
            count: segments.len() as u64,
            busy,
            self_busy: busy,
            longest: segments.iter().copied().max_by_key(|segment| segment.duration),
            segments,
            is_merged: false,
            is_incomplete: false,
        }
    }
}

impl PollSegment {
    /// A poll on a thread that is not known, woken nobody knows when.
    #[must_use]
    pub const fn new(start_unix_nanos: u64, duration: Duration) -> Self {
        Self { start_unix_nanos, duration, thread: None, woken_unix_nanos: None, woken_by: None }
    }

    /// Sets the thread it ran on.
    #[must_use]
    pub const fn on_thread(mut self, thread: u32) -> Self {
        self.thread = Some(thread);
        self
    }

    /// Its end, in nanoseconds since 1970.
    #[must_use]
    pub fn end_unix_nanos(&self) -> u64 {
        self.start_unix_nanos.saturating_add(u64::try_from(self.duration.as_nanos()).unwrap_or(u64::MAX))
    }
}
