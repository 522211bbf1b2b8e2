//! A random program, as a value.

use std::sync::Arc;

use tests::prng::Prng;

pub(crate) type Steps = Arc<[Step]>;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    // What any code can do.
    Attribute,
    Fail,
    UseHandle(usize),
    Scope(Scope, Steps),
    Panic,
    CatchPanic(Steps),
    /// Guards that end in this order.
    Guards(Vec<usize>),
    Thread(Steps),
    ScopedThreads(Steps, Steps),
    /// A closure that is called here and on another thread.
    Wrapped(Steps),
    Root(Steps),
    LinkedRoot(Steps),
    Detached(Steps),
    ChildOfHandle(usize, Steps),
    ChildOfContext(usize, Steps),
    NeverEntered,
    NeverPolled,
    NeverCalled,
    /// A destructor that makes a span when this list of steps is over, however it is over.
    Destructor,
    /// An executor of its own, driven inside the current span.
    Drive(Steps),
    /// A tokio runtime of its own with a `LocalSet`, driven inside the current span: a root future, a plain task, a task
    /// with a span, and a task that is still running when the runtime is dropped.
    Runtime {
        root: Steps,
        plain: Steps,
        with_span: Steps,
    },
    // What only a future can do.
    Yield,
    InSpan(Steps),
    /// A traced call that is made in a scope, and awaited when that is over.
    TakenOut(Steps),
    /// The same out of the future of a span.
    TakenOutOfAFuture(Steps),
    /// A traced call that is made here and awaited inside of another span.
    TakenIn(Steps),
    HoldGuard(Steps),
    /// A guard that ends inside another future than the one it was made in.
    MoveGuard,
    CatchPanicAsync(Steps),
    Join(Vec<Steps>),
    Select(Steps, Steps),
    /// A future that is dropped after so many polls.
    Cancel(usize, Steps),
    /// Several futures of which only so many are awaited.
    Unordered(usize, Vec<Steps>),
    /// A future that begins on one thread and goes on on another.
    MoveThreads(Steps),
    // What needs a tokio runtime.
    Spawn(Mode, Fate, Steps),
    Blocking(Steps),
    /// Tasks of a `JoinSet` of which only so many are awaited.
    JoinSet(usize, Vec<Steps>),
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Scope {
    Closure,
    Guard,
    Builder,
    Entered,
    OwnedName,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    Child,
    InSpan,
    LinkedRoot,
    Detached,
    Plain,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Fate {
    Awaited,
    /// Aborted after so many polls of the task that spawned it.
    Aborted(usize),
    /// Left alone; it may outlive who spawned it.
    Loose,
}

/// Where steps run, as far as it matters for what they may be.
#[derive(Clone, Copy, Debug)]
struct Setting {
    is_async: bool,
    has_tokio: bool,
    /// A guard may be held over an await: the future stays on its thread and has a context of its own.
    holds_guards: bool,
    /// The future that is nearest around it has a context of its own, also while it is dropped.
    is_wrapped: bool,
    /// Somebody above catches panics.
    may_panic: bool,
    depth: usize,
}

/// A program for a runtime with one thread, or several.
pub(crate) fn program(random: &mut Prng, single_thread: bool) -> Steps {
    let setting = Setting {
        is_async: true,
        has_tokio: true,
        holds_guards: single_thread,
        is_wrapped: true,
        may_panic: false,
        depth: 0,
    };
    let mut size = 40;
    Generator { random, size: &mut size, single_thread }.steps(setting)
}

struct Generator<'a> {
    random: &'a mut Prng,
    /// How many steps more the program may have.
    size: &'a mut usize,
    single_thread: bool,
}

