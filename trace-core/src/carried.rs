//! A context that is carried from poll to poll, and what has to be written when it is let go.
//!
//! What carries one makes it the thread's before each poll and puts the thread's back afterwards, also when the poll panics, and
//! does the same while what is inside is dropped. It keeps its own ids apart from the context that a poll left behind: a guard
//! held over an `.await` is still current when the next poll begins, and whose span ends here never depends on it.

use std::mem::needs_drop;
use std::task::{self, Waker};

use crate::budget::Worth;
use crate::callsite::Callsite;
use crate::cargo::SharedCargo;
use crate::cargo_frames::{self, Frame};
use crate::carrier;
use crate::context::{self, Carry, Hot, State};
use crate::current_span::CurrentSpan;
use crate::id::SpanId;
use crate::poll_timer::PollTimer;
use crate::span::Span;
use crate::start::{self, Role};
use crate::status::Outcome;
use crate::switches;
use crate::unannounced;
use crate::wake_timer::Wakes;
use crate::wake_up::WakeUp;

/// What to poll with: the waker that notes when it is called, if there is one, else that of the executor.
#[inline(always)]
#[cfg_attr(not(feature = "futures"), expect(dead_code, reason = "futures alone borrow their waker"))]
pub(crate) fn woken_by<'a>(waker: &'a Option<Waker>, cx: &'a task::Context<'_>) -> task::Context<'a> {
    task::Context::from_waker(waker.as_ref().unwrap_or_else(|| cx.waker()))
}

/// A context that is carried from poll to poll, and what has to be written when it is let go.
#[derive(Debug)]
pub(crate) struct Carried {
    own: Hot,
    /// What the next poll finds, where that is not its own context without cargo. Empty during a poll.
    left: Option<Box<Left>>,
    role: CarriedRole,
    phase: Phase,
    /// Whether a future that is done owns nothing any more.
    is_emptied: bool,
}

/// A context between two polls.
#[derive(Debug)]
struct Left {
    hot: Hot,
    cargo: Vec<Frame>,
    kind: LeftKind,
    /// What is the thread's again when the future has been dropped.
    thread: Hot,
    /// Its wakers, where wake-ups are timed.
    wakes: Option<Wakes>,
}

impl Left {
    fn boxed(hot: Hot, cargo: Vec<Frame>, kind: LeftKind) -> Box<Self> {
        Box::new(Self { hot, cargo, kind, thread: Hot::NONE, wakes: None })
    }

    /// Whether it is needed as long as the future.
    const fn stays(&self) -> bool {
        matches!(self.kind, LeftKind::Cargo) || self.wakes.is_some()
    }
}

/// Why something is kept between two polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LeftKind {
    /// The future was given cargo.
    Cargo,
    /// A poll left a scope open.
    Scopes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CarriedRole {
    /// Nothing is on and nothing was there: polls go straight through.
    Nothing,
    /// There is a context without a recorded span in it.
    Context,
    /// The context is that of a recorded span which somebody else ends.
    Carrier,
    /// The span is ours to end.
    Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Unpolled,
    Polled,
    Done,
    /// Its context is the thread's while the unfinished future is dropped. Then it ends like this.
    Dropping(Outcome),
    /// The same where no end has to be written: in place of its own context stands what is the thread's afterwards.
    DroppingDone,
}

impl Carried {
    const fn new(own: Hot, role: CarriedRole) -> Self {
        Self { own: own.to_keep(), left: None, role, phase: Phase::Unpolled, is_emptied: false }
    }

    /// Carries a span, which ends with the last visit.
    #[inline]
    pub(crate) fn of(span: Span) -> Self {
        let (Carry { hot, cargo }, role) = span.into_parts();
        match role {
            _ if cargo.is_some() => Self::of_loaded(hot, cargo, role),
            Role::Nothing => Self::nothing(),
            Role::Ended | Role::Closed => Self::span(hot),
            Role::Context if hot.state() < State::Sampled && hot.span_id().is_some() => {
                Self::new(hot, CarriedRole::Context)
            }
            Role::Context => Self::context(Carry::bare(hot)),
        }
    }

    /// Carries a child of the current span, which must be [announced](Self::announce). `None` where that is not all there is
    /// to it.
    #[inline]
    pub(crate) fn begin(callsite: &'static Callsite) -> Option<Self> {
        start::plain_child(callsite).filter(|own| !own.is_loaded()).map(Self::span)
    }

