//! Cases that time one operation in blocks, each block under a root of its own.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::candidate::Candidate;
use crate::measure::meter::Meter;
use crate::sample::Sample;

/// `operations` at a time under each of `roots` roots; `spans` says whether each leaves a span.
pub(super) fn sync<C: Candidate>(
    candidate: &C,
    operations: u32,
    roots: u32,
    spans: bool,
    operation: impl Fn(&C),
) -> Sample {
    let run = |meter: &mut Meter, roots: u32| {
        for _ in 0..roots {
            candidate.in_root(|| {
                meter.block(|| {
                    for _ in 0..operations {
                        operation(candidate);
                    }
                });
            });
            meter.ended::<C>(if spans { u64::from(operations) + 1 } else { 0 });
        }
    };
    let sample = warm_and_run(candidate, roots, run).sample::<C>(operations);
    without_spans_unless(spans, sample)
}

/// Awaits an annotated `async fn`, `operations` at a time, inside a root future.
pub(super) fn awaited<C: Candidate>(
    candidate: &C,
    operations: u32,
    roots: u32,
    spans: bool,
) -> Sample {
    let run = |meter: &mut Meter, roots: u32| {
        for _ in 0..roots {
            poll_to_end(candidate.in_root_async(async {
                let start = crate::ticks::now();
                for _ in 0..operations {
                    candidate.by_attribute_async().await;
                }
                meter.book(crate::ticks::now().wrapping_sub(start));
            }));
            meter.ended::<C>(if spans { u64::from(operations) + 1 } else { 0 });
        }
    };
    let sample = warm_and_run(candidate, roots, run).sample::<C>(operations);
    without_spans_unless(spans, sample)
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
    warm_and_run(candidate, blocks, run).sample::<C>(50)
}

/// Runs a quarter to warm up, then the whole.
pub(super) fn warm_and_run<C: Candidate>(
    candidate: &C,
    blocks: u32,
    run: impl Fn(&mut Meter, u32),
) -> Meter {
    let mut warm = Meter::new(blocks);
    warm.stretch(candidate, |meter| run(meter, blocks.div_ceil(4)));
    let mut meter = Meter::new(blocks);
    meter.stretch(candidate, |meter| run(meter, blocks));
    meter
}

fn without_spans_unless(spans: bool, sample: Sample) -> Sample {
    if spans {
        return sample;
    }
    Sample {
        cpu: None,
        produced: 0,
        delivered: 0,
        ..sample
    }
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
