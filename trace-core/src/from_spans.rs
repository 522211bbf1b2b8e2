//! Traces of finished spans from elsewhere.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, OnceLock};

use crate::callsite::NO_PLACE;
use crate::clock::Timebase;
use crate::id::{SpanId, TraceId};
use crate::long_polls::{DEFAULT_LONG_POLL, LongPoll};
use crate::paired_attributes::PairedAttributes;
use crate::poll_log::{PollLog, SEVERAL_THREADS, Segment};
use crate::polls_data::PollsData;
use crate::resource::Resource;
use crate::span_data::SpanData;
use crate::span_record::{EventRecord, Extra, LinkRecord, Marks, More, SpanRecord};
use crate::status::Outcome;
use crate::trace::{Common, Completeness, Trace};
use crate::trace_state::TraceState;

impl Trace {
    /// A trace of finished spans from elsewhere: a file, a test.
    ///
    /// Spans of another trace are left out. Orphans and even circles of parents are kept: see [`Trace::roots`]. What follows
    /// from the polls of the spans is worked out anew; a poll is long from [`DEFAULT_LONG_POLL`] on.
    pub fn from_spans(id: TraceId, spans: impl IntoIterator<Item = SpanData>) -> Self {
        let mut trace = Self {
            id,
            completeness: Completeness::Whole,
            times_polls: false,
            common: Arc::new(Common { resource: Arc::default(), timebase: Timebase::UNIX_NANOS }),
            spans: Vec::new(),
            closed: 0,
            pairs: PairedAttributes::new(),
            extras: None,
            tree: OnceLock::new(),
        };
        // Threads of elsewhere have numbers of their own.
        trace.extras_mut().threads = Some(BTreeMap::new());
        for span in spans.into_iter().filter(|span| span.trace_id == id) {
            trace.add(span);
        }
        trace
    }

    /// One span of a trace that goes on.
    pub(crate) fn of_news(span: SpanData, resource: Arc<Resource>) -> Self {
        let mut trace = Self::from_spans(span.trace_id, [span]);
        trace.completeness = Completeness::Part;
        trace.common = Arc::new(Common { resource, timebase: trace.common.timebase });
        trace
    }

    /// [`Trace::from_spans`] of spans whose polls are apart from them.
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
        Self::from_spans(id, spans.into_iter().map(|(span, polls)| SpanData { polls, ..span }))
    }

    /// Remembers the long ones of a span's polls.
    fn add_long_polls(&mut self, span: SpanId, name: Cow<'static, str>, log: &PollLog) {
        self.times_polls = true;
        let threshold = DEFAULT_LONG_POLL.as_nanos() as u64;
        let long = log.segments.iter().filter(|poll| poll.thread != SEVERAL_THREADS && poll.ticks() >= threshold);
        let trace = self.id;
        let long = long.map(|&Segment { start, end, thread, .. }| {
            let name = name.clone();
            LongPoll { trace, span, name, thread, start, end }
        });
        self.extras_mut().long_polls.extend(long);
    }

    /// Sets the resource of its spans.
    #[must_use]
    pub fn resource_of_spans(mut self, resource: Resource) -> Self {
        self.common = Arc::new(Common { resource: Arc::new(resource), timebase: self.common.timebase });
        self
    }

    /// Sets the names of the threads of a trace from elsewhere, by their numbers.
    #[must_use]
    pub fn thread_names_of_spans<N: Into<Arc<str>>>(mut self, names: impl IntoIterator<Item = (u32, N)>) -> Self {
        let names = names.into_iter().map(|(number, name)| (number, name.into())).collect();
        self.extras_mut().threads = Some(names);
        self
    }

    /// Sets its trace state: what the systems along its way say of it.
    #[must_use]
    pub fn trace_state_of_spans(mut self, state: TraceState) -> Self {
        self.extras_mut().state = state;
        self
    }

    fn add(&mut self, span: SpanData) {
        let polls = span.polls.as_ref().map(PollLog::of_data);
        if let Some(log) = &polls {
            self.add_long_polls(span.span_id, span.name.clone(), log);
        }
        let place = self.spans.len() as u32;
        let extras = self.extras_mut();
        let attributes = extras.keep(span.attributes);
        let events = extras.events.len() as u32;
        for event in span.events {
            let attributes = extras.keep(event.attributes);
            let (name, ticks, dropped_attributes) = (event.name, event.unix_nanos, event.dropped_attributes);
            extras.events.push(EventRecord { name, ticks, attributes, dropped_attributes });
        }
        let links = extras.links.len() as u32;
        for link in span.links {
            let attributes = extras.keep(link.attributes);
            let target = Box::new((link.context, link.trace_state));
            extras.links.push(LinkRecord { target, attributes, dropped_attributes: link.dropped_attributes });
        }
        let more = extras.keep_more(More {
            name: Some(span.name),
            status: span.status,
            links: links..extras.links.len() as u32,
            dropped: span.dropped,
            polls: polls.map(Box::new),
        });
        extras.spans.push(Extra { attributes, events: events..extras.events.len() as u32, more });
        extras.threads_of_spans.push((place, span.thread.unwrap_or(0)));
        let extra = NonZeroU32::new(extras.spans.len() as u32);
        self.closed += usize::from(span.end_unix_nanos.is_some());
        let mut marks = Marks::PARENT_IS_REMOTE.if_so(span.parent_is_remote);
        if span.polls.is_some() {
            marks.set(Marks::ANNOUNCED);
        }
        if let Some(cancellation) = &span.cancellation {
            marks.set(Marks::of_drop(cancellation.dropped));
        }
        self.spans.push(SpanRecord {
            id: span.span_id,
            parent: span.parent_id,
            start: span.start_unix_nanos,
            end: span.end_unix_nanos.unwrap_or(span.start_unix_nanos),
            callsite: span.callsite.unwrap_or(&NO_PLACE),
            kind: span.kind,
            outcome: if span.end_unix_nanos.is_some() { span.outcome } else { Outcome::Open },
            flags: span.flags,
            marks,
            extra,
        });
    }
}
