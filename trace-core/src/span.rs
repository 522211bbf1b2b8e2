//! Spans that have started and are not current.

use std::ops::Deref;
use std::panic::Location;
use std::time::SystemTime;

use crate::callsite::{self, Callsite};
use crate::cargo::SharedCargo;
use crate::clock::unix_nanos;
use crate::context::{self, Carry};
use crate::current_span::CurrentSpan;
use crate::hot::Hot;
use crate::kind::SpanKind;
use crate::name::{Name, SpanName};
use crate::plan::{Announce, Plan, PlannedCargo, PlannedParent, Role, Seldom, Started};
use crate::span_context::SpanContext;
use crate::span_data::Link;
use crate::start;
use crate::status::{Outcome, Status};
use crate::switches;
use crate::telling;
use crate::value::{Attribute, Key, Value};

/// Begins to describe a span; [`start`](SpanBuilder::start) starts it.
///
/// ```
/// use trace_core::SpanKind;
///
/// let total = trace_core::span("checkout").kind(SpanKind::Server).attribute("cart.items", 3).in_scope(|| 40 + 2);
/// assert_eq!(total, 42);
/// ```
#[track_caller]
#[inline]
pub fn span(name: impl Into<SpanName>) -> SpanBuilder {
    SpanBuilder { plan: Plan::new(name.into(), Location::caller()), cargo: PlannedCargo::Here }
}

/// A description of a span that has not started. See [`span`].
#[derive(Debug)]
#[must_use = "a span starts with `start`, `enter` or `in_scope`"]
pub struct SpanBuilder {
    pub(crate) plan: Plan,
    pub(crate) cargo: PlannedCargo,
}

impl SpanBuilder {
    /// Sets its role towards other processes.
    #[inline]
    pub fn kind(mut self, kind: SpanKind) -> Self {
        self.plan.kind = kind;
        self
    }

    /// Sets its parent: a [`SpanContext`], a [`Context`](crate::Context), what was
    /// [extracted](crate::propagation::extract) from a request, a [`CurrentSpan`] handle, a `&Span`, or `None` for a new
    /// trace.
    ///
    /// With a [`SpanContext`] of elsewhere the span is a local root: the sampler is asked of it, and sees the parent.
    ///
    /// ```
    /// use trace_core::{SpanContext, SpanId, TraceFlags, TraceId, capture, span};
    ///
    /// // As it came with a request.
    /// let caller = SpanContext::new(TraceId::random(), SpanId::random(), TraceFlags::SAMPLED).remote();
    /// let captured = capture(|| span("GET /").parent(caller).in_scope(|| ()));
    /// let root = captured.trace()?.root().unwrap();
    /// assert_eq!((root.trace_id(), root.parent_id()), (caller.trace_id(), Some(caller.span_id())));
    /// assert!(root.parent_is_remote());
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    #[inline]
    pub fn parent(mut self, parent: impl Into<Parent>) -> Self {
        let parent = parent.into();
        (self.plan.parent, self.cargo) = (parent.span, parent.cargo);
        self
    }

    /// Makes it the root of a new trace, whatever is current.
    ///
    /// ```
    /// use trace_core::{capture, in_scope, span};
    ///
    /// let captured = capture(|| in_scope("request", || span("audit").root().in_scope(|| ())));
    /// assert_eq!(captured.traces.len(), 2);
    /// ```
    #[inline]
    pub fn root(mut self) -> Self {
        self.plan.parent = PlannedParent::None;
        self
    }

    /// Links it to another span that it has to do with.
    pub fn link(mut self, link: impl Into<Link>) -> Self {
        self.seldom().links.push(link.into());
        self
    }

    /// Links it to several other spans.
    pub fn links<L: Into<Link>>(mut self, links: impl IntoIterator<Item = L>) -> Self {
        self.seldom().links.extend(links.into_iter().map(Into::into));
        self
    }

    /// Sets an attribute, which a sampler can see.
    #[inline]
    pub fn attribute(mut self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.plan.attributes.push(|| Attribute { key: key.into(), value: value.into() });
        self
    }

