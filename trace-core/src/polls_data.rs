//! Polls as owned values: for traces that come from elsewhere.

use std::sync::Arc;
use std::time::Duration;

use crate::id::TraceId;
use crate::long_polls::{DEFAULT_LONG_POLL, LongPoll};
use crate::poll_log::{PollLog, SEVERAL_THREADS, Segment};
use crate::polls::{PollSegment, Polls};
use crate::span_data::SpanData;
use crate::thread_names;
use crate::trace::Trace;

/// What is known of the polls of one span, owned. [`Polls`] is the same, borrowed from a trace.
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
    /// The single polls, in order of time.
    pub segments: Vec<PollSegment>,
    /// Whether segments were joined, so that gaps between polls are missing.
    pub is_merged: bool,
    /// Whether polls were lost.
    pub is_incomplete: bool,
}

impl PollsData {
    /// Polls of which every one is known: the totals are theirs, and nothing of another span was polled inside of them.
    #[must_use]
    pub fn of_segments(segments: Vec<PollSegment>) -> Self {
        let busy = segments.iter().map(|segment| segment.duration).sum();
        Self {
            count: segments.len() as u64,
            busy,
            self_busy: busy,
            longest: segments.iter().copied().max_by_key(|segment| segment.duration),
            segments,
            ..Self::default()
        }
    }

    fn log(&self) -> PollLog {
        PollLog {
            count: self.count,
            busy: nanos(self.busy),
            nested: nanos(self.busy.saturating_sub(self.self_busy)),
            longest: self.longest.map(segment),
            segments: self.segments.iter().copied().map(segment).collect(),
            is_merged: self.is_merged,
            is_incomplete: self.is_incomplete,
        }
    }
}

impl PollSegment {
    /// A poll on a thread that is not known, woken nobody knows when.
    #[must_use]
    pub const fn new(start_unix_nanos: u64, duration: Duration) -> Self {
        Self { start_unix_nanos, duration, thread: None, woken_unix_nanos: None }
    }
}

impl Polls<'_> {
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
}

impl Trace {
    /// A trace of spans from elsewhere, like [`Trace::from_spans`], with what is known of their polls.
    ///
    /// Of the polls at least [`DEFAULT_LONG_POLL`] (10 ms) long it is worked out who waited behind them.
    ///
    /// ```
    /// use std::time::Duration;
    /// use trace_core::{PollSegment, PollsData, SpanContext, SpanData, SpanId, Trace, TraceFlags, TraceId};
    ///
    /// let id = TraceId::random();
    /// let context = SpanContext::new(id, SpanId::random(), TraceFlags::SAMPLED);
    /// let span = SpanData::new(context, "work", 0, Duration::from_millis(5));
    /// let polls = PollsData::of_segments(vec![PollSegment::new(0, Duration::from_millis(2))]);
    /// let trace = Trace::from_spans_with_polls(id, [(span, Some(polls))]);
    /// let anatomy = trace.root().unwrap().anatomy().unwrap();
    /// assert_eq!((anatomy.busy, anatomy.no_span), (Duration::from_millis(2), Duration::from_millis(3)));
    /// ```
    pub fn from_spans_with_polls(id: TraceId, spans: impl IntoIterator<Item = (SpanData, Option<PollsData>)>) -> Self {
        let of_trace = spans.into_iter().filter(|(span, _)| span.trace_id == id);
        let (spans, polls): (Vec<SpanData>, Vec<Option<PollsData>>) = of_trace.unzip();
        let mut trace = Self::from_spans(id, spans).thread_names_of_spans::<&str>([]);
        for (place, polls) in polls.into_iter().enumerate() {
            let Some(log) = polls.map(|polls| polls.log()) else { continue };
            trace.times_polls = true;
            let is_long = |segment: &&Segment| segment.ticks() >= nanos(DEFAULT_LONG_POLL);
            for &Segment { start, end, thread, .. } in log.segments.iter().filter(is_long) {
                // The name is that of the span, which is here.
                let span = trace.spans[place].id;
                let long = LongPoll { trace: id, span, name: "", thread, start, end };
                trace.extras.get_or_insert_default().long_polls.push(long);
            }
            if let Some(extra) = trace.extras.as_mut().and_then(|extras| extras.of(&trace.spans[place])) {
                extra.polls = Some(Box::new(log));
            }
        }
        if let Some(extras) = &mut trace.extras {
            extras.long_polls.sort_by_key(|poll| poll.end);
        }
        trace
    }
}

impl Trace {
    /// The name of a thread that polls of this trace ran on, by its number ([`PollSegment::thread`]): as it was called when it
    /// first recorded something. `None` if it had no name, or if a thousand threads came after it.
    #[must_use]
    pub fn thread_name(&self, number: u32) -> Option<Arc<str>> {
        match self.extras.as_ref().and_then(|extras| extras.threads.as_ref()) {
            Some(of_elsewhere) => of_elsewhere.get(&number).cloned(),
            None => thread_names::name(number),
        }
    }

    /// Sets the names of the threads of a trace from elsewhere, by their numbers.
    #[must_use]
    pub fn thread_names_of_spans<N: Into<Arc<str>>>(mut self, names: impl IntoIterator<Item = (u32, N)>) -> Self {
        let names = names.into_iter().map(|(number, name)| (number, name.into())).collect();
        self.extras.get_or_insert_default().threads = Some(Box::new(names));
        self
    }
}

fn segment(of: PollSegment) -> Segment {
    Segment {
        start: of.start_unix_nanos,
        end: of.start_unix_nanos.saturating_add(nanos(of.duration)),
        woken: of.woken_unix_nanos.unwrap_or(0),
        thread: of.thread.unwrap_or(SEVERAL_THREADS),
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
