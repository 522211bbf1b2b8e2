//! Traces: the spans that the assembler put together, and the tree they form.
//!
//! A trace keeps its spans as the 48-byte records they arrived as, with ticks for times; names, times and attributes are
//! worked out by the views when somebody looks. So handing a trace to an exporter costs nothing a span.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::callsite::{Callsite, NO_PLACE};
use crate::clock::Timebase;
use crate::id::{SpanId, TraceId};
use crate::kind::SpanKind;
use crate::long_polls::{DEFAULT_LONG_POLL, LongPoll};
use crate::poll_log::{PollLog, SEVERAL_THREADS, Segment};
use crate::polls_data::PollsData;
use crate::resource::Resource;
use crate::span_context::SpanContext;
use crate::span_data::{DroppedCounts, Event, Link, SpanData};
use crate::span_record::{EventRecord, Extra, Extras, LinkRecord, Marks, More, SpanRecord};
use crate::status::{Outcome, Status};
use crate::thread_names;
use crate::trace_state::TraceState;
use crate::tree::Tree;
use crate::value::{Attribute, Value};
use crate::waits::Dropped;

/// The spans of one trace that ended in this process, and how they hang together.
///
/// A trace is *whole* if everything in it had ended when it was handed on; else it is a part (see [`Completeness`]).
///
/// ```
/// use trace_core::{capture, in_scope};
///
/// let captured = capture(|| {
///     in_scope("order", || {
///         in_scope("reserve", || ());
///         in_scope("charge", || ());
///     })
/// });
/// let trace = captured.trace()?;
/// let order = trace.root().unwrap();
/// let names: Vec<&str> = trace.children(order.span_id()).map(|span| span.name()).collect();
/// assert_eq!(names, ["reserve", "charge"]);
/// assert_eq!(trace.find("charge").unwrap().parent_id(), Some(order.span_id()));
/// assert_eq!(trace.walk().map(|(depth, _)| depth).collect::<Vec<_>>(), [0, 1, 1]);
/// assert!(trace.duration() >= order.duration().unwrap());
/// # Ok::<(), trace_core::CaptureError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Trace {
    pub(crate) id: TraceId,
    pub(crate) completeness: Completeness,
    /// Whether the polls of its futures were timed.
    pub(crate) times_polls: bool,
    pub(crate) common: Arc<Common>,
    pub(crate) spans: Vec<SpanRecord>,
    /// How many of the spans have ended.
    pub(crate) closed: usize,
    /// `None` where neither the trace nor any span of it has more than records.
    pub(crate) extras: Option<Box<Extras>>,
    pub(crate) tree: OnceLock<Box<Tree>>,
}

/// What many traces share. The processor makes a new one for each pass, so that its reference count does not go to and fro
/// between the processor, which takes references for new traces, and the exporters, which let go of those of old ones.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) resource: Arc<Resource>,
    pub(crate) timebase: Timebase,
}

/// Whether a trace is all there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Completeness {
    /// Every span of it that this process started has ended and is here.
    #[default]
    Whole,
    /// It grew too old or too large, or somebody flushed; more is to come.
    Part,
    /// It came after the rest of the trace had been handed on.
    Late,
}

