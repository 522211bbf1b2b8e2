//! The polls of a span, as far as they were timed.

use std::time::Duration;

use crate::clock::Timebase;
use crate::poll_log::{PollLog, SEVERAL_THREADS, Segment};
use crate::polls_data::{PollSegment, PollsData};
use crate::trace::SpanView;

/// What is known of the polls of a span's future. See [`SpanView::polls`].
///
/// The totals are exact. Of the single polls up to [`MAX_POLL_SEGMENTS`](crate::MAX_POLL_SEGMENTS) segments are kept; where
/// there were more, those with the smallest gaps between them were joined.
#[derive(Clone, Copy, Debug)]
pub struct Polls<'a> {
    log: &'a PollLog,
    timebase: &'a Timebase,
    span_start_unix_nanos: u64,
}

impl<'a> SpanView<'a> {
    /// The polls of its future. `None` for a sync span, and where polls were not timed
    /// ([`PipelineBuilder::time_polls`](crate::PipelineBuilder::time_polls)).
    ///
    /// ```
    /// use trace_core::{Capture, FutureExt, Span};
    ///
    /// let captured = Capture::new().time_polls().run(|| {
    ///     futures::executor::block_on(async { 7 }.in_span(Span::new("work")))
    /// });
    /// let polls = captured.trace()?.root().unwrap().polls().unwrap();
    /// assert_eq!(polls.count(), 1);
    /// assert_eq!(polls.longest().map(|poll| poll.duration), Some(polls.busy()));
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    #[must_use]
    pub fn polls(&self) -> Option<Polls<'a>> {
        let (log, timebase) = self.poll_log()?;
        Some(Polls { log, timebase, span_start_unix_nanos: self.start_unix_nanos() })
    }
}

impl<'a> Polls<'a> {
    /// How often the future was polled.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.log.count
    }

    /// How long all its polls took.
    #[must_use]
    pub fn busy(&self) -> Duration {
        self.duration(self.log.busy)
    }

    /// How long all its polls took, less the polls of other spans inside of them.
    #[must_use]
    pub fn self_busy(&self) -> Duration {
        self.duration(self.log.busy.saturating_sub(self.log.nested))
    }

    /// The longest poll; `None` if there was none.
    #[must_use]
    pub fn longest(&self) -> Option<PollSegment> {
        self.log.longest.map(|longest| self.segment(longest))
    }

    /// From the start of the span to its first poll: how long a task waited to be run at all.
    #[must_use]
    pub fn first_poll_delay(&self) -> Option<Duration> {
        let first = self.timebase.unix_nanos(self.log.segments.first()?.start);
        Some(Duration::from_nanos(first.saturating_sub(self.span_start_unix_nanos)))
    }

    /// The poll that was under way when [`open_spans`](crate::open_spans) looked, until that moment; it is not among the
    /// others. Known with [`live`](crate::PipelineBuilder::live) or a watchdog.
    #[must_use]
    pub fn under_way(&self) -> Option<PollSegment> {
        self.log.under_way.map(|poll| self.segment(poll))
    }

    /// The single polls, in order of time.
    pub fn segments(&self) -> impl ExactSizeIterator<Item = PollSegment> + use<'a> {
        let this = *self;
        self.log.segments.iter().map(move |&segment| this.segment(segment))
    }

    /// Whether segments were joined, so that gaps between polls are missing.
    #[must_use]
    pub const fn is_merged(&self) -> bool {
        self.log.is_merged
    }

    /// Whether polls were lost for want of memory.
    #[must_use]
    pub const fn is_incomplete(&self) -> bool {
        self.log.is_incomplete
    }

    /// All of it, owned.
    #[must_use]
    pub fn to_data(&self) -> PollsData {
        PollsData {
            count: self.count(),
            busy: self.busy(),
            self_busy: self.self_busy(),
            longest: self.longest(),
            segments: self.segments().collect(),
            is_merged: self.is_merged(),
            is_incomplete: self.is_incomplete(),
        }
    }

    /// The segments that lie inside of this time, in nanoseconds since 1970.
    pub(crate) fn between(&self, from: u64, to: u64) -> impl Iterator<Item = PollSegment> + use<'a> {
        let this = *self;
        let first = self.log.segments.partition_point(|segment| self.timebase.unix_nanos(segment.start) < from);
        let inside = self.log.segments[first..].iter().map(move |&segment| this.segment(segment));
        inside.take_while(move |poll| poll.start_unix_nanos <= to).filter(move |poll| poll.end_unix_nanos() <= to)
    }

    /// The segment in which this moment lies, in nanoseconds since 1970.
    pub(crate) fn at(&self, moment: u64) -> Option<PollSegment> {
        let later = self.log.segments.partition_point(|segment| self.timebase.unix_nanos(segment.start) <= moment);
        let poll = self.segment(*self.log.segments[..later].last()?);
        (moment <= poll.end_unix_nanos()).then_some(poll)
    }

    fn segment(&self, segment: Segment) -> PollSegment {
        PollSegment {
            start_unix_nanos: self.timebase.unix_nanos(segment.start),
            duration: self.duration(segment.ticks()),
            thread: (segment.thread != SEVERAL_THREADS).then_some(segment.thread),
            woken_unix_nanos: (segment.wake.at != 0).then(|| self.timebase.unix_nanos(segment.wake.at)),
            woken_by: segment.wake.by,
        }
    }

    fn duration(&self, ticks: u64) -> Duration {
        Duration::from_nanos(self.timebase.nanos(ticks))
    }
}
