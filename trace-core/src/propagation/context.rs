//! A whole context as a value.

use std::future::Future;

use crate::baggage::Baggage;
use crate::cargo::{self, Cargo, Mark, SharedCargo};
use crate::context::{self, Carry};
use crate::future::{InSpan, in_context};
use crate::hot::{Hot, State};
use crate::plan::{PlannedCargo, PlannedParent};
use crate::span::{Parent, Span};
use crate::span_context::SpanContext;
use crate::trace_state::TraceState;

/// A whole context: the identity of a span, the trace state and the baggage. It can go to another thread.
///
/// [`CurrentSpan`](crate::CurrentSpan) is the smaller handle, `Copy`, without what travels.
///
/// ```
/// use trace_core::{Baggage, Context, current_baggage};
///
/// let tenant: Baggage = "tenant=42".parse()?;
/// Context::current().with_baggage(tenant).in_scope(|| {
///     assert_eq!(current_baggage().get("tenant").as_deref(), Some("42"));
/// });
/// assert!(current_baggage().is_empty());
/// # Ok::<(), trace_core::BaggageError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Context {
    pub(crate) carry: Carry,
    /// The span, where it is one of elsewhere.
    elsewhere: Option<SpanContext>,
}

impl Context {
    /// The context of this task, or of this thread outside of a traced task.
    #[must_use]
    pub fn current() -> Self {
        Self { carry: Carry::current(), elsewhere: None }
    }

    pub(crate) const fn of_elsewhere(span: Option<SpanContext>, cargo: SharedCargo) -> Self {
        Self { carry: Carry { hot: Hot::NONE, cargo }, elsewhere: span }
    }

    /// The identity of the span; `None` where there is no span.
    #[must_use]
    pub fn span_context(&self) -> Option<SpanContext> {
        self.elsewhere.or_else(|| self.carry.hot.span_context())
    }

    /// What the systems along the trace's way say of it.
    #[must_use]
    pub fn trace_state(&self) -> &TraceState {
        let trace = self.span_context().map(|span| span.trace_id());
        cargo::state_of(&self.carry.cargo, trace)
    }

    /// What the program sends along.
    #[must_use]
    pub fn baggage(&self) -> &Baggage {
        cargo::baggage_of(&self.carry.cargo)
    }

    /// The same with this baggage.
    #[must_use]
    pub fn with_baggage(mut self, baggage: Baggage) -> Self {
        let before = self.carry.cargo.as_deref().cloned().unwrap_or_default();
        self.carry.cargo = Cargo { baggage, ..before }.share();
        self
    }

    /// The same with this trace state; of no effect where there is no span.
    #[must_use]
    pub fn with_trace_state(mut self, state: TraceState) -> Self {
        if let Some(span) = self.span_context() {
            let mark = self.mark();
            let baggage = self.baggage().clone();
            self.carry.cargo = Cargo { trace: Some(span.trace_id()), state, mark, baggage }.share();
        }
        self
    }

    pub(crate) fn mark(&self) -> Mark {
        cargo::mark_of(&self.carry.cargo, self.span_context().map(|span| span.trace_id()))
    }

    /// Runs `body` in this context.
    pub fn in_scope<R>(self, body: impl FnOnce() -> R) -> R {
        context::with_carry(self.installable(), body)
    }

    /// What is made a thread's context: a span of elsewhere is nobody's to record, only its identity travels.
    fn installable(self) -> Carry {
        let Self { mut carry, elsewhere } = self;
        if let Some(span) = elsewhere {
            let here = context::current();
            let hot = Hot::of_span(span, State::None, here.pipeline(), false);
            carry.hot = if here.is_suppressed() { hot.suppressed() } else { hot };
        }
        carry
    }
}

impl From<Context> for Parent {
    fn from(context: Context) -> Self {
        let span = match (context.elsewhere, context.carry.hot.span_id()) {
            (Some(span), _) => PlannedParent::Context(span),
            (None, Some(_)) => PlannedParent::Span(context.carry.hot),
            (None, None) => PlannedParent::None,
        };
        Self::new(span, PlannedCargo::Own(context.carry.cargo))
    }
}

/// The context inside of a span.
impl From<&Span> for Context {
    fn from(span: &Span) -> Self {
        Self { carry: Carry { hot: span.handle().hot, cargo: span.cargo().clone() }, elsewhere: None }
    }
}

impl From<&Context> for Parent {
    fn from(context: &Context) -> Self {
        Self::from(context.clone())
    }
}

/// What a future can do with a [`Context`].
pub trait ContextExt: Future + Sized {
    /// Runs the future in this context, wherever it is polled.
    ///
    /// ```
    /// use trace_core::{Context, ContextExt, current_baggage};
    ///
    /// # futures::executor::block_on(async {
    /// let context = Context::current().with_baggage("tenant=42".parse().unwrap());
    /// let tenant = async { current_baggage().get("tenant").as_deref() == Some("42") };
    /// assert!(tenant.in_context(context).await);
    /// # });
    /// ```
    fn in_context(self, context: Context) -> InSpan<Self> {
        in_context(context.installable(), self)
    }
}

impl<F: Future> ContextExt for F {}

/// The baggage of the current context.
#[must_use]
pub fn current_baggage() -> Baggage {
    cargo::baggage_of(&context::cargo()).clone()
}

/// The trace state of the current span.
#[must_use]
pub fn current_trace_state() -> TraceState {
    cargo::state_of(&context::cargo(), context::current().trace_id()).clone()
}
