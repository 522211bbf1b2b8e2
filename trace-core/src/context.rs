//! The task-local context: which span is current, for this thread, right now.
//!
//! The context, [`Hot`], is 32 bytes, `Copy`, in thread-locals without a destructor: reading it costs 0.6 ns. A sync span
//! changes only its span id; a traced future swaps it whole around each poll.
//!
//! **Tombstones.** A guard that ends while its span is not the current one must not change the context, yet no context may
//! ever come back to its span. It leaves a tombstone, "this id is dead, its heir is that context". Whatever puts a context
//! back looks through the tombstones, behind one flag bit: the end of a scope, the end of a poll, and the next poll of a
//! future that holds guards. Guards stay on their thread, so the tombstones are the thread's and not the context's: a guard
//! may end in another future than the one it was made in.
//!
//! A context that was *lent* (taken along without its span) stays as it is, even when its span ends.
//!
//! **Cargo.** What must travel but is seldom read, trace state and baggage, lies [apart](crate::cargo_frames), and one flag bit
//! says that this context has any. A future brings its own; a sync scope that has other cargo than the scope around it (a
//! request that was just received) lays it on top until it ends. Spans inside do not touch it.

use std::cell::Cell;
use std::sync::Arc;

use crate::cargo::SharedCargo;
use crate::cargo_frames::{self, Frame, Place, Token};
use crate::hot::{DROPPED_FROM_OUTSIDE, DROPPED_IN_POLL, DROPPING, Hot, LENT, LOADED, TOMBS};
use crate::untold;
use crate::waits::Dropped;

/// How many tombstones a context keeps; a guard that is leaked on purpose, again and again, cannot grow it further.
const MAX_TOMBSTONES: usize = 64;

#[derive(Debug)]
struct Tombstone {
    dead: Hot,
    heir: Hot,
    _mourner: Option<Mourner>,
}

/// Waits for the scopes inside of a scope that ended before them, and is told when they have.
#[derive(Debug)]
pub(crate) struct Mourner {
    dead: Hot,
    over: fn(Hot),
}

impl Mourner {
    pub(crate) const fn new(dead: Hot, over: fn(Hot)) -> Self {
        Self { dead, over }
    }
}

impl Drop for Mourner {
    fn drop(&mut self) {
        (self.over)(self.dead);
    }
}

thread_local! {
    // The context, word by word. A processor makes a load that spans two stores wait until both are in the cache, some 4 ns
    // here; so nothing is loaded in a wider piece than it was stored in.
    static HIGH: Cell<u64> = const { Cell::new(0) };
    static LOW: Cell<u64> = const { Cell::new(0) };
    static SPAN: Cell<u64> = const { Cell::new(0) };
    static BITS: Cell<u64> = const { Cell::new(0) };
    /// Few and seldom; allocated while there are any.
    static TOMBSTONES: Cell<Vec<Tombstone>> = const { Cell::new(Vec::new()) };
}

/// The context at this moment.
#[inline]
pub(crate) fn current() -> Hot {
    Hot::from_words(HIGH.get(), LOW.get(), SPAN.get(), BITS.get())
}

/// Whether there is nothing here at all: no span, no pipeline of a capture, no cargo.
#[inline]
pub(crate) fn is_blank() -> bool {
    BITS.get() == 0
}

/// Makes this the context.
#[inline]
fn set(hot: Hot) {
    let (high, low, span, bits) = hot.words();
    HIGH.set(high);
    LOW.set(low);
    SPAN.set(span);
    BITS.set(bits);
}

/// Makes a span current in a sync scope; [`leave`] undoes it. Returns what was current.
#[inline]
pub(crate) fn enter(own: Hot) -> Hot {
    let heir = current();
    set(own.at(heir));
    heir
}

/// Says that the future around this is being dropped before it was done: one with a span, or one that only carries a
/// context, of which `how` tells.
pub(crate) fn mark_dropping(how: Option<Dropped>) {
    let hot = current();
    let how = match how {
        Some(Dropped::FromOutside) => DROPPED_FROM_OUTSIDE,
        Some(Dropped::InParentsPoll) => DROPPED_IN_POLL,
        Some(Dropped::WithParent | Dropped::Unknown) | None => 0,
    };
    set(hot.with_bits(hot.bits | DROPPING | how));
}

