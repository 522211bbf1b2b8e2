//! The task-local context: which span is current, for this thread, right now.
//!
//! Two thread-locals. The hot half, [`Hot`], is 32 bytes, `Copy`, without a destructor: reading it costs 0.6 ns. A sync span
//! changes only its span id; a traced future swaps it whole around each poll. The cold half is a box that is touched only
//! when a flag in the hot half says that it is there, and is moved, never cloned.
//!
//! **Tombstones.** A guard that ends while its span is not the current one must not change the context, yet no context may
//! ever come back to its span. It leaves a tombstone, "this id is dead, its heir is that context", in the cold half. Every
//! restore looks through the tombstones, behind the one flag bit. They travel with the context of a future.
//!
//! **Cargo.** What must travel but is seldom read, trace state and baggage, lies in the cold half as well. A future brings
//! its own; in a sync scope that has other cargo than the scope around it (a request that was just received), it lies on top
//! of the other until the scope ends. Spans inside do not touch it.

use std::cell::Cell;
use std::sync::Arc;

use crate::cargo::SharedCargo;
use crate::id::{SpanId, TraceId};
use crate::span_context::{SpanContext, TraceFlags};

/// How many tombstones, and scopes with cargo of their own, a context keeps; a guard that is leaked on purpose, again and
/// again, cannot grow it further.
const MAX_TOMBSTONES: usize = 64;

/// What the context says of the current span. The order matters: recorded or not is one comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// There is no span.
    None,
    /// Nothing records here, but ids that came in travel on.
    PassThrough,
    /// The trace has ids and is not recorded: its spans cost nothing.
    Unsampled,
    /// The trace is recorded.
    Sampled,
}

/// The hot half of the context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hot {
    trace: (u64, u64),
    /// Zero where there is no span.
    span: u64,
    bits: u32,
    /// Which pipeline records it: 0 is the one of `init`, others belong to captures.
    pipeline: u32,
}

const STATE: u32 = 0b11;
/// The cold half is in its thread-local.
const COLD: u32 = 1 << 2;
/// The pipeline has a clock, ids or hooks of its own, so that the short path must not be taken.
const SPECIAL: u32 = 1 << 3;
/// The future around this is being dropped before it was done.
const DROPPING: u32 = 1 << 4;
/// Nothing is recorded here: an exporter is at work.
const SUPPRESSED: u32 = 1 << 5;
/// The span is one of another process.
const REMOTE: u32 = 1 << 6;
/// A handle only: what is said through it is not kept.
const MUTED: u32 = 1 << 7;
const TRACE_FLAGS: u32 = 8;
/// The trace begins here, as far as this process goes.
const LOCAL_ROOT: u32 = 1 << 16;
/// The cold half has something that the end of a scope may change.
const UNSETTLED: u32 = 1 << 17;
/// Only in what a guard keeps: its scope has cargo of its own.
const SCOPED: u32 = 1 << 18;
/// What belongs to the thread's present and not to a span: a restore keeps it.
const OF_THE_THREAD: u32 = COLD | DROPPING | MUTED | UNSETTLED | SCOPED;

impl Hot {
    pub(crate) const NONE: Self = Self { trace: (0, 0), span: 0, bits: 0, pipeline: 0 };

    /// A span's context.
    pub(crate) fn of_span(context: SpanContext, state: State, pipeline: u32, special: bool) -> Self {
        let remote = if context.is_remote() { REMOTE } else { 0 };
        let special = if special { SPECIAL } else { 0 };
        Self {
            trace: context.trace_id().words(),
            span: context.span_id().to_u64(),
            bits: state as u32 | special | remote | u32::from(context.flags().bits()) << TRACE_FLAGS,
            pipeline,
        }
    }

    /// No span, and this pipeline for traces that begin here.
    pub(crate) const fn none_in(pipeline: u32) -> Self {
        Self { pipeline, ..Self::NONE }
    }

    /// The same place without a span.
    pub(crate) const fn without_span(self) -> Self {
        Self { bits: self.bits & (OF_THE_THREAD | SUPPRESSED), pipeline: self.pipeline, ..Self::NONE }
    }

    /// The context of a child of this span.
    #[inline]
    pub(crate) const fn child(self, span: SpanId) -> Self {
        Self { span: span.to_u64(), bits: self.bits & !(REMOTE | LOCAL_ROOT), ..self }
    }

