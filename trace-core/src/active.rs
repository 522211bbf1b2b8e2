//! Spans while they are current in a sync scope.

use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::Location;

use crate::budget::Worth;
use crate::buffer;
use crate::callsite::{self, Callsite, NO_PLACE};
use crate::cargo::SharedCargo;
use crate::cargo_frames::Token;
use crate::carrier;
use crate::context::{self, Mourner};
use crate::current_span::CurrentSpan;
use crate::hot::Hot;
use crate::kept;
use crate::kind::SpanKind;
use crate::name::{Name, SpanName};
use crate::plan::{Announce, Begun, Plan, PlannedCargo, Role, Started};
use crate::record::{Group, Record};
use crate::scalar::Scalar;
use crate::span::{Parent, Span, SpanBuilder};
use crate::start;
use crate::status::{Outcome, Status};
use crate::switches;
use crate::tally;
use crate::telling;
use crate::unannounced;
use crate::untold;
use crate::value::{Key, Value};

/// Starts a child of the current span, or the root of a new trace where there is none, and makes it current until the guard
/// is dropped.
///
/// Where the scope is a closure, [`in_scope`] needs no guard.
///
/// ```
/// use trace_core::{current_span, start_span};
///
/// let outer = start_span("outer");
/// {
///     let _inner = start_span("inner").attribute("answer", 42);
///     // inner is current here
/// }
/// assert_eq!(current_span(), outer.handle());
/// ```
#[track_caller]
#[inline]
pub fn start_span(name: impl Into<SpanName>) -> ActiveSpan {
    let name = name.into();
    // This much in the caller, so that where nothing is recorded a guard is a byte that nobody needs to write.
    // And what kind of name it is, which is known there.
    match name.0 {
        _ if start::is_nothing_here() => ActiveSpan::NOTHING,
        Name::Static(text) => start_static(text, Location::caller()),
        _ => start_named(name, Location::caller()),
    }
}

#[inline(never)]
fn start_static(name: &'static str, location: &'static Location<'static>) -> ActiveSpan {
    match callsite::interned(name, location) {
        Some(callsite) => recorded(callsite),
        None => start_planned(name.into(), location),
    }
}

#[inline(never)]
fn start_named(name: SpanName, location: &'static Location<'static>) -> ActiveSpan {
    match name.0 {
        Name::Callsite(callsite) => recorded(callsite),
        _ => start_planned(name, location),
    }
}

#[cold]
#[inline(never)]
fn start_planned(name: SpanName, location: &'static Location<'static>) -> ActiveSpan {
    ActiveSpan::of_plan(Plan::new(name, location), PlannedCargo::Here)
}

/// Runs `body` inside a new span: a child of the current one, or the root of a new trace where there is none.
///
/// ```
/// let sum = trace_core::in_scope("add", || 1 + 1);
/// assert_eq!(sum, 2);
/// ```
#[track_caller]
#[inline]
pub fn in_scope<R>(name: impl Into<SpanName>, body: impl FnOnce() -> R) -> R {
    let _span = start_span(name);
    body()
}

/// [`start_span`] for a callsite: what the attribute macro calls.
#[inline]
pub fn enter(callsite: &'static Callsite) -> ActiveSpan {
    if start::is_nothing_here() { ActiveSpan::NOTHING } else { enter_recorded(callsite) }
}

#[inline(never)]
fn enter_recorded(callsite: &'static Callsite) -> ActiveSpan {
    recorded(callsite)
}

#[inline(always)]
fn recorded(callsite: &'static Callsite) -> ActiveSpan {
    match start::begin_child(callsite) {
        Some(begun) => ActiveSpan::of(begun, callsite),
        None => enter_anything(callsite),
    }
}

#[cold]
#[inline(never)]
fn enter_anything(callsite: &'static Callsite) -> ActiveSpan {
    ActiveSpan::of_plan(Plan::new(callsite.into(), Location::caller()), PlannedCargo::Here)
}