/// Ends a sync scope: the heir is current again if this scope's span is; else it leaves a tombstone, and somebody mourns.
#[inline]
pub(crate) fn leave(own: Hot, heir: Hot, mourn: fn(Hot) -> Option<Mourner>) {
    let present = current();
    if present.span == own.span && present.bits & (TOMBS | LENT) == 0 {
        set(heir.at(present));
    } else {
        leave_out_of_order(own, heir, mourn);
    }
}

#[cold]
#[inline(never)]
fn leave_out_of_order(own: Hot, heir: Hot, mourn: fn(Hot) -> Option<Mourner>) {
    let present = current();
    // Where the span's context was lent to, it stays; the scope is elsewhere on this thread.
    let is_lent = present.bits & LENT > own.bits & LENT;
    if present.is_same_span(own) && !is_lent {
        set(alive(heir.at(present)));
    } else {
        bury(Tombstone { dead: own, heir, _mourner: mourn(own) });
    }
}

/// Leaves a tombstone.
fn bury(tombstone: Tombstone) {
    let buried = TOMBSTONES.try_with(|cell| {
        let mut tombstones = cell.take();
        let oldest = if tombstones.len() == MAX_TOMBSTONES { Some(tombstones.remove(0)) } else { None };
        tombstones.push(tombstone);
        cell.set(tombstones);
        drop(oldest);
    });
    if buried.is_ok() {
        let hot = current();
        set(hot.with_bits(hot.bits | TOMBS));
    }
}

/// The first context that is alive, from `hot` up through the tombstones; each is needed once, because a scope's span stands
/// in one place: it is current, or the heir of one other scope.
#[cold]
#[inline(never)]
fn alive(mut hot: Hot) -> Hot {
    let left = TOMBSTONES.try_with(|cell| {
        let mut tombstones = cell.take();
        let mut used = Vec::new();
        while hot.bits & LENT == 0
            && let Some(place) = tombstones.iter().position(|tombstone| tombstone.dead.is_same_span(hot))
        {
            let tombstone = tombstones.remove(place);
            hot = tombstone.heir.at(hot);
            used.push(tombstone);
        }
        let left = tombstones.len();
        if left > 0 {
            cell.set(tombstones);
        }
        drop(used);
        left
    });
    let tombs = if left.is_ok_and(|left| left > 0) { TOMBS } else { 0 };
    hot.with_bits(hot.bits & !TOMBS | tombs)
}

/// Makes a context the thread's for a while; returns what [`come_back`] needs.
#[inline]
pub(crate) fn visit(next: Hot) -> Hot {
    let thread = current();
    set(next.with_bits(next.bits & !TOMBS | thread.bits & TOMBS));
    thread
}

/// Goes on with a context that an earlier visit left behind, with its cargo. Scopes of it may have ended since.
#[cold]
#[inline(never)]
pub(crate) fn resume(left: Hot, cargo: &mut Vec<Frame>) -> Hot {
    let thread = current();
    let loaded = if cargo_frames::put(cargo) { LOADED } else { 0 };
    let hot = alive(left);
    set(hot.with_bits(hot.bits & !LOADED | loaded));
    thread
}

/// Ends a visit: what was the thread's before it is so again. Returns what the visit left behind.
#[inline]
pub(crate) fn come_back(thread: &Hot) -> Hot {
    let left = current();
    if (left.bits | thread.bits) & TOMBS == 0 {
        set(*thread);
    } else {
        come_back_alive(thread);
    }
    left
}

#[cold]
#[inline(never)]
fn come_back_alive(thread: &Hot) {
    set(alive(*thread));
}

/// Runs `body` with this context and without cargo, and puts the one before back, also when `body` panics.
pub(crate) fn with<R>(hot: Hot, body: impl FnOnce() -> R) -> R {
    with_carry(Carry::bare(hot), body)
}

/// Runs `body` with this context, and puts the one before back, also when `body` panics.
pub(crate) fn with_carry<R>(carry: Carry, body: impl FnOnce() -> R) -> R {
    struct Back(Hot);
    impl Drop for Back {
        fn drop(&mut self) {
            if come_back(&self.0).is_loaded() {
                cargo_frames::take(&mut Vec::new());
            }
        }
    }
    let _back = Back(visit(carry.hot.to_keep()));
    if carry.cargo.is_some() {
        load(carry.cargo);
    }
    body()
}

