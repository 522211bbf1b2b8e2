//! Cases that time one operation in blocks, each block under a root of its own.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::candidate::{Candidate, Mode};
use crate::case::Case;
use crate::measure::meter::Meter;
use crate::sample::Sample;
use crate::ticks;

/// One operation in blocks, each block under a root of its own; without a root where nothing is initialised.
pub(super) fn sync<C: Candidate>(candidate: &C, case: Case, roots: u32, operation: impl Fn(&C)) -> Sample {
    let operations = operations(case);
    let run = |meter: &mut Meter, roots: u32| {
        for _ in 0..roots {
            let mut block = || {
                meter.block(|| {
                    for _ in 0..operations {
                        operation(candidate);
                    }
                });
            };
            match case.mode() {
                Mode::Off => block(),
                _ => candidate.in_root(block),
            }
            meter.ended::<C>(spans(case));
        }
    };
    warm_and_run(candidate, case, roots, run).sample::<C>(operations)
}

/// The same, awaiting an annotated `async fn` inside a root future.
pub(super) fn awaited<C: Candidate>(candidate: &C, case: Case, roots: u32) -> Sample {
    let operations = operations(case);
    let run = |meter: &mut Meter, roots: u32| {
        for _ in 0..roots {
            let block = async {
                let start = ticks::now();
                for _ in 0..operations {
                    candidate.by_attribute_async().await;
                }
                meter.book(ticks::now().wrapping_sub(start));
            };
            match case.mode() {
                Mode::Off => poll_to_end(block),
                _ => poll_to_end(candidate.in_root_async(block)),
            }
            meter.ended::<C>(spans(case));
        }
    };
    warm_and_run(candidate, case, roots, run).sample::<C>(operations)
}

/// How many operations are timed together. Where they are not spans they are short, and no queue has to hold them.
fn operations(case: Case) -> u32 {
    if case.leaves_spans() { 100 } else { 1000 }
}

/// How many spans such a block leaves, its root included.
fn spans(case: Case) -> u64 {
    if case.leaves_spans() { u64::from(operations(case)) + 1 } else { 0 }
}

/// Root spans without children, 50 to a block.
pub(super) fn roots<C: Candidate>(candidate: &C, blocks: u32) -> Sample {
    let run = |meter: &mut Meter, blocks: u32| {
        for _ in 0..blocks {
            meter.block(|| {
                for _ in 0..50 {
                    candidate.in_root(|| ());
                }
            });
            meter.ended::<C>(50);
        }
    };
    warm_and_run(candidate, Case::Root, blocks, run).sample::<C>(50)
}

/// Runs it all once to warm up, the allocator too, then again.
pub(super) fn warm_and_run<C: Candidate>(
    candidate: &C,
    case: Case,
    blocks: u32,
    run: impl Fn(&mut Meter, u32),
) -> Meter {
    let mut warm = Meter::new(case, blocks);
    warm.stretch(candidate, |meter| run(meter, blocks));
    let mut meter = Meter::new(case, blocks);
    meter.stretch(candidate, |meter| run(meter, blocks));
    meter
}

/// Polls until the future is ready, without a waker: the futures here need none.
fn poll_to_end<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
}
