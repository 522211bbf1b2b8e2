//! How a span begins: its parent, its ids, whether it is recorded, and what is written down at once.

use std::borrow::Cow;
use std::cell::Cell;
use std::panic::Location;

use crate::attribute_list::AttributeList;
use crate::budget::Worth;
use crate::buffer;
use crate::callsite::{self, Callsite, Interest, NO_PLACE};
use crate::cargo::{self, Cargo, Mark, SharedCargo};
use crate::caught::caught;
use crate::context::{self, Hot, State};
use crate::current_span::CurrentSpan;
use crate::doorbell::Sleep;
use crate::filter;
use crate::id::{self, SpanId};
use crate::kind::SpanKind;
use crate::name::{Name, SpanName};
use crate::probability;
use crate::record::{Group, Origin, Record, ShortPoll};
use crate::sampler::{SamplingDecision, SamplingParameters};
use crate::span_context::{SpanContext, TraceFlags};
use crate::span_data::Link;
use crate::status::Outcome;
use crate::switches::{self, Switches};
use crate::tally;
use crate::unannounced;
use crate::waits::Dropped;

/// Everything a user may say of a span before it starts.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) callsite: &'static Callsite,
    /// A name that only this span has.
    pub(crate) name: Option<Cow<'static, str>>,
    pub(crate) kind: SpanKind,
    pub(crate) parent: PlannedParent,
    pub(crate) attributes: AttributeList,
    /// Apart, because a builder is moved at every word that is said of the span.
    pub(crate) seldom: Option<Box<Seldom>>,
}

/// What is seldom said of a span before it starts.
#[derive(Debug, Default)]
pub(crate) struct Seldom {
    pub(crate) start_unix_nanos: Option<u64>,
    pub(crate) links: Vec<Link>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum PlannedParent {
    /// The span that is current when this one starts.
    Current,
    /// None: a new trace begins.
    None,
    /// A span of this process.
    Span(Hot),
    /// A span that is known by its identity alone.
    Context(SpanContext),
}

/// What travels with a span.
#[derive(Clone, Debug)]
pub(crate) enum PlannedCargo {
    /// What travels with the present context.
    Here,
    /// This, or nothing.
    Own(SharedCargo),
}

impl PlannedCargo {
    /// Itself, out of its scope.
    #[inline]
    pub(crate) fn resolved(self) -> SharedCargo {
        match self {
            Self::Here => context::cargo(),
            Self::Own(cargo) => cargo,
        }
    }
}

impl Plan {
    #[inline]
    pub(crate) fn new(name: SpanName, location: &'static Location<'static>) -> Self {
        let (callsite, name) = match name.0 {
            Name::Callsite(callsite) => (callsite, None),
            Name::Static(name) => match callsite::interned(name, location) {
                Some(callsite) => (callsite, None),
                None => (&NO_PLACE, Some(Cow::Borrowed(name))),
            },
            Name::Owned(name) => (callsite::interned("", location).unwrap_or(&NO_PLACE), Some(Cow::Owned(name))),
        };
        Self {
            callsite,
            name,
            kind: callsite.span_kind(),
            parent: PlannedParent::Current,
            attributes: AttributeList::new(),
            seldom: None,
        }
    }
}

/// Whether a start is written down before the span's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Announce {
    /// Always: the span may leave its scope or its thread.
    Always,
    /// Only where its trace begins, or where its parent may end before it.
    IfNeeded,
}

/// A span that has begun, or what there is instead.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Begun {
    /// The context inside of it.
    pub(crate) own: Hot,
    pub(crate) role: Role,
    pub(crate) parent: Option<SpanId>,
    pub(crate) start: u64,
    pub(crate) kind: SpanKind,
}

/// A span that has begun, and what travels with it.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) begun: Begun,
    pub(crate) cargo: PlannedCargo,
}

impl From<Begun> for Started {
    /// With the cargo of the scope it begins in.
    #[inline]
    fn from(begun: Begun) -> Self {
        Self { begun, cargo: PlannedCargo::Here }
    }
}