fn range(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

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
            extras: None,
            tree: OnceLock::new(),
        };
        // Threads of elsewhere have numbers of their own.
        trace.extras.get_or_insert_default().threads = Some(BTreeMap::new());
        for span in spans.into_iter().filter(|span| span.trace_id == id) {
            trace.add(span);
        }
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
        self.extras.get_or_insert_default().long_polls.extend(long);
    }

    /// Sets the resource of its spans.
    #[must_use]
    pub fn resource_of_spans(mut self, resource: Resource) -> Self {
        self.common = Arc::new(Common { resource: Arc::new(resource), timebase: self.common.timebase });
        self
    }

    /// The name of a thread that polls of this trace ran on, by its number
    /// ([`PollSegment::thread`](crate::PollSegment::thread)): as it was called when it first recorded something. `None` if it
    /// had no name, or if a thousand threads came after it.
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
        self.extras.get_or_insert_default().threads = Some(names);
        self
    }

    /// Sets its trace state: what the systems along its way say of it.
    #[must_use]
    pub fn trace_state_of_spans(mut self, state: TraceState) -> Self {
        self.extras.get_or_insert_default().state = state;
        self
    }

    fn add(&mut self, span: SpanData) {
        let polls = span.polls.as_ref().map(PollLog::of_data);
        if let Some(log) = &polls {
            self.add_long_polls(span.span_id, span.name.clone(), log);
        }
        let extras = self.extras.get_or_insert_default();
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
        self.closed += usize::from(span.end_unix_nanos.is_some());
        let mut marks = Marks::PARENT_IS_REMOTE.if_so(span.parent_is_remote);
        if span.polls.is_some() {
            marks.set(Marks::ANNOUNCED);
        }
        if let Some(cancellation) = &span.cancellation {
            marks.set(Marks::of_drop(cancellation.dropped));
        }
        extras.threads_of_spans.push((self.spans.len() as u32, span.thread.unwrap_or(0)));
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
            extra: NonZeroU32::new(extras.spans.len() as u32),
        });
    }

    /// The id that all its spans share.
    #[must_use]
    pub const fn id(&self) -> TraceId {
        self.id
    }

    /// What the systems along its way say of it, as it was when the trace came into this process or began in it.
    #[must_use]
    pub fn trace_state(&self) -> &TraceState {
        &self.extras().state
    }

    /// Whether it is all there.
    #[must_use]
    pub const fn completeness(&self) -> Completeness {
        self.completeness
    }

    /// What its spans have in common.
    #[must_use]
    pub fn resource(&self) -> &Resource {
        &self.common.resource
    }

    /// How many spans it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether it has no span.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Its spans, in the order in which they were assembled.
    pub fn spans(&self) -> impl ExactSizeIterator<Item = SpanView<'_>> + Clone {
        self.spans.iter().map(|record| SpanView { trace: self, record })
    }

    /// The span of this id.
    #[must_use]
    pub fn span(&self, id: SpanId) -> Option<SpanView<'_>> {
        self.tree().index_of(id).map(|index| self.view(index))
    }

    /// The first span of this name, in order of start.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<SpanView<'_>> {
        self.walk().map(|(_, span)| span).filter(|span| span.name() == name).min_by_key(SpanView::start_unix_nanos)
    }

    /// Its first root, in order of start; `None` only for a trace without spans.
    #[must_use]
    pub fn root(&self) -> Option<SpanView<'_>> {
        self.tree().roots().first().map(|&index| self.view(index))
    }

    /// The spans whose parent is not in this trace, in order of start: the root, spans whose parent is in another process,
    /// and orphans. Of a circle of parents, which only a foreign trace can have, the earliest span counts as a root.
    pub fn roots(&self) -> impl Iterator<Item = SpanView<'_>> {
        self.tree().roots().iter().map(|&index| self.view(index))
    }

    /// The children of the span of this id, in order of start.
    pub fn children(&self, id: SpanId) -> impl Iterator<Item = SpanView<'_>> {
        let tree = self.tree();
        let children = tree.index_of(id).map_or(&[][..], |index| tree.children(index));
        children.iter().map(|&index| self.view(index))
    }

    /// Every span with its depth, from 0, a parent before its children and siblings in order of start.
    pub fn walk(&self) -> impl Iterator<Item = (usize, SpanView<'_>)> {
        let tree = self.tree();
        let mut stack: Vec<_> = tree.roots().iter().rev().map(|&index| (0, index)).collect();
        std::iter::from_fn(move || {
            let (depth, index) = stack.pop()?;
            stack.extend(tree.children(index).iter().rev().map(|&child| (depth + 1, child)));
            Some((depth, self.view(index)))
        })
    }

    /// The earliest start, in nanoseconds since 1970; zero for a trace without spans.
    #[must_use]
    pub fn start_unix_nanos(&self) -> u64 {
        self.spans().map(|span| span.start_unix_nanos()).min().unwrap_or(0)
    }

    /// From the earliest start to the latest end of a span that has ended.
    #[must_use]
    pub fn duration(&self) -> Duration {
        let end = self.spans().filter_map(|span| span.end_unix_nanos()).max().unwrap_or(0);
        Duration::from_nanos(end.saturating_sub(self.start_unix_nanos()))
    }

    pub(crate) fn extras(&self) -> &Extras {
        static NONE: Extras = Extras::new();
        self.extras.as_deref().unwrap_or(&NONE)
    }

    /// How many of its spans have ended.
    pub(crate) const fn closed(&self) -> usize {
        self.closed
    }

    /// The memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.spans) + self.extras.as_ref().map_or(0, |extras| extras.bytes())
    }

    fn view(&self, index: u32) -> SpanView<'_> {
        SpanView { trace: self, record: &self.spans[index as usize] }
    }

    pub(crate) fn tree(&self) -> &Tree {
        self.tree.get_or_init(|| Box::new(Tree::of(&self.spans)))
    }
}

