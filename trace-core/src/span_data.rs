//! Finished spans as owned values.

use std::borrow::Cow;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::callsite::Callsite;
use crate::id::{SpanId, TraceId};
use crate::kind::SpanKind;
use crate::polls_data::PollsData;
use crate::span_context::{SpanContext, TraceFlags};
use crate::status::{Outcome, Status};
use crate::trace_state::TraceState;
use crate::value::{Attribute, Value};
use crate::waits::{Anatomy, BlockedBehind, Cancellation, CriticalShare, HeldUp};

/// Everything that was recorded of one span, owned.
///
/// Exporters read a borrowed [`SpanView`](crate::SpanView) instead, which copies nothing;
/// [`SpanView::to_data`](crate::SpanView::to_data) makes one of these.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SpanData {
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// Its own id.
    pub span_id: SpanId,
    /// The span it was started in; `None` for the root of a trace.
    pub parent_id: Option<SpanId>,
    /// Whether the parent is a span of another process.
    pub parent_is_remote: bool,
    /// The flags that travel with the trace.
    pub flags: TraceFlags,
    /// What it is called.
    pub name: Cow<'static, str>,
    /// Its role towards other processes.
    pub kind: SpanKind,
    /// Its start, in nanoseconds since 1970.
    pub start_unix_nanos: u64,
    /// Its end, in nanoseconds since 1970; `None` while it is open.
    pub end_unix_nanos: Option<u64>,
    /// What the program says of it.
    pub status: Status,
    /// How it ended.
    pub outcome: Outcome,
    /// Facts about it, each key once.
    pub attributes: Vec<Attribute>,
    /// What happened in it, in order of time.
    pub events: Vec<Event>,
    /// Other spans it has to do with.
    pub links: Vec<Link>,
    /// What did not fit into the limits or into memory.
    pub dropped: DroppedCounts,
    /// Where it stands in the source; `None` for a span from elsewhere.
    pub callsite: Option<&'static Callsite>,
    /// The polls of its future; `None` for a sync span, and where polls were not timed.
    pub polls: Option<PollsData>,
    /// Where its time went, as [`SpanView::anatomy`](crate::SpanView::anatomy) tells it; `None` where `polls` is.
    ///
    /// This and what follows is worked out from the spans and polls of the whole trace, anew in [`Trace::from_spans`](crate::Trace::from_spans).
    pub anatomy: Option<Anatomy>,
    /// The waits that may have been lost to long polls of others, the longest first.
    pub blocked_behind: Vec<BlockedBehind>,
    /// How many other spans of its trace waited behind its long polls.
    pub held_up: HeldUp,
    /// What it has of the critical path of its trace; `None` where `polls` are not timed, or the path does not go through it.
    pub critical: Option<CriticalShare>,
    /// How it was given up; `None` if it was not.
    pub cancellation: Option<Cancellation>,
    /// The thread that a sync span ended on, where polls were timed.
    pub thread: Option<u32>,
}

impl SpanData {
    /// A span of this name that lasts from `start_unix_nanos` for `duration`, a root without attributes, and ended well.
    pub fn new(
        context: SpanContext,
        name: impl Into<Cow<'static, str>>,
        start_unix_nanos: u64,
        duration: Duration,
    ) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self {
            trace_id: context.trace_id(),
            span_id: context.span_id(),
            parent_id: None,
            parent_is_remote: false,
            flags: context.flags(),
            name: name.into(),
            kind: SpanKind::Internal,
            start_unix_nanos,
            end_unix_nanos: Some(start_unix_nanos.saturating_add(nanos)),
            status: Status::Unset,
            outcome: Outcome::Ok,
            attributes: Vec::new(),
            events: Vec::new(),
            links: Vec::new(),
            dropped: DroppedCounts::default(),
            callsite: None,
            polls: None,
            anatomy: None,
            blocked_behind: Vec::new(),
            held_up: HeldUp::default(),
            critical: None,
            cancellation: None,
            thread: None,
        }
    }

    /// From start to end; `None` while it is open.
    #[must_use]
    pub fn duration(&self) -> Option<Duration> {
        self.end_unix_nanos.map(|end| Duration::from_nanos(end.saturating_sub(self.start_unix_nanos)))
    }

    /// Its start as wall time.
    #[must_use]
    pub fn start_time(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_nanos(self.start_unix_nanos)
    }

    /// The value of this attribute.
    #[must_use]
    pub fn attribute(&self, key: &str) -> Option<&Value> {
        self.attributes.iter().find(|attribute| attribute.key.as_str() == key).map(|attribute| &attribute.value)
    }
}

/// Something that happened at one moment of a span.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// What happened.
    pub name: Cow<'static, str>,
    /// When, in nanoseconds since 1970.
    pub unix_nanos: u64,
    /// Facts about it.
    pub attributes: Vec<Attribute>,
    /// How many of its attributes did not fit into the limits.
    pub dropped_attributes: u32,
}

impl Event {
    /// An event of this name at this moment, in nanoseconds since 1970.
    pub fn new(name: impl Into<Cow<'static, str>>, unix_nanos: u64) -> Self {
        Self { name: name.into(), unix_nanos, attributes: Vec::new(), dropped_attributes: 0 }
    }

    /// Adds a fact about it.
    #[must_use]
    pub fn attribute(mut self, attribute: impl Into<Attribute>) -> Self {
        self.attributes.push(attribute.into());
        self
    }
}

/// Another span that a span has to do with, without being its child.
///
/// ```
/// use trace_core::{Link, Span, capture, span};
///
/// let captured = capture(|| {
///     let parts = ["left", "right"].map(Span::root);
///     let links = parts.iter().filter_map(|part| part.context()).map(Link::new);
///     drop(links.fold(span("merge"), |merge, link| merge.link(link.attribute(("kind", "input")))).start());
/// });
/// let merge = captured.spans().find(|span| span.name() == "merge").unwrap();
/// assert_eq!(merge.links().len(), 2);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Link {
    /// The other span.
    pub context: SpanContext,
    /// What the systems along its trace's way say of that; empty where it is not known.
    pub trace_state: TraceState,
    /// Facts about the relation.
    pub attributes: Vec<Attribute>,
    /// How many of its attributes did not fit into the limits.
    pub dropped_attributes: u32,
}

impl Link {
    /// A link to this span.
    #[must_use]
    pub fn new(context: SpanContext) -> Self {
        Self { context, trace_state: TraceState::new(), attributes: Vec::new(), dropped_attributes: 0 }
    }

    /// Sets what the systems along the other trace's way say of that.
    #[must_use]
    pub fn trace_state(mut self, state: TraceState) -> Self {
        self.trace_state = state;
        self
    }

    /// Adds a fact about the relation.
    #[must_use]
    pub fn attribute(mut self, attribute: impl Into<Attribute>) -> Self {
        self.attributes.push(attribute.into());
        self
    }
}

/// How much of a span was left out: over a limit, or over the memory budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DroppedCounts {
    /// Attributes of the span itself.
    pub attributes: u32,
    /// Events.
    pub events: u32,
    /// Links.
    pub links: u32,
}

impl From<SpanContext> for Link {
    fn from(context: SpanContext) -> Self {
        Self::new(context)
    }
}
