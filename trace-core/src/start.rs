//! How a span begins: its parent, its ids, whether it is recorded, and what is written down at once.

use std::panic::Location;

use crate::budget::Worth;
use crate::buffer;
use crate::callsite::{Callsite, Interest};
use crate::cargo::{self, Cargo, Mark, SharedCargo};
use crate::context;
use crate::current_span::CurrentSpan;
use crate::filter;
use crate::hot::{Hot, State};
use crate::id::{self, SpanId};
use crate::plan::{Announce, Begun, Plan, PlannedCargo, PlannedParent, Role, Started};
use crate::probability;
use crate::record::{Group, Origin, Record};
use crate::sampler::{SamplingDecision, SamplingParameters};
use crate::span_context::{SpanContext, TraceFlags};
use crate::switches::{self, Switches};
use crate::tally;
use crate::telling::write_start;
use crate::unannounced;

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
        return Started { begun: Begun::resumed(unsampled, Role::Context), cargo };
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
        return Started { begun: Begun::resumed(unsampled, Role::Context), cargo };
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
