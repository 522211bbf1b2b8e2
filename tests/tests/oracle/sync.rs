//! Runs the steps that any code can do.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::thread;

use tokio::task::LocalSet;
use trace_core::{
    ActiveSpan, CurrentSpan, FutureExt, Handoff, Outcome, Span, current_span, drive, in_current_span, in_scope,
};

use crate::program::{Scope, Step, Steps};
use crate::shapes::Shape;
use crate::task;
use crate::watch::{Planned, Thrown, Watch};
use crate::world::{Birth, Key, Place, World, Written};

/// Runs steps here and now.
pub(crate) fn run(world: &Arc<World>, place: Place, steps: &Steps) {
    let mut destructors = Vec::new();
    for step in steps.iter() {
        world.look(place, step);
        one(world, place, step, &mut destructors);
    }
    world.look(place, &"the end of a list");
}

pub(crate) fn throw() -> ! {
    // Without the hook, which would print it.
    resume_unwind(Box::new(Planned))
}

/// What `body` returns, and what it throws if that is not ours.
pub(crate) fn catch<R>(body: impl FnOnce() -> R) -> Result<R, Thrown> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|thrown| match thrown.downcast::<Planned>() {
        Ok(planned) => planned as Thrown,
        Err(thrown) => resume_unwind(thrown),
    })
}

/// Runs a scope that is not ours to look into: `enter` begins the span and calls what it is given inside of it.
fn scope(
    world: &Arc<World>,
    place: Place,
    birth: Birth,
    body: &Steps,
    enter: impl FnOnce(&mut dyn FnMut(CurrentSpan)),
) {
    let mut key = None;
    let result = catch(|| {
        enter(&mut |handle| {
            let born = world.born("scope", place, birth, handle);
            key = Some(born);
            run(world, place.inside(born), body);
        });
    });
    if let Some(key) = key {
        world.over(key, if result.is_ok() { Outcome::Ok } else { Outcome::Panicked });
    }
    if let Err(thrown) = result {
        world.shapes.count(Shape::PanicInASyncScope);
        resume_unwind(thrown);
    }
}