/// What has to be written when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Nothing, and it has no context of its own to install.
    Nothing,
    /// Nothing, but there is a context to install: it is not recorded, or it was left out by the filter.
    Context,
    /// All of it.
    Closed,
    /// What its opened record did not say.
    Ended,
}

impl Begun {
    pub(crate) const NOTHING: Self = Self::context(Hot::NONE, Role::Nothing);

    /// A span that began elsewhere, and whose end is written by its role.
    pub(crate) const fn resumed(own: Hot, role: Role) -> Self {
        Self::context(own, role)
    }

    /// In a context that is not recorded.
    pub(crate) const fn unrecorded(hot: Hot) -> Self {
        Self::context(hot.to_keep(), Role::Context)
    }

    /// No span of its own, in this context: what is said of it is not kept.
    pub(crate) fn beside(hot: Hot) -> Self {
        Self::context(hot.to_keep().muted(), Role::Context)
    }

    const fn context(own: Hot, role: Role) -> Self {
        Self { own, role, parent: None, start: 0, kind: SpanKind::Internal }
    }
}

/// The short path: a child of the current span at a callsite that is known, of which nothing else is said.
/// `None` means that [`begin`] must look closer.
#[inline]
pub(crate) fn begin_child(callsite: &'static Callsite) -> Option<Begun> {
    let hot = context::current();
    let (own, kind) = (plain_child_of(hot, callsite)?, callsite.span_kind());
    Some(Begun { own, role: Role::Closed, parent: hot.span_id(), start: crate::clock::now(), kind })
}

/// The context of such a child, which will leave its scope; [`announce`] follows.
#[inline]
pub(crate) fn plain_child(callsite: &'static Callsite) -> Option<Hot> {
    plain_child_of(context::current(), callsite)
}

#[inline]
fn plain_child_of(hot: Hot, callsite: &'static Callsite) -> Option<Hot> {
    let is_plain = hot.is_plainly_sampled() && callsite.interest() == Interest::Enabled;
    if is_plain { SpanId::from_u64(id::random_word()).map(|span| hot.child(span)) } else { None }
}

/// Announces a span made by [`plain_child`]. `false` if there is no memory for that, which [`begin`] will find as well.
#[inline(never)]
pub(crate) fn announce(own: &Hot, callsite: &'static Callsite) -> bool {
    unannounced::announce(own, context::current().span_id(), crate::clock::now(), callsite, Worth::Span)
}

/// The same for a span whose future may be polled here next, and be ready: its announcement is [put off](unannounced).
///
/// The context comes by reference, and this reads the clock: when it returns, the context is in memory and not on its way
/// there, and may be copied in wider pieces than it was written in. Each async span waited for that before.
#[inline(never)]
pub(crate) fn announce_later(own: &Hot, callsite: &'static Callsite) -> bool {
    if own.times_polls() {
        return announce(own, callsite);
    }
    let has_room = buffer::has_room(Worth::Span);
    if has_room {
        unannounced::put_off(own, context::current().span_id(), crate::clock::now(), callsite);
    }
    has_room
}

/// The cheap answer where a plain span is not recorded: nothing is on, or the trace was not sampled.
#[inline]
pub(crate) fn is_nothing_here() -> bool {
    let hot = context::current();
    match hot.state() {
        State::None => !switches::is_on(hot.pipeline()),
        State::PassThrough | State::Unsampled => true,
        State::Sampled => false,
    }
}

/// Starts a span of which only its callsite is known, and announces it.
#[cold]
#[inline(never)]
pub(crate) fn begin_anything(callsite: &'static Callsite) -> Started {
    begin(Plan::new(callsite.into(), Location::caller()), PlannedCargo::Here, Announce::Always)
}

/// Starts a span.
pub(crate) fn begin(plan: Plan, cargo: PlannedCargo, announce: Announce) -> Started {
    let here = context::current();
    let base = match plan.parent {
        PlannedParent::Current => here,
        PlannedParent::None | PlannedParent::Context(_) => here.without_span(),
        PlannedParent::Span(hot) => hot.to_keep(),
    };
    if here.is_suppressed() || base.is_suppressed() {
        return Begun::NOTHING.into();
    }
    if base.state() == State::None {
        return begin_trace(plan, base, cargo);
    }
    let begun = match base.state() {
        _ if !is_wanted(plan.callsite, base.pipeline()) => Begun::beside(base),
        State::Sampled => begin_in_trace(plan, base, announce),
        State::None | State::PassThrough | State::Unsampled => Begun::unrecorded(base),
    };
    Started { begun, cargo }
}