/// A guard: its span is current until it is dropped, then the span that was current before is so again.
///
/// Guards may be dropped in any order: a span that ends early is never current again. The guard stays on its thread
/// (`!Send`), so that holding it over an `.await` in a spawned task does not compile; a future gets its span with
/// [`in_span`](crate::FutureExt::in_span).
///
/// Through `Deref` it has the methods of [`CurrentSpan`]: attributes, events, links, status, name.
///
/// ```
/// use trace_core::{Status, capture, start_span};
///
/// let captured = capture(|| {
///     let outer = start_span("outer");
///     start_span("first").attribute("answer", 42).end();
///     start_span("second").end_with(Status::error("no luck"));
///     outer.add_event("both are done");
/// });
/// trace_core::assert_tree!(captured.trace()?, "
///     outer
///       first
///       second [error]
/// ");
/// # Ok::<(), trace_core::CaptureError>(())
/// ```
#[derive(Debug)]
#[must_use = "the span ends when the guard is dropped"]
pub struct ActiveSpan {
    /// `None` where there is nothing to end: then one byte is all that is written.
    live: Option<Live>,
    stays_on_its_thread: PhantomData<*const ()>,
}

#[derive(Debug)]
struct Live {
    handle: CurrentSpan,
    /// What is current again afterwards: the parent, where the span did not announce itself.
    heir: Hot,
    callsite: &'static Callsite,
    start: u64,
    kind: SpanKind,
    role: Role,
    was_panicking: bool,
    failed: bool,
    /// Tells the cargo of its scope, where that has its own; a span that did not announce itself has none.
    cargo: Option<Token>,
}

impl ActiveSpan {
    const NOTHING: Self = Self { live: None, stays_on_its_thread: PhantomData };

    /// A guard without a span.
    #[inline]
    pub(crate) const fn nothing() -> Self {
        Self::NOTHING
    }

    #[inline]
    fn of(begun: Begun, callsite: &'static Callsite) -> Self {
        if begun.role == Role::Closed {
            untold::begin(begun.own.span_id());
        } else {
            untold::tell();
        }
        let live = Live {
            handle: CurrentSpan { hot: begun.own },
            heir: context::enter(begun.own),
            callsite,
            start: begun.start,
            kind: begun.kind,
            role: begun.role,
            was_panicking: std::thread::panicking(),
            failed: false,
            cargo: None,
        };
        Self { live: Some(live), stays_on_its_thread: PhantomData }
    }

    fn of_plan(plan: Plan, cargo: PlannedCargo) -> Self {
        let callsite = plan.callsite;
        let Started { begun, cargo } = start::begin(plan, cargo, Announce::IfNeeded);
        match cargo {
            PlannedCargo::Own(cargo) => Self::with_cargo(begun, callsite, cargo),
            PlannedCargo::Here if begun.role == Role::Nothing => Self::NOTHING,
            PlannedCargo::Here => Self::of(begun, callsite),
        }
    }

    /// The guard of a span that brings its cargo along.
    fn with_cargo(mut begun: Begun, callsite: &'static Callsite, cargo: SharedCargo) -> Self {
        let has_cargo = context::has_cargo(&cargo);
        if begun.role == Role::Nothing {
            if has_cargo {
                return Self::NOTHING;
            }
            // Nothing is recorded, but the cargo travels on.
            begun = Begun::unrecorded(context::current());
        }
        let mut guard = Self::of(begun, callsite);
        if let Some(live) = guard.live.as_mut().filter(|_| !has_cargo) {
            live.cargo = context::load(cargo);
        }
        guard
    }

    /// Sets an attribute and hands the guard back, for use where it is made.
    #[inline]
    pub fn attribute(self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.set_attribute(key, value);
        self
    }

