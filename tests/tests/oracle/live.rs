//! The same programs in the pipeline of `init`, which hands traces on while others run.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tests::child::Child;
use tests::exporters::{Keeping, PATIENCE};
use tests::prng::Prng;
use tokio::runtime::{Builder, Runtime};
use trace_core::{FutureExt, Trace, TraceId, builder};

use crate::world::{Findings, Place, World};
use crate::{AT_ONCE, compare, number, program, task};

/// How many programs are run unless the environment says otherwise.
const PROGRAMS: u64 = 1000;

/// A program that has run: its seed, itself in words, and what the oracle knows of it.
struct Ran {
    seed: u64,
    program: String,
    findings: Findings,
}

fn run(runtime: &Runtime, seed: u64, is_single_thread: bool) -> Ran {
    let program = program::program(&mut Prng::new(seed << 1 | u64::from(is_single_thread)), is_single_thread);
    let world = Arc::new(World::new(is_single_thread));
    let (inside, steps) = (Arc::clone(&world), Arc::clone(&program));
    let all = async move {
        task::run(Arc::clone(&inside), Place::ROOT, steps).await;
        task::finish(&inside, 2).await;
    };
    // A guard that it holds over an await is its own, as in a capture, and not that of the tasks which nobody wrapped.
    runtime.block_on(all.without_context());
    let world = Arc::into_inner(world).expect("nothing of the program still runs");
    Ran { seed, program: format!("{program:?}"), findings: world.into_findings() }
}

/// Runs all programs, several at once, and compares the traces of each with what the oracle knows.
fn run_all(is_single_thread: bool, runtime: impl Fn() -> Runtime + Sync) {
    let keeping = Keeping::default();
    let pipeline = builder().without_environment().exporter(keeping.clone()).init().unwrap();
    let seeds = match number("TRACE_ORACLE_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("TRACE_ORACLE_PROGRAMS").unwrap_or(PROGRAMS),
    };
    let (next, all) = (AtomicU64::new(seeds.start), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let runtime = runtime();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let ran = run(&runtime, seed, is_single_thread);
                    all.lock().unwrap().push(ran);
                }
            });
        }
    });
    pipeline.flush(PATIENCE).unwrap();

    let all = all.into_inner().unwrap();
    let told = keeping.take();
    let mut of_id: HashMap<TraceId, Vec<&Trace>> = HashMap::new();
    told.iter().for_each(|trace| of_id.entry(trace.id()).or_default().push(trace));
    for Ran { seed, program, findings } in &all {
        let mut ids: Vec<_> = findings.spans.iter().filter_map(|span| span.handle.trace_id()).collect();
        ids.sort_unstable();
        ids.dedup();
        let traces: Vec<_> = ids.iter().filter_map(|id| of_id.remove(id)).flatten().collect();
        let differences = compare::differences_in(findings, &traces);
        assert!(differences.is_empty(), "TRACE_ORACLE_SEED={seed}, live:\n{differences}{program}");
    }
    assert!(of_id.is_empty(), "nobody began {} traces", of_id.len());
    let (stats, spans) = (pipeline.stats(), all.iter().map(|ran| ran.findings.spans.len() as u64).sum());
    assert_eq!((stats.closed, stats.exporters[0].exported, stats.open), (spans, spans, 0), "{stats:?}");
}

fn in_child(scenario: impl FnOnce()) {
    let variables = ["TRACE_ORACLE_SEED", "TRACE_ORACLE_PROGRAMS"];
    let set = variables.into_iter().filter_map(|name| Some((name, std::env::var(name).ok()?)));
    set.fold(Child::new(), |child, (name, value)| child.env(name, &value)).run(scenario);
}

#[test]
fn programs_on_one_thread_are_told_as_they_are_while_others_run() {
    in_child(|| run_all(true, || Builder::new_current_thread().build().unwrap()));
}

#[test]
fn programs_on_several_threads_are_told_as_they_are_while_others_run() {
    in_child(|| run_all(false, || Builder::new_multi_thread().worker_threads(2).build().unwrap()));
}
