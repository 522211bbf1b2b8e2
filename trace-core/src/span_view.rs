//! What a span of a trace says of itself, worked out when somebody looks.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::callsite::Callsite;
use crate::clock::Timebase;
use crate::id::{SpanId, TraceId};
use crate::kind::SpanKind;
use crate::poll_log::PollLog;
use crate::scalar::{Pair, ScalarAttribute};
use crate::span_context::SpanContext;
use crate::span_data::{DroppedCounts, Event, Link};
use crate::span_record::{EventRecord, Extra, LinkRecord, Marks, More};
use crate::status::{Outcome, Status};
use crate::trace::{SpanView, Trace, range};
use crate::trace_state::TraceState;
use crate::value::{Attribute, Value};
use crate::waits::Dropped;

impl<'a> SpanView<'a> {
    /// Most spans have nothing more, which their record tells.
    #[inline]
    fn extra(&self) -> Option<&'a Extra> {
        self.record.extra.and_then(|_| self.trace.extras.as_deref()?.of(self.record))
    }

    #[inline]
    fn more(&self) -> Option<&'a More> {
        self.record.extra.and_then(|_| self.trace.extras.as_deref()?.more_of(self.record))
    }

    /// The thread that a sync span ended on, numbered as in [`PollSegment::thread`](crate::PollSegment::thread). `None` for the
    /// span of a future, and where polls were not timed.
    #[must_use]
    pub fn thread(&self) -> Option<u32> {
        if self.is_announced() {
            return None;
        }
        let place = self.trace.tree().index_of(self.span_id())?;
        let thread = self.trace.extras.as_deref()?.thread_of(place);
        (thread != 0).then_some(thread)
    }

    /// The trace it is a part of.
    pub(crate) const fn trace(&self) -> &'a Trace {
        self.trace
    }

    /// How its future was dropped, as far as that was seen.
    pub(crate) const fn drop_seen(&self) -> Dropped {
        self.record.marks.drop()
    }

    pub(crate) const fn has_mark(&self, mark: Marks) -> bool {
        self.record.marks.has(mark)
    }

    /// Whether it announced itself before its end: a root, the span of a future that needed more than one poll, or one that
    /// left its scope.
    pub(crate) const fn is_announced(&self) -> bool {
        self.record.marks.has(Marks::ANNOUNCED)
    }

    /// What is known of its polls, and how to read the ticks.
    pub(crate) fn poll_log(&self) -> Option<(&'a PollLog, &'a Timebase)> {
        let log = self.more()?.polls.as_deref()?;
        Some((log, &self.trace.common.timebase))
    }

    /// The trace it belongs to.
    #[must_use]
    pub const fn trace_id(&self) -> TraceId {
        self.trace.id
    }

    /// Its own id.
    #[must_use]
    pub const fn span_id(&self) -> SpanId {
        self.record.id
    }

    /// The span it was started in; `None` for the root of a trace.
    #[inline]
    #[must_use]
    pub const fn parent_id(&self) -> Option<SpanId> {
        self.record.parent
    }

    /// Whether the parent is a span of another process.
    #[inline]
    #[must_use]
    pub const fn parent_is_remote(&self) -> bool {
        self.record.marks.has(Marks::PARENT_IS_REMOTE)
    }

    /// Its identity, as it would be passed on.
    #[inline]
    #[must_use]
    pub const fn context(&self) -> SpanContext {
        SpanContext::new(self.trace.id, self.record.id, self.record.flags)
    }

    /// What the systems along the trace's way say of it. See [`Trace::trace_state`].
    #[inline]
    #[must_use]
    pub fn trace_state(&self) -> &'a TraceState {
        self.trace.trace_state()
    }

    /// Of an open span, its start and when it was looked at, in ticks; the same if nobody noted that.
    pub(crate) fn open_ticks(&self) -> Option<(u64, u64)> {
        (self.record.outcome == Outcome::Open).then_some((self.record.start, self.record.end))
    }

    /// From one tick to another of its trace.
    pub(crate) fn time_between(&self, start: u64, end: u64) -> Duration {
        Duration::from_nanos(self.trace.common.timebase.nanos(end.saturating_sub(start)))
    }

    /// Its start in the ticks of its trace.
    pub(crate) const fn start_ticks(&self) -> u64 {
        self.record.start
    }

    /// What it is called, owned; a copy only where the name was.
    pub(crate) fn name_owned(&self) -> Cow<'static, str> {
        let own = self.more().and_then(|more| more.name.clone());
        own.unwrap_or(Cow::Borrowed(self.record.callsite.name()))
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.more().and_then(|more| more.name.as_deref()).unwrap_or(self.record.callsite.name())
    }

    /// Its role towards other processes.
    #[inline]
    #[must_use]
    pub const fn kind(&self) -> SpanKind {
        self.record.kind
    }

    /// Where it stands in the source.
    #[inline]
    #[must_use]
    pub const fn callsite(&self) -> &'static Callsite {
        self.record.callsite
    }

    /// Its start, in nanoseconds since 1970.
    #[inline]
    #[must_use]
    pub fn start_unix_nanos(&self) -> u64 {
        self.trace.common.timebase.unix_nanos(self.record.start)
    }

    /// Its end, in nanoseconds since 1970; `None` while it is open.
    #[inline]
    #[must_use]
    pub fn end_unix_nanos(&self) -> Option<u64> {
        let ended = self.record.outcome != Outcome::Open;
        ended.then(|| self.trace.common.timebase.unix_nanos(self.record.end))
    }

    /// Its start as wall time.
    #[must_use]
    pub fn start_time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.start_unix_nanos())
    }

    /// From start to end; `None` while it is open.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.end_unix_nanos().map(|end| Duration::from_nanos(end.saturating_sub(self.start_unix_nanos())))
    }

    /// What the program says of it.
    #[must_use]
    pub fn status(&self) -> &'a Status {
        const UNSET: &Status = &Status::Unset;
        self.more().map_or(UNSET, |more| &more.status)
    }

    /// How it ended.
    #[inline]
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.record.outcome
    }

    /// Facts about it, each key once.
    #[must_use]
    pub fn attributes(&self) -> &'a [Attribute] {
        match (self.record.extra, self.trace.extras.as_deref()) {
            (None, _) => &[],
            (Some(_), None) => self.trace.pairs.of(self.record),
            (Some(_), Some(extras)) => {
                extras.of(self.record).map_or(&[], |extra| &extras.attributes[range(&extra.attributes)])
            }
        }
    }

    /// The value of this attribute.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&'a Value> {
        self.attributes().iter().find(|attribute| attribute.key.as_str() == key).map(|attribute| &attribute.value)
    }

    /// What happened in it, in order of time.
    pub fn events(&self) -> impl ExactSizeIterator<Item = EventView<'a>> + use<'a> {
        let trace = self.trace;
        let events = self.extra().map_or(&[][..], |extra| &trace.extras().events[range(&extra.events)]);
        events.iter().map(move |record| EventView { trace, record })
    }

    /// Other spans it has to do with.
    pub fn links(&self) -> impl ExactSizeIterator<Item = LinkView<'a>> + use<'a> {
        let trace = self.trace;
        let links = self.more().map_or(&[][..], |more| &trace.extras().links[range(&more.links)]);
        links.iter().map(move |record| LinkView { trace, record })
    }

    /// What did not fit into the limits or into memory.
    #[must_use]
    pub fn dropped(&self) -> DroppedCounts {
        self.more().map_or_else(DroppedCounts::default, |more| more.dropped)
    }

    /// Its attributes, if nothing else is known of it beside its outcome: it is called as its callsite says, and has no event,
    /// no link, no status, no polls, and nothing was dropped. So an exporter in a hurry need not look at each.
    ///
    /// ```
    /// use trace_core::{capture, current_span, in_scope, start_span};
    ///
    /// let captured = capture(|| {
    ///     start_span("plain").attribute("answer", 42).end();
    ///     in_scope("rich", || current_span().add_event("something"));
    /// });
    /// let mut spans = captured.spans();
    /// assert_eq!(spans.next().unwrap().only_attributes().map(<[_]>::len), Some(1));
    /// assert_eq!(spans.next().unwrap().only_attributes(), None);
    /// ```
    #[inline]
    #[must_use]
    pub fn only_attributes(&self) -> Option<&'a [Attribute]> {
        if self.record.extra.is_none() {
            return Some(&[]);
        }
        let Some(extras) = self.trace.extras.as_deref() else { return Some(self.attributes()) };
        let Some(extra) = extras.of(self.record) else { return Some(&[]) };
        let is_plain = extra.events.is_empty() && extra.more.is_none();
        is_plain.then(|| &extras.attributes[range(&extra.attributes)])
    }

    /// Its attributes as they came, if these are one or two numbers or truth values with static keys, which it was given before
    /// anybody else could speak of it, and nothing else is known of it and of its trace. `None` says only that it must be asked
    /// in other ways. Where this is asked first, and it answers, no [`Attribute`] is made.
    ///
    /// ```
    /// use trace_core::{ScalarValue, capture, in_scope, start_span};
    ///
    /// let captured = capture(|| {
    ///     in_scope("request", || start_span("plain").attribute("answer", 42).attribute("sure", true).end());
    /// });
    /// let plain = captured.trace()?.find("plain").unwrap();
    /// let scalars: Vec<_> = plain.only_scalars().unwrap().map(|scalar| (scalar.key, scalar.value)).collect();
    /// assert_eq!(scalars, [("answer", ScalarValue::I64(42)), ("sure", ScalarValue::Bool(true))]);
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    #[inline]
    #[must_use]
    pub fn only_scalars(&self) -> Option<impl ExactSizeIterator<Item = ScalarAttribute> + use<>> {
        if self.trace.extras.is_some() { None } else { self.trace.pairs.pair(self.record).map(Pair::each) }
    }
}

