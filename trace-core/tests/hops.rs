//! Who led to whom on the critical path, against a plain account of what happened: every poll and every call of a waker is seen
//! by the futures of the programs themselves.
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

mod common;

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, UNIX_EPOCH};

use common::Random;
use common::executor::Executor;
use futures::channel::oneshot;
use futures::future::{LocalBoxFuture, join_all};
use trace_core::{Capture, FutureExt, Hop, ManualClock, Span, SpanView, Trace};

/// What happened, with times at which nothing else happened.
#[derive(Default)]
struct Account {
    /// The polls of each span, from and to.
    polls: HashMap<String, Vec<(u64, u64)>>,
    /// When each span began.
    born: HashMap<String, u64>,
    /// Whose waker was called, when, and whose polls were under way there.
    wakes: Vec<(String, u64, Vec<String>)>,
    under_way: Vec<String>,
}

#[derive(Clone)]
struct Witness {
    clock: ManualClock,
    account: Arc<Mutex<Account>>,
}

impl Witness {
    /// The next moment.
    fn tick(&self) -> u64 {
        self.clock.advance(Duration::from_nanos(1));
        self.clock.unix_nanos()
    }

    fn note<R>(&self, note: impl FnOnce(&mut Account) -> R) -> R {
        note(&mut self.account.lock().expect("no panic"))
    }

    /// Notes that a span begins now, and finds a name that nobody else has.
    fn begin(&self) -> String {
        let born = self.tick();
        self.note(|account| {
            let name = format!("span {}", account.born.len());
            account.born.insert(name.clone(), born);
            name
        })
    }

    /// Runs a future in a new span.
    fn watch(&self, body: LocalBoxFuture<'static, ()>) -> LocalBoxFuture<'static, ()> {
        let name = self.begin();
        let span = Span::new(name.clone());
        Box::pin(Watched { name, body, witness: self.clone() }.in_span(span))
    }
}

/// Sees its own polls, and the calls of the waker that it hands on.
struct Watched {
    name: String,
    body: LocalBoxFuture<'static, ()>,
    witness: Witness,
}

impl Future for Watched {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let (name, witness) = (self.name.clone(), self.witness.clone());
        let waker =
            Waker::from(Arc::new(Watching { name: name.clone(), witness: witness.clone(), waker: cx.waker().clone() }));
        let from = witness.tick();
        witness.note(|account| account.under_way.push(name.clone()));
        let poll = self.body.as_mut().poll(&mut Context::from_waker(&waker));
        witness.note(|account| account.under_way.pop());
        let to = witness.tick();
        witness.note(|account| account.polls.entry(name).or_default().push((from, to)));
        poll
    }
}

struct Watching {
    name: String,
    witness: Witness,
    waker: Waker,
}

impl Wake for Watching {
    fn wake(self: Arc<Self>) {
        let now = self.witness.tick();
        self.witness.note(|account| {
            let under_way = account.under_way.clone();
            account.wakes.push((self.name.clone(), now, under_way));
        });
        self.waker.wake_by_ref();
    }
}

impl Account {
    /// How sure one may be that the end of one span brought another one about, both below this one.
    fn hop(&self, parent: &str, before: &str, after: &str) -> Hop {
        let polls = self.polls.get(parent).map_or(&[][..], Vec::as_slice);
        let poll_of = |(from, to): (u64, u64)| polls.iter().position(|poll| poll.0 < from && to < poll.1);
        let born = self.born[after];
        let (Some(began_in), Some(&last)) = (poll_of((born, born)), self.polls[before].last()) else {
            return Hop::Possible;
        };
        let ended_in = poll_of(last);
        if ended_in == Some(began_in) {
            return Hop::Proven;
        }
        let since = began_in.checked_sub(1).map_or(0, |poll| polls[poll].0);
        let woke = |(whose, when, _): &&(String, u64, Vec<String>)| {
            whose == parent && (since..polls[began_in].0).contains(when)
        };
        let Some((_, when, by)) = self.wakes.iter().find(woke) else { return Hop::Possible };
        match ended_in {
            _ if (last.0..last.1).contains(when) && by.iter().any(|name| name == before) => Hop::Proven,
            Some(poll) if *when > polls[poll].1 => Hop::Refuted,
            _ => Hop::Possible,
        }
    }
}

/// A program of tasks and futures that work, wait and wake each other.
#[derive(Clone, Debug)]
enum Step {
    Work(u64),
    Sleep(u64),
    Yield,
    Scope,
    Call(Vec<Step>),
    Together(Vec<Vec<Step>>),
    Spawn(Vec<Step>, Tell),
    /// Waits for the task that was spawned first and not waited for.
    Join,
}

/// When a task tells that it is done.
#[derive(Clone, Copy, Debug)]
enum Tell {
    /// In the last poll of its span.
    AtTheEnd,
    /// In an earlier poll.
    Early,
    /// When its span is over, as runtimes do.
    Afterwards,
}

