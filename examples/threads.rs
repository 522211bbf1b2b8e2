//! The span goes along to other threads: std's, scoped ones, the blocking pool, any pool that takes closures.
//!
//! ```text
//! cargo run -p examples --example threads
//! ```

use std::error::Error;
use std::sync::mpsc;
use std::thread;

use trace_core::{Handoff, in_current_span, in_scope, traced};

fn main() -> Result<(), Box<dyn Error>> {
    let _pipeline = trace_core::init()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    in_scope("main", || {
        in_scope("std thread", || Handoff::child().thread(|| work("on a thread")).join().expect("no panic"));

        in_scope("scoped threads", || {
            let parts = ["left half", "right half"];
            thread::scope(|scope| {
                for part in &parts {
                    Handoff::child().scoped(scope, || work(part));
                }
            });
        });

        in_scope("a pool of one's own", || {
            let (jobs, pool) = pool();
            jobs.send(Box::new(Handoff::child().wrap(|| work("a closure, called once")))).expect("the pool runs");
            drop(jobs);
            pool.join().expect("no panic");
        });

        // For `par_iter().map(..)` and the like, which call a closure many times on many threads.
        in_scope("called often", || {
            let often = in_current_span(work);
            thread::scope(|scope| {
                scope.spawn(|| often("first call"));
                scope.spawn(|| often("second call"));
            });
        });

        trace_core::block_on(&runtime, blocking()).expect("no panic");

        // What outlives its cause is not its child: a trace of its own, and a link back.
        Handoff::linked_root("clean up").thread(|| work("afterwards")).join().expect("no panic");
    });
    Ok(())
}

#[traced]
async fn blocking() -> Result<(), tokio::task::JoinError> {
    trace_core::spawn_blocking(|| work("on tokio's blocking pool")).await
}

#[traced(fields(what))]
fn work(what: &str) {
    thread::sleep(std::time::Duration::from_millis(2));
}

type Job = Box<dyn FnOnce() + Send>;

/// A thread that knows nothing of tracing and runs what it is sent.
fn pool() -> (mpsc::Sender<Job>, thread::JoinHandle<()>) {
    let (jobs, queue) = mpsc::channel::<Job>();
    (jobs, thread::spawn(move || queue.into_iter().for_each(|job| job())))
}
