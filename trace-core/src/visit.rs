//! The time during which a carried context is the thread's: a poll, a call, a drop.

use std::task::{self, Waker};

use crate::budget::Worth;
use crate::callsite::Callsite;
use crate::cargo_frames;
use crate::carried::{Carried, End, Left, LeftKind, Phase};
use crate::context::{self, Carry};
use crate::hot::Hot;
use crate::id::SpanId;
use crate::poll_timer::PollTimer;
use crate::switches;
use crate::telling;
use crate::unannounced;
use crate::wake_timer::Wakes;
use crate::wake_up::WakeUp;

/// The time during which a carried context is the thread's.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    carried: &'a mut Carried,
    /// What was the thread's before.
    thread: Hot,
    /// How it ends if nothing is said.
    unwinds_as: End,
    known: Known,
    is_over: bool,
}

/// What is known at the beginning of a visit and needed at its end.
#[derive(Clone, Copy, Debug)]
enum Known {
    Nothing,
    /// The poll is timed.
    Timer(PollTimer),
    /// When the span began, and where in the code: nobody was told of it yet.
    Span(u64, &'static Callsite),
}

impl Carried {
    /// Makes the context the thread's until the visit is closed, or dropped by a panic.
    #[inline]
    pub(crate) fn visit(&mut self) -> Visit<'_> {
        let known = if self.is_timed() { Known::Timer(self.start_timer(None)) } else { Known::Nothing };
        self.enter(End::Panicked, known)
    }

    /// Whether a poll passes through here: nothing is recorded, and the thread is in this context anyway, as with every future that
    /// is awaited in a trace that was not sampled. [`Self::passed`] ends such a poll.
    #[inline]
    pub(crate) fn passes(&self) -> bool {
        self.is_nothing() || self.is_unrecorded() && context::current() == self.own
    }

    /// Ends a poll that [passed](Self::passes).
    #[inline]
    pub(crate) fn passed(&mut self, ready: bool) {
        if self.is_nothing() {
            return;
        }
        if context::current() == self.own {
            self.phase = if ready { Phase::Done } else { Phase::Polled };
        } else {
            self.returned_elsewhere(ready);
        }
    }

    /// The same where the poll left a scope open.
    #[cold]
    #[inline(never)]
    fn returned_elsewhere(&mut self, ready: bool) {
        let thread = self.own;
        Visit { thread, carried: self, unwinds_as: End::Panicked, known: Known::Nothing, is_over: false }
            .returned(ready);
    }

    /// The same for a poll of a future by this executor, with [`Visit::waker`].
    #[inline(always)]
    pub(crate) fn visit_with(&mut self, cx: &task::Context<'_>) -> Visit<'_> {
        let known = if self.is_timed() {
            // Whoever times polls announces at once.
            Known::Timer(self.start_timer(Some(cx)))
        } else if self.phase == Phase::Unpolled {
            let begun = unannounced::take_over(&self.own, &context::current());
            begun.map_or(Known::Nothing, |(start, callsite)| Known::Span(start, callsite))
        } else {
            Known::Nothing
        };
        self.enter(End::Panicked, known)
    }

    /// Whether its polls are timed.
    #[inline]
    pub(crate) const fn is_timed(&self) -> bool {
        self.own.times_polls() && self.is_span()
    }

    /// Words that go from register to register: what is stored in pieces and then copied as one costs a poll 4 ns each.
    #[inline(always)]
    fn enter(&mut self, unwinds_as: End, known: Known) -> Visit<'_> {
        let thread = context::current();
        match self.left.take() {
            None => context::visit(self.own),
            Some(left) => self.resume(left),
        };
        Visit { thread, carried: self, unwinds_as, known, is_over: false }
    }

