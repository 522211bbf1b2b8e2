//! Open spans: their age, the poll they are in, what they wait on.

use std::time::Duration;

use crate::id::{SpanId, TraceId};
use crate::poll_log::Segment;
use crate::status::Outcome;
use crate::trace::{SpanView, Trace};
use crate::wake_up::WakeUp;

/// A poll that is under way. Times are ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UnderWay {
    pub(crate) trace: TraceId,
    pub(crate) span: SpanId,
    pub(crate) start: u64,
    pub(crate) thread: u32,
}

impl Trace {
    /// Notes when its open spans were looked at, and which of them are being polled.
    pub(crate) fn look_at(&mut self, now: u64, under_way: &[UnderWay]) {
        let id = self.id();
        let polled: Vec<_> = under_way.iter().filter(|poll| poll.trace == id).collect();
        if !polled.is_empty() {
            self.extras_mut();
        }
        let mut extras = self.extras.take();
        for span in self.spans.iter_mut().filter(|span| span.outcome == Outcome::Open) {
            span.end = now.max(span.start);
            let poll = polled.iter().find(|poll| poll.span == span.id);
            let (Some(poll), Some(extras)) = (poll, &mut extras) else { continue };
            let log = extras.more_or_new(span).polls.get_or_insert_default();
            // Its record may have come in the meantime.
            if log.segments.iter().all(|known| known.start != poll.start) {
                let (start, end, wake) = (poll.start, span.end, WakeUp::UNKNOWN);
                log.under_way = Some(Segment { start, end, wake, thread: poll.thread });
            }
        }
        self.extras = extras;
    }
}

impl SpanView<'_> {
    /// How long an open span has been going on, when [`open_spans`](crate::open_spans) looked at it. `None` for a span that
    /// ended, and for one that was handed on as open by a flush.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        let (start, looked_at) = self.open_ticks()?;
        (looked_at > start).then(|| self.time_between(start, looked_at))
    }

    /// What an open span waits on: the child of it that is open and began last. `None` if it is being polled, has no such child,
    /// or has ended.
    #[must_use]
    pub fn waits_on(&self) -> Option<Self> {
        self.open_ticks()?;
        if self.polls().is_some_and(|polls| polls.under_way().is_some()) {
            return None;
        }
        let is_open = |child: &Self| child.outcome() == Outcome::Open;
        self.trace().children(self.span_id()).filter(is_open).max_by_key(Self::start_unix_nanos)
    }
}