/// What the filter says; a capture sees everything.
fn is_wanted(callsite: &'static Callsite, pipeline: u32) -> bool {
    match callsite.interest() {
        Interest::Enabled => true,
        Interest::Disabled => pipeline != switches::GLOBAL,
        Interest::Unknown => filter::is_enabled(callsite) || pipeline != switches::GLOBAL,
    }
}

/// A local root: the one place where a sampling decision is made.
fn begin_trace(plan: Plan, base: Hot, cargo: PlannedCargo) -> Started {
    let parent = match plan.parent {
        PlannedParent::Context(context) => Some(context),
        // The span that should have been between was left out by the filter.
        _ => base.span_context(),
    };
    let remote = |context, state| Hot::of_span(context, state, base.pipeline(), false);
    if !is_wanted(plan.callsite, base.pipeline()) {
        // Its children begin where it would have begun: below the same parent.
        let begun = Begun::beside(parent.map_or(base, |parent| remote(parent, State::None)));
        return Started { begun, cargo };
    }
    let travels = match &cargo {
        PlannedCargo::Here => context::cargo(),
        PlannedCargo::Own(cargo) => cargo.clone(),
    };
    let asked = || switches::with(base.pipeline(), |switches| decide(&plan, parent, &travels, switches));
    let Some(root) = switches::is_on(base.pipeline()).then(asked).flatten() else {
        // Where nothing records it, what came in travels on as it is, and nothing else does.
        let begun = match parent {
            Some(parent) => Begun::unrecorded(remote(parent, State::PassThrough)),
            None if context::current().span_id().is_some() => Begun::unrecorded(base),
            None => Begun::NOTHING,
        };
        return Started { begun, cargo };
    };
    let cargo = root.cargo.map_or(cargo, PlannedCargo::Own);
    let unsampled = Hot::of_span(root.context, State::Unsampled, base.pipeline(), false);
    if !root.sampled {
        return Started { begun: Begun::context(unsampled, Role::Context), cargo };
    }
    let own = Hot::of_span(root.context, State::Sampled, base.pipeline(), root.special)
        .local_root()
        .timing(root.times_polls, root.times_wakes);
    let parent_id = parent.map(|parent| parent.span_id());
    let begun = Begun { own, role: Role::Ended, parent: parent_id, start: switches::now(own), kind: plan.kind };
    let origin = match plan.parent {
        _ if parent.is_some_and(|parent| parent.is_remote()) => Origin::Remote,
        PlannedParent::Current if !base.is_detached() => Origin::LocalRoot,
        _ => Origin::ChosenRoot,
    };
    // Without memory for its announcement the trace runs as if it had not been sampled; that was counted.
    if !write_start(plan, &begun, origin) {
        return Started { begun: Begun::context(unsampled, Role::Context), cargo };
    }
    let state = match &cargo {
        PlannedCargo::Here => cargo::state_of(&travels, own.trace_id()),
        PlannedCargo::Own(cargo) => cargo::state_of(cargo, own.trace_id()),
    };
    if !state.is_empty() {
        let handle = CurrentSpan { hot: own };
        handle.write_at(begun.start, Group::Change, [Record::TraceState(state.clone())].into_iter());
    }
    Started { begun, cargo }
}

/// What was decided of a local root.
struct Root {
    context: SpanContext,
    sampled: bool,
    special: bool,
    times_polls: bool,
    times_wakes: bool,
    /// What travels with it, if the decision changed that.
    cargo: Option<SharedCargo>,
}

