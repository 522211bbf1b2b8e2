//! Where the time of a span went: busy, waiting for a child, waiting for something without a span, or ready and not polled.
//!
//! From the polls of a span and the times of its children. Between two polls a future waits; while one of its children was
//! open it waited for that child, as far as anybody can see. The parts sum to the duration exactly.

use std::collections::BinaryHeap;
use std::time::Duration;

use crate::id::SpanId;
use crate::status::Outcome;
use crate::trace::{SpanView, Trace};
use crate::waits::{Anatomy, ChildWait};

impl Anatomy {
    fn wait_on(&mut self, span_id: SpanId, nanos: u64, is_certain: bool) {
        let waited = Duration::from_nanos(nanos);
        self.waiting_on_children += waited;
        self.children.push(ChildWait { span_id, waited, is_certain });
    }

    /// Puts what was waited on one child together, the largest first.
    fn sort_children(&mut self) {
        self.children.sort_by_key(|child| child.span_id);
        self.children.dedup_by(|next, child| {
            let is_same = next.span_id == child.span_id;
            if is_same {
                child.waited += next.waited;
                child.is_certain &= next.is_certain;
            }
            is_same
        });
        self.children.sort_by(|a, b| b.waited.cmp(&a.waited).then(a.span_id.cmp(&b.span_id)));
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
        let children = Children::of(self.trace().children(self.span_id()));
        let mut at = start;
        for (place, poll) in polls.segments().enumerate() {
            let poll_start = poll.start_unix_nanos.clamp(at, end);
            let poll_end = poll.end_unix_nanos().clamp(poll_start, end);
            if place == 0 {
                anatomy.queued += Duration::from_nanos(poll_start - start);
            } else {
                let woken = poll.woken_unix_nanos.map_or(poll_start, |woken| woken.clamp(at, poll_start));
                anatomy.queued += Duration::from_nanos(poll_start - woken);
                children.explain(&mut anatomy, (at, woken), Some((poll_start, poll_end)));
            }
            anatomy.busy += Duration::from_nanos(poll_end - poll_start);
            at = poll_end;
        }
        children.explain(&mut anatomy, (at, end), None);
        // Inside of joined segments only the total of the polls is known.
        if polls.is_merged() {
            let joined = anatomy.busy.saturating_sub(polls.busy());
            anatomy.busy -= joined;
            anatomy.no_span += joined;
        }
        anatomy.sort_children();
        Some(anatomy)
    }
}

impl Trace {
    /// Where its time went: that of its first root, and what went on before and after the root counts as waiting on the spans
    /// that were open then. The parts sum to [`Trace::duration`].
    ///
    /// `None` where the root is missing or open, or is the span of a future whose polls were not timed.
    #[must_use]
    pub fn anatomy(&self) -> Option<Anatomy> {
        let root = self.root()?;
        let (start, end) = (root.start_unix_nanos(), root.end_unix_nanos()?);
        let mut anatomy = root.anatomy()?;
        let first = self.start_unix_nanos();
        let last = first.saturating_add(nanos(self.duration()));
        if first < start || last > end {
            let is_outside = |span: &SpanView<'_>| {
                span.start_unix_nanos() < start || span.end_unix_nanos().is_some_and(|ended| ended > end)
            };
            let others = Children::of(self.spans().filter(|span| span.span_id() != root.span_id() && is_outside(span)));
            others.explain(&mut anatomy, (first, start), None);
            others.explain(&mut anatomy, (end, last), None);
            anatomy.sort_children();
        }
        Some(anatomy)
    }
}

/// A span that another may have waited on.
struct Child<'a> {
    span: SpanView<'a>,
    start: u64,
    end: u64,
}

impl Child<'_> {
    /// What speaks for it as the one that ended a wait: its waker led to a poll inside of the poll that ended the wait, or it
    /// was at least polled there, or nothing.
    fn proof(&self, poll: Option<(u64, u64)>) -> Proof {
        let (Some((from, to)), Some(polls)) = (poll, self.span.polls()) else { return Proof::None };
        let inside = polls.between(from, to);
        inside.fold(Proof::None, |best, poll| {
            best.max(if poll.woken_unix_nanos.is_some() { Proof::Woken } else { Proof::Polled })
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Proof {
    None,
    Polled,
    Woken,
}

/// How many spans are open, and for how many of them how much speaks.
#[derive(Default)]
struct Open {
    all: usize,
    polled: usize,
    woken: usize,
}

impl Open {
    fn add(&mut self, proof: Proof, count: isize) {
        let add =
            |number: &mut usize, is_so: bool| *number = number.saturating_add_signed(if is_so { count } else { 0 });
        add(&mut self.all, true);
        add(&mut self.polled, proof == Proof::Polled);
        add(&mut self.woken, proof == Proof::Woken);
    }

    /// Whether it can have been no other than the one for which this speaks.
    fn is_certain(&self, proof: Proof) -> bool {
        match proof {
            _ if self.all == 1 => true,
            Proof::Woken => self.woken == 1,
            Proof::Polled => self.woken == 0 && self.polled == 1,
            Proof::None => false,
        }
    }
}

/// What a span may have waited on, in order of end.
struct Children<'a>(Vec<Child<'a>>);

impl<'a> Children<'a> {
    fn of(spans: impl Iterator<Item = SpanView<'a>>) -> Self {
        let child = |span: SpanView<'a>| Child {
            span,
            start: span.start_unix_nanos(),
            end: span.end_unix_nanos().unwrap_or(u64::MAX),
        };
        let mut children: Vec<_> = spans.map(child).collect();
        children.sort_by_key(|child| (child.end, child.span.span_id()));
        Self(children)
    }

    /// Explains a wait, from its end to its start: which child was open, and of several the one whose waker led to the poll
    /// that ended the wait, else one that was polled inside of it, else the one that ended last.
    ///
    /// Takes O(m log m) for the m children that were open in it.
    fn explain(&self, anatomy: &mut Anatomy, (start, end): (u64, u64), poll: Option<(u64, u64)>) {
        let later = self.0.partition_point(|child| child.end <= start);
        let mut by_end: Vec<_> = self.0[later..]
            .iter()
            .filter(|child| child.start < end)
            .map(|child| (child, if child.end >= end { child.proof(poll) } else { Proof::None }))
            .collect();
        let mut by_start: Vec<_> = by_end.iter().map(|&(child, proof)| (child.start, proof)).collect();
        by_start.sort_unstable();
        let mut open = Open::default();
        let mut best = BinaryHeap::new();
        let mut at = end;
        while at > start {
            while let Some((child, proof)) = by_end.pop_if(|(child, _)| child.end >= at) {
                open.add(proof, 1);
                best.push((proof, child.end, child.span.span_id(), child.start));
            }
            while let Some((_, proof)) = by_start.pop_if(|&mut (began, _)| began >= at) {
                open.add(proof, -1);
            }
            match best.pop() {
                Some((.., began)) if began >= at => {}
                Some((proof, _, id, began)) => {
                    let from = began.max(start);
                    anatomy.wait_on(id, at - from, open.is_certain(proof));
                    at = from;
                }
                None => {
                    let from = by_end.last().map_or(start, |(child, _)| child.end.max(start));
                    anatomy.no_span += Duration::from_nanos(at - from);
                    at = from;
                }
            }
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