    /// The same, to drop what is inside: a future that is not done is being cancelled.
    #[inline]
    #[cfg_attr(not(feature = "futures"), expect(dead_code, reason = "futures alone are dropped in place"))]
    pub(crate) fn visit_to_drop(&mut self) -> Visit<'_> {
        let end = self.end_by_drop();
        let visit = self.enter(end, Known::Nothing);
        if end != End::Done {
            visit.carried.mark_dropping(visit.thread);
        }
        visit
    }

    /// Makes the context the thread's while `body` runs, once of many times.
    pub(crate) fn lend<R>(&self, body: impl FnOnce() -> R) -> R {
        if self.is_nothing() {
            return body();
        }
        let cargo = self.left.as_ref().and_then(|left| left.cargo.last()).and_then(|frame| frame.cargo().clone());
        context::with_carry(Carry { hot: self.own, cargo }, || {
            let result = body();
            unannounced::make_up();
            result
        })
    }

    /// Ends a span of which nobody was told: all of it is written.
    #[inline(never)]
    fn end_unannounced(&mut self, end: End, parent: Option<SpanId>, start: u64, callsite: &'static Callsite) {
        self.phase = Phase::Done;
        let times = (start, switches::now(self.own));
        telling::write_closed(self.own, parent, times, callsite.span_kind(), end.outcome(), callsite);
    }

    /// Begins to time a poll; by the executor of this context, where nobody has prepared a waker for it.
    #[cold]
    #[inline(never)]
    fn start_timer(&mut self, cx: Option<&task::Context<'_>>) -> PollTimer {
        if self.own.times_wakes() {
            self.begin_wakes(cx);
        }
        PollTimer::start(&self.own)
    }

    #[cold]
    #[inline(never)]
    fn begin_wakes(&mut self, cx: Option<&task::Context<'_>>) {
        if let Some(cx) = cx {
            self.prepare_waker(cx);
        }
        if let Some(wakes) = self.wakes() {
            wakes.begin_poll();
        }
    }

    /// Ends a poll that was timed, after which there will be others.
    #[cold]
    #[inline(never)]
    fn pause_timed(&mut self, timer: PollTimer) {
        let wake = self.end_wakes();
        self.phase = Phase::Polled;
        timer.stop(&self.own).write(&self.own, wake);
    }

    /// Ends a poll that was timed, and what ends with it: both at one reading of the clock.
    #[cold]
    #[inline(never)]
    fn end_timed(&mut self, timer: PollTimer, end: End) {
        let wake = self.end_wakes();
        let poll = timer.stop(&self.own);
        if self.phase == Phase::Done {
            return poll.write_at_length(&self.own, wake);
        }
        self.phase = Phase::Done;
        match poll.short(wake) {
            Some(short) => telling::write_ended_in_poll(&self.own, end.outcome(), poll.end, short),
            None => {
                poll.write_at_length(&self.own, wake);
                telling::write_ended(self.own, end.outcome(), poll.end);
            }
        }
    }

    /// The wake-up that led to the present poll, which is over.
    #[inline]
    fn end_wakes(&mut self) -> WakeUp {
        if self.own.times_wakes() { self.end_wakes_that_are_timed() } else { WakeUp::UNKNOWN }
    }

    #[cold]
    #[inline(never)]
    fn end_wakes_that_are_timed(&mut self) -> WakeUp {
        let Some(wakes) = self.wakes() else { return WakeUp::UNKNOWN };
        wakes.end_poll();
        wakes.led_here()
    }

    fn wakes(&mut self) -> Option<&mut Wakes> {
        self.left.as_mut().and_then(|left| left.wakes.as_mut())
    }

    /// The waker to poll with, where wake-ups are timed.
    #[inline]
    #[cfg_attr(not(feature = "futures"), expect(dead_code, reason = "futures alone borrow their waker"))]
    pub(crate) fn waker(&mut self, cx: &task::Context<'_>) -> Option<Waker> {
        if self.is_timed() { self.prepare_waker(cx).cloned() } else { None }
    }

    #[cold]
    #[inline(never)]
    fn prepare_waker(&mut self, cx: &task::Context<'_>) -> Option<&Waker> {
        if !self.own.times_wakes() {
            return None;
        }
        let own = self.own;
        let left = self.left.get_or_insert_with(|| Left::boxed(own, Vec::new(), LeftKind::Scopes));
        Some(left.wakes.get_or_insert_with(|| Wakes::new(own)).prepare(cx.waker()))
    }
}

