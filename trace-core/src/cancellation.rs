//! How a span that was given up came to that.

use std::time::Duration;

use crate::status::Outcome;
use crate::trace::SpanView;
use crate::waits::{Cancellation, Dropped, NamedSpan};

impl<'a> SpanView<'a> {
    /// How it came that the span was given up; `None` for a span with another outcome than
    /// [`Cancelled`](Outcome::Cancelled) or [`NeverPolled`](Outcome::NeverPolled).
    #[must_use]
    pub fn cancellation(&self) -> Option<Cancellation> {
        if !self.outcome().is_cancelled() {
            return None;
        }
        Some(Cancellation {
            elapsed: self.duration()?,
            polls: self.polls().map(|polls| polls.count()),
            dropped: self.dropped_how(),
            waiting_in: self
                .given_up_inside()
                .last()
                .map(|span| NamedSpan { span_id: span.span_id(), name: span.name_owned() }),
        })
    }

    /// The chain of spans inside that were given up with this one, outermost first.
    fn given_up_inside(&self) -> impl Iterator<Item = Self> + use<'a> {
        let last_child = |span: &Self| {
            let was_open = span.last_poll_end();
            let given_up = |child: &Self| {
                child.outcome().is_cancelled()
                    && child.end_unix_nanos() >= was_open
                    && child.end_unix_nanos() <= span.end_unix_nanos()
            };
            span.trace().children(span.span_id()).filter(given_up).max_by_key(Self::end_unix_nanos)
        };
        let most = self.trace().len();
        std::iter::successors(last_child(self), last_child).take(most)
    }

    /// As it was seen, else as the polls of a trace from elsewhere tell.
    fn dropped_how(&self) -> Dropped {
        match self.drop_seen() {
            Dropped::Unknown => self.dropped_by_polls(),
            seen => seen,
        }
    }

    fn dropped_by_polls(&self) -> Dropped {
        let trace = self.trace();
        let parent = self.parent_id().and_then(|parent| trace.span(parent));
        let (Some(parent), Some(end)) = (parent, self.end_unix_nanos()) else { return Dropped::Unknown };
        let Some(polls) = parent.polls() else {
            // A sync scope around it has no polls: it was there, or it was not.
            return Dropped::Unknown;
        };
        let in_poll = |start: u64, duration: Duration| start <= end && end <= start + duration.as_nanos() as u64;
        let parent_given_up = parent.outcome().is_cancelled() || parent.outcome() == Outcome::Panicked;
        if polls.segments().any(|poll| in_poll(poll.start_unix_nanos, poll.duration)) {
            Dropped::InParentsPoll
        } else if parent_given_up && parent.last_poll_end() <= Some(end) && parent.end_unix_nanos() >= Some(end) {
            Dropped::WithParent
        } else {
            Dropped::FromOutside
        }
    }

    fn last_poll_end(&self) -> Option<u64> {
        let last = self.polls()?.segments().last()?;
        Some(last.start_unix_nanos + last.duration.as_nanos() as u64)
    }
}
