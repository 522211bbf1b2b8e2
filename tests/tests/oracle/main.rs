//! Seeded random async programs against a plain oracle: every span exactly once, with the right parent and outcome.
//!
//! `TRACE_ORACLE_SEED` runs one program, `TRACE_ORACLE_PROGRAMS` sets how many are run on each runtime.

#![cfg(test)]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "all of this crate is a test")]

mod compare;
mod live;
mod program;
mod shapes;
mod sync;
mod task;
mod watch;
mod world;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tests::prng::Prng;
use tokio::runtime::{Builder, Runtime};
use trace_core::Capture;

use crate::shapes::Shapes;
use crate::world::{Place, World};

/// How many programs are run on each runtime unless the environment says otherwise.
const PROGRAMS: u64 = 3000;

/// How many are run at once: each one's end wakes the processor in the midst of the others.
const AT_ONCE: u64 = 4;

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable}={text} is not a number")))
}

/// A program that was not told as it was.
struct Failure {
    spans: usize,
    text: String,
}

/// Runs one program; what differs from the oracle, and how the program was.
fn run(runtime: &Runtime, seed: u64, is_single_thread: bool, shapes: &Shapes) -> Result<(), Failure> {
    let program = program::program(&mut Prng::new(seed << 1 | u64::from(is_single_thread)), is_single_thread);
    let world = Arc::new(World::new(is_single_thread));
    let inside = Arc::clone(&world);
    let steps = Arc::clone(&program);
    let captured = runtime.block_on(Capture::new().run_async(async move {
        task::run(Arc::clone(&inside), Place::ROOT, steps).await;
        task::finish(&inside, 2).await;
    }));
    let fail = |spans, text| Failure { spans, text: format!("TRACE_ORACLE_SEED={seed}, {spans} spans:\n{text}") };
    let Some(world) = Arc::into_inner(world) else {
        return Err(fail(0, "something of the program still runs".to_owned()));
    };
    let findings = world.into_findings();
    shapes.add(&findings.shapes);
    let differences = compare::differences(&findings, &captured);
    if differences.is_empty() {
        return Ok(());
    }
    Err(fail(findings.spans.len(), format!("{differences}{program:?}\n{:?}", captured.stats)))
}

fn run_all(is_single_thread: bool, runtime: impl Fn() -> Runtime + Sync) {
    let shapes = Shapes::default();
    let seeds = match number("TRACE_ORACLE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TRACE_ORACLE_PROGRAMS").unwrap_or(PROGRAMS),
    };
    let failures = Mutex::new(Vec::new());
    let next = AtomicU64::new(seeds.start);
    let worker = || {
        let runtime = runtime();
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            if let Err(failure) = run(&runtime, seed, is_single_thread, &shapes) {
                failures.lock().unwrap().push(failure);
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(worker)).collect();
        let results: Vec<_> = workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect();
        if let Some(thrown) = results.into_iter().find_map(Result::err) {
            std::panic::resume_unwind(thrown);
        }
    });
    let failures = failures.into_inner().unwrap();
    // The smallest is the easiest to understand.
    if let Some(smallest) = failures.iter().min_by_key(|failure| failure.spans) {
        panic!("{} of {} programs failed. {}", failures.len(), seeds.end - seeds.start, smallest.text);
    }
    println!("{}", shapes.table());
    let missing = if seeds.end - seeds.start < PROGRAMS { Vec::new() } else { shapes.missing() };
    let of_one_thread = [shapes::Shape::GuardOverAnAwait, shapes::Shape::GuardThatEndsInAnotherFuture];
    let missing: Vec<_> =
        missing.into_iter().filter(|shape| is_single_thread || !of_one_thread.contains(shape)).collect();
    assert!(missing.is_empty(), "these shapes never occurred: {missing:?}");
}

#[test]
fn programs_on_one_thread_are_told_as_they_are() {
    run_all(true, || Builder::new_current_thread().build().unwrap());
}

#[test]
fn programs_on_several_threads_are_told_as_they_are() {
    run_all(false, || Builder::new_multi_thread().worker_threads(2).build().unwrap());
}
