//! Taking the context along: to another thread, a pool, a task.

use std::future::Future;
use std::thread;

use crate::cargo;
use crate::carried::Carried;
use crate::context::{self, Carry};
use crate::future::{FutureExt, InSpan};
use crate::name::SpanName;
use crate::span::{Span, span};
use crate::span_data::Link;
use crate::start;
use crate::visit::run_in;

/// What work that leaves its scope has to do with the span it leaves.
///
/// | mode | its spans are | when |
/// |---|---|---|
/// | [`child`](Handoff::child) | children of the current span | the scope waits for the work, or wants to see it |
/// | [`linked_root`](Handoff::linked_root) | below a new root, in a trace of its own, linked to the current span | the work outlives the request that caused it |
/// | [`detached`](Handoff::detached) | roots of their own | the work has nothing to do with who started it: a pool, a refresher |
///
/// The mode is decided at the call, whatever thread or task runs the work and when. With the feature `tokio` it has methods
/// that spawn as well.
///
/// ```
/// use trace_core::{Handoff, current_span, in_scope};
///
/// let (outer, inner) = in_scope("request", || {
///     let work = Handoff::child().wrap(|| current_span().span_id());
///     (current_span().span_id(), std::thread::spawn(work).join().unwrap())
/// });
/// assert_eq!(outer, inner);
/// ```
#[derive(Debug)]
#[must_use = "it only says how; a method does it"]
pub struct Handoff {
    mode: Mode,
}

#[derive(Debug)]
enum Mode {
    Context(Carry),
    Span(Span),
}

impl Handoff {
    /// Its spans are children of the span that is current at this call.
    #[inline]
    pub fn child() -> Self {
        Self { mode: Mode::Context(Carry::current()) }
    }

    /// It runs in a new root span of this name, in a trace of its own, that is linked to the current span.
    ///
    /// ```
    /// use trace_core::{Handoff, capture, in_scope};
    ///
    /// let captured = capture(|| in_scope("request", || Handoff::linked_root("audit").wrap(|| ())()));
    /// let audit = captured.spans().find(|span| span.name() == "audit").unwrap();
    /// let request = captured.spans().find(|span| span.name() == "request").unwrap();
    /// assert_eq!(audit.parent_id(), None);
    /// assert_eq!(audit.links().next().unwrap().context().span_id(), request.span_id());
    /// ```
    #[track_caller]
    pub fn linked_root(name: impl Into<SpanName>) -> Self {
        let root = span(name).root();
        let current = context::current().span_context();
        let state = || cargo::state_of(&context::cargo(), current.map(|current| current.trace_id())).clone();
        let root = current.into_iter().fold(root, |root, current| root.link(Link::new(current).trace_state(state())));
        Self { mode: Mode::Span(root.start()) }
    }

    /// Its spans begin traces of their own.
    ///
    /// ```
    /// use trace_core::{Handoff, current_span, in_scope};
    ///
    /// in_scope("request", || {
    ///     let refresh = Handoff::detached().wrap(|| current_span().span_id());
    ///     assert_eq!(refresh(), None);
    /// });
    /// ```
    pub fn detached() -> Self {
        Self { mode: Mode::Context(Carry::bare(start::detached_context())) }
    }

    /// It runs in this span, and ends it.
    ///
    /// ```
    /// use trace_core::{Handoff, Span, capture, in_scope};
    ///
    /// let captured = capture(|| {
    ///     in_scope("request", || Handoff::span(Span::new("part")).thread(|| 7).join().unwrap())
    /// });
    /// trace_core::assert_tree!(captured.trace()?, "
    ///     request
    ///       part
    /// ");
    /// # Ok::<(), trace_core::CaptureError>(())
    /// ```
    pub fn span(span: Span) -> Self {
        Self { mode: Mode::Span(span) }
    }

    /// A future that takes the context along.
    ///
    /// ```
    /// use trace_core::{Handoff, current_span, in_scope};
    ///
    /// let (id, future) = in_scope("request", || {
    ///     (current_span().span_id(), Handoff::child().future(async { current_span().span_id() }))
    /// });
    /// assert_eq!(futures::executor::block_on(future), id);
    /// ```
    pub fn future<F: Future>(self, future: F) -> InSpan<F> {
        match self.mode {
            Mode::Context(carry) => crate::future::in_context(carry, future),
            Mode::Span(span) => future.in_span(span),
        }
    }

