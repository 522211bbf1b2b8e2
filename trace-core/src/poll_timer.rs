//! Timing one poll of a span's future.

use std::cell::Cell;

use crate::buffer::{self, Worth};
use crate::context::Hot;
use crate::current_span::CurrentSpan;
use crate::poll_slots;
use crate::record::{Group, Record};
use crate::switches;

thread_local! {
    /// How many ticks the polls of spans have taken inside of the poll that is under way.
    static INSIDE: Cell<u64> = const { Cell::new(0) };
}

/// A poll that is under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PollTimer {
    start: u64,
    /// What polls had taken inside of the poll around this one.
    inside_before: u64,
    /// Whether those who look from outside see it.
    is_shown: bool,
    /// When its waker was called, zero where that is not known.
    woken: u64,
}

impl PollTimer {
    /// Of a poll that is not timed.
    pub(crate) const NONE: Self = Self { start: 0, inside_before: 0, is_shown: false, woken: 0 };

    /// Begins a poll. `woken` is when its waker was called, zero where that is not known.
    #[cold]
    #[inline(never)]
    pub(crate) fn start(hot: Hot, woken: u64) -> Self {
        let inside_before = INSIDE.replace(0);
        let start = switches::now(hot);
        Self { start, inside_before, is_shown: poll_slots::begin(hot, start), woken }
    }

    /// Writes the poll down.
    #[cold]
    #[inline(never)]
    pub(crate) fn finish(self, hot: Hot) {
        let Self { start, inside_before, is_shown, woken } = self;
        let end = switches::now(hot);
        if is_shown {
            poll_slots::end();
        }
        let nested = INSIDE.replace(inside_before.saturating_add(end.saturating_sub(start)));
        let Some((trace, span)) = hot.ids() else { return };
        let pipeline = hot.pipeline();
        if !buffer::push(Worth::Poll, || Record::Poll { pipeline, trace, span, start, end, nested, woken }) {
            CurrentSpan { hot }.tell_of_loss(Group::Polls);
        }
    }
}