    #[inline]
    pub(crate) const fn state(self) -> State {
        match self.bits & STATE {
            0 => State::None,
            1 => State::PassThrough,
            2 => State::Unsampled,
            _ => State::Sampled,
        }
    }

    #[inline]
    pub(crate) const fn is_sampled(self) -> bool {
        self.bits & STATE == State::Sampled as u32
    }

    /// Whether what is said through a handle with this context is kept.
    #[inline]
    pub(crate) const fn is_recording(self) -> bool {
        self.bits & (STATE | MUTED | SUPPRESSED) == State::Sampled as u32
    }

    /// Whether a child of this span takes the short path.
    #[inline]
    pub(crate) const fn is_plainly_sampled(self) -> bool {
        self.bits & (STATE | SPECIAL | SUPPRESSED) == State::Sampled as u32
    }

    pub(crate) const fn is_special(self) -> bool {
        self.bits & SPECIAL != 0
    }

    pub(crate) const fn is_suppressed(self) -> bool {
        self.bits & SUPPRESSED != 0
    }

    pub(crate) const fn is_dropping(self) -> bool {
        self.bits & DROPPING != 0
    }

    pub(crate) const fn is_remote(self) -> bool {
        self.bits & REMOTE != 0
    }

    pub(crate) const fn is_local_root(self) -> bool {
        self.bits & LOCAL_ROOT != 0
    }

    pub(crate) const fn local_root(self) -> Self {
        Self { bits: self.bits | LOCAL_ROOT, ..self }
    }

    pub(crate) const fn without_dropping(self) -> Self {
        Self { bits: self.bits & !DROPPING, ..self }
    }

    pub(crate) const fn muted(self) -> Self {
        Self { bits: self.bits | MUTED, ..self }
    }

    pub(crate) const fn suppressed(self) -> Self {
        Self { bits: self.bits | SUPPRESSED, ..self }
    }

    pub(crate) const fn pipeline(self) -> u32 {
        self.pipeline
    }

    pub(crate) const fn flags(self) -> TraceFlags {
        TraceFlags::from_bits((self.bits >> TRACE_FLAGS) as u8)
    }

    #[inline]
    pub(crate) const fn trace_id(self) -> Option<TraceId> {
        TraceId::from_words(self.trace.0, self.trace.1)
    }

    #[inline]
    pub(crate) const fn span_id(self) -> Option<SpanId> {
        SpanId::from_u64(self.span)
    }

    /// Both ids; `None` where there is no span.
    #[inline]
    pub(crate) const fn ids(self) -> Option<(TraceId, SpanId)> {
        match (self.trace_id(), self.span_id()) {
            (Some(trace), Some(span)) => Some((trace, span)),
            _ => None,
        }
    }

    pub(crate) fn span_context(self) -> Option<SpanContext> {
        let (trace, span) = self.ids()?;
        let context = SpanContext::new(trace, span, self.flags());
        Some(if self.is_remote() { context.remote() } else { context })
    }

    /// This context at another moment of the thread, of which `present` knows.
    #[inline]
    const fn at(self, present: Self) -> Self {
        Self { bits: self.bits & !OF_THE_THREAD | present.bits & OF_THE_THREAD, ..self }
    }

    /// What a future keeps of it: who it is, but not what the thread was doing.
    pub(crate) const fn to_keep(self) -> Self {
        Self { bits: self.bits & !OF_THE_THREAD, ..self }
    }

    fn is_same_span(self, other: Self) -> bool {
        self.span == other.span && self.trace == other.trace
    }
}

/// The seldom part of the context, moved with it.
#[derive(Debug, Default)]
pub(crate) struct Cold {
    tombstones: Vec<Tombstone>,
    /// What the context was begun with.
    cargo: SharedCargo,
    /// What lies on top of it, the innermost scope last.
    scopes: Vec<Scope>,
}

/// The cargo of a sync scope.
#[derive(Debug)]
struct Scope {
    owner: Hot,
    cargo: SharedCargo,
}

impl Cold {
    fn cargo(&self) -> &SharedCargo {
        self.scopes.last().map_or(&self.cargo, |scope| &scope.cargo)
    }

    /// The flags that tell of a cold half in its place; none for one that is empty.
    fn bits(&self) -> u32 {
        match (self.tombstones.is_empty() && self.scopes.is_empty(), self.cargo.is_none()) {
            (true, true) => 0,
            (true, false) => COLD,
            (false, _) => COLD | UNSETTLED,
        }
    }

