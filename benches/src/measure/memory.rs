//! Cases whose figure is memory.

use std::pin::pin;
use std::sync::Barrier;
use std::task::{Context, Waker};
use std::{hint, thread};

use crate::candidate::Candidate;
use crate::ledger;
use crate::machine::resident_bytes;
use crate::measure::extra::Yields;
use crate::sample::Sample;

const THREADS: usize = 8;
const SPANS_PER_TRACE: u32 = 101;

/// By how much the process grows while one open span is polled.
pub(super) fn polls<C: Candidate>(candidate: &C, polls: u32) -> Sample {
    let grown = candidate.in_root(|| {
        let mut future = pin!(candidate.wrapped(Yields(polls)));
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..1000 {
            let _ = hint::black_box(future.as_mut().poll(&mut context));
        }
        let before = resident_bytes();
        while future.as_mut().poll(&mut context).is_pending() {}
        resident_bytes().saturating_sub(before)
    });
    Sample { hot: Some(grown as f64 / f64::from(1 << 20)), ..Sample::default() }
}

/// What spans that have ended hold while the exporter is stuck, and what a thread holds that has recorded once.
///
/// `before` is the memory before the pipeline was set up: queues that are paid for in advance count.
pub(super) fn held<C: Candidate>(candidate: &C, before: u64, traces: u32) -> Sample {
    ledger::close();
    for _ in 0..traces {
        candidate.in_root(|| {
            for _ in 1..SPANS_PER_TRACE {
                candidate.child();
            }
        });
    }
    let spans = f64::from(traces) * f64::from(SPANS_PER_TRACE);
    let per_span = resident_bytes().saturating_sub(before) as f64 / spans;

    let recorded = grown_by_threads(|| {
        drop(hint::black_box(Box::new(0_u64)));
        candidate.in_root(|| candidate.child());
    });
    let per_thread = recorded as f64 / THREADS as f64 / 1024.0;
    ledger::open();
    Sample { hot: Some(per_span), cpu: Some(per_thread), ..Sample::default() }
}

/// By how much threads let the process grow that do this once and then stay.
fn grown_by_threads(work: impl Fn() + Sync) -> u64 {
    let (done, leave) = (Barrier::new(THREADS + 1), Barrier::new(THREADS + 1));
    thread::scope(|scope| {
        let before = resident_bytes();
        for _ in 0..THREADS {
            scope.spawn(|| {
                work();
                done.wait();
                leave.wait();
            });
        }
        done.wait();
        let grown = resident_bytes().saturating_sub(before);
        leave.wait();
        grown
    })
}