/// One span of a [`Trace`], borrowed: it reads the records and copies nothing.
///
/// ```
/// let captured = trace_core::capture(|| trace_core::span("charge").attribute("amount", 12.5).in_scope(|| ()));
/// let span = captured.trace()?.root().unwrap();
/// assert_eq!((span.name(), span.parent_id()), ("charge", None));
/// assert_eq!(span.attribute("amount"), Some(&12.5.into()));
/// let owned = span.to_data();
/// assert_eq!(owned.duration(), span.duration());
/// # Ok::<(), trace_core::CaptureError>(())
/// ```
#[derive(Clone, Copy)]
pub struct SpanView<'a> {
    trace: &'a Trace,
    record: &'a SpanRecord,
}

impl<'a> SpanView<'a> {
    fn extra(&self) -> Option<&'a Extra> {
        self.trace.extras().of(self.record)
    }

    fn more(&self) -> Option<&'a More> {
        self.trace.extras().more_of(self.record)
    }

    /// The thread that a sync span ended on, numbered as in [`PollSegment::thread`](crate::PollSegment::thread). `None` for the
    /// span of a future, and where polls were not timed.
    #[must_use]
    pub fn thread(&self) -> Option<u32> {
        if self.is_announced() {
            return None;
        }
        let place = self.trace.tree().index_of(self.span_id())?;
        let threads = self.trace.extras.as_deref()?.threads_of_spans.as_slice();
        let (_, thread) = threads[..threads.partition_point(|&(first, _)| first <= place)].last()?;
        (*thread != 0).then_some(*thread)
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
    #[must_use]
    pub const fn parent_id(&self) -> Option<SpanId> {
        self.record.parent
    }

    /// Whether the parent is a span of another process.
    #[must_use]
    pub const fn parent_is_remote(&self) -> bool {
        self.record.marks.has(Marks::PARENT_IS_REMOTE)
    }

    /// Its identity, as it would be passed on.
    #[must_use]
    pub const fn context(&self) -> SpanContext {
        SpanContext::new(self.trace.id, self.record.id, self.record.flags)
    }

    /// What the systems along the trace's way say of it. See [`Trace::trace_state`].
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
    #[must_use]
    pub const fn kind(&self) -> SpanKind {
        self.record.kind
    }

    /// Where it stands in the source.
    #[must_use]
    pub const fn callsite(&self) -> &'static Callsite {
        self.record.callsite
    }

    /// Its start, in nanoseconds since 1970.
    #[must_use]
    pub fn start_unix_nanos(&self) -> u64 {
        self.trace.common.timebase.unix_nanos(self.record.start)
    }

    /// Its end, in nanoseconds since 1970; `None` while it is open.
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
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.record.outcome
    }

    /// Facts about it, each key once.
    #[must_use]
    pub fn attributes(&self) -> &'a [Attribute] {
        self.extra().map_or(&[], |extra| &self.trace.extras().attributes[range(&extra.attributes)])
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
        let Some(extra) = self.extra() else { return Some(&[]) };
        let is_plain = extra.events.is_empty() && extra.more.is_none();
        is_plain.then(|| &self.trace.extras().attributes[range(&extra.attributes)])
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