    fn end_scope(&mut self, owner: Hot) {
        if let Some(place) = self.scopes.iter().rposition(|scope| scope.owner.is_same_span(owner)) {
            self.scopes.remove(place);
        }
    }
}

#[derive(Debug)]
struct Tombstone {
    dead: Hot,
    heir: Hot,
}

thread_local! {
    static HOT: Cell<Hot> = const { Cell::new(Hot::NONE) };
    static COLD_HALF: Cell<Option<Box<Cold>>> = const { Cell::new(None) };
}

/// The hot half.
#[inline]
pub(crate) fn current() -> Hot {
    HOT.get()
}

/// Makes a span current in a sync scope; [`leave`] undoes it. Returns what was current.
#[inline]
pub(crate) fn enter(own: Hot) -> Hot {
    let heir = HOT.get();
    HOT.set(own.at(heir));
    heir
}

/// Says that the future around this is being dropped before it was done.
pub(crate) fn mark_dropping() {
    let hot = HOT.get();
    HOT.set(Hot { bits: hot.bits | DROPPING, ..hot });
}

/// Ends a sync scope: the heir is current again if this scope's span is; else it leaves a tombstone.
#[inline]
pub(crate) fn leave(own: Hot, heir: Hot) {
    let present = HOT.get();
    if present.is_same_span(own) {
        let next = heir.at(present);
        HOT.set(if next.bits & UNSETTLED == 0 { next } else { settle(own, next) });
    } else {
        bury(own, heir);
    }
}

/// Leaves a tombstone.
#[cold]
fn bury(dead: Hot, heir: Hot) {
    let mut cold = take_cold().unwrap_or_default();
    if dead.bits & SCOPED != 0 {
        cold.end_scope(dead);
    }
    if cold.tombstones.len() == MAX_TOMBSTONES {
        cold.tombstones.remove(0);
    }
    cold.tombstones.push(Tombstone { dead, heir });
    put_cold(Some(cold));
}

/// Ends what the cold half has of this scope, and finds the first context that is alive, from `hot` up through the
/// tombstones; each is needed once.
#[cold]
fn settle(own: Hot, mut hot: Hot) -> Hot {
    let mut cold = take_cold().unwrap_or_default();
    if own.bits & SCOPED != 0 {
        cold.end_scope(own);
    }
    while let Some(place) = cold.tombstones.iter().position(|tombstone| tombstone.dead.is_same_span(hot)) {
        hot = cold.tombstones.remove(place).heir.at(hot);
    }
    Hot { bits: hot.bits & !(COLD | UNSETTLED) | set_cold(Some(cold)), ..hot }
}

/// Takes the cold half out, if there is one and the thread is not past its destructors.
fn take_cold() -> Option<Box<Cold>> {
    COLD_HALF.try_with(Cell::take).ok().flatten()
}

/// Puts a cold half in, if it is not empty, and returns the flags that tell of it.
fn set_cold(cold: Option<Box<Cold>>) -> u32 {
    let bits = cold.as_ref().map_or(0, |cold| cold.bits());
    let kept = COLD_HALF.try_with(|half| half.set(cold.filter(|_| bits != 0))).is_ok();
    if kept { bits } else { 0 }
}

/// Puts a cold half in and sets the flags to match.
fn put_cold(cold: Option<Box<Cold>>) {
    let bits = set_cold(cold);
    let hot = HOT.get();
    HOT.set(Hot { bits: hot.bits & !(COLD | UNSETTLED) | bits, ..hot });
}

/// What travels with the present context.
#[inline]
pub(crate) fn cargo() -> SharedCargo {
    if HOT.get().bits & COLD == 0 { None } else { look_into_cold(|cold| cold.cargo().clone()) }
}

#[cold]
#[inline(never)]
fn look_into_cold<R: Default>(look: impl FnOnce(&Cold) -> R) -> R {
    let cold = take_cold();
    let seen = cold.as_deref().map(look).unwrap_or_default();
    set_cold(cold);
    seen
}

/// [`enter`] for a scope with this cargo, which lies on top of the other until the scope ends. Returns what to [`leave`]
/// with, and what was current.
#[cold]
pub(crate) fn enter_with(own: Hot, cargo: SharedCargo) -> (Hot, Hot) {
    let mut cold = take_cold().unwrap_or_default();
    if cold.scopes.len() == MAX_TOMBSTONES {
        cold.scopes.remove(0);
    }
    cold.scopes.push(Scope { owner: own, cargo });
    put_cold(Some(cold));
    (Hot { bits: own.bits | SCOPED, ..own }, enter(own))
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
        Self { hot: current(), cargo: cargo() }
    }

    /// Without cargo.
    pub(crate) const fn bare(hot: Hot) -> Self {
        Self { hot, cargo: None }
    }
}

