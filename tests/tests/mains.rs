//! `#[traced]` on what drives an executor. The span is that of the root future alone: on the thread it would be the parent of
//! everything else that the executor polls there.
#![allow(clippy::unwrap_used, reason = "all of this crate is a test")]

use std::cell::RefCell;
use std::future::Future;

use futures::executor::{LocalPool, LocalSpawner};
use futures::task::LocalSpawnExt;
use trace_core::{assert_tree, capture, drive, in_scope, traced};

/// A task that carries nothing: what is polled beside the root future.
async fn beside(name: &'static str) {
    in_scope(name, || ());
}

#[traced]
async fn inside() {
    tokio::task::yield_now().await;
}

/// Runs `main` and shows its traces, each on lines of its own, in the order of their beginnings.
fn traces(main: impl FnOnce()) -> String {
    let captured = capture(main);
    let mut traces: Vec<_> = captured.traces.iter().collect();
    traces.sort_by_key(|trace| trace.spans().map(|span| span.start_unix_nanos()).min());
    traces.iter().map(|trace| format!("{}\n", trace.shape())).collect()
}

mod actix {
    use super::*;

    #[traced]
    #[actix_rt::main]
    async fn above() -> Result<u32, String> {
        actix_rt::spawn(beside("beside")).await.unwrap();
        inside().await;
        Err("above".to_owned())
    }

    #[actix_rt::main]
    #[traced]
    async fn below() -> Result<u32, String> {
        actix_rt::spawn(beside("beside")).await.unwrap();
        inside().await;
        Err("below".to_owned())
    }

    #[actix_rt::test]
    #[traced]
    async fn a_test_below_works() {
        inside().await;
    }

    #[traced]
    #[actix_rt::test]
    async fn a_test_above_works() {
        inside().await;
    }

    #[test]
    fn its_main_goes_with_it_in_both_orders() {
        for (name, main) in [("above", above as fn() -> _), ("below", below)] {
            let found = traces(|| assert_eq!(main(), Err(name.to_owned())));
            assert_eq!(found, format!("{name} [error]\n  inside\nbeside\n"));
        }
    }
}

thread_local! {
    static SPAWNER: RefCell<Option<LocalSpawner>> = const { RefCell::new(None) };
}

/// An executor on this thread that polls other tasks as well, called as smol's and async-std's is.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut pool = LocalPool::new();
    SPAWNER.set(Some(pool.spawner()));
    pool.run_until(future)
}

fn spawn(future: impl Future<Output = ()> + 'static) {
    SPAWNER.with_borrow(|spawner| spawner.as_ref().unwrap().spawn_local(future).unwrap());
}

/// Lets the other tasks run before it goes on.
async fn work() {
    spawn(beside("beside"));
    inside().await;
    in_scope("late", || ());
}

#[test]
fn what_async_std_makes_of_a_main_below_it_works() {
    // As `#[async_std::main]` writes it.
    #[traced]
    fn main() -> Result<(), String> {
        async fn main() -> Result<(), String> {
            work().await;
            Err("no".to_owned())
        }
        block_on(async { main().await })
    }
    assert_eq!(traces(|| assert!(main().is_err())), "main [error]\n  inside\n  late\nbeside\n");
}

#[test]
fn a_main_that_only_drives_a_future_holds_no_span_on_the_thread() {
    #[traced]
    fn main() {
        block_on(async move {
            work().await;
        })
    }
    assert_eq!(traces(main), "main\n  inside\n  late\nbeside\n");
}

#[test]
fn a_main_with_statements_of_its_own_drives_its_future_through_drive() {
    #[traced]
    fn main() {
        in_scope("before", || ());
        drive(work(), block_on);
        in_scope("after", || ());
    }
    assert_eq!(traces(main), "main\n  before\n  inside\n  late\n  after\nbeside\n");
}

/// The limit that the page of `#[traced]` names.
#[test]
fn a_main_with_statements_of_its_own_and_no_drive_is_the_parent_of_tasks_that_carry_nothing() {
    #[traced]
    fn main() {
        let future = work();
        block_on(future);
    }
    let captured = capture(main);
    assert_tree!(captured.trace().unwrap(), "main\n  inside\n  beside\n  late");
}
