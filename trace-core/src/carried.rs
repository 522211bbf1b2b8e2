//! A context that is carried from poll to poll, and what has to be written when it is let go.
//!
//! What carries one makes it the thread's before each poll and puts the thread's back afterwards, also when the poll panics, and
//! does the same while what is inside is dropped. It keeps its own ids apart from the context that a poll left behind: a guard
//! held over an `.await` is still current when the next poll begins, and whose span ends here never depends on it.

use std::mem::needs_drop;

use crate::callsite::Callsite;
use crate::cargo::SharedCargo;
use crate::cargo_frames::{self, Frame};
use crate::carrier;
use crate::context::{self, Carry};
use crate::current_span::CurrentSpan;
use crate::hot::{Hot, State};
use crate::plan::Role;
use crate::span::Span;
use crate::start;
use crate::status::Outcome;
use crate::switches;
use crate::telling;
use crate::unannounced;
use crate::wake_timer::Wakes;

/// A context that is carried from poll to poll, and what has to be written when it is let go.
#[derive(Debug)]
pub(crate) struct Carried {
    pub(crate) own: Hot,
    /// What the next poll finds, where that is not its own context without cargo. Empty during a poll.
    pub(crate) left: Option<Box<Left>>,
    role: CarriedRole,
    pub(crate) phase: Phase,
    /// Whether a future that is done owns nothing any more.
    is_emptied: bool,
}

/// A context between two polls.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) hot: Hot,
    pub(crate) cargo: Vec<Frame>,
    kind: LeftKind,
    /// What is the thread's again when the future has been dropped.
    thread: Hot,
    /// Its wakers, where wake-ups are timed.
    pub(crate) wakes: Option<Wakes>,
}

impl Left {
    /// In a box, as few have one.
    pub(crate) fn boxed(hot: Hot, cargo: Vec<Frame>, kind: LeftKind) -> Box<Self> {
        Box::new(Self { hot, cargo, kind, thread: Hot::NONE, wakes: None })
    }

    /// Whether it is needed as long as the future.
    const fn stays(&self) -> bool {
        matches!(self.kind, LeftKind::Cargo) || self.wakes.is_some()
    }
}

/// Why something is kept between two polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftKind {
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
pub(crate) enum Phase {
    Unpolled,
    Polled,
    Done,
    /// It is done, and what its destructor says belongs to the trace, which is kept open for that.
    Lingering,
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

    /// Whether it carries a span of its own.
    #[inline]
    pub(crate) const fn is_span(&self) -> bool {
        matches!(self.role, CarriedRole::Span)
    }

    /// Whether it carries a context in which nothing is recorded, and nothing else.
    #[inline]
    pub(crate) const fn is_unrecorded(&self) -> bool {
        matches!(self.role, CarriedRole::Context) && self.left.is_none()
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
    pub(crate) fn mark_dropping(&self, thread: Hot) {
        let how = self.own.is_dropped_in(thread);
        if self.is_span() {
            telling::tell_of_drop(self.own, how);
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
            Phase::Lingering => return carrier::close(self.own),
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
    pub(crate) fn end_by_drop(&self) -> End {
        match self.phase {
            Phase::Unpolled => End::Dropped(Outcome::NeverPolled),
            Phase::Polled => End::Dropped(Outcome::Cancelled),
            Phase::Done | Phase::Lingering | Phase::Dropping(_) | Phase::DroppingDone => End::Done,
        }
    }

    /// Whether its end is written.
    #[cfg_attr(not(feature = "futures"), expect(dead_code, reason = "streams alone are polled after their end"))]
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.phase, Phase::Done | Phase::Lingering)
    }

    /// Keeps the trace open until this is dropped. Returns whether that is needed.
    pub(crate) fn keep_open(&self) -> bool {
        self.own.is_sampled() && carrier::open(self.own)
    }

    /// Goes on where the last visit left.
    #[cold]
    #[inline(never)]
    pub(crate) fn resume(&mut self, mut left: Box<Left>) -> Hot {
        let thread = context::resume(left.hot, &mut left.cargo);
        if left.stays() {
            // Unless this poll leaves something else.
            left.hot = self.own;
            self.left = Some(left);
        }
        thread
    }

    /// Ends it, if it has not ended.
    #[inline(never)]
    pub(crate) fn end(&mut self, end: End) {
        if !matches!(self.phase, Phase::Done | Phase::Lingering) {
            self.phase = Phase::Done;
            self.write_end(end.outcome());
        }
    }

    /// Writes down how it ended.
    fn write_end(&self, outcome: Outcome) {
        match self.role {
            CarriedRole::Span => telling::write_ended(self.own, outcome, switches::now(self.own)),
            CarriedRole::Carrier => carrier::close(self.own),
            CarriedRole::Nothing | CarriedRole::Context => {}
        }
    }
}

/// How a visit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
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
    pub(crate) const fn outcome(self) -> Outcome {
        match self {
            Self::Panicked => Outcome::Panicked,
            Self::Pending | Self::Ready | Self::Done => Outcome::Ok,
            Self::Failed => Outcome::Error,
            Self::Dropped(outcome) => outcome,
        }
    }
}

impl Drop for Carried {
    #[inline]
    fn drop(&mut self) {
        if self.phase != Phase::Done && !self.is_nothing() {
            self.end_drop();
        }
    }
}
