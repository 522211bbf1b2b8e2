//! Where the time of a span went: busy, waiting for a child, waiting for something without a span, or ready and not polled.
//!
//! From the polls of a span and the times of its children. Between two polls a future waits; while one of its children was
//! open it waited for that child, as far as anybody can see. The parts sum to the duration exactly.

use std::time::Duration;

use crate::id::SpanId;
use crate::status::Outcome;
use crate::trace::{SpanView, Trace};

/// The parts of a span's duration. They sum to it.
///
/// Where polls were joined ([`Polls::is_merged`](crate::Polls::is_merged)), the gaps between those are counted as waiting
/// without a span.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Anatomy {
    /// Inside its polls; all of it for a sync span.
    pub busy: Duration,
    /// Between polls, while a child was open.
    pub waiting_on_children: Duration,
    /// Between polls, while no child was open: on a timer, a socket, a lock that has no span.
    pub no_span: Duration,
    /// Ready and not polled: from the start to the first poll, and from a wake-up to the poll it led to, where wake-ups are
    /// recorded.
    pub queued: Duration,
    /// The children it waited on, each with its share, the largest first.
    pub children: Vec<ChildWait>,
}

/// How long a span waited on one of its children.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChildWait {
    /// The child.
    pub span_id: SpanId,
    /// How long the span waited while this child was open.
    pub waited: Duration,
    /// Whether the polls show that it was this child, and not another that was open as well: the child was polled inside the
    /// poll that ended the wait, or was the only one.
    pub is_certain: bool,
}

impl Anatomy {
    /// The sum of the parts: the duration of the span.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.busy + self.waiting_on_children + self.no_span + self.queued
    }

    fn wait_on(&mut self, span_id: SpanId, nanos: u64, is_certain: bool) {
        let waited = Duration::from_nanos(nanos);
        self.waiting_on_children += waited;
        match self.children.iter_mut().find(|child| child.span_id == span_id) {
            Some(child) => {
                child.waited += waited;
                child.is_certain &= is_certain;
            }
            None => self.children.push(ChildWait { span_id, waited, is_certain }),
        }
    }
}

impl SpanView<'_> {
    /// Where its time went. `None` while it is open, and for the span of a future whose polls were not timed.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use trace_core::{Capture, FutureExt, ManualClock, Span};
    ///
    /// let clock = ManualClock::new(UNIX_EPOCH);
    /// let captured = Capture::new().manual_clock(clock.clone()).time_polls().run(|| {
    ///     let work = async { clock.advance(Duration::from_millis(5)) }.in_span(Span::new("work"));
    ///     clock.advance(Duration::from_millis(2));
    ///     futures::executor::block_on(work);
    /// });
    /// let anatomy = captured.trace()?.root().unwrap().anatomy().unwrap();
    /// assert_eq!(anatomy.busy, Duration::from_millis(5));
    /// assert_eq!(anatomy.queued, Duration::from_millis(2), "it was not polled at once");
    /// assert_eq!(anatomy.total(), Duration::from_millis(7));
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    #[must_use]
    pub fn anatomy(&self) -> Option<Anatomy> {
        let (start, end) = (self.start_unix_nanos(), self.end_unix_nanos()?);
        let mut anatomy = Anatomy::default();
        let Some(polls) = self.polls() else {
            let duration = Duration::from_nanos(end.saturating_sub(start));
            if self.outcome() == Outcome::NeverPolled {
                anatomy.queued = duration;
            } else {
                anatomy.busy = duration;
            }
            return (!self.is_announced() || self.trace().times_polls).then_some(anatomy);
        };
        let children = children(self.trace(), self.span_id());
        let mut at = start;
        for (place, poll) in polls.segments().enumerate() {
            let poll_start = poll.start_unix_nanos.clamp(at, end);
            let poll_end = (poll.start_unix_nanos + nanos(poll.duration)).clamp(poll_start, end);
            if place == 0 {
                anatomy.queued += Duration::from_nanos(poll_start - start);
            } else {
                let woken = poll.woken_unix_nanos.map_or(poll_start, |woken| woken.clamp(at, poll_start));
                anatomy.queued += Duration::from_nanos(poll_start - woken);
                explain(&mut anatomy, (at, woken), (poll_start, poll_end), &children);
            }
            anatomy.busy += Duration::from_nanos(poll_end - poll_start);
            at = poll_end;
        }
        explain(&mut anatomy, (at, end), (end, end), &children);
        // Inside of joined segments only the total of the polls is known.
        let joined = anatomy.busy.saturating_sub(polls.busy());
        if polls.is_merged() {
            anatomy.busy -= joined;
            anatomy.no_span += joined;
        }
        anatomy.children.sort_by(|a, b| b.waited.cmp(&a.waited).then(a.span_id.cmp(&b.span_id)));
        Some(anatomy)
    }
}

/// A child while it was open, and where it was polled.
struct Child {
    id: SpanId,
    start: u64,
    end: u64,
    polls: Vec<(u64, u64)>,
}

fn children(trace: &Trace, parent: SpanId) -> Vec<Child> {
    let child = |span: SpanView<'_>| Child {
        id: span.span_id(),
        start: span.start_unix_nanos(),
        end: span.end_unix_nanos().unwrap_or(u64::MAX),
        polls: span.polls().map_or_else(Vec::new, |polls| {
            polls.segments().map(|poll| (poll.start_unix_nanos, poll.start_unix_nanos + nanos(poll.duration))).collect()
        }),
    };
    trace.children(parent).map(child).collect()
}

/// Explains a wait, from its end to its start: which child was open, and of several the one that was polled inside the poll
/// that ended the wait, else the one that ended last.
fn explain(anatomy: &mut Anatomy, (start, end): (u64, u64), poll: (u64, u64), children: &[Child]) {
    let mut at = end;
    while at > start {
        let open = || children.iter().filter(|child| child.start < at && child.end >= at);
        let was_polled =
            |child: &Child| child.polls.iter().any(|&(from, to)| from >= poll.0 && to <= poll.1 && from < to);
        let proven = open().filter(|child| was_polled(child)).max_by_key(|child| child.end);
        match proven.or_else(|| open().max_by_key(|child| child.end)) {
            Some(child) => {
                let from = child.start.max(start);
                anatomy.wait_on(child.id, at - from, proven.is_some() || open().count() == 1);
                at = from;
            }
            None => {
                let before = children.iter().map(|child| child.end).filter(|&ended| ended < at).max();
                let from = before.unwrap_or(start).max(start);
                anatomy.no_span += Duration::from_nanos(at - from);
                at = from;
            }
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
