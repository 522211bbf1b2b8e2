//! Traces: the spans that the assembler put together, and the tree they form.
//!
//! A trace keeps its spans as the 48-byte records they arrived as, with ticks for times; names, times and attributes are
//! worked out by the views when somebody looks. So handing a trace to an exporter costs nothing a span.

use std::ops::Range;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::clock::Timebase;
use crate::id::{SpanId, TraceId};
use crate::paired_attributes::PairedAttributes;
use crate::resource::Resource;
use crate::span_record::{Extras, SpanRecord};
use crate::thread_names;
use crate::trace_state::TraceState;
use crate::tree::Tree;

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
    /// What came with its spans, where there are no extras.
    pub(crate) pairs: PairedAttributes,
    /// `None` where neither the trace nor any span of it has more than records, and attributes that came with its spans.
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

#[inline]
pub(crate) fn range(range: &Range<u32>) -> Range<usize> {
    range.start as usize..range.end as usize
}

impl Trace {
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

    /// The id that all its spans share.
    #[must_use]
    pub const fn id(&self) -> TraceId {
        self.id
    }

    /// What the systems along its way say of it, as it was when the trace came into this process or began in it.
    #[inline]
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
    #[inline]
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

    /// What it and its spans have beyond their records and what came with them.
    #[inline]
    pub(crate) fn extras(&self) -> &Extras {
        static NONE: Extras = Extras::new();
        self.extras.as_deref().unwrap_or(&NONE)
    }

    /// The same, to be changed: what came with its spans goes there.
    pub(crate) fn extras_mut(&mut self) -> &mut Extras {
        self.extras.get_or_insert_with(|| {
            let mut extras = Box::<Extras>::default();
            std::mem::take(&mut self.pairs).make_in(&mut extras);
            extras
        })
    }

    /// How many of its spans have ended.
    pub(crate) const fn closed(&self) -> usize {
        self.closed
    }

    /// The memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        size_of::<Self>()
            + size_of_val(&*self.spans)
            + self.pairs.bytes()
            + self.extras.as_ref().map_or(0, |extras| extras.bytes())
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
    pub(crate) trace: &'a Trace,
    pub(crate) record: &'a SpanRecord,
}