impl std::fmt::Debug for SpanView<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.to_data().fmt(f)
    }
}

/// One event of a [`SpanView`].
#[derive(Clone, Copy, Debug)]
pub struct EventView<'a> {
    trace: &'a Trace,
    record: &'a EventRecord,
}

impl<'a> EventView<'a> {
    /// What happened.
    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.record.name
    }

    /// When, in nanoseconds since 1970.
    #[must_use]
    pub fn unix_nanos(&self) -> u64 {
        self.trace.common.timebase.unix_nanos(self.record.ticks)
    }

    /// Facts about it.
    #[must_use]
    pub fn attributes(&self) -> &'a [Attribute] {
        &self.trace.extras().attributes[range(&self.record.attributes)]
    }

    /// How many of its attributes did not fit into the limits.
    #[must_use]
    pub const fn dropped_attributes(&self) -> u32 {
        self.record.dropped_attributes
    }

    pub(crate) fn to_event(self) -> Event {
        Event {
            name: self.record.name.clone(),
            unix_nanos: self.unix_nanos(),
            attributes: self.attributes().to_vec(),
            dropped_attributes: self.dropped_attributes(),
        }
    }
}

/// One link of a [`SpanView`].
#[derive(Clone, Copy, Debug)]
pub struct LinkView<'a> {
    trace: &'a Trace,
    record: &'a LinkRecord,
}

impl<'a> LinkView<'a> {
    /// The other span.
    #[must_use]
    pub const fn context(&self) -> SpanContext {
        self.record.target.0
    }

    /// What the systems along the other trace's way say of that; empty where it is not known.
    #[must_use]
    pub const fn trace_state(&self) -> &'a TraceState {
        &self.record.target.1
    }

    /// Facts about the relation.
    #[must_use]
    pub fn attributes(&self) -> &'a [Attribute] {
        &self.trace.extras().attributes[range(&self.record.attributes)]
    }

    /// How many of its attributes did not fit into the limits.
    #[must_use]
    pub const fn dropped_attributes(&self) -> u32 {
        self.record.dropped_attributes
    }

    pub(crate) fn to_link(self) -> Link {
        Link {
            context: self.context(),
            trace_state: self.trace_state().clone(),
            attributes: self.attributes().to_vec(),
            dropped_attributes: self.dropped_attributes(),
        }
    }
}