fn decide(plan: &Plan, parent: Option<SpanContext>, travels: &SharedCargo, switches: &Switches) -> Root {
    let trace_id = parent.map_or_else(|| switches.trace_id(), |parent| parent.trace_id());
    let (mut sampled, mut new_cargo) = (true, None);
    if parent.is_some() || !switches.sampler.always_records_roots() {
        let (state, mark) = (cargo::state_of(travels, Some(trace_id)), cargo::mark_of(travels, Some(trace_id)));
        let sampler = if mark == Mark::Deferred { switches.sampler.of_roots() } else { &switches.sampler };
        let decided = sampler.decide(&SamplingParameters {
            trace_id,
            parent,
            trace_state: state,
            name: plan.name.as_deref().unwrap_or(plan.callsite.name()),
            kind: plan.kind,
            callsite: Some(plan.callsite),
            attributes: plan.attributes.as_slice(),
            links: plan.seldom.as_ref().map_or(&[], |seldom| &seldom.links),
        });
        if decided.panicked {
            tally::USER_PANICS.add(1);
        }
        sampled = decided.decision == SamplingDecision::RecordAndSample;
        let state = probability::changed(state, decided.threshold);
        if state.is_some() || mark == Mark::Deferred {
            let mark = if mark == Mark::Deferred { Mark::None } else { mark };
            let state = state.unwrap_or_else(|| cargo::state_of(travels, Some(trace_id)).clone());
            let baggage = cargo::baggage_of(travels).clone();
            new_cargo = Some(Cargo { trace: Some(trace_id), state, mark, baggage }.share());
        }
    }
    // Our own ids are random in their low 56 bits; of a parent's trace id only the parent knows.
    let random = parent.map_or(TraceFlags::RANDOM, |parent| parent.flags().without(TraceFlags::SAMPLED));
    let flags = if sampled { random | TraceFlags::SAMPLED } else { random };
    let context = SpanContext::new(trace_id, switches.span_id(), flags);
    let (times_polls, times_wakes) = (switches.times_polls, switches.times_wakes);
    Root { context, sampled, special: switches.is_special(), times_polls, times_wakes, cargo: new_cargo }
}

/// A span in a trace that is recorded.
fn begin_in_trace(plan: Plan, base: Hot, announce: Announce) -> Begun {
    let (span, announce_all) = if base.is_special() {
        let asked = switches::with(base.pipeline(), |switches| (switches.span_id(), switches.announce_all));
        asked.unwrap_or_else(|| (SpanId::random(), false))
    } else {
        (SpanId::random(), false)
    };
    let parent_may_end = !matches!(plan.parent, PlannedParent::Current);
    let announced = announce == Announce::Always || announce_all || parent_may_end;
    let own = base.child(span);
    let role = if announced { Role::Ended } else { Role::Closed };
    let begun = Begun { own, role, parent: base.span_id(), start: switches::now(own), kind: plan.kind };
    if write_start(plan, &begun, Origin::Child) { begun } else { Begun::beside(base) }
}

/// The context of work that somebody wants to begin traces of its own.
pub(crate) fn detached_context() -> Hot {
    let hot = context::current().without_span();
    // Where nothing records, nothing needs to be carried either.
    if switches::is_on(hot.pipeline()) { hot.detached() } else { hot }
}

/// Tells a span how its future is being dropped before it is ready.
#[cold]
#[inline(never)]
pub(crate) fn tell_of_drop(own: Hot, how: Dropped) {
    // As of the start, so that it is never too late.
    CurrentSpan { hot: own }.write_at(0, Group::Change, [Record::Dropped(how)].into_iter());
}

thread_local! {
    /// The guard that was told of last: of one that stays open from poll to poll once is enough.
    static TOLD_OF: Cell<Option<SpanId>> = const { Cell::new(None) };
}

/// Tells a span that its guard was open when a poll of a future returned, if anybody looks for that.
#[cold]
#[inline(never)]
pub(crate) fn tell_of_open_guard(guard: Hot, future: Hot) {
    let is_wanted = || switches::with(guard.pipeline(), |switches| switches.detects_open_guards) == Some(true);
    let (Some(inside_of), true) = (future.span_id(), TOLD_OF.get() != guard.span_id() && is_wanted()) else { return };
    TOLD_OF.set(guard.span_id());
    let said = [Record::OpenGuard(inside_of)].into_iter();
    CurrentSpan { hot: guard }.write_at(switches::now(guard), Group::Change, said);
}