/// A context that can be taken elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Carry {
    pub(crate) hot: Hot,
    pub(crate) cargo: SharedCargo,
}

impl Carry {
    /// The present one.
    #[inline]
    pub(crate) fn current() -> Self {
        untold::tell();
        Self { hot: current(), cargo: cargo() }
    }

    /// Without cargo.
    pub(crate) const fn bare(hot: Hot) -> Self {
        Self { hot, cargo: None }
    }
}

/// What travels with the present context.
#[inline]
pub(crate) fn cargo() -> SharedCargo {
    if BITS.get() & LOADED == 0 { None } else { cargo_frames::top() }
}

/// Whether it is the very same cargo that travels with the present context.
pub(crate) fn has_cargo(cargo: &SharedCargo) -> bool {
    match (cargo, self::cargo()) {
        (None, None) => true,
        (Some(one), Some(other)) => Arc::ptr_eq(one, &other),
        _ => false,
    }
}

/// Lays this cargo on top of what the present context has, until [`unload`].
#[cold]
pub(crate) fn load(cargo: SharedCargo) -> Option<Token> {
    let bits = BITS.get();
    let token = cargo_frames::push(cargo, if bits & LOADED == 0 { Place::First } else { Place::OnTop })?;
    BITS.set(bits | LOADED);
    Some(token)
}

/// Ends what [`load`] began.
#[cold]
pub(crate) fn unload(token: Token) {
    if !cargo_frames::end(token) {
        BITS.set(BITS.get() & !LOADED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hot::State;
    use crate::id::{SpanId, TraceId};
    use crate::span_context::{SpanContext, TraceFlags};

    fn context(span: u64) -> Hot {
        let ids =
            SpanContext::new(TraceId::from_u128(1).unwrap(), SpanId::from_u64(span).unwrap(), TraceFlags::SAMPLED);
        Hot::of_span(ids, State::Sampled, 0, false)
    }

    fn current_id() -> u64 {
        current().span
    }

    #[test]
    fn scopes_that_end_in_any_order_never_leave_a_dead_span_current() {
        // Every order in which four nested scopes may end.
        for order in permutations(&[0, 1, 2, 3]) {
            let own: Vec<_> = (1..=4).map(context).collect();
            let heirs: Vec<_> = own.iter().map(|&own| enter(own)).collect();
            let mut alive = [true; 4];
            for index in order.iter().copied() {
                leave(own[index], heirs[index], |_| None);
                alive[index] = false;
                let expected = alive.iter().rposition(|&alive| alive).map_or(0, |index| index as u64 + 1);
                assert_eq!(current_id(), expected, "{order:?} after {index}");
            }
            assert_eq!(current(), Hot::NONE, "{order:?}");
        }
    }

    fn permutations(items: &[usize]) -> Vec<Vec<usize>> {
        if items.is_empty() {
            return vec![Vec::new()];
        }
        let without = |item| items.iter().copied().filter(|&other| other != item).collect::<Vec<_>>();
        let ending_in = |item| {
            permutations(&without(item)).into_iter().map(move |mut rest| {
                rest.push(item);
                rest
            })
        };
        items.iter().flat_map(|&item| ending_in(item)).collect()
    }

    #[test]
    fn a_scope_that_ends_in_a_visit_is_not_come_back_to() {
        let (outer, inner) = (context(1), context(2));
        let before_outer = enter(outer);
        let before_inner = enter(inner);
        let thread = visit(Hot::NONE);
        leave(outer, before_outer, |_| None);
        come_back(&thread);
        assert_eq!(current_id(), 2);
        leave(inner, before_inner, |_| None);
        assert_eq!(current(), Hot::NONE);
    }

    #[test]
    fn leaked_scopes_do_not_grow_the_context_without_bound() {
        let root = enter(context(1));
        for span in 2..10_000 {
            leave(context(span), context(1), |_| None);
        }
        let tombstones = TOMBSTONES.take();
        assert!(tombstones.len() <= MAX_TOMBSTONES);
        leave(context(1), root, |_| None);
        assert_eq!(current(), Hot::NONE);
    }
}
