//! Spans while they are current in a sync scope.

use std::marker::PhantomData;
use std::ops::Deref;
use std::panic::Location;

use crate::callsite::Callsite;
use crate::cargo::SharedCargo;
use crate::context::{self, Hot};
use crate::current_span::CurrentSpan;
use crate::name::{Name, SpanName};
use crate::span::{Parent, Span, SpanBuilder};
use crate::start::{self, Announce, Begun, Plan, PlannedCargo, Role, Started};
use crate::status::{Outcome, Status};
use crate::switches;
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
    if start::is_nothing_here() {
        return ActiveSpan::NOTHING;
    }
    let location = Location::caller();
    match name.0 {
        Name::Callsite(callsite) => enter(callsite),
        Name::Static(name) => enter(crate::callsite::interned(name, location)),
        Name::Owned(_) => ActiveSpan::of_plan(Plan::new(name, location)),
    }
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
    match start::begin_child(callsite) {
        Some(begun) => ActiveSpan::of(begun, callsite),
        None => enter_anything(callsite),
    }
}

#[cold]
#[inline(never)]
fn enter_anything(callsite: &'static Callsite) -> ActiveSpan {
    if start::is_nothing_here() {
        return ActiveSpan::NOTHING;
    }
    ActiveSpan::of_plan(Plan::new(callsite.into(), Location::caller()))
}

/// A guard: its span is current until it is dropped, then the span that was current before is so again.
///
/// Guards may be dropped in any order: a span that ends early is never current again. The guard stays on its thread
/// (`!Send`), so that holding it over an `.await` in a spawned task does not compile; a future gets its span with
/// [`in_span`](crate::FutureExt::in_span).
///
/// Through `Deref` it has the methods of [`CurrentSpan`]: attributes, events, links, status, name.
#[derive(Debug)]
#[must_use = "the span ends when the guard is dropped"]
pub struct ActiveSpan {
    handle: CurrentSpan,
    /// What is current again afterwards.
    heir: Hot,
    callsite: &'static Callsite,
    begun: Begun,
    was_panicking: bool,
    failed: bool,
    stays_on_its_thread: PhantomData<*const ()>,
}

impl ActiveSpan {
    const NOTHING: Self = Self::new(Begun::NOTHING, Hot::NONE, &crate::callsite::NO_PLACE, false);

    const fn new(begun: Begun, heir: Hot, callsite: &'static Callsite, was_panicking: bool) -> Self {
        let handle = CurrentSpan { hot: begun.own };
        Self { handle, heir, callsite, begun, was_panicking, failed: false, stays_on_its_thread: PhantomData }
    }

    #[inline]
    fn of(begun: Begun, callsite: &'static Callsite) -> Self {
        Self::new(begun, context::enter(begun.own), callsite, std::thread::panicking())
    }

    /// The same with other cargo than the scope around it has.
    #[cold]
    fn with_cargo(mut begun: Begun, callsite: &'static Callsite, cargo: SharedCargo) -> Self {
        let handle = CurrentSpan { hot: begun.own };
        let heir;
        (begun.own, heir) = context::enter_with(begun.own, cargo);
        let mut guard = Self::new(begun, heir, callsite, std::thread::panicking());
        guard.handle = handle;
        guard
    }

    fn of_plan(plan: Plan) -> Self {
        let callsite = plan.callsite;
        let Started { begun, cargo } = start::begin(plan, Announce::IfNeeded);
        match cargo {
            PlannedCargo::Own(cargo) => Self::of_parts(begun, callsite, &cargo),
            PlannedCargo::Here if begun.role == Role::Nothing => Self::NOTHING,
            PlannedCargo::Here => Self::of(begun, callsite),
        }
    }

    /// The guard of a span that brings its cargo along.
    fn of_parts(begun: Begun, callsite: &'static Callsite, cargo: &SharedCargo) -> Self {
        match (context::is_same_cargo(cargo, &context::cargo()), begun.role) {
            (true, Role::Nothing) => Self::NOTHING,
            (true, _) => Self::of(begun, callsite),
            (false, Role::Nothing) => {
                // Nothing is recorded, but the cargo travels on.
                let begun = Begun::resumed(context::current().to_keep(), Role::Context);
                Self::with_cargo(begun, callsite, cargo.clone())
            }
            (false, _) => Self::with_cargo(begun, callsite, cargo.clone()),
        }
    }

    /// Sets an attribute and hands the guard back, for use where it is made.
    #[inline]
    pub fn attribute(self, key: impl Into<Key>, value: impl Into<Value>) -> Self {
        self.set_attribute(key, value);
        self
    }

    /// A handle to it.
    #[must_use]
    pub const fn handle(&self) -> CurrentSpan {
        self.handle
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
        self.failed = true;
    }

    /// A guard is panicked only if the panic began inside of it, and cancelled if the future around it is dropped while it
    /// is held.
    #[inline]
    fn outcome(&self) -> Outcome {
        if !self.was_panicking && std::thread::panicking() {
            Outcome::Panicked
        } else if context::current().is_dropping() && !self.heir.is_dropping() {
            Outcome::Cancelled
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
        &self.handle
    }
}

impl Drop for ActiveSpan {
    #[inline]
    fn drop(&mut self) {
        match self.begun.role {
            Role::Nothing => {}
            Role::Context => context::leave(self.begun.own, self.heir),
            Role::Closed | Role::Ended => {
                let end = switches::now(self.begun.own);
                start::write_end(&self.begun, self.outcome(), end, self.callsite);
                context::leave(self.begun.own, self.heir);
            }
        }
    }
}

impl From<&ActiveSpan> for Parent {
    fn from(span: &ActiveSpan) -> Self {
        Self::from(span.handle)
    }
}

impl SpanBuilder {
    /// Starts the span and makes it current until the guard is dropped.
    #[inline]
    pub fn enter(self) -> ActiveSpan {
        ActiveSpan::of_plan(self.plan)
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
    pub fn enter(self) -> ActiveSpan {
        let (carry, role) = self.into_parts();
        ActiveSpan::of_parts(Begun::resumed(carry.hot, role), &crate::callsite::NO_PLACE, &carry.cargo)
    }

    /// Runs `body` inside of it, and does not end it.
    #[inline]
    pub(crate) fn visit<R>(&self, body: impl FnOnce() -> R) -> R {
        let own = self.handle().hot;
        if own == Hot::NONE {
            return body();
        }
        let begun = Begun::resumed(own, Role::Context);
        let _back = ActiveSpan::of_parts(begun, &crate::callsite::NO_PLACE, self.cargo());
        body()
    }

    /// Runs `body` inside of it and ends it.
    pub fn in_scope<R>(self, body: impl FnOnce() -> R) -> R {
        let _span = self.enter();
        body()
    }
}
