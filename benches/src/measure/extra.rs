//! Cases whose figure is a difference: with the library, less the same without it.

use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use crate::candidate::Candidate;
use crate::case::Case;
use crate::measure::meter::Meter;
use crate::sample::Sample;

const POLLS: u32 = 5000;
const TIMED_POLLS: u32 = 100;
const TASKS: u32 = 100;
const STRETCHES: u32 = 8;

/// A future that is pending so many times and then ready.
#[derive(Debug)]
pub(super) struct Yields(pub(super) u32);

/// The same, which asks for its next poll each time.
#[derive(Debug)]
struct Wakes(Yields);

impl Future for Wakes {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        cx.waker().wake_by_ref();
        Pin::new(&mut self.0).poll(cx)
    }
}

impl Future for Yields {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if black_box(self.0) == 0 {
            return Poll::Ready(());
        }
        self.0 -= 1;
        Poll::Pending
    }
}

/// What one poll costs more if a span is wrapped around the future. Polls that leave records come by the hundred, as the spans
/// of other cases do: else it would be measured how memory is found for more than the background thread can take meanwhile.
pub(super) fn poll<C: Candidate>(candidate: &C, case: Case, wrappers: u32) -> Sample {
    match case {
        Case::Poll => polls_of(candidate, case, wrappers, POLLS, || Yields(POLLS)),
        // What is timed is a wake-up for each poll.
        Case::WokenPoll => polls_of(candidate, case, wrappers, TIMED_POLLS, || Wakes(Yields(TIMED_POLLS))),
        _ => polls_of(candidate, case, wrappers, TIMED_POLLS, || Yields(TIMED_POLLS)),
    }
}

fn polls_of<C: Candidate, F: Future<Output = ()>>(
    candidate: &C,
    case: Case,
    wrappers: u32,
    polls: u32,
    future: impl Fn() -> F,
) -> Sample {
    let bare = |meter: &mut Meter, roots: u32| {
        for _ in 0..roots {
            candidate.in_root(|| poll_all(meter, polls, future()));
            meter.ended::<C>(1);
        }
    };
    let traced = |meter: &mut Meter, roots: u32| {
        for _ in 0..roots {
            candidate.in_root(|| poll_all(meter, polls, candidate.wrapped(future())));
            meter.ended::<C>(2);
        }
    };
    difference(candidate, case, polls, wrappers, bare, traced)
}

/// Times the polls alone: the wrapper exists before and goes after.
fn poll_all<F: Future<Output = ()>>(meter: &mut Meter, polls: u32, future: F) {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    meter.block(|| {
        for _ in 0..polls {
            let _ = black_box(future.as_mut().poll(black_box(&mut context)));
        }
    });
    while future.as_mut().poll(&mut context).is_pending() {}
}

/// What a task on a current-thread runtime costs more if it has a span.
pub(super) fn spawned<C: Candidate>(candidate: &C, roots: u32) -> Sample {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers needs nothing of the system");
    let run = |meter: &mut Meter, roots: u32, traced: bool| {
        for _ in 0..roots {
            runtime.block_on(candidate.in_root_async(async {
                let start = crate::ticks::now();
                if traced {
                    join_all(|| candidate.spawned()).await;
                } else {
                    join_all(bare_task).await;
                }
                meter.book(crate::ticks::now().wrapping_sub(start));
            }));
            meter.ended::<C>(if traced { u64::from(TASKS) + 1 } else { 1 });
        }
    };
    difference(
        candidate,
        Case::Spawned,
        TASKS,
        roots,
        |meter, roots| run(meter, roots, false),
        |meter, roots| run(meter, roots, true),
    )
}

fn bare_task() -> impl Future<Output = ()> {
    let task = tokio::spawn(async { black_box(()) });
    async { task.await.expect("the task does not panic") }
}

async fn join_all<F: Future<Output = ()>>(spawn: impl Fn() -> F) {
    let mut tasks = Vec::with_capacity(TASKS as usize);
    for _ in 0..TASKS {
        tasks.push(Box::pin(spawn()));
    }
    for task in tasks {
        task.await;
    }
}

/// Alternates stretches of both and subtracts.
fn difference<C: Candidate>(
    candidate: &C,
    case: Case,
    operations: u32,
    blocks: u32,
    bare: impl Fn(&mut Meter, u32),
    traced: impl Fn(&mut Meter, u32),
) -> Sample {
    let each = blocks.div_ceil(STRETCHES);
    let run = || {
        let mut without = Meter::new(case, STRETCHES * each);
        let mut with = Meter::new(case, STRETCHES * each);
        for _ in 0..STRETCHES {
            without.stretch(candidate, |meter| bare(meter, each));
            with.stretch(candidate, |meter| traced(meter, each));
        }
        (without, with)
    };
    // As in other cases all of it warms up: memory that a thread in a hurry gets anew is dear as long as it is new.
    drop(run());
    let (without, with) = run();
    let done = f64::from(STRETCHES * each) * f64::from(operations);
    let ((hot_with, cut_with), (hot_without, cut_without)) = (with.hot(operations), without.hot(operations));
    Sample {
        hot: Some(hot_with - hot_without),
        cpu: Some((with.cpu_nanos() - without.cpu_nanos()) / done),
        interrupted: cut_with + cut_without,
        ..with.books::<C>()
    }
}
