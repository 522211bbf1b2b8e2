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
use crate::id::{SpanId, TraceId};
use crate::span_context::{SpanContext, TraceFlags};
use crate::untold;
use crate::waits::Dropped;

/// How many tombstones a context keeps; a guard that is leaked on purpose, again and again, cannot grow it further.
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

/// The context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hot {
    trace: (u64, u64),
    /// Zero where there is no span.
    span: u64,
    /// The state and the flags, and in the upper half the pipeline that records it: 0 is the one of `init`, others belong
    /// to captures.
    bits: u64,
}

const STATE: u64 = 0b11;
/// The thread has tombstones.
const TOMBS: u64 = 1 << 2;
/// The pipeline has a clock, ids or hooks of its own, so that the short path must not be taken.
const SPECIAL: u64 = 1 << 3;
/// The future around this is being dropped before it was done.
const DROPPING: u64 = 1 << 4;
/// Nothing is recorded here: an exporter is at work.
const SUPPRESSED: u64 = 1 << 5;
/// The span is one of another process.
const REMOTE: u64 = 1 << 6;
/// In a span that was left out, which lives in its parent's context: what is said here is not kept. Children are not muted.
const MUTED: u64 = 1 << 7;
const TRACE_FLAGS: u32 = 8;
const PIPELINE: u32 = 32;
/// The trace begins here, as far as this process goes.
const LOCAL_ROOT: u64 = 1 << 16;
/// Polls are timed in this trace.
const TIMES_POLLS: u64 = 1 << 17;
/// The context was taken along without its span, which ends elsewhere.
const LENT: u64 = 1 << 18;
/// The context has cargo, which lies on top of the thread's frames.
const LOADED: u64 = 1 << 19;
/// There is no span because somebody asked for none.
const DETACHED: u64 = 1 << 20;
/// Wake-ups are timed in this trace.
const TIMES_WAKES: u64 = 1 << 21;
/// What is being dropped is a context without a span of its own, from outside of the trace, or in a poll of a span of it.
const DROPPED_FROM_OUTSIDE: u64 = 1 << 22;
const DROPPED_IN_POLL: u64 = 1 << 23;
/// What belongs to the thread's present and not to a span: a restore keeps it.
const OF_THE_THREAD: u64 = TOMBS | DROPPING | LOADED | DROPPED_FROM_OUTSIDE | DROPPED_IN_POLL;

impl Hot {
    pub(crate) const NONE: Self = Self { trace: (0, 0), span: 0, bits: 0 };

    /// A span's context.
    pub(crate) fn of_span(context: SpanContext, state: State, pipeline: u32, special: bool) -> Self {
        let remote = if context.is_remote() { REMOTE } else { 0 };
        let special = if special { SPECIAL } else { 0 };
        Self {
            trace: context.trace_id().words(),
            span: context.span_id().to_u64(),
            bits: state as u64
                | special
                | remote
                | u64::from(context.flags().bits()) << TRACE_FLAGS
                | u64::from(pipeline) << PIPELINE,
        }
    }

    /// No span, and this pipeline for traces that begin here.
    pub(crate) const fn none_in(pipeline: u32) -> Self {
        Self { bits: (pipeline as u64) << PIPELINE, ..Self::NONE }
    }

    /// The same place without a span.
    pub(crate) const fn without_span(self) -> Self {
        Self { bits: self.bits & (OF_THE_THREAD | SUPPRESSED | u64::MAX << PIPELINE), ..Self::NONE }
    }

    /// The same place without a span, because somebody asked for that.
    pub(crate) const fn detached(self) -> Self {
        let bare = self.without_span();
        Self { bits: bare.bits | DETACHED, ..bare }
    }

    pub(crate) const fn is_detached(self) -> bool {
        self.bits & DETACHED != 0
    }

    /// The context of a child of this span.
    #[inline]
    pub(crate) const fn child(self, span: SpanId) -> Self {
        Self { span: span.to_u64(), bits: self.bits & !(REMOTE | LOCAL_ROOT | LENT | MUTED), ..self }
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
        self.bits & STATE == State::Sampled as u64
    }

    /// Whether what is said through a handle with this context is kept.
    #[inline]
    pub(crate) const fn is_recording(self) -> bool {
        self.bits & (STATE | MUTED | SUPPRESSED) == State::Sampled as u64
    }

