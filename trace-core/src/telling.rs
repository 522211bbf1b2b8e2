//! What is written of a span: that it began, that it ended, and how its future was dropped.

use std::cell::Cell;

use crate::budget::Worth;
use crate::buffer;
use crate::callsite::Callsite;
use crate::caught::caught;
use crate::context;
use crate::current_span::CurrentSpan;
use crate::doorbell::Sleep;
use crate::hot::Hot;
use crate::id::SpanId;
use crate::kept;
use crate::kind::SpanKind;
use crate::plan::{Begun, Plan, Role, Seldom};
use crate::record::{Group, Origin, Record, ShortPoll};
use crate::scalar::Pair;
use crate::status::Outcome;
use crate::switches::{self};
use crate::tally;
use crate::unannounced;
use crate::waits::Dropped;

/// Writes down that a span has begun, right after this of its attributes. `false` if there is no memory for that; then it is
/// counted as not started.
#[inline]
fn write_opened(begun: &Begun, callsite: &'static Callsite, origin: Origin, pair: Option<Pair>) -> bool {
    unannounced::make_up();
    let Begun { own, parent, start, kind, .. } = *begun;
    let Some((trace, span)) = own.ids() else { return false };
    let (flags, pipeline) = (own.flags(), own.pipeline());
    let lost = pair.filter(|pair| !buffer::push(Worth::Detail, || Record::of_pair(*pair, pipeline)));
    let opened = || Record::Opened { kind, flags, origin, pipeline, trace, span, parent, start, callsite };
    if !buffer::push(Worth::Span, opened) {
        tally::SPANS_NOT_STARTED.add(1);
        return false;
    }
    if let Some(lost) = lost {
        (0..lost.len()).for_each(|_| CurrentSpan { hot: own }.tell_of_loss(Group::Attributes));
    }
    switches::wake_lazily();
    true
}

/// Writes down what must be known before the end. `false` if an announcement found no memory.
///
/// Its attributes go along with the record that says that it began, or, of a span that is written down when it ends, wait for
/// that: two numbers or truth values do, and take one record and no clock. All others are said one after another.
pub(crate) fn write_start(plan: Plan, begun: &Begun, origin: Origin) -> bool {
    let Begun { own, role, start, kind, .. } = *begun;
    let pair = own.span_id().and_then(|span| Pair::of(span, plan.attributes.as_slice()));
    if role == Role::Ended && !write_opened(begun, plan.callsite, origin, pair) {
        return false;
    }
    if own.is_special() {
        run_hooks(&plan, own, kind);
    }
    let handle = CurrentSpan { hot: own };
    if let Some(name) = plan.name {
        handle.write_at(start, Group::Change, [Record::Name(name)].into_iter());
    }
    match pair {
        Some(pair) if role == Role::Closed => kept::keep_pair(&own, &pair),
        Some(_) => {}
        None if plan.attributes.is_empty() => {}
        None => handle.write_attributes(start, plan.attributes),
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