    /// A closure that takes the context along, for any thread pool.
    pub fn wrap<R>(self, body: impl FnOnce() -> R) -> impl FnOnce() -> R {
        let carried = self.carried();
        move || run_in(carried, body)
    }

    /// Starts a thread that takes the context along. See [`std::thread::spawn`].
    ///
    /// # Panics
    ///
    /// If the system has no thread to give, as [`std::thread::spawn`] does.
    pub fn thread<R: Send + 'static>(self, body: impl FnOnce() -> R + Send + 'static) -> thread::JoinHandle<R> {
        thread::spawn(self.wrap(body))
    }

    /// Starts a scoped thread that takes the context along. See [`std::thread::Scope::spawn`].
    ///
    /// ```
    /// use trace_core::{Handoff, current_span, in_scope};
    ///
    /// let parts = [1, 2, 3];
    /// in_scope("sum", || {
    ///     let id = current_span().span_id();
    ///     std::thread::scope(|scope| {
    ///         Handoff::child().scoped(scope, || assert_eq!((parts.len(), current_span().span_id()), (3, id)));
    ///     });
    /// });
    /// ```
    ///
    /// # Panics
    ///
    /// If the system has no thread to give, as [`std::thread::Scope::spawn`] does.
    pub fn scoped<'scope, R: Send + 'scope>(
        self,
        scope: &'scope thread::Scope<'scope, '_>,
        body: impl FnOnce() -> R + Send + 'scope,
    ) -> thread::ScopedJoinHandle<'scope, R> {
        scope.spawn(self.wrap(body))
    }

    fn carried(self) -> Carried {
        match self.mode {
            Mode::Context(carry) => Carried::context(carry),
            Mode::Span(span) => Carried::of(span),
        }
    }
}

/// A closure that runs in the span that is current at this call, wherever it is called, as often as it is called.
///
/// For pools that call a closure several times, such as rayon's parallel iterators. For a closure that is called once,
/// [`Handoff::wrap`] can begin a span of its own as well.
///
/// ```
/// use trace_core::{current_span, in_current_span, in_scope};
///
/// in_scope("request", || {
///     let id = current_span().span_id();
///     let work = in_current_span(move |part: u32| (part, current_span().span_id() == id));
///     std::thread::scope(|scope| {
///         scope.spawn(|| assert_eq!(work(1), (1, true)));
///         scope.spawn(|| assert_eq!(work(2), (2, true)));
///     });
/// });
/// ```
pub fn in_current_span<A, R>(body: impl Fn(A) -> R) -> impl Fn(A) -> R {
    let carrier = Carried::context(Carry::current());
    move |argument| carrier.lend(|| body(argument))
}

/// Runs `body` without recording anything that is started in it: for the work of an exporter on threads of its own.
///
/// ```
/// use trace_core::{capture, in_scope, suppressed};
///
/// let captured = capture(|| suppressed(|| in_scope("sending spans", || 7)));
/// assert_eq!((captured.value, captured.spans().count()), (7, 0));
/// ```
pub fn suppressed<R>(body: impl FnOnce() -> R) -> R {
    context::with(context::current().without_span().suppressed(), body)
}

/// Drives `future` with an executor that polls other tasks as well, such as `block_on` or `LocalSet::run_until`, so that the
/// current context is that of `future` alone.
///
/// An executor that is driven inside a span polls its other tasks inside that span, too. Here the thread's context is
/// cleared around `drive`, and put back around each poll of the future that `drive` is given.
///
/// ```
/// use trace_core::{current_span, drive, in_scope};
///
/// in_scope("main", || {
///     let id = current_span().span_id();
///     let inside = drive(async { current_span().span_id() }, |root| futures::executor::block_on(root));
///     assert_eq!(inside, id);
/// });
/// ```
pub fn drive<F: Future, R>(future: F, drive: impl FnOnce(InSpan<F>) -> R) -> R {
    let root = future.in_current_span();
    context::with(context::current().without_span(), || drive(root))
}