pub(crate) fn one(world: &Arc<World>, place: Place, step: &Step, destructors: &mut Vec<Destructor>) {
    match step {
        Step::Attribute => write_attribute(world, place),
        Step::Fail => {
            if place.owns {
                world.failed(place);
                current_span().set_status(trace_core::Status::error("failed"));
            }
        }
        Step::UseHandle(number) => use_handle(world, place, *number),
        Step::Scope(api, body) => match api {
            Scope::Closure => {
                scope(world, place, Birth::Here, body, |run| in_scope("closure", || run(current_span())));
            }
            Scope::Guard => scope(world, place, Birth::Here, body, |run| {
                let guard = guard_with_an_attribute(world);
                run(guard.handle());
            }),
            Scope::Builder => scope(world, place, Birth::Here, body, |run| {
                trace_core::span("builder").attribute("built", true).in_scope(|| run(current_span()));
            }),
            Scope::Entered => scope(world, place, Birth::Here, body, |run| {
                let span = Span::new("entered");
                let handle = span.handle();
                span.in_scope(|| run(handle));
            }),
            Scope::OwnedName => scope(world, place, Birth::Here, body, |run| {
                in_scope(format!("owned {}", body.len()), || run(current_span()));
            }),
        },
        Step::Panic => throw(),
        Step::CatchPanic(body) => {
            let _ = catch(|| run(world, place, body));
        }
        Step::Guards(order) => guards(world, place, order),
        Step::Thread(body) => {
            let (inner, body) = (Arc::clone(world), Arc::clone(body));
            join(Handoff::child().thread(move || run(&inner, place, &body)).join());
        }
        Step::ScopedThreads(first, second) => thread::scope(|threads| {
            let place = place.foreign();
            let spawn = |body| Handoff::child().scoped(threads, move || run(world, place, body));
            let (first, second) = (spawn(first), spawn(second));
            let (first, second) = (first.join(), second.join());
            join(first);
            join(second);
        }),
        Step::Wrapped(body) => {
            world.shapes.count(Shape::ClosureCalledSeveralTimes);
            let wrapped = in_current_span(|()| run(world, place, body));
            wrapped(());
            join(thread::scope(|threads| threads.spawn(|| wrapped(())).join()));
            drive(async {}, |_| wrapped(()));
        }
        Step::Root(body) => scope(world, place, Birth::Root, body, |run| {
            trace_core::span("root").root().in_scope(|| run(current_span()));
        }),
        Step::LinkedRoot(body) => {
            world.shapes.count(Shape::LinkedRoot);
            scope(world, place, Birth::Linked, body, |run| {
                Handoff::linked_root("linked").wrap(|| run(current_span()))();
            });
        }
        Step::Detached(body) => {
            world.shapes.count(Shape::Detached);
            Handoff::detached().wrap(|| run(world, place.without_span(), body))();
        }
        Step::ChildOfHandle(number, body) => {
            let Some((parent, handle)) = world.any(*number) else { return };
            count_revival(world, parent);
            scope(world, place, Birth::Of(parent), body, |run| {
                trace_core::span("child of a handle").parent(handle).in_scope(|| run(current_span()));
            });
        }
        Step::ChildOfContext(number, body) => {
            let Some((parent, handle)) = world.any(*number) else { return };
            count_revival(world, parent);
            world.shapes.count(Shape::TwoLocalRoots);
            scope(world, place, Birth::Of(parent), body, |run| {
                trace_core::span("child of a context").parent(handle.context()).in_scope(|| run(current_span()));
            });
        }
        Step::NeverEntered => {
            let span = Span::new("never entered");
            let key = world.born("never entered", place, Birth::Here, span.handle());
            span.end();
            world.over(key, Outcome::Ok);
        }
        Step::NeverPolled => {
            let span = Span::new("never polled");
            let key = world.born("never polled", place, Birth::Here, span.handle());
            drop(Watch::new(world, key, async {}.in_span(span)));
            drop(task::called(world, "never polled", place, &Steps::from([])));
        }
        Step::NeverCalled => {
            let span = Span::new("never called");
            let key = world.born("never called", place, Birth::Here, span.handle());
            drop(Handoff::span(span).wrap(|| {}));
            world.over(key, Outcome::NeverPolled);
        }
        Step::Destructor => destructors.push(Destructor { world: Arc::clone(world), place }),
        Step::Drive(body) => {
            world.shapes.count(Shape::ExecutorDrivenInASpan);
            let root = task::run(Arc::clone(world), place, Arc::clone(body));
            drive(root, |root| {
                // What else the executor polls does not see the root's span.
                let other = async {
                    if current_span().context().is_some() {
                        world.mismatch("an executor's other task sees the span it is driven in".to_owned());
                    }
                };
                task::block_on(futures::future::join(root, other));
            });
        }
        Step::Runtime { root, plain, with_span } => {
            let (inner, root, plain, with_span) =
                (Arc::clone(world), Arc::clone(root), Arc::clone(plain), Arc::clone(with_span));
            let thread = Handoff::child().thread(move || runtime(&inner, place, root, plain, &with_span));
            join(thread.join());
        }
        _ => unreachable!("{step:?} needs a future"),
    }
}

/// A tokio runtime on this thread, with tasks of several kinds.
fn runtime(world: &Arc<World>, place: Place, root: Steps, plain: Steps, with_span: &Steps) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let local = LocalSet::new();
    let set = &local;
    let live = async {
        world.shapes.count(Shape::PlainTaskOnALocalSet);
        // The plain task is driven inside the root's span and not wrapped: it has no span, and none leaks to it.
        set.spawn_local(task::run(Arc::clone(world), place.without_span(), plain));
        let span = Span::new("local");
        let key = world.born("local", place, Birth::Here, span.handle());
        let task = task::run(Arc::clone(world), place.inside(key), Arc::clone(with_span));
        set.spawn_local(Watch::new(world, key, task.in_span(span)));
        let span = Span::new("endless");
        let key = world.born("endless", place, Birth::Here, span.handle());
        world.shapes.count(Shape::RuntimeDroppedUnderATask);
        let endless = async { std::future::pending().await };
        set.spawn_local(Watch::new(world, key, endless.in_span(span)));
        task::run(Arc::clone(world), place, root).await;
        task::yield_now().await;
    };
    drive(live, |root| local.block_on(&runtime, root));
    drop(local);
    drop(runtime);
}