    /// Sets an attribute; the last value of a key wins.
    ///
    /// Cheapest where the guard was just made, before anybody else could speak of the span.
    #[inline]
    pub fn set_attribute(&self, key: impl Into<Key>, value: impl Into<Value>) {
        if let Some(live) = &self.live
            && live.handle.is_recording()
        {
            live.set_attribute(key.into(), value.into());
        }
    }

    /// A handle to it.
    #[must_use]
    pub fn handle(&self) -> CurrentSpan {
        untold::tell();
        match &self.live {
            Some(live) => live.handle,
            None => CurrentSpan { hot: Hot::NONE },
        }
    }

    /// Ends it now; what was current before is so again.
    #[inline]
    pub fn end(self) {}

    /// Ends it now with this status.
    pub fn end_with(self, status: Status) {
        self.set_status(status);
    }

    /// Says that it failed, without a word why.
    #[inline]
    pub(crate) fn fail(&mut self) {
        if let Some(live) = &mut self.live {
            live.failed = true;
        }
    }
}

/// What stands for a span where there is none.
static NO_SPAN: CurrentSpan = CurrentSpan { hot: Hot::NONE };

impl Live {
    #[inline]
    fn set_attribute(&self, key: Key, value: Value) {
        match (key.as_static(), Scalar::of(&value)) {
            (Some(key), Some((scalar, bits))) if self.keep(key, scalar, bits) => {
                // It owns nothing; else it would be looked at once more for what is to be freed.
                std::mem::forget(value);
            }
            _ => self.write_attribute(key, value),
        }
    }

    /// Lets it wait for the span's end, if nobody else knows of the span and there is a place for it.
    #[inline(never)]
    fn keep(&self, key: &'static str, scalar: Scalar, bits: u64) -> bool {
        untold::is(self.handle.hot.span_id()) && kept::keep(&self.handle.hot, key, scalar, bits)
    }

    #[inline(never)]
    fn write_attribute(&self, key: Key, value: Value) {
        let own = self.handle.hot;
        let ticks = if untold::is(own.span_id()) { self.start } else { switches::now(own) };
        self.handle.write_attribute_at(ticks, key, value);
    }

    #[inline(never)]
    fn end(&self) {
        match self.role {
            Role::Closed if kept::has(&self.handle.hot) => self.end_with_kept(),
            Role::Closed => self.end_bare(),
            _ => self.end_announced(),
        }
    }

    /// Apart, so that to ask which end it is saves no register (17 instructions of the two other ends).
    #[inline(never)]
    fn end_bare(&self) {
        self.end_closed::<false>();
    }

    /// Apart, since one function for both takes a span without attributes 20 instructions more.
    #[inline(never)]
    fn end_with_kept(&self) {
        self.end_closed::<true>();
    }

    /// Ends a span that did not announce itself, with attributes that [waited](kept) for that or without.
    #[inline(always)]
    fn end_closed<const HAS_KEPT: bool>(&self) {
        let own = self.handle.hot;
        let (end, outcome) = (switches::now(own), self.outcome());
        if let Some((trace, span)) = own.ids() {
            // Made from the guard where it lies: handed on in pieces, to a function, it takes 25 instructions more.
            let closed = || Record::Closed {
                kind: self.kind,
                outcome,
                flags: self.handle.hot.flags(),
                pipeline: self.handle.hot.pipeline(),
                trace,
                span,
                parent: self.heir.span_id(),
                start: self.start,
                end,
                callsite: self.callsite,
            };
            let (lost, pushed) = if HAS_KEPT {
                kept::write_with(&self.handle.hot, closed)
            } else {
                (0, buffer::push(Worth::Span, closed))
            };
            if lost > 0 {
                self.tell_of_losses(lost);
            }
            if !pushed {
                tally::SPANS_OVER_BUDGET.add(1);
            }
        }
        unannounced::make_up();
        context::leave(own, self.heir, mourn);
    }

    #[cold]
    #[inline(never)]
    fn tell_of_losses(&self, attributes: usize) {
        (0..attributes).for_each(|_| self.handle.tell_of_loss(Group::Attributes));
    }