    /// Carries a span, or what there is instead, around an `async` block.
    #[inline(never)]
    pub(crate) fn begin_at_length(callsite: &'static Callsite) -> Self {
        let hot = context::current();
        let is_unrecorded = matches!(hot.state(), State::Unsampled | State::PassThrough);
        if is_unrecorded && hot.span_id().is_some() && !hot.is_loaded() {
            return Self::new(hot, CarriedRole::Context).around_block();
        }
        Self::of(Span::at(callsite)).around_block()
    }

    /// Announces a span that began with [`Self::begin`], now or when it is [known to be needed](crate::unannounced).
    ///
    /// That reads the clock, and meanwhile what was just written becomes memory: the wrapper is moved to its place in pieces
    /// wider than those it was written in, and a processor makes such a move wait, some 4 ns each time, for what is still on
    /// its way. By a profile these waits were a quarter of what an awaited function cost.
    #[inline]
    pub(crate) fn announce(&mut self, callsite: &'static Callsite) {
        if !start::announce_later(&self.own, callsite) {
            self.begin_again(callsite);
        }
    }

    #[cold]
    #[inline(never)]
    fn begin_again(&mut self, callsite: &'static Callsite) {
        self.role = CarriedRole::Nothing;
        let is_emptied = self.is_emptied;
        *self = Self::of(Span::at_length(callsite));
        self.is_emptied = is_emptied;
    }

    #[cold]
    #[inline(never)]
    fn of_loaded(hot: Hot, cargo: SharedCargo, role: Role) -> Self {
        match role {
            Role::Ended | Role::Closed => Self::span(hot).with(cargo),
            Role::Nothing | Role::Context => Self::context(Carry { hot, cargo }),
        }
    }

    /// The same with this cargo.
    #[inline(always)]
    fn with(self, cargo: SharedCargo) -> Self {
        if cargo.is_some() { self.with_some(cargo) } else { self }
    }

    #[cold]
    #[inline(never)]
    fn with_some(mut self, cargo: SharedCargo) -> Self {
        self.left = Some(Left::boxed(self.own, vec![Frame::first(cargo)], LeftKind::Cargo));
        self
    }

    pub(crate) const fn nothing() -> Self {
        Self::new(Hot::NONE, CarriedRole::Nothing)
    }

    const fn span(own: Hot) -> Self {
        Self::new(own, CarriedRole::Span)
    }

    /// Carries a context out of its scope, and announces that if the trace is recorded.
    #[inline(never)]
    pub(crate) fn context(carry: Carry) -> Self {
        let hot = carry.hot;
        if hot.is_sampled() {
            return Self::carrier(hot).with(carry.cargo);
        }
        // What is polled inside of a context that passes through here must be kept apart from it.
        let is_nothing = |hot: Hot| hot.to_keep() == Hot::NONE && !switches::is_on(hot.pipeline());
        let is_nothing = is_nothing(hot) && carry.cargo.is_none() && is_nothing(context::current());
        if is_nothing { Self::nothing() } else { Self::new(hot, CarriedRole::Context).with(carry.cargo) }
    }

    fn carrier(hot: Hot) -> Self {
        Self::new(hot.lent(), if carrier::open(hot) { CarriedRole::Carrier } else { CarriedRole::Context })
    }

    /// A handle to the span that it carries.
    pub(crate) const fn handle(&self) -> CurrentSpan {
        CurrentSpan { hot: self.own }
    }

    /// Whether there is no context to make current and nothing to write.
    #[inline]
    pub(crate) fn is_nothing(&self) -> bool {
        self.role == CarriedRole::Nothing
    }

    /// Around an `async` block, which has dropped everything when it is done.
    #[inline]
    pub(crate) const fn around_block(mut self) -> Self {
        self.is_emptied = true;
        self
    }

    /// Makes its context the thread's until this is dropped itself, right after the future of this type that it is around.
    ///
    /// So the future needs no place that it can be taken out of. A future that is done and owns nothing is passed over:
    /// nobody would notice.
    #[inline]
    pub(crate) fn before_drop_of<F>(&mut self) {
        let owns = self.phase != Phase::Done || needs_drop::<F>() && !self.is_emptied;
        if owns && !self.is_nothing() {
            self.begin_drop();
        }
    }

    #[inline(never)]
    fn begin_drop(&mut self) {
        unannounced::make_up();
        let end = self.end_by_drop();
        let thread = match self.left.take() {
            None => context::visit(self.own),
            Some(left) => self.resume(left),
        };
        if end != End::Done {
            self.mark_dropping(thread);
        }
        let outcome = match end {
            End::Dropped(outcome) if self.role != CarriedRole::Context => outcome,
            _ => {
                (self.own, self.phase) = (thread, Phase::DroppingDone);
                return;
            }
        };
        let own = self.own;
        self.left.get_or_insert_with(|| Left::boxed(own, Vec::new(), LeftKind::Scopes)).thread = thread;
        self.phase = Phase::Dropping(outcome);
    }

