//! Runs the steps of a future.

use std::future::Future;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::task::{JoinHandle, JoinSet};
use trace_core::{FutureExt, Handoff, JoinSetExt, Outcome, Span, current_span, start_span};

use crate::program::{Fate, Mode, Step, Steps};
use crate::shapes::Shape;
use crate::sync;
use crate::watch::{Boxed, Catch, Held, Watch};
use crate::world::{Birth, Place, World};

/// Runs steps as a future.
pub(crate) fn run(world: Arc<World>, place: Place, steps: Steps) -> Boxed {
    Box::pin(async move {
        let mut destructors = Vec::new();
        for step in steps.iter() {
            world.look(place, step);
            one(&world, place, step, &mut destructors).await;
        }
        world.look(place, &"the end of a list");
    })
}

/// Is pending once.
pub(crate) async fn yield_now() {
    let mut polled = false;
    std::future::poll_fn(move |cx| {
        if std::mem::replace(&mut polled, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Waits until no task of the program is left, whoever awaited it or not.
pub(crate) async fn finish(world: &Arc<World>, own_references: usize) {
    for _ in 0..1_000_000 {
        if Arc::strong_count(world) == own_references {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// An executor that polls until there is nothing to poll.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

/// A future in a span of its own; every other one as the call of a traced function.
fn spanned(world: &Arc<World>, name: &'static str, place: Place, steps: &Steps) -> Watch {
    if world.value() % 2 == 0 {
        return called(world, name, place, steps);
    }
    let span = Span::new(name);
    let key = world.born(name, place, Birth::Here, span.handle());
    Watch::new(world, key, run(Arc::clone(world), place.inside(key), Arc::clone(steps)).in_span(span))
}

/// What the call of a traced function makes.
pub(crate) fn called(world: &Arc<World>, name: &'static str, place: Place, steps: &Steps) -> Watch {
    world.shapes.count(Shape::TracedCall);
    // The oracle's key of the span is known when the future is made.
    let key = Arc::new(OnceLock::new());
    let (inside, known, steps) = (Arc::clone(world), Arc::clone(&key), Arc::clone(steps));
    let body = async move {
        let key = *known.get().expect("it is set before anybody polls");
        run(inside, place.inside(key), steps).await;
    };
    let call = trace_core::__private::call_at(trace_core::callsite!("a traced function"), body).unjudged();
    let born = world.born(name, place, Birth::Here, call.handle());
    key.set(born).expect("a span is born once");
    Watch::new(world, born, call)
}

/// Makes a call in a scope, and lets the scope end.
fn taken_out(world: &Arc<World>, place: Place, steps: &Steps) -> Watch {
    world.shapes.count(Shape::CallTakenOutOfItsScope);
    let scope = start_span("left behind");
    let key = world.born("left behind", place, Birth::Here, scope.handle());
    let call = called(world, "taken out", place.inside(key), steps);
    drop(scope);
    world.over(key, Outcome::Ok);
    call
}

/// Makes a call in the future of a span, which hands it out and is over.
#[expect(clippy::async_yields_async, reason = "the call is awaited elsewhere: that is what is tried")]
async fn taken_out_of_a_future(world: &Arc<World>, place: Place, steps: &Steps) -> Watch {
    world.shapes.count(Shape::CallTakenOutOfItsScope);
    let span = Span::new("left behind");
    let key = world.born("left behind", place, Birth::Here, span.handle());
    let call = async { called(world, "taken out", place.inside(key), steps) }.in_span(span).await;
    world.over(key, Outcome::Ok);
    call
}

/// Makes a call here, which is polled inside of another span.
fn taken_in(world: &Arc<World>, place: Place, steps: &Steps) -> Watch {
    world.shapes.count(Shape::CallTakenIntoAnother);
    let call = called(world, "taken in", place, steps);
    let span = Span::new("around");
    let key = world.born("around", place, Birth::Here, span.handle());
    Watch::new(world, key, call.in_span(span))
}

async fn one(world: &Arc<World>, place: Place, step: &Step, destructors: &mut Vec<sync::Destructor>) {
    match step {
        Step::Yield => yield_now().await,
        Step::InSpan(body) => spanned(world, "in span", place, body).await,
        Step::TakenOut(body) => taken_out(world, place, body).await,
        Step::TakenOutOfAFuture(body) => taken_out_of_a_future(world, place, body).await.await,
        Step::TakenIn(body) => taken_in(world, place, body).await,
        Step::HoldGuard(body) => hold_guard(world, place, body).await,
        Step::MoveGuard => move_guard(world, place).await,
        Step::CatchPanicAsync(body) => {
            let _ = Catch(run(Arc::clone(world), place, Arc::clone(body)).in_current_span().boxed()).await;
        }
        Step::Join(bodies) => {
            let branch = |(number, body): (usize, &Steps)| -> Boxed {
                match number % 2 {
                    0 => Box::pin(spanned(world, "branch", place, body)),
                    _ => Box::pin(run(Arc::clone(world), place, Arc::clone(body)).in_current_span()),
                }
            };
            futures::future::join_all(bodies.iter().enumerate().map(branch)).await;
        }
        Step::Select(first, second) => {
            let (first, second) = (spanned(world, "first", place, first), spanned(world, "second", place, second));
            world.shapes.count(Shape::LoserOfASelect);
            futures::future::select(first, second).await;
        }
        Step::Cancel(polls, body) => {
            if body.iter().any(|step| matches!(step, Step::Destructor)) {
                world.shapes.count(Shape::DestructorWhileCancelled);
            }
            PollAtMost { polls: *polls, inner: Some(Box::pin(spanned(world, "given up", place, body))) }.await;
        }
        Step::Unordered(wanted, bodies) => {
            let mut running: FuturesUnordered<_> =
                bodies.iter().map(|body| spanned(world, "unordered", place, body)).collect();
            for _ in 0..*wanted {
                running.next().await;
            }
        }
        Step::MoveThreads(body) => move_threads(spanned(world, "moving", place, body)),
        Step::Spawn(mode, fate, body) => spawn(world, place, *mode, *fate, body).await,
        Step::Blocking(body) => {
            world.shapes.count(Shape::BlockingThread);
            let (inner, body, place) = (Arc::clone(world), Arc::clone(body), place.foreign());
            let _ = trace_core::spawn_blocking(move || sync::run(&inner, place, &body)).await;
        }
        Step::JoinSet(wanted, bodies) => {
            let mut set = JoinSet::new();
            for (number, body) in bodies.iter().enumerate() {
                if number % 2 == 0 {
                    let span = Span::new("of a set");
                    let key = world.born("of a set", place, Birth::Here, span.handle());
                    let task = run(Arc::clone(world), place.inside(key), Arc::clone(body));
                    set.spawn(Watch::new(world, key, task.in_span(span)));
                } else {
                    set.spawn_in_current_span(run(Arc::clone(world), place.shared(), Arc::clone(body)));
                }
            }
            for _ in 0..*wanted {
                let _ = set.join_next().await;
            }
            set.shutdown().await;
        }
        sync => sync::one(world, place, sync, destructors),
    }
}

trait BoxedExt: Future<Output = ()> + Send + Sized + 'static {
    fn boxed(self) -> Boxed {
        Box::pin(self)
    }
}

impl<F: Future<Output = ()> + Send + 'static> BoxedExt for F {}

async fn hold_guard(world: &Arc<World>, place: Place, body: &Steps) {
    let key;
    let mut held = {
        let guard = start_span("held");
        key = world.born("held", place, Birth::Here, guard.handle());
        Held::new(world, key, guard)
    };
    world.shapes.count(Shape::GuardOverAnAwait);
    yield_now().await;
    match Catch(run(Arc::clone(world), place.inside(key), Arc::clone(body))).await {
        Ok(()) => held.ends(Outcome::Ok),
        Err(thrown) => {
            held.ends(Outcome::Panicked);
            resume_unwind(thrown);
        }
    }
}

async fn move_guard(world: &Arc<World>, place: Place) {
    let (key, mut held) = {
        let guard = start_span("moved");
        let key = world.born("moved", place, Birth::Here, guard.handle());
        (key, Held::new(world, key, guard))
    };
    world.shapes.count(Shape::GuardThatEndsInAnotherFuture);
    let span = Span::new("taker");
    let taker = world.born("taker", place.inside(key), Birth::Here, span.handle());
    let inside = Arc::clone(world);
    let take = async move {
        yield_now().await;
        held.ends(Outcome::Ok);
        drop(held);
        inside.look(place.inside(taker), &"the taker goes on");
        yield_now().await;
        inside.look(place.inside(taker), &"the taker goes on");
    };
    Watch::new(world, taker, take.in_span(span)).await;
    world.look(place, &"the guard was taken");
}

async fn spawn(world: &Arc<World>, place: Place, mode: Mode, fate: Fate, body: &Steps) {
    let (inner, body) = (Arc::clone(world), Arc::clone(body));
    let task = match mode {
        Mode::Child => trace_core::spawn(outlive(inner, place, run(Arc::clone(world), place.shared(), body))),
        Mode::InSpan => {
            if world.value() % 2 == 0 {
                let body = outlive(inner, place, Box::pin(called(world, "called task", place, &body)));
                return fated(world, tokio::spawn(body), fate).await;
            }
            let span = Span::new("task");
            let key = world.born("task", place, Birth::Here, span.handle());
            let body = outlive(inner, place, run(Arc::clone(world), place.inside(key), body));
            tokio::spawn(Watch::new(world, key, body.in_span(span)))
        }
        Mode::LinkedRoot => {
            let link = current_span().context();
            let root = link.into_iter().fold(trace_core::span("linked task").root(), |root, link| root.link(link));
            let span = root.start();
            let key = world.born("linked task", place, Birth::Linked, span.handle());
            let body = run(inner, place.inside(key), body);
            tokio::spawn(Watch::new(world, key, Handoff::span(span).future(body)))
        }
        Mode::Detached => Handoff::detached().spawn(run(inner, place.without_span(), body)),
        Mode::Plain => tokio::spawn(async move {
            if current_span().context().is_some() {
                inner.mismatch("a task that nobody wrapped has a span".to_owned());
            }
        }),
    };
    fated(world, task, fate).await;
}

async fn fated(world: &Arc<World>, task: JoinHandle<()>, fate: Fate) {
    match fate {
        Fate::Awaited => {
            if task.await.is_err_and(|error| error.is_panic()) {
                world.shapes.count(Shape::PanicInATask);
            }
        }
        Fate::Aborted(polls) => {
            for _ in 0..polls {
                yield_now().await;
            }
            world.shapes.count(Shape::Aborted);
            task.abort();
            let _ = task.await;
        }
        Fate::Loose => drop(task),
    }
}

async fn outlive(world: Arc<World>, place: Place, body: Boxed) {
    body.await;
    if place.span.is_some_and(|parent| world.is_over(parent)) {
        world.shapes.count(Shape::OutlivedItsParent);
    }
}

/// Polls a future once here, and then on another thread to its end.
fn move_threads(mut future: Watch) {
    if Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop())).is_ready() {
        return;
    }
    if let Err(thrown) = std::thread::spawn(move || block_on(future)).join() {
        resume_unwind(thrown);
    }
}

/// Polls a future at most so often, then drops it.
struct PollAtMost {
    polls: usize,
    inner: Option<Boxed>,
}

impl Future for PollAtMost {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.polls > 0 {
            self.polls -= 1;
            if self.inner.as_mut().is_some_and(|inner| inner.as_mut().poll(cx).is_pending()) && self.polls > 0 {
                return Poll::Pending;
            }
        }
        self.inner = None;
        Poll::Ready(())
    }
}
