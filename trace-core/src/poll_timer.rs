//! Timing one poll of a span's future.

use std::cell::Cell;

use crate::budget::Worth;
use crate::buffer;
use crate::current_span::CurrentSpan;
use crate::hot::Hot;
use crate::poll_slots;
use crate::record::{Group, Record, ShortPoll};
use crate::switches;
use crate::wake_up::WakeUp;

thread_local! {
    /// How many ticks the polls of spans have taken inside of the poll that is under way.
    static INSIDE: Cell<u64> = const { Cell::new(0) };
}

/// A poll that is under way. Two words, so that they go from register to register.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PollTimer {
    start: u64,
    /// What polls had taken inside of the poll around this one, and in the highest bit, which no number of ticks needs, whether
    /// those who look from outside see this one.
    inside_before: u64,
}

const IS_SHOWN: u64 = 1 << 63;

impl PollTimer {
    /// Begins a poll.
    #[inline]
    pub(crate) fn start(hot: &Hot) -> Self {
        let inside_before = INSIDE.replace(0);
        let start = switches::now(*hot);
        let shown = if poll_slots::begin(*hot, start) { IS_SHOWN } else { 0 };
        Self { start, inside_before: inside_before & !IS_SHOWN | shown }
    }

    /// Ends the poll.
    #[inline]
    pub(crate) fn stop(self, hot: &Hot) -> TimedPoll {
        let Self { start, inside_before } = self;
        let end = switches::now(*hot);
        if inside_before & IS_SHOWN != 0 {
            poll_slots::end();
        }
        let ticks = end.saturating_sub(start);
        let nested = INSIDE.replace((inside_before & !IS_SHOWN).saturating_add(ticks));
        TimedPoll { start, end, nested }
    }
}

/// A poll that is over. Times are ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimedPoll {
    start: u64,
    pub(crate) end: u64,
    nested: u64,
}

impl TimedPoll {
    /// Its short form, if it has one.
    #[inline]
    pub(crate) fn short(&self, wake: WakeUp) -> Option<ShortPoll> {
        ShortPoll::new(self.end.saturating_sub(self.start), self.nested, wake)
    }

    /// Writes it down, with the wake-up that led to it.
    #[inline]
    pub(crate) fn write(self, hot: &Hot, wake: WakeUp) {
        let Some(poll) = self.short(wake) else { return self.write_at_length(hot, wake) };
        let Some((trace, span)) = hot.ids() else { return };
        let (pipeline, start) = (hot.pipeline(), self.start);
        if !buffer::push(Worth::Poll, || Record::Poll { pipeline, trace, span, start, poll }) {
            CurrentSpan { hot: *hot }.tell_of_loss(Group::Polls);
        }
    }

    /// The same at full length, and without a word of who woke it: where it took long, and where that is seldom asked for.
    #[cold]
    #[inline(never)]
    pub(crate) fn write_at_length(self, hot: &Hot, wake: WakeUp) {
        let Some((trace, span)) = hot.ids() else { return };
        let (pipeline, woken, Self { start, end, nested }) = (hot.pipeline(), wake.at, self);
        if !buffer::push(Worth::Poll, || Record::LongPoll { pipeline, trace, span, start, end, nested, woken }) {
            CurrentSpan { hot: *hot }.tell_of_loss(Group::Polls);
        }
    }
}
