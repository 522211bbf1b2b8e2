//! What a span did when, piece by piece: the anatomy of its time in the order in which it passed.

use crate::status::Outcome;
use crate::trace::SpanView;

/// What a span did for a while. See [`Anatomy`](crate::Anatomy), which has the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doing {
    /// It was polled, or it is a sync span.
    Busy,
    /// It waited, and a child was open.
    OnChild,
    /// It waited, and no child was open.
    NoSpan,
    /// It was ready and not polled.
    Queued,
}

/// A piece of a span's time, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) doing: Doing,
    pub(crate) from: u64,
    pub(crate) to: u64,
}

/// The pieces of a span's time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pieces {
    /// In order, without gaps from the span's start to its end; of an open span, to the end of its last poll.
    pub(crate) all: Vec<Piece>,
    /// How much of what counts as busy really was: less than 1 where polls were joined.
    pub(crate) busy_share: f64,
}

impl Pieces {
    /// `None` where nobody knows: of futures whose polls were not timed, and of sync spans that are open.
    pub(crate) fn of(span: &SpanView<'_>) -> Option<Self> {
        let start = span.start_unix_nanos();
        let mut pieces = Self { all: Vec::new(), busy_share: 1.0 };
        let Some(polls) = span.polls() else {
            let end = span.end_unix_nanos()?;
            let doing = if span.outcome() == Outcome::NeverPolled { Doing::Queued } else { Doing::Busy };
            pieces.push(doing, start, end);
            return (!span.is_announced() || span.trace().times_polls).then_some(pieces);
        };
        let end = span.end_unix_nanos().unwrap_or(u64::MAX);
        let covered = covered(span);
        let mut at = start;
        let mut joined = 0;
        for (place, poll) in polls.segments().chain(polls.under_way()).enumerate() {
            let from = poll.start_unix_nanos.clamp(at, end.max(at));
            let to = poll.end_unix_nanos().clamp(from, end.max(from));
            // A future that was not polled yet was ready all the time.
            let ready = if place == 0 { at } else { poll.woken_unix_nanos.map_or(from, |woken| woken.clamp(at, from)) };
            pieces.push_wait(&covered, at, ready);
            pieces.push(Doing::Queued, ready, from);
            pieces.push(Doing::Busy, from, to);
            joined += to - from;
            at = to;
        }
        if span.end_unix_nanos().is_some() {
            pieces.push_wait(&covered, at, end);
        }
        if polls.is_merged() && joined > 0 {
            pieces.busy_share = (polls.busy().as_nanos() as f64 / joined as f64).min(1.0);
        }
        Some(pieces)
    }

    fn push(&mut self, doing: Doing, from: u64, to: u64) {
        if from < to {
            self.all.push(Piece { doing, from, to });
        }
    }

    fn push_wait(&mut self, covered: &[(u64, u64)], from: u64, to: u64) {
        let mut at = from;
        let first = covered.partition_point(|&(_, end)| end <= from);
        for &(child_start, child_end) in covered[first..].iter().take_while(|&&(start, _)| start < to) {
            self.push(Doing::NoSpan, at, child_start);
            at = at.max(child_start);
            self.push(Doing::OnChild, at, child_end.min(to));
            at = child_end.min(to);
        }
        self.push(Doing::NoSpan, at, to);
    }
}

/// When a child of the span was open, as intervals in order that do not touch.
fn covered(span: &SpanView<'_>) -> Vec<(u64, u64)> {
    let times = |child: SpanView<'_>| (child.start_unix_nanos(), child.end_unix_nanos().unwrap_or(u64::MAX));
    let mut children: Vec<_> =
        span.trace().children(span.span_id()).map(times).filter(|(start, end)| start < end).collect();
    children.sort_unstable();
    let mut covered: Vec<(u64, u64)> = Vec::with_capacity(children.len());
    for (start, end) in children {
        match covered.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => covered.push((start, end)),
        }
    }
    covered
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::id::{SpanId, TraceId};
    use crate::polls_data::{PollSegment, PollsData};
    use crate::span_context::{SpanContext, TraceFlags};
    use crate::span_data::SpanData;
    use crate::trace::Trace;

    fn below(random: &mut u64, limit: u64) -> u64 {
        *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*random >> 33) % limit
    }

    /// A root of `count` nanoseconds with children that may begin before it and end after it, all polled at random.
    fn random_trace(random: &mut u64, count: u64) -> Trace {
        let id = TraceId::from_u128(1).unwrap();
        let spans = (1..=count).map(|number| {
            let (start, length) = if number == 1 { (20, 100) } else { (below(random, 120), below(random, 60)) };
            let context = SpanContext::new(id, SpanId::from_u64(number).unwrap(), TraceFlags::SAMPLED);
            let mut span = SpanData::new(context, "span", start, Duration::from_nanos(length));
            span.parent_id = (number > 1).then(|| SpanId::from_u64(1 + below(random, number - 1)).unwrap());
            let mut at = start;
            let polls = std::iter::from_fn(|| {
                let from = at + below(random, 20);
                let mut poll = PollSegment::new(from, Duration::from_nanos(below(random, 10)));
                poll.woken_unix_nanos = (below(random, 2) == 0).then(|| from.saturating_sub(below(random, 15)));
                at = poll.end_unix_nanos();
                (at <= start + length).then_some(poll)
            });
            let polls = polls.collect();
            (span, (below(random, 4) > 0).then(|| PollsData::of_segments(polls)))
        });
        let spans: Vec<_> = spans.collect();
        Trace::from_spans_with_polls(id, spans)
    }

    #[test]
    fn pieces_follow_each_other_and_sum_to_the_anatomy() {
        let mut random = 7;
        let mut several = 0;
        for _ in 0..2_000 {
            let count = 1 + below(&mut random, 12);
            let trace = random_trace(&mut random, count);
            for span in trace.spans() {
                let (pieces, anatomy) = (Pieces::of(&span).unwrap(), span.anatomy().unwrap());
                let mut at = span.start_unix_nanos();
                for piece in &pieces.all {
                    assert!(piece.from == at && piece.to > at, "{pieces:?}");
                    at = piece.to;
                }
                assert_eq!(Some(at), span.end_unix_nanos(), "{pieces:?}");
                let sum = |doing| {
                    let nanos =
                        pieces.all.iter().filter(|piece| piece.doing == doing).map(|piece| piece.to - piece.from);
                    Duration::from_nanos(nanos.sum())
                };
                let sums = [Doing::Busy, Doing::OnChild, Doing::NoSpan, Doing::Queued].map(sum);
                assert_eq!(
                    sums,
                    [anatomy.busy, anatomy.waiting_on_children, anatomy.no_span, anatomy.queued],
                    "{pieces:?} {anatomy:?}"
                );
                several += usize::from(sums.iter().all(|sum| !sum.is_zero()));
            }
        }
        assert!(several > 100, "{several} spans did all four");
    }
}
