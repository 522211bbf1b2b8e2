//! A span that was begun for a future, and of which nobody was told yet.
//!
//! Most futures that are awaited where they are made are ready when they are polled first. Then their span is like that of a
//! sync scope: the scope around it outlives it, and one record at its end says everything. So the announcement of a span that
//! begins with the call of a traced async function waits, in this thread's one place for it, for the first poll in the scope
//! that it was begun in. It is made up for
//!
//! - when that poll returns without being ready,
//! - when any scope of this thread ends, so before whatever keeps the trace open could end,
//! - when something else is announced or put off, and before anything is asked of the pipeline on this thread.
//!
//! An awaited function that is ready at once leaves one record so, and two before: 39.5 ns on its thread and 57 in all, and 50.8
//! and 96.8 before (case 3 of `cargo bench -p benches --bench peers`, the longer rings of busy threads included).
//!
//! A future that was taken to another thread and polled there may end first; the assembler waits for the start of such a span,
//! which comes before the scope that it was begun in ends.

use std::cell::Cell;

use crate::budget::Worth;
use crate::buffer;
use crate::callsite::Callsite;
use crate::hot::Hot;
use crate::id::SpanId;
use crate::record::{Origin, Record};
use crate::switches;

thread_local! {
    // Word by word, for the reason that the context is.
    static SPAN: Cell<u64> = const { Cell::new(0) };
    static HIGH: Cell<u64> = const { Cell::new(0) };
    static LOW: Cell<u64> = const { Cell::new(0) };
    static BITS: Cell<u64> = const { Cell::new(0) };
    static PARENT: Cell<Option<SpanId>> = const { Cell::new(None) };
    static START: Cell<u64> = const { Cell::new(0) };
    static CALLSITE: Cell<Option<&'static Callsite>> = const { Cell::new(None) };
}

/// Puts off the announcement of a child of the current span.
#[inline]
pub(crate) fn put_off(own: &Hot, parent: Option<SpanId>, start: u64, callsite: &'static Callsite) {
    make_up();
    let (high, low, span, bits) = own.words();
    HIGH.set(high);
    LOW.set(low);
    BITS.set(bits);
    PARENT.set(parent);
    START.set(start);
    CALLSITE.set(Some(callsite));
    SPAN.set(span);
}

/// Makes up for the announcement that was put off, if there is one.
#[inline]
pub(crate) fn make_up() {
    if SPAN.get() != 0 {
        make_up_for_one();
    }
}

#[cold]
#[inline(never)]
fn make_up_for_one() {
    let own = Hot::from_words(HIGH.get(), LOW.get(), SPAN.replace(0), BITS.get());
    if let Some(callsite) = CALLSITE.get() {
        announce(&own, PARENT.get(), START.get(), callsite, Worth::End);
    }
}

/// A future is polled first in this context: takes over the announcement of its span, if it was put off and begun in that
/// context. Returns the span's start and callsite; whoever takes them must write one record or the other.
#[inline]
pub(crate) fn take_over(own: &Hot, here: &Hot) -> Option<(u64, &'static Callsite)> {
    let span = SPAN.get();
    if span == 0 || own.span_id() != SpanId::from_u64(span) {
        return None;
    }
    if PARENT.get() != here.span_id() {
        make_up_for_one();
        return None;
    }
    SPAN.set(0);
    CALLSITE.get().map(|callsite| (START.get(), callsite))
}

/// Announces a child of this span. `false` if there is no memory for it.
///
/// What was put off has asked for memory when it began, and each thread has one such place: it is worth as much as an end.
#[inline]
pub(crate) fn announce(
    own: &Hot,
    parent: Option<SpanId>,
    start: u64,
    callsite: &'static Callsite,
    worth: Worth,
) -> bool {
    let Some((trace, span)) = own.ids() else { return false };
    let (kind, origin) = (callsite.span_kind(), Origin::Child);
    let (flags, pipeline) = (own.flags(), own.pipeline());
    let pushed =
        buffer::push(worth, || Record::Opened { kind, flags, origin, pipeline, trace, span, parent, start, callsite });
    switches::wake_lazily();
    pushed
}