    #[inline(never)]
    fn end_announced(&self) {
        let own = self.handle.hot;
        unannounced::make_up();
        let end = (self.role == Role::Ended).then(|| (self.outcome(), switches::now(own)));
        // Before the end is told: if scopes inside of it go on, whatever keeps the trace open for them must be told first.
        context::leave(own, self.heir, mourn);
        if let Some(cargo) = self.cargo {
            context::unload(cargo);
        }
        if let Some((outcome, end)) = end {
            telling::write_ended(own, outcome, end);
        }
    }

    /// A guard is panicked only if the panic began inside of it, and cancelled if the future around it is dropped while it
    /// is held.
    #[inline]
    fn outcome(&self) -> Outcome {
        if context::current().is_dropping() && !self.heir.is_dropping() {
            Outcome::Cancelled
        } else if !self.was_panicking && std::thread::panicking() {
            Outcome::Panicked
        } else if self.failed {
            Outcome::Error
        } else {
            Outcome::Ok
        }
    }
}

impl Deref for ActiveSpan {
    type Target = CurrentSpan;

    #[inline]
    fn deref(&self) -> &CurrentSpan {
        untold::tell();
        self.live.as_ref().map_or(&NO_SPAN, |live| &live.handle)
    }
}

impl Drop for ActiveSpan {
    #[inline]
    fn drop(&mut self) {
        if let Some(live) = &self.live {
            live.end();
        }
    }
}

/// Keeps the trace of a scope that ended before the scopes inside of it from being complete.
fn mourn(dead: Hot) -> Option<Mourner> {
    let is_open = dead.is_sampled() && carrier::open(dead);
    is_open.then(|| Mourner::new(dead, carrier::close))
}

impl From<&ActiveSpan> for Parent {
    fn from(span: &ActiveSpan) -> Self {
        Self::from(span.handle())
    }
}

impl SpanBuilder {
    /// Starts the span and makes it current until the guard is dropped.
    ///
    /// ```
    /// use trace_core::{current_span, span};
    ///
    /// let active = span("work").attribute("part", 1).enter();
    /// assert_eq!(current_span(), active.handle());
    /// ```
    #[inline]
    pub fn enter(self) -> ActiveSpan {
        ActiveSpan::of_plan(self.plan, self.cargo)
    }

    /// Starts the span and runs `body` inside of it.
    #[inline]
    pub fn in_scope<R>(self, body: impl FnOnce() -> R) -> R {
        let _span = self.enter();
        body()
    }
}

impl Span {
    /// Makes it current until the guard is dropped, which ends it.
    ///
    /// ```
    /// use trace_core::{Span, current_span};
    ///
    /// let span = Span::new("work");
    /// std::thread::spawn(move || {
    ///     let active = span.enter();
    ///     assert_eq!(current_span(), active.handle());
    /// }).join().unwrap();
    /// ```
    pub fn enter(self) -> ActiveSpan {
        let (carry, role) = self.into_parts();
        ActiveSpan::with_cargo(Begun::resumed(carry.hot, role), &NO_PLACE, carry.cargo)
    }

    /// Runs `body` inside of it, and does not end it.
    #[inline]
    pub(crate) fn visit<R>(&self, body: impl FnOnce() -> R) -> R {
        let own = self.handle().hot;
        if own == Hot::NONE {
            return body();
        }
        let _back = ActiveSpan::with_cargo(Begun::resumed(own, Role::Context), &NO_PLACE, self.cargo().clone());
        body()
    }

    /// Runs `body` inside of it and ends it.
    ///
    /// ```
    /// use trace_core::{Span, current_span};
    ///
    /// let span = Span::new("work");
    /// let handle = span.handle();
    /// assert_eq!(span.in_scope(current_span), handle);
    /// ```
    pub fn in_scope<R>(self, body: impl FnOnce() -> R) -> R {
        let _span = self.enter();
        body()
    }
}
