//! What the polls of a trace tell of its spans' time, as values: where it went, who was in the way, how a span was given up.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use crate::id::{SpanId, TraceId};

/// The parts of a span's duration, or of a trace's. They sum to it.
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
    /// timed ([`PipelineBuilder::time_wakes`](crate::PipelineBuilder::time_wakes)).
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
    /// Whether the polls show that it was this child: no other was open as well, or it alone was woken, or polled, for the
    /// poll that ended the wait.
    pub is_certain: bool,
}

impl Anatomy {
    /// The sum of the parts: the duration of the span.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.busy + self.waiting_on_children + self.no_span + self.queued
    }
}

/// A wait that may have been lost to another span's poll.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockedBehind {
    /// The trace of the span that was polled meanwhile, which may be another one.
    pub trace_id: TraceId,
    /// The span that was polled meanwhile.
    pub span_id: SpanId,
    /// Its name.
    pub name: Cow<'static, str>,
    /// How long the wait and the poll overlapped: at most so much was lost.
    pub up_to: Duration,
    /// How long the poll took.
    pub poll: Duration,
    /// Whether it is no upper bound but the time lost: the wake-up lies inside of the poll, so the future was ready all that time; and all
    /// polls of the trace and all long polls beside it ran on one thread, as on a runtime with a single thread, so nobody else
    /// could have polled it.
    pub is_exact: bool,
}

/// What a span that polled for long has cost others of its trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldUp {
    /// How many other spans waited behind its polls.
    pub spans: usize,
    /// How long they waited at most, in all.
    pub up_to: Duration,
}

/// Who was in whose way in a trace, worked out once.
#[derive(Clone, Debug, Default)]
pub(crate) struct InTheWay {
    /// The waits of each span, the longest first.
    pub(crate) blocked: HashMap<SpanId, Vec<BlockedBehind>>,
    pub(crate) held_up: HashMap<SpanId, HeldUp>,
}

/// How sure it is that one piece of the critical path led to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Hop {
    /// They belong together: the same span, or a span and its child.
    Within,
    /// The end of the span before brought this one about: its last poll lies inside the poll of their parent in which this one
    /// began, or the waker that led to that poll was called in its last poll, by itself or by a span inside of it
    /// ([`PollSegment::woken_by`](crate::PollSegment::woken_by)).
    Proven,
    /// The span before ended before this one began, and no more is known: polls or wake-ups were not timed, were joined or lost;
    /// or it is a task that the runtime joined, which wakes who waits for it in nobody's name.
    Possible,
    /// It did not: its last poll lies inside of an earlier poll of their parent than that in which this one began, and the waker
    /// that led there was first called after that earlier one.
    Refuted,
}

impl Hop {
    /// In lower case, as attributes and JSON carry it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Within => "within",
            Self::Proven => "proven",
            Self::Possible => "possible",
            Self::Refuted => "refuted",
        }
    }
}

/// What a span has of the critical path. See [`SpanView::critical_share`](crate::SpanView::critical_share).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CriticalShare {
    /// How long the path is in the span itself, and not in a span inside of it.
    pub own: Duration,
    /// How sure it is that the path comes to the span from the one before.
    pub hop: Hop,
}

/// Why and where a future was dropped before it was ready. See [`SpanView::cancellation`](crate::SpanView::cancellation).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cancellation {
    /// From the span's start until it was dropped.
    pub elapsed: Duration,
    /// How often it had been polled, where polls were timed.
    pub polls: Option<u64>,
    /// How it was dropped.
    pub dropped: Dropped,
    /// The deepest span inside of it that was given up with it: what it was waiting for. `None` if it had none.
    pub waiting_in: Option<NamedSpan>,
}

impl Cancellation {
    /// How a span from elsewhere was dropped, for [`SpanData::cancellation`](crate::SpanData::cancellation). In a trace the rest is
    /// worked out anew.
    #[must_use]
    pub const fn new(dropped: Dropped) -> Self {
        Self { elapsed: Duration::ZERO, polls: None, dropped, waiting_in: None }
    }
}

/// A span of the same trace, by id and name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamedSpan {
    /// Its id.
    pub span_id: SpanId,
    /// What it is called.
    pub name: Cow<'static, str>,
}

/// How a future was dropped before it was ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dropped {
    /// While its parent was polled, or a span of its trace was current otherwise: it was given up there, as by a `select!` or a
    /// timeout.
    InParentsPoll,
    /// With its parent, which was given up itself.
    WithParent,
    /// By somebody else: an abort, the end of a runtime, a join set that was dropped.
    FromOutside,
    /// Nobody can tell: the span comes from elsewhere, or was no future's.
    Unknown,
}

impl Dropped {
    /// In lower case, as attributes and JSON carry it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InParentsPoll => "in_parents_poll",
            Self::WithParent => "with_parent",
            Self::FromOutside => "from_outside",
            Self::Unknown => "unknown",
        }
    }
}