    /// Says that it is being dropped before it was done, and to its span how: this was the thread's context before.
    fn mark_dropping(&self, thread: Hot) {
        let how = self.own.is_dropped_in(thread);
        if self.role == CarriedRole::Span {
            start::tell_of_drop(self.own, how);
            context::mark_dropping(None);
        } else {
            context::mark_dropping(Some(how));
        }
    }

    /// The other end of [`Self::begin_drop`], or of a life without a poll.
    #[inline(never)]
    fn end_drop(&mut self) {
        unannounced::make_up();
        let thread = match self.phase {
            Phase::Done => return,
            // A closure that was never called.
            Phase::Unpolled | Phase::Polled => return self.write_end(Outcome::NeverPolled),
            Phase::Dropping(outcome) => {
                self.write_end(outcome);
                self.left.as_ref().map_or(Hot::NONE, |left| left.thread)
            }
            Phase::DroppingDone => self.own,
        };
        if context::come_back(&thread).is_loaded() {
            cargo_frames::take(&mut Vec::new());
        }
    }

    /// How it ends if it is dropped now.
    fn end_by_drop(&self) -> End {
        match self.phase {
            Phase::Unpolled => End::Dropped(Outcome::NeverPolled),
            Phase::Polled => End::Dropped(Outcome::Cancelled),
            Phase::Done | Phase::Dropping(_) | Phase::DroppingDone => End::Done,
        }
    }

    /// Whether its end is written.
    #[cfg_attr(not(feature = "futures"), expect(dead_code, reason = "streams alone are polled after their end"))]
    pub(crate) fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// Makes the context the thread's until the visit is closed, or dropped by a panic.
    #[inline]
    pub(crate) fn visit(&mut self) -> Visit<'_> {
        let known = if self.is_timed() { Known::Timer(self.start_timer(None)) } else { Known::Nothing };
        self.enter(End::Panicked, known)
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
        self.own.times_polls() && matches!(self.role, CarriedRole::Span)
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
            Some(short) => start::write_ended_in_poll(&self.own, end.outcome(), poll.end, short),
            None => {
                poll.write_at_length(&self.own, wake);
                start::write_ended(self.own, end.outcome(), poll.end);
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

    /// Goes on where the last visit left.
    #[cold]
    #[inline(never)]
    fn resume(&mut self, mut left: Box<Left>) -> Hot {
        let thread = context::resume(left.hot, &mut left.cargo);
        if left.stays() {
            // Unless this poll leaves something else.
            left.hot = self.own;
            self.left = Some(left);
        }
        thread
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

    /// Ends it, if it has not ended.
    #[inline(never)]
    fn end(&mut self, end: End) {
        if self.phase != Phase::Done {
            self.phase = Phase::Done;
            self.write_end(end.outcome());
        }
    }

    /// Ends a span of which nobody was told: all of it is written.
    #[inline(never)]
    fn end_unannounced(&mut self, end: End, parent: Option<SpanId>, start: u64, callsite: &'static Callsite) {
        self.phase = Phase::Done;
        let times = (start, switches::now(self.own));
        start::write_closed(self.own, parent, times, callsite.span_kind(), end.outcome(), callsite);
    }

    /// Writes down how it ended.
    fn write_end(&self, outcome: Outcome) {
        match self.role {
            CarriedRole::Span => start::write_ended(self.own, outcome, switches::now(self.own)),
            CarriedRole::Carrier => carrier::close(self.own),
            CarriedRole::Nothing | CarriedRole::Context => {}
        }
    }
}

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

/// How a visit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Nothing said so, so it unwinds.
    Panicked,
    /// There will be another poll.
    Pending,
    /// The future is ready.
    Ready,
    /// The future is ready, with an error.
    Failed,
    /// The future was dropped before it was done.
    Dropped(Outcome),
    /// The future was dropped after it was done.
    Done,
}

impl End {
    #[inline]
    const fn outcome(self) -> Outcome {
        match self {
            Self::Panicked => Outcome::Panicked,
            Self::Pending | Self::Ready | Self::Done => Outcome::Ok,
            Self::Failed => Outcome::Error,
            Self::Dropped(outcome) => outcome,
        }
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
            start::tell_of_open_guard(hot, self.carried.own);
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
    if carried.role == CarriedRole::Nothing {
        return body();
    }
    let mut visit = carried.visit();
    let result = body();
    visit.returned(true);
    result
}

impl Drop for Carried {
    #[inline]
    fn drop(&mut self) {
        if self.phase != Phase::Done && !self.is_nothing() {
            self.end_drop();
        }
    }
}