/// Goes on with what a thread threw.
fn join(result: thread::Result<()>) {
    if let Err(thrown) = result {
        resume_unwind(thrown);
    }
}

fn count_revival(world: &World, parent: Key) {
    if world.is_over(parent) {
        world.shapes.count(Shape::ChildOfAnEndedSpan);
    }
}

fn write_attribute(world: &World, place: Place) {
    let Some(key) = place.span else { return };
    let value = world.value();
    if place.owns {
        current_span().set_attribute("last", value);
        world.wrote(key, "last".to_owned(), Written::There(value));
    } else {
        let written = world.before_write(place, key);
        let name = format!("w{value}");
        current_span().set_attribute(name.clone(), value);
        world.wrote(key, name, with_value(written, value));
    }
}

/// A guard whose attribute `guarded` was set by several ways, the value that counts once more as `guarded.last`.
fn guard_with_an_attribute(world: &World) -> ActiveSpan {
    let mut last = world.value();
    let ways = last;
    let mut guard = trace_core::start_span("guard").attribute("guarded", last);
    for way in [ways % 11, ways % 7] {
        last = world.value();
        match way {
            0..3 => guard = guard.attribute("guarded", last),
            3 | 4 => guard.set_attribute("guarded", last),
            5 => current_span().set_attribute("guarded", last),
            6 => guard.handle().set_attribute("guarded", last),
            7 => {
                let handle = *guard;
                join(thread::spawn(move || handle.set_attribute("guarded", last)).join());
            }
            8 => join(Handoff::child().thread(move || current_span().set_attribute("guarded", last)).join()),
            _ => {}
        }
        if (5..9).contains(&way) {
            world.shapes.count(Shape::GuardThatOthersSpokeOf);
            last = world.value();
            guard = guard.attribute("guarded", last);
        }
        if way >= 9 {
            guard.set_attribute("guarded", last);
        }
    }
    guard.attribute("guarded.last", last)
}

fn use_handle(world: &World, place: Place, number: usize) {
    let Some((key, handle)) = world.any(number) else { return };
    let value = world.value();
    let written = world.before_write(place, key);
    if written == Written::Ignored {
        world.shapes.count(Shape::HandleUsedAfterTheEnd);
    }
    if place.is_foreign {
        world.shapes.count(Shape::HandleUsedOnAnotherThread);
    }
    let name = format!("h{value}");
    handle.set_attribute(name.clone(), value);
    world.wrote(key, name, with_value(written, value));
}

fn with_value(written: Written, value: i64) -> Written {
    match written {
        Written::There(_) => Written::There(value),
        other => other,
    }
}

/// Guards that end in this order, and a span at every point between.
fn guards(world: &Arc<World>, place: Place, order: &[usize]) {
    let mut guards = Vec::new();
    let mut parent = place;
    for _ in order {
        let guard = trace_core::start_span("one of several");
        let key = world.born("one of several", parent, Birth::Here, guard.handle());
        parent = parent.inside(key);
        guards.push((key, Some(guard)));
    }
    let last_alive =
        |guards: &[(Key, Option<_>)]| guards.iter().rev().find(|(_, guard)| guard.is_some()).map(|&(key, _)| key);
    for &next in order {
        if last_alive(&guards) != Some(guards[next].0) {
            world.shapes.count(Shape::GuardsOutOfOrder);
        }
        drop(guards[next].1.take());
        world.over(guards[next].0, Outcome::Ok);
        let here = last_alive(&guards).map_or(place, |key| place.inside(key));
        world.look(here, &"a guard ends");
        scope(world, here, Birth::Here, &Steps::from([]), |run| in_scope("between", || run(current_span())));
    }
}

/// Makes a span when it is dropped.
pub(crate) struct Destructor {
    world: Arc<World>,
    place: Place,
}

impl Drop for Destructor {
    fn drop(&mut self) {
        let (world, place) = (&self.world, self.place);
        if thread::panicking() {
            world.shapes.count(Shape::DestructorWhileUnwinding);
        }
        world.look(place, &"a destructor");
        in_scope("destructor", || {
            let key = world.born("destructor", place, Birth::Here, current_span());
            write_attribute(world, place.inside(key));
            // It ends when this closure returns, and nobody knows of it before.
            world.over(key, Outcome::Ok);
        });
    }
}