impl Generator<'_> {
    fn steps(&mut self, setting: Setting) -> Steps {
        let most = if setting.depth == 0 { 8 } else { 5 };
        let count = if setting.depth > 6 { 1 } else { self.random.below(most) + usize::from(setting.depth < 2) };
        let mut steps = Vec::new();
        for _ in 0..count {
            if *self.size == 0 {
                break;
            }
            *self.size -= 1;
            steps.push(self.step(Setting { depth: setting.depth + 1, ..setting }));
        }
        steps.into()
    }

    fn several(&mut self, setting: Setting) -> Vec<Steps> {
        (0..2 + self.random.below(3)).map(|_| self.steps(setting)).collect()
    }

    fn step(&mut self, here: Setting) -> Step {
        let kinds = match (here.is_async, here.has_tokio) {
            (false, _) => 20,
            (true, false) => 30,
            (true, true) => 35,
        };
        let sync = Setting { is_async: false, has_tokio: false, holds_guards: false, is_wrapped: true, ..here };
        let caught = |setting| Setting { may_panic: true, ..setting };
        // A future with a context of its own, in the same task.
        let wrapped = Setting { is_wrapped: true, ..here };
        let task = caught(Setting { holds_guards: self.single_thread, is_wrapped: true, ..here });
        // A future does what only futures can do half of the time.
        let first = if here.is_async && self.random.chance(50) { 20 } else { 0 };
        match first + self.random.below(kinds - first) {
            0 => Step::Attribute,
            1 => Step::UseHandle(self.random.below(1000)),
            2 | 3 => {
                let api = [Scope::Closure, Scope::Guard, Scope::Builder, Scope::Entered, Scope::OwnedName];
                Step::Scope(api[self.random.below(api.len())], self.steps(sync))
            }
            4 if here.may_panic => Step::Panic,
            4 | 5 => Step::CatchPanic(self.steps(caught(sync))),
            6 => {
                let mut order: Vec<_> = (0..2 + self.random.below(3)).collect();
                self.random.shuffle(&mut order);
                Step::Guards(order)
            }
            7 => Step::Thread(self.steps(sync)),
            8 => Step::ScopedThreads(self.steps(sync), self.steps(sync)),
            9 => Step::Wrapped(self.steps(sync)),
            10 => Step::Root(self.steps(sync)),
            11 => Step::LinkedRoot(self.steps(sync)),
            12 => Step::Detached(self.steps(sync)),
            13 => Step::ChildOfHandle(self.random.below(1000), self.steps(sync)),
            14 => Step::ChildOfContext(self.random.below(1000), self.steps(sync)),
            15 => match self.random.below(3) {
                0 => Step::NeverEntered,
                1 => Step::NeverPolled,
                _ => Step::NeverCalled,
            },
            16 if here.is_wrapped => Step::Destructor,
            17 => Step::Drive(self.steps(Setting { is_async: true, holds_guards: true, ..sync })),
            18 if self.random.chance(30) => {
                let inside = Setting { is_async: true, has_tokio: true, holds_guards: true, ..sync };
                Step::Runtime {
                    root: self.steps(inside),
                    plain: self.steps(Setting { holds_guards: false, is_wrapped: false, ..caught(inside) }),
                    with_span: self.steps(caught(inside)),
                }
            }
            16 | 18 | 19 => Step::Fail,
            20 | 21 => Step::Yield,
            23 => match self.random.below(4) {
                0 => Step::TakenOut(self.steps(wrapped)),
                1 => Step::TakenOutOfAFuture(self.steps(wrapped)),
                2 => Step::TakenIn(self.steps(wrapped)),
                _ => Step::InSpan(self.steps(wrapped)),
            },
            22 => Step::InSpan(self.steps(wrapped)),
            24 if here.holds_guards && self.random.chance(30) => Step::MoveGuard,
            24 if here.holds_guards => Step::HoldGuard(self.steps(wrapped)),
            24 => Step::CatchPanicAsync(self.steps(caught(wrapped))),
            25 => Step::Join(self.several(wrapped)),
            26 => Step::Select(self.steps(wrapped), self.steps(wrapped)),
            27 => Step::Cancel(self.random.below(4), self.steps(wrapped)),
            28 => Step::Unordered(self.random.below(3), self.several(wrapped)),
            29 => {
                let moving = Setting { has_tokio: false, holds_guards: false, is_wrapped: true, ..here };
                Step::MoveThreads(self.steps(moving))
            }
            30 | 31 => {
                let modes = [Mode::Child, Mode::InSpan, Mode::InSpan, Mode::LinkedRoot, Mode::Detached, Mode::Plain];
                let fate = match self.random.below(4) {
                    0 | 1 => Fate::Awaited,
                    2 => Fate::Aborted(self.random.below(3)),
                    _ => Fate::Loose,
                };
                Step::Spawn(modes[self.random.below(modes.len())], fate, self.steps(task))
            }
            32 => Step::Blocking(self.steps(caught(sync))),
            33 => Step::JoinSet(self.random.below(4), self.several(task)),
            _ => Step::CatchPanicAsync(self.steps(caught(wrapped))),
        }
    }
}
