//! Attributes of a span that nobody but its guard knows of.
//!
//! A sync span is written down when it ends, all of it in one record. Two numbers that its guard was given before anybody else
//! could [know](crate::untold) of it wait for that here, in this thread's one place for them, and are written down together
//! right before it: two records where there were three, and nothing to look up when they are read.
//!
//! They were said before everything else, so they need no tick: each is as of tick zero. A third one goes its own way, and
//! those of another span make these go ahead: the spans inside of one that has attributes have the place in turn.
//!
//! A builder's attributes wait here as well, if they are two at most and the span announces nothing; else they go
//! [right before](crate::telling::write_start) its announcement.

use std::cell::Cell;

use crate::budget::Worth;
use crate::buffer;
use crate::current_span::CurrentSpan;
use crate::hot::Hot;
use crate::record::{Group, Record};
use crate::scalar::{Pair, Scalar};

thread_local! {
    // Word by word, for the reason that the context is.
    static SPAN: Cell<u64> = const { Cell::new(0) };
    static HIGH: Cell<u64> = const { Cell::new(0) };
    static LOW: Cell<u64> = const { Cell::new(0) };
    static BITS: Cell<u64> = const { Cell::new(0) };
    static FIRST: Place = const { Place::new() };
    static SECOND: Place = const { Place::new() };
    /// Whether the second place is taken.
    static ARE_TWO: Cell<bool> = const { Cell::new(false) };
}

/// Where an attribute waits, likewise.
struct Place {
    key: Cell<&'static str>,
    scalar: Cell<Scalar>,
    bits: Cell<u64>,
}

impl Place {
    const fn new() -> Self {
        Self { key: Cell::new(""), scalar: Cell::new(Scalar::Bool), bits: Cell::new(0) }
    }

    #[inline(always)]
    fn set(&self, key: &'static str, scalar: Scalar, bits: u64) {
        self.key.set(key);
        self.scalar.set(scalar);
        self.bits.set(bits);
    }
}

/// Keeps an attribute of a span that nobody but its guard knows of. `false` if there is no place for it.
#[inline]
pub(crate) fn keep(own: &Hot, key: &'static str, scalar: Scalar, bits: u64) -> bool {
    let waiting = SPAN.get();
    if waiting == own.words().2 {
        let has_place = !ARE_TWO.replace(true);
        if has_place {
            SECOND.with(|place| place.set(key, scalar, bits));
        }
        has_place
    } else if waiting == 0 {
        keep_first(own, key, scalar, bits)
    } else {
        keep_after_others(own, key, scalar, bits)
    }
}

#[inline]
fn keep_first(own: &Hot, key: &'static str, scalar: Scalar, bits: u64) -> bool {
    let (high, low, span, flags) = own.words();
    HIGH.set(high);
    LOW.set(low);
    BITS.set(flags);
    FIRST.with(|place| place.set(key, scalar, bits));
    SPAN.set(span);
    true
}

/// Apart and called last, so that the others need not save a register for it.
#[cold]
#[inline(never)]
fn keep_after_others(own: &Hot, key: &'static str, scalar: Scalar, bits: u64) -> bool {
    go_ahead();
    keep_first(own, key, scalar, bits)
}

/// Keeps the attributes that a span begins with.
pub(crate) fn keep_pair(own: &Hot, pair: &Pair) {
    let scalars = [Some(pair.scalars.0), pair.scalars.1];
    for ((key, bits), scalar) in pair.keys.into_iter().zip(pair.bits).zip(scalars) {
        if let Some(scalar) = scalar {
            keep(own, key, scalar, bits);
        }
    }
}

/// Whether attributes of this span wait here. Asked of spans that are there.
#[inline]
pub(crate) fn has(own: &Hot) -> bool {
    own.words().2 == SPAN.get()
}

/// Writes down what waits of a span, and the record of the span itself right after it. Returns how many of what waits found no
/// memory, and whether the span found some.
#[inline]
pub(crate) fn write_with(own: &Hot, closed: impl Fn() -> Record) -> (usize, bool) {
    SPAN.set(0);
    let are_two = ARE_TWO.replace(false);
    let (Some(span), pipeline) = (own.span_id(), own.pipeline()) else { return (0, true) };
    let pair = || {
        FIRST.with(|first| {
            SECOND.with(|second| Record::Pair {
                scalar: first.scalar.get(),
                second: if are_two { Some(second.scalar.get()) } else { None },
                pipeline,
                span,
                keys: [first.key.get(), second.key.get()],
                bits: [first.bits.get(), second.bits.get()],
            })
        })
    };
    let (is_kept, is_written) = buffer::push_both((Worth::Detail, pair), (Worth::Span, closed));
    (if is_kept { 0 } else { 1 + usize::from(are_two) }, is_written)
}

/// Writes down what waits, long before its span.
fn go_ahead() {
    let own = Hot::from_words(HIGH.get(), LOW.get(), SPAN.replace(0), BITS.get());
    let are_two = ARE_TWO.replace(false);
    FIRST.with(|place| write_one(&own, place));
    if are_two {
        SECOND.with(|place| write_one(&own, place));
    }
}

fn write_one(own: &Hot, place: &Place) {
    let Some((trace, span)) = own.ids() else { return };
    let (pipeline, ticks, scalar) = (own.pipeline(), 0, place.scalar.get());
    let (key, bits) = (place.key.get(), place.bits.get());
    if !buffer::push(Worth::Detail, || Record::Scalar { scalar, pipeline, trace, span, ticks, key, bits }) {
        CurrentSpan { hot: *own }.tell_of_loss(Group::Attributes);
    }
}
