//! The oracle's own eyes on futures and guards: they see what happens and touch no context.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::ThreadId;

use trace_core::{ActiveSpan, Outcome};

use crate::shapes::Shape;
use crate::world::{Key, World};

pub(crate) type Boxed = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a planned panic throws.
pub(crate) struct Planned;

pub(crate) type Thrown = Box<dyn std::any::Any + Send>;

/// Sees how the future of a span ends.
pub(crate) struct Watch {
    inner: Option<Boxed>,
    world: Arc<World>,
    key: Key,
    thread: Option<ThreadId>,
    is_over: bool,
}

impl Watch {
    pub(crate) fn new(world: &Arc<World>, key: Key, inner: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { inner: Some(Box::pin(inner)), world: Arc::clone(world), key, thread: None, is_over: false }
    }

    fn over(&mut self, outcome: Outcome) {
        self.is_over = true;
        self.world.over(self.key, outcome);
    }
}

impl Future for Watch {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let here = std::thread::current().id();
        if self.thread.replace(here).is_some_and(|last| last != here) {
            self.world.shapes.count(Shape::MovedThreads);
        }
        let inner = self.inner.as_mut().expect("it is there until this is dropped");
        match catch_unwind(AssertUnwindSafe(|| inner.as_mut().poll(cx))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(())) => {
                self.over(Outcome::Ok);
                Poll::Ready(())
            }
            Err(thrown) => {
                self.over(Outcome::Panicked);
                resume_unwind(thrown)
            }
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.inner = None;
        if !self.is_over {
            if std::thread::panicking() {
                self.world.shapes.count(Shape::DropDuringUnwinding);
            }
            self.over(if self.thread.is_some() { Outcome::Cancelled } else { Outcome::NeverPolled });
        }
    }
}

/// Turns a panic of a future's poll into a value.
pub(crate) struct Catch(pub(crate) Boxed);

impl Future for Catch {
    type Output = Result<(), Thrown>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx))) {
            Ok(poll) => poll.map(Ok),
            Err(thrown) => Poll::Ready(Err(thrown)),
        }
    }
}

thread_local! {
    static HELD: RefCell<HashMap<(usize, Key), ActiveSpan>> = RefCell::default();
}

/// A guard that a future holds, though the future's type is `Send`: the guard itself stays in a thread-local.
pub(crate) struct Held {
    world: Arc<World>,
    key: Key,
    outcome: Outcome,
}

impl Held {
    pub(crate) fn new(world: &Arc<World>, key: Key, guard: ActiveSpan) -> Self {
        HELD.with_borrow_mut(|held| held.insert(slot(world, key), guard));
        Self { world: Arc::clone(world), key, outcome: Outcome::Cancelled }
    }

    /// Says how it will end.
    pub(crate) fn ends(&mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

fn slot(world: &Arc<World>, key: Key) -> (usize, Key) {
    (Arc::as_ptr(world) as usize, key)
}

impl Drop for Held {
    fn drop(&mut self) {
        let slot = slot(&self.world, self.key);
        let guard = HELD.with_borrow_mut(|held| held.remove(&slot));
        drop(guard.expect("a future that holds a guard stays on its thread"));
        self.world.over(self.key, self.outcome);
    }
}