/// Whether it is the very same cargo.
pub(crate) fn is_same_cargo(one: &SharedCargo, other: &SharedCargo) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

/// A whole context, out of its thread-locals.
#[derive(Debug)]
pub(crate) struct Saved {
    pub(crate) hot: Hot,
    pub(crate) cold: Option<Box<Cold>>,
}

impl Saved {
    /// A context without a cold half.
    #[inline]
    pub(crate) const fn hot(hot: Hot) -> Self {
        Self { hot: hot.to_keep(), cold: None }
    }

    /// A context with this cargo.
    pub(crate) fn of(Carry { hot, cargo }: Carry) -> Self {
        let cold = cargo.map(|cargo| Box::new(Cold { cargo: Some(cargo), ..Cold::default() }));
        Self { hot: hot.to_keep(), cold }
    }

    /// What it brings along.
    pub(crate) fn cargo(&self) -> SharedCargo {
        self.cold.as_ref().and_then(|cold| cold.cargo().clone())
    }
}

/// Makes this the whole context and returns the one before.
#[inline]
pub(crate) fn replace(next: Saved) -> Saved {
    let hot = HOT.replace(next.hot);
    if (hot.bits | next.hot.bits) & COLD == 0 && next.cold.is_none() {
        return Saved { hot, cold: None };
    }
    replace_cold(hot, next.cold)
}

#[cold]
#[inline(never)]
fn replace_cold(hot: Hot, cold: Option<Box<Cold>>) -> Saved {
    let before = take_cold();
    put_cold(cold);
    Saved { hot, cold: before }
}

/// Runs `body` with this context and without cargo, and puts the one before back, also when `body` panics.
pub(crate) fn with<R>(hot: Hot, body: impl FnOnce() -> R) -> R {
    with_saved(Saved::hot(hot), body)
}

/// Runs `body` with this context, and puts the one before back, also when `body` panics.
pub(crate) fn with_saved<R>(saved: Saved, body: impl FnOnce() -> R) -> R {
    struct Back(Option<Saved>);
    impl Drop for Back {
        fn drop(&mut self) {
            if let Some(saved) = self.0.take() {
                replace(saved);
            }
        }
    }
    let _back = Back(Some(replace(saved)));
    body()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(span: u64) -> Hot {
        let ids =
            SpanContext::new(TraceId::from_u128(1).unwrap(), SpanId::from_u64(span).unwrap(), TraceFlags::SAMPLED);
        Hot::of_span(ids, State::Sampled, 0, false)
    }

    fn current_id() -> u64 {
        current().span
    }

    #[test]
    fn the_context_is_32_bytes() {
        assert_eq!(size_of::<Hot>(), 32);
    }

    #[test]
    fn scopes_that_end_in_any_order_never_leave_a_dead_span_current() {
        // Every order in which four nested scopes may end.
        for order in permutations(&[0, 1, 2, 3]) {
            let own: Vec<_> = (1..=4).map(context).collect();
            let heirs: Vec<_> = own.iter().map(|&own| enter(own)).collect();
            let mut alive = [true; 4];
            for index in order.iter().copied() {
                leave(own[index], heirs[index]);
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
    fn tombstones_travel_with_the_context_they_were_left_in() {
        let (outer, inner) = (context(1), context(2));
        let before_outer = enter(outer);
        let before_inner = enter(inner);
        leave(outer, before_outer);
        let task = replace(Saved::hot(Hot::NONE));
        assert_eq!((current(), task.cold.is_some()), (Hot::NONE, true));
        replace(task);
        leave(inner, before_inner);
        assert_eq!(current(), Hot::NONE);
    }

    #[test]
    fn leaked_scopes_do_not_grow_the_context_without_bound() {
        let root = enter(context(1));
        for span in 2..10_000 {
            leave(context(span), context(1));
        }
        assert!(take_cold().unwrap().tombstones.len() <= MAX_TOMBSTONES);
        put_cold(None);
        leave(context(1), root);
        assert_eq!(current(), Hot::NONE);
    }
}
