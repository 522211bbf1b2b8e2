//! Traces as fast as a thread can make them: what it costs, and what is lost.

use std::thread;
use std::time::Duration;

use crate::candidate::Candidate;
use crate::case::Case;
use crate::machine;
use crate::measure::meter::Meter;
use crate::sample::Sample;

const CHILDREN: u32 = 10;

/// From one thread.
pub(super) fn one_thread<C: Candidate>(candidate: &C, traces: u32) -> Sample {
    let mut busy = Duration::ZERO;
    let warm = traces.div_ceil(100);
    Meter::new(Case::FlatOut, 1).stretch(candidate, |meter| {
        make_traces(candidate, warm);
        meter.book_spans(spans(warm));
    });
    let mut meter = Meter::new(Case::FlatOut, 1);
    meter.stretch(candidate, |meter| {
        busy = make_traces(candidate, traces);
        meter.book_spans(spans(traces));
    });
    sample::<C>(&meter, busy, traces)
}

/// From two threads, half of them each, on different processors where there are two. Both threads have exited when
/// the flush begins.
pub(super) fn two_threads<C: Candidate>(candidate: &C, traces: u32, cores: &[usize]) -> Sample {
    let mut busy = Duration::ZERO;
    let mut meter = Meter::new(Case::FlatOut, 1);
    meter.stretch(candidate, |meter| {
        busy = thread::scope(|scope| {
            let threads = [0, 1].map(|index| {
                scope.spawn(move || {
                    machine::pin(&[cores[index % cores.len()]]);
                    make_traces(candidate, traces / 2)
                })
            });
            threads.into_iter().filter_map(|thread| thread.join().ok()).sum()
        });
        meter.book_spans(spans(traces));
    });
    sample::<C>(&meter, busy, traces)
}

fn make_traces<C: Candidate>(candidate: &C, traces: u32) -> Duration {
    let before = machine::thread_cpu();
    for _ in 0..traces {
        candidate.in_root(|| {
            for _ in 0..CHILDREN {
                candidate.child();
            }
        });
    }
    machine::thread_cpu() - before
}

fn spans(traces: u32) -> u64 {
    u64::from(traces) * u64::from(CHILDREN + 1)
}

fn sample<C: Candidate>(meter: &Meter, busy: Duration, traces: u32) -> Sample {
    let books = meter.books::<C>();
    Sample {
        hot: Some(busy.as_nanos() as f64 / spans(traces) as f64),
        cpu: (books.delivered > 0).then(|| meter.cpu_nanos() / books.delivered as f64),
        ..books
    }
}