/// A visit is closed where it ends and not in a destructor, which is for panics: that keeps it out of memory, and a poll
/// takes 4 ns where it took 12.
impl Visit<'_> {
    /// The waker to poll with: ours where wake-ups are timed, else that of the executor.
    #[inline(always)]
    pub(crate) fn waker<'w>(&'w self, cx: &'w task::Context<'_>) -> &'w Waker {
        if let Known::Timer(_) = self.known { self.timed_waker(cx) } else { cx.waker() }
    }

    #[cold]
    #[inline(never)]
    fn timed_waker<'w>(&'w self, cx: &'w task::Context<'_>) -> &'w Waker {
        let left = self.carried.left.as_ref();
        left.and_then(|left| left.wakes.as_ref()?.waker()).unwrap_or_else(|| cx.waker())
    }

    /// Ends it: the poll returned.
    #[inline(always)]
    pub(crate) fn returned(&mut self, ready: bool) {
        self.close(if ready { End::Ready } else { End::Pending });
    }

    /// Ends it: what is inside came to its end and stays there until it is dropped.
    #[cfg_attr(not(feature = "futures"), expect(dead_code, reason = "futures are not kept when they are done"))]
    pub(crate) fn finished(&mut self, failed: bool) {
        let lingers = self.carried.keep_open();
        self.close(if failed { End::Failed } else { End::Ready });
        if lingers {
            self.carried.phase = Phase::Lingering;
        }
    }

    /// Ends it: the poll returned an error.
    #[inline]
    pub(crate) fn returned_error(&mut self) {
        self.close(End::Failed);
    }

    /// Ends it: what is inside was dropped.
    #[inline]
    #[cfg_attr(not(feature = "futures"), expect(dead_code, reason = "futures alone are dropped in place"))]
    pub(crate) fn dropped(&mut self) {
        self.close(self.unwinds_as);
    }

    #[inline(always)]
    fn close(&mut self, end: End) {
        self.is_over = true;
        unannounced::make_up();
        match (end, self.known) {
            (End::Pending, Known::Nothing) => self.carried.phase = Phase::Polled,
            (End::Pending, Known::Timer(timer)) => self.carried.pause_timed(timer),
            (End::Pending, Known::Span(start, callsite)) => self.announce(start, callsite),
            (_, Known::Nothing) => self.carried.end(end),
            (_, Known::Timer(timer)) => self.carried.end_timed(timer, end),
            (_, Known::Span(start, callsite)) => {
                self.carried.end_unannounced(end, self.thread.span_id(), start, callsite);
            }
        }
        let left = context::come_back(&self.thread);
        if left != self.carried.own {
            self.keep(left);
        }
    }

    /// Announces the span, which needs another poll.
    #[inline(never)]
    fn announce(&mut self, start: u64, callsite: &'static Callsite) {
        self.carried.phase = Phase::Polled;
        unannounced::announce(&self.carried.own, self.thread.span_id(), start, callsite, Worth::End);
    }

    /// Keeps what the poll left behind for the next one.
    #[cold]
    #[inline(never)]
    fn keep(&mut self, left: Hot) {
        let (hot, is_loaded) = (left.to_keep(), left.is_loaded());
        if hot == self.carried.own && !is_loaded {
            return;
        }
        if hot.is_sampled() && !hot.is_same_span(self.carried.own) {
            telling::tell_of_open_guard(hot, self.carried.own);
        }
        let new = || Left::boxed(hot, Vec::new(), LeftKind::Scopes);
        let left = self.carried.left.get_or_insert_with(new);
        left.hot = hot;
        if is_loaded {
            cargo_frames::take(&mut left.cargo);
        }
    }

    #[cold]
    #[inline(never)]
    fn unwind(&mut self) {
        self.close(self.unwinds_as);
    }
}

impl Drop for Visit<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_over {
            self.unwind();
        }
    }
}

/// Runs a closure in a context that was carried here, once, and lets the context go.
pub(crate) fn run_in<R>(mut carried: Carried, body: impl FnOnce() -> R) -> R {
    if carried.is_nothing() {
        return body();
    }
    let mut visit = carried.visit();
    let result = body();
    visit.returned(true);
    result
}

/// What to poll with: the waker that notes when it is called, if there is one, else that of the executor.
#[inline(always)]
#[cfg_attr(not(feature = "futures"), expect(dead_code, reason = "futures alone borrow their waker"))]
pub(crate) fn woken_by<'a>(waker: &'a Option<Waker>, cx: &'a task::Context<'_>) -> task::Context<'a> {
    task::Context::from_waker(waker.as_ref().unwrap_or_else(|| cx.waker()))
}
