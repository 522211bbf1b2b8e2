//! Spawning on tokio without losing the context.
//!
//! `tokio::spawn` alone starts a task without a context: its spans begin traces of their own. These functions take the
//! current span along; [`Handoff`] says the other ways.

use std::future::Future;

use tokio::runtime::{Handle, Runtime};
use tokio::task::{self, AbortHandle, JoinHandle, JoinSet, LocalSet};

use crate::handoff::{Handoff, drive};
use crate::span::Span;

/// Spawns a task whose spans are children of the span that is current at this call. See [`tokio::spawn`].
///
/// ```
/// use trace_core::{current_span, in_scope};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let id = in_scope("request", || {
///     let id = current_span().span_id();
///     let task = trace_core::spawn(async { current_span().span_id() });
///     async move { assert_eq!(task.await.unwrap(), id) }
/// }).await;
/// # });
/// ```
///
/// # Panics
///
/// Outside of a tokio runtime, as [`tokio::spawn`] does.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future<Output: Send + 'static> + Send + 'static,
{
    Handoff::child().spawn(future)
}

/// Runs a closure on the blocking pool, its spans children of the span that is current at this call.
/// See [`tokio::task::spawn_blocking`].
///
/// ```
/// use trace_core::{current_span, in_scope, spawn_blocking};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let (id, hashing) = in_scope("request", || {
///     (current_span().span_id(), spawn_blocking(|| current_span().span_id()))
/// });
/// assert_eq!(hashing.await.unwrap(), id);
/// # });
/// ```
///
/// # Panics
///
/// Outside of a tokio runtime, as [`tokio::task::spawn_blocking`] does.
#[track_caller]
pub fn spawn_blocking<R: Send + 'static>(body: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
    Handoff::child().spawn_blocking(body)
}

/// Spawns a task that need not be `Send`, its spans children of the span that is current at this call.
/// See [`tokio::task::spawn_local`].
///
/// ```
/// use std::rc::Rc;
/// use trace_core::{current_span, in_scope, spawn_local};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # let local = tokio::task::LocalSet::new();
/// # local.block_on(&runtime, async {
/// let shared = Rc::new(7);
/// let (id, task) = in_scope("request", || {
///     (current_span().span_id(), spawn_local(async move { (*shared, current_span().span_id()) }))
/// });
/// assert_eq!(task.await.unwrap(), (7, id));
/// # });
/// ```
///
/// # Panics
///
/// Outside of a `LocalSet`, as [`tokio::task::spawn_local`] does.
#[track_caller]
pub fn spawn_local<F: Future<Output: 'static> + 'static>(future: F) -> JoinHandle<F::Output> {
    Handoff::child().spawn_local(future)
}

/// Runs a future on the runtime to its end, so that other tasks which the runtime polls meanwhile do not see the current
/// span. See [`tokio::runtime::Runtime::block_on`] and [`drive`].
///
/// ```
/// use trace_core::{block_on, current_span, in_scope};
///
/// let runtime = tokio::runtime::Builder::new_current_thread().build()?;
/// in_scope("main", || {
///     let id = current_span().span_id();
///     assert_eq!(block_on(&runtime, async { current_span().span_id() }), id);
/// });
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// # Panics
///
/// Inside of a runtime, as [`tokio::runtime::Runtime::block_on`] does.
#[track_caller]
pub fn block_on<F: Future>(runtime: &Runtime, future: F) -> F::Output {
    drive(future, |root| runtime.block_on(root))
}

impl Handoff {
    /// Spawns a task. See [`tokio::spawn`].
    ///
    /// ```
    /// use trace_core::{Handoff, Span};
    ///
    /// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    /// # runtime.block_on(async {
    /// let task = Handoff::span(Span::new("part")).spawn(async { 7 });
    /// assert_eq!(task.await.unwrap(), 7);
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, as [`tokio::spawn`] does.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        tokio::spawn(self.future(future))
    }

    /// Spawns a task on another runtime. See [`tokio::runtime::Handle::spawn`].
    #[track_caller]
    pub fn spawn_on<F>(self, future: F, runtime: &Handle) -> JoinHandle<F::Output>
    where
        F: Future<Output: Send + 'static> + Send + 'static,
    {
        runtime.spawn(self.future(future))
    }

    /// Spawns a task that need not be `Send`. See [`tokio::task::spawn_local`].
    ///
    /// # Panics
    ///
    /// Outside of a `LocalSet`, as [`tokio::task::spawn_local`] does.
    #[track_caller]
    pub fn spawn_local<F: Future<Output: 'static> + 'static>(self, future: F) -> JoinHandle<F::Output> {
        task::spawn_local(self.future(future))
    }

    /// Runs a closure on the blocking pool. See [`tokio::task::spawn_blocking`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, as [`tokio::task::spawn_blocking`] does.
    #[track_caller]
    pub fn spawn_blocking<R: Send + 'static>(self, body: impl FnOnce() -> R + Send + 'static) -> JoinHandle<R> {
        task::spawn_blocking(self.wrap(body))
    }
}

/// What a [`JoinSet`] can do here.
///
/// ```
/// use trace_core::{JoinSetExt, Span, capture_async};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let captured = capture_async(async {
///     let _batch = trace_core::start_span("batch");
///     let mut set = tokio::task::JoinSet::new();
///     for part in 0..3 {
///         set.spawn_in_span(async move { part }, Span::new("part"));
///     }
///     set.join_all().await.len()
/// })
/// .await;
/// assert_eq!((captured.value, captured.trace().unwrap().len()), (3, 4));
/// # });
/// ```
pub trait JoinSetExt<T> {
    /// Spawns a task with this mode. See [`JoinSet::spawn`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, as [`JoinSet::spawn`] does.
    #[track_caller]
    fn spawn_with<F>(&mut self, handoff: Handoff, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send;

    /// Spawns a task whose spans are children of the span that is current at this call.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, as [`JoinSet::spawn`] does.
    #[track_caller]
    fn spawn_in_current_span<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.spawn_with(Handoff::child(), future)
    }

    /// Spawns a task that runs in this span.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, as [`JoinSet::spawn`] does.
    #[track_caller]
    fn spawn_in_span<F>(&mut self, future: F, span: Span) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.spawn_with(Handoff::span(span), future)
    }

    /// Runs a closure on the blocking pool with this mode. See [`JoinSet::spawn_blocking`].
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, as [`JoinSet::spawn_blocking`] does.
    #[track_caller]
    fn spawn_blocking_with<F>(&mut self, handoff: Handoff, body: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send;

    /// Spawns a task that need not be `Send` on a `LocalSet`, with this mode. See [`JoinSet::spawn_local_on`].
    #[track_caller]
    fn spawn_local_with<F>(&mut self, handoff: Handoff, future: F, local: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static;
}

impl<T: 'static> JoinSetExt<T> for JoinSet<T> {
    fn spawn_with<F>(&mut self, handoff: Handoff, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
        T: Send,
    {
        self.spawn(handoff.future(future))
    }

    fn spawn_blocking_with<F>(&mut self, handoff: Handoff, body: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send,
    {
        self.spawn_blocking(handoff.wrap(body))
    }

    fn spawn_local_with<F>(&mut self, handoff: Handoff, future: F, local: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.spawn_local_on(handoff.future(future), local)
    }
}