    /// Sets several attributes.
    pub fn attributes<A: Into<Attribute>>(mut self, attributes: impl IntoIterator<Item = A>) -> Self {
        self.plan.attributes.extend(attributes.into_iter().map(Into::into));
        self
    }

    /// Sets the time at which it started, for work that is told of afterwards.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use trace_core::{capture, span};
    ///
    /// let captured = capture(|| drop(span("queued").start_time(SystemTime::now() - Duration::from_secs(2)).start()));
    /// let waited = captured.trace()?.root().unwrap().duration().unwrap();
    /// assert!(waited >= Duration::from_secs(2));
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    pub fn start_time(mut self, time: SystemTime) -> Self {
        self.seldom().start_unix_nanos = Some(unix_nanos(time));
        self
    }

    fn seldom(&mut self) -> &mut Seldom {
        self.plan.seldom.get_or_insert_default()
    }

    /// Starts the span, without making it current.
    #[must_use = "a span that is dropped at once ends at once"]
    pub fn start(self) -> Span {
        Span::of(start::begin(self.plan, self.cargo, Announce::Always))
    }
}

/// A span that has started, and is not the current one: give it to a future with
/// [`in_span`](crate::FutureExt::in_span), or make it current with [`in_scope`](Span::in_scope) or [`enter`](Span::enter).
///
/// It can go to another thread. It ends when it is dropped, or with [`end`](Span::end). Through `Deref` it has the methods of
/// [`CurrentSpan`]: attributes, events, links, status, name.
///
/// ```
/// use trace_core::{FutureExt, Span};
///
/// async fn fetch() -> u32 { 7 }
///
/// # let block_on = |_| ();
/// let future = fetch().in_span(Span::new("fetch"));
/// # block_on(future);
/// ```
#[derive(Debug)]
#[must_use = "a span that is dropped at once ends at once"]
pub struct Span {
    handle: CurrentSpan,
    cargo: SharedCargo,
    role: Role,
    was_panicking: bool,
}

impl Span {
    /// Starts a child of the current span, or the root of a new trace where there is none.
    #[track_caller]
    #[inline]
    pub fn new(name: impl Into<SpanName>) -> Self {
        let name = name.into();
        match name.0 {
            Name::Callsite(callsite) => Self::at(callsite),
            Name::Static(text) => match callsite::interned(text, Location::caller()) {
                Some(callsite) => Self::at(callsite),
                None => span(name).start(),
            },
            Name::Owned(_) => span(name).start(),
        }
    }