/// Writes down that a span has begun. `false` if there is no memory for that; then it is counted as not started.
#[inline]
fn write_opened(begun: &Begun, callsite: &'static Callsite, origin: Origin) -> bool {
    unannounced::make_up();
    let Begun { own, parent, start, kind, .. } = *begun;
    let Some((trace, span)) = own.ids() else { return false };
    let (flags, pipeline) = (own.flags(), own.pipeline());
    let opened = || Record::Opened { kind, flags, origin, pipeline, trace, span, parent, start, callsite };
    if !buffer::push(Worth::Span, opened) {
        tally::SPANS_NOT_STARTED.add(1);
        return false;
    }
    switches::wake_lazily();
    true
}

/// Writes down what must be known before the end. `false` if an announcement found no memory.
fn write_start(plan: Plan, begun: &Begun, origin: Origin) -> bool {
    let Begun { own, role, start, kind, .. } = *begun;
    if role == Role::Ended && !write_opened(begun, plan.callsite, origin) {
        return false;
    }
    if own.is_special() {
        run_hooks(&plan, own, kind);
    }
    let handle = CurrentSpan { hot: own };
    if let Some(name) = plan.name {
        handle.write_at(start, Group::Change, [Record::Name(name)].into_iter());
    }
    if !plan.attributes.is_empty() {
        handle.write_attributes(start, plan.attributes);
    }
    if let Some(seldom) = plan.seldom {
        write_seldom(*seldom, handle, start);
    }
    true
}

#[cold]
fn write_seldom(seldom: Seldom, handle: CurrentSpan, start: u64) {
    if let Some(nanos) = seldom.start_unix_nanos {
        handle.write_at(start, Group::Change, [Record::StartUnixNanos(nanos)].into_iter());
    }
    for link in seldom.links {
        handle.add_link(link);
    }
}

/// Calls the hooks of a start, which see the span and start none themselves.
#[cold]
fn run_hooks(plan: &Plan, own: Hot, kind: SpanKind) {
    let hooks = switches::with(own.pipeline(), |switches| switches.on_start.clone()).unwrap_or_default();
    let name = plan.name.as_deref().unwrap_or(plan.callsite.name());
    for hook in hooks {
        let called = caught(|| context::with(own.suppressed(), || hook(own, name, kind, plan.callsite)));
        if called.is_none() {
            tally::USER_PANICS.add(1);
        }
    }
}

/// Writes down all of a span that did not announce itself.
#[inline]
pub(crate) fn write_closed(
    own: Hot,
    parent: Option<SpanId>,
    (start, end): (u64, u64),
    kind: SpanKind,
    outcome: Outcome,
    callsite: &'static Callsite,
) {
    let Some((trace, span)) = own.ids() else { return };
    let (flags, pipeline) = (own.flags(), own.pipeline());
    let closed = || Record::Closed { kind, outcome, flags, pipeline, trace, span, parent, start, end, callsite };
    if !buffer::push(Worth::Span, closed) {
        tally::SPANS_OVER_BUDGET.add(1);
    }
}

/// Writes down that an announced span ended.
pub(crate) fn write_ended(own: Hot, outcome: Outcome, end: u64) {
    let Some((trace, span)) = own.ids() else { return };
    let pipeline = own.pipeline();
    let pushed = buffer::push(Worth::End, || Record::Ended { outcome, pipeline, trace, span, end });
    tell_of_end(&own, pushed);
}

/// The same with the poll in which it ended.
#[inline]
pub(crate) fn write_ended_in_poll(own: &Hot, outcome: Outcome, end: u64, poll: ShortPoll) {
    let Some((trace, span)) = own.ids() else { return };
    let pipeline = own.pipeline();
    let pushed = buffer::push(Worth::End, || Record::EndedInPoll { outcome, pipeline, trace, span, end, poll });
    tell_of_end(own, pushed);
}

/// Lets the processor know that an end was written, or that it found no memory.
#[inline]
fn tell_of_end(own: &Hot, pushed: bool) {
    if !pushed {
        tally::SPANS_OVER_BUDGET.add(1);
    }
    if own.is_local_root() {
        switches::wake(Sleep::Deep);
    } else {
        switches::wake_lazily();
    }
}