fn run(executor: Rc<Executor>, witness: Witness, steps: Vec<Step>) -> LocalBoxFuture<'static, ()> {
    Box::pin(async move {
        let mut tasks = std::collections::VecDeque::new();
        let inner = |steps| run(Rc::clone(&executor), witness.clone(), steps);
        for step in steps {
            match step {
                Step::Work(millis) => executor.work(millis).await,
                Step::Sleep(millis) => executor.sleep(millis).await,
                Step::Yield => yield_once().await,
                Step::Scope => scope(&witness),
                Step::Call(steps) => witness.watch(inner(steps)).await,
                Step::Together(parts) => {
                    join_all(parts.into_iter().map(|steps| witness.watch(inner(steps)))).await;
                }
                Step::Spawn(steps, tell) => tasks.push_back(spawn(&executor, &witness, inner(steps), tell)),
                Step::Join => {
                    if let Some(task) = tasks.pop_front() {
                        // Whether it ran or was given up.
                        let _ = task.await;
                    }
                }
            }
        }
    })
}

fn scope(witness: &Witness) {
    let name = witness.begin();
    let over = trace_core::in_scope(name.clone(), || witness.tick());
    witness.note(|account| account.polls.insert(name, vec![(over, over)]));
    witness.tick();
}

fn spawn(
    executor: &Rc<Executor>,
    witness: &Witness,
    body: LocalBoxFuture<'static, ()>,
    tell: Tell,
) -> oneshot::Receiver<()> {
    let (done, is_done) = oneshot::channel();
    let mut done = Some(done);
    let tell_now = Rc::new(RefCell::new(move |when: bool| {
        if let Some(done) = done.take_if(|_| when) {
            // Perhaps nobody waits.
            let _ = done.send(());
        }
    }));
    let (early, at_the_end) = (matches!(tell, Tell::Early), matches!(tell, Tell::AtTheEnd));
    let inside = Rc::clone(&tell_now);
    let task = witness.watch(Box::pin(async move {
        inside.borrow_mut()(early);
        body.await;
        inside.borrow_mut()(at_the_end);
    }));
    executor.spawn(Box::pin(async move {
        task.await;
        tell_now.borrow_mut()(true);
    }));
    is_done
}

fn yield_once() -> impl Future<Output = ()> {
    let mut is_ready = false;
    poll_fn(move |cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut is_ready, true) { Poll::Ready(()) } else { Poll::Pending }
    })
}

fn steps(random: &mut Random, depth: usize) -> Vec<Step> {
    let kinds = if depth < 3 { 11 } else { 4 };
    let tell = [Tell::AtTheEnd, Tell::Early, Tell::Afterwards];
    (0..1 + random.below(6))
        .map(|_| match random.below(kinds) {
            0 => Step::Work(random.below(8) as u64),
            1 => Step::Sleep(random.below(20) as u64),
            2 => Step::Yield,
            3 => Step::Scope,
            4 | 5 => Step::Call(steps(random, depth + 1)),
            6 => Step::Together((0..1 + random.below(3)).map(|_| steps(random, depth + 1)).collect()),
            7 | 8 => Step::Spawn(steps(random, depth + 1), tell[random.below(3)]),
            _ => Step::Join,
        })
        .collect()
}

/// What this program did, and what its trace tells.
fn traced(steps: Vec<Step>) -> (Trace, Account) {
    let clock = ManualClock::new(UNIX_EPOCH + Duration::from_secs(1));
    let executor = Executor::new(clock.clone());
    let witness = Witness { clock: clock.clone(), account: Arc::default() };
    let account = Arc::clone(&witness.account);
    let captured = Capture::new().manual_clock(clock).time_wakes().run(|| {
        let root = witness.clone();
        let program = run(Rc::clone(&executor), witness.clone(), steps);
        executor.spawn(root.watch(program));
        executor.run();
    });
    let trace = captured.traces.into_iter().next().expect("the root ended");
    let account = std::mem::take(&mut *account.lock().expect("no panic"));
    (trace, account)
}

/// The spans around a span, itself first.
fn around<'a>(trace: &'a Trace, span: SpanView<'a>) -> impl Iterator<Item = SpanView<'a>> {
    std::iter::successors(Some(span), |span| trace.span(span.parent_id()?))
}

#[test]
fn every_hop_of_random_programs_is_as_sure_as_an_account_of_them_says() {
    let mut random = Random(0x5eed);
    let mut counts: HashMap<Hop, usize> = HashMap::new();
    for program in 0..1500 {
        let steps = steps(&mut random, 0);
        let (trace, account) = traced(steps.clone());
        let path = trace.critical_path();
        let pieces: Vec<_> =
            path.iter().map(|piece| (trace.span(piece.span_id).expect("it is here"), piece.hop)).collect();
        for (place, &(after, hop)) in pieces.iter().enumerate().filter(|(_, (_, hop))| *hop != Hop::Within) {
            let parent = after.parent_id().and_then(|id| trace.span(id)).expect("a hop is between siblings");
            let is_sibling = |span: &SpanView<'_>| span.parent_id() == after.parent_id();
            let before = pieces[..place].iter().rev().find_map(|&(span, _)| around(&trace, span).find(is_sibling));
            let before = before.expect("a hop comes from somewhere");
            let expected = account.hop(parent.name(), before.name(), after.name());
            let what =
                format!("program {program}: {} -> {} in {}: {steps:?}", before.name(), after.name(), parent.name());
            assert_eq!(hop, expected, "{what}");
            *counts.entry(hop).or_default() += 1;
        }
    }
    // The programs are not trivial.
    for hop in [Hop::Proven, Hop::Possible, Hop::Refuted] {
        assert!(counts.get(&hop).is_some_and(|&count| count > 50), "{counts:?}");
    }
}