    /// [`Span::new`] for a callsite.
    #[inline]
    pub(crate) fn at(callsite: &'static Callsite) -> Self {
        if start::is_nothing_here() {
            return Self::beside(context::current());
        }
        if let Some(hot) = start::plain_child(callsite) {
            let (handle, cargo) = (CurrentSpan { hot }, context::cargo());
            let mut span = Self { handle, cargo, role: Role::Ended, was_panicking: std::thread::panicking() };
            if start::announce(&span.handle.hot, callsite) {
                return span;
            }
            span.role = Role::Nothing;
        }
        Self::at_length(callsite)
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn at_length(callsite: &'static Callsite) -> Self {
        Self::of(start::begin_anything(callsite))
    }

    /// What there is instead of a span where nothing is recorded: the context, if there is one.
    #[inline]
    fn beside(here: Hot) -> Self {
        let role = if here.span_id().is_none() { Role::Nothing } else { Role::Context };
        Self { handle: CurrentSpan { hot: here.to_keep() }, cargo: context::cargo(), role, was_panicking: false }
    }

    /// Starts the root of a new trace, whatever is current.
    #[track_caller]
    pub fn root(name: impl Into<SpanName>) -> Self {
        span(name).root().start()
    }

    /// A span that is not there: it records nothing, and what runs in it keeps the context it is run in.
    ///
    /// ```
    /// use trace_core::{Span, current_span, start_span};
    ///
    /// let outer = start_span("outer");
    /// let verbose = false;
    /// let span = if verbose { Span::new("detail") } else { Span::disabled() };
    /// span.in_scope(|| assert_eq!(current_span(), outer.handle()));
    /// ```
    pub const fn disabled() -> Self {
        Self { handle: CurrentSpan { hot: Hot::NONE }, cargo: None, role: Role::Nothing, was_panicking: false }
    }

    #[inline]
    pub(crate) fn of(Started { begun, cargo }: Started) -> Self {
        let handle = CurrentSpan { hot: begun.own };
        Self { handle, cargo: cargo.resolved(), role: begun.role, was_panicking: std::thread::panicking() }
    }

    /// Sets an attribute and hands the span back, for use where it is made.
    pub fn attribute(self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.set_attribute(key, value);
        self
    }

    /// A handle to it.
    #[must_use]
    pub const fn handle(&self) -> CurrentSpan {
        self.handle
    }

    /// Ends it now.
    pub fn end(self) {}

    /// Ends it now with this status.
    pub fn end_with(self, status: Status) {
        self.set_status(status);
    }

    /// Ends it now as cancelled: its work was given up before it was done. The span of a future needs no such call.
    ///
    /// For work that is no future, or more than one: a response whose body nobody wants any more.
    ///
    /// ```
    /// use trace_core::{Outcome, Span, capture};
    ///
    /// let captured = capture(|| Span::new("response").cancel());
    /// assert_eq!(captured.trace()?.root().unwrap().outcome(), Outcome::Cancelled);
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    pub fn cancel(self) {
        let (Carry { hot, .. }, role) = self.into_parts();
        if role == Role::Ended {
            telling::write_ended(hot, Outcome::Cancelled, switches::now(hot));
        }
    }

    /// What somebody needs who goes on with the span, and will end it.
    #[inline]
    pub(crate) fn into_parts(mut self) -> (Carry, Role) {
        let carry = Carry { hot: self.handle.hot, cargo: self.cargo.take() };
        (carry, std::mem::replace(&mut self.role, Role::Nothing))
    }

    /// What travels with it.
    pub(crate) const fn cargo(&self) -> &SharedCargo {
        &self.cargo
    }
}

impl Deref for Span {
    type Target = CurrentSpan;

    fn deref(&self) -> &CurrentSpan {
        &self.handle
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if self.role == Role::Ended {
            let unwinds = std::thread::panicking() && !self.was_panicking;
            let outcome = if unwinds { Outcome::Panicked } else { Outcome::Ok };
            telling::write_ended(self.handle.hot, outcome, switches::now(self.handle.hot));
        }
    }
}

/// The parent of a span that is about to start. See [`SpanBuilder::parent`].
#[derive(Clone, Debug)]
pub struct Parent {
    span: PlannedParent,
    cargo: PlannedCargo,
}

impl Parent {
    pub(crate) const fn new(span: PlannedParent, cargo: PlannedCargo) -> Self {
        Self { span, cargo }
    }

    const fn with_cargo_of_here(span: PlannedParent) -> Self {
        Self { span, cargo: PlannedCargo::Here }
    }
}

impl From<SpanContext> for Parent {
    fn from(context: SpanContext) -> Self {
        Self::with_cargo_of_here(PlannedParent::Context(context))
    }
}

/// `None` begins a new trace.
impl From<Option<SpanContext>> for Parent {
    fn from(context: Option<SpanContext>) -> Self {
        Self::with_cargo_of_here(context.map_or(PlannedParent::None, PlannedParent::Context))
    }
}

impl From<CurrentSpan> for Parent {
    fn from(span: CurrentSpan) -> Self {
        Self::with_cargo_of_here(PlannedParent::Span(span.hot))
    }
}

impl From<&Span> for Parent {
    fn from(span: &Span) -> Self {
        Self { span: PlannedParent::Span(span.handle.hot), cargo: PlannedCargo::Own(span.cargo.clone()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_builder_is_moved_in_registers() {
        // Beyond 128 bytes each move is a call.
        assert!(size_of::<SpanBuilder>() <= 128, "{}", size_of::<SpanBuilder>());
    }
}