    /// Whether a child of this span takes the short path.
    #[inline]
    pub(crate) const fn is_plainly_sampled(self) -> bool {
        self.bits & (STATE | SPECIAL | SUPPRESSED) == State::Sampled as u64
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

    /// How a future of this context is dropped at this moment of the thread.
    pub(crate) fn is_dropped_in(self, thread: Self) -> Dropped {
        if !thread.is_sampled() || thread.trace != self.trace || thread.bits & DROPPED_FROM_OUTSIDE != 0 {
            Dropped::FromOutside
        } else if thread.is_dropping() && thread.bits & DROPPED_IN_POLL == 0 {
            Dropped::WithParent
        } else {
            Dropped::InParentsPoll
        }
    }

    pub(crate) const fn is_loaded(self) -> bool {
        self.bits & LOADED != 0
    }

    pub(crate) const fn is_remote(self) -> bool {
        self.bits & REMOTE != 0
    }

    pub(crate) const fn is_local_root(self) -> bool {
        self.bits & LOCAL_ROOT != 0
    }

    #[inline]
    pub(crate) const fn times_polls(self) -> bool {
        self.bits & TIMES_POLLS != 0
    }

    pub(crate) const fn times_wakes(self) -> bool {
        self.bits & TIMES_WAKES != 0
    }

    pub(crate) const fn timing(self, polls: bool, wakes: bool) -> Self {
        let polls = if polls { TIMES_POLLS } else { 0 };
        let wakes = if wakes { TIMES_WAKES } else { 0 };
        Self { bits: self.bits | polls | wakes, ..self }
    }

    pub(crate) const fn local_root(self) -> Self {
        Self { bits: self.bits | LOCAL_ROOT, ..self }
    }

    /// This context, taken along without its span.
    pub(crate) const fn lent(self) -> Self {
        Self { bits: self.bits | LENT, ..self }
    }

    pub(crate) const fn muted(self) -> Self {
        Self { bits: self.bits | MUTED, ..self }
    }

    pub(crate) const fn suppressed(self) -> Self {
        Self { bits: self.bits | SUPPRESSED, ..self }
    }

    pub(crate) const fn pipeline(self) -> u32 {
        (self.bits >> PIPELINE) as u32
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

    /// Itself, word by word: the trace's two, the span's and the bits.
    #[inline]
    pub(crate) const fn words(&self) -> (u64, u64, u64, u64) {
        (self.trace.0, self.trace.1, self.span, self.bits)
    }

    /// The context of these [words](Self::words).
    pub(crate) const fn from_words(high: u64, low: u64, span: u64, bits: u64) -> Self {
        Self { trace: (high, low), span, bits }
    }

    /// What a future keeps of it: who it is, but not what the thread was doing.
    pub(crate) const fn to_keep(self) -> Self {
        Self { bits: self.bits & !OF_THE_THREAD, ..self }
    }

    pub(crate) fn is_same_span(self, other: Self) -> bool {
        self.span == other.span && self.trace == other.trace
    }
}

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
    Hot { trace: (HIGH.get(), LOW.get()), span: SPAN.get(), bits: BITS.get() }
}

/// Whether there is nothing here at all: no span, no pipeline of a capture, no cargo.
#[inline]
pub(crate) fn is_blank() -> bool {
    BITS.get() == 0
}

/// Makes this the context.
#[inline]
fn set(hot: Hot) {
    HIGH.set(hot.trace.0);
    LOW.set(hot.trace.1);
    SPAN.set(hot.span);
    BITS.set(hot.bits);
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
    set(Hot { bits: hot.bits | DROPPING | how, ..hot });
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
        set(Hot { bits: hot.bits | TOMBS, ..hot });
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
    Hot { bits: hot.bits & !TOMBS | tombs, ..hot }
}

/// Makes a context the thread's for a while; returns what [`come_back`] needs.
#[inline]
pub(crate) fn visit(next: Hot) -> Hot {
    let thread = current();
    set(Hot { bits: next.bits & !TOMBS | thread.bits & TOMBS, ..next });
    thread
}

/// Goes on with a context that an earlier visit left behind, with its cargo. Scopes of it may have ended since.
#[cold]
#[inline(never)]
pub(crate) fn resume(left: Hot, cargo: &mut Vec<Frame>) -> Hot {
    let thread = current();
    let loaded = if cargo_frames::put(cargo) { LOADED } else { 0 };
    let hot = alive(left);
    set(Hot { bits: hot.bits & !LOADED | loaded, ..hot });
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
