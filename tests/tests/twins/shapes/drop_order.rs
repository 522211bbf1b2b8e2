//! The order in which arguments and locals are dropped: finished, cancelled, never polled, panicking.
//! span: sync
//! span: result [error]
//! span: asynchronous
//! span: asynchronous [never_polled]
//! span: asynchronous [cancelled]
//! span: temporaries
//! span: tail
//! span: async_tail
//! span: panics [panicked]
use crate::support::*;
use std::pin::pin;

struct Pair(Noisy, Noisy);

#[traced]
fn sync(a: Noisy, _: Noisy, Pair(b, _): Pair, ref c: Noisy, mut d: Noisy, _e: Noisy) {
    let _local = Noisy("local");
    d.0 = "d changed";
    println!("{} {} in body", a.0, c.0);
    drop(b);
}

#[traced]
fn result(a: Noisy, _: Noisy, Pair(b, _): Pair, ref c: Noisy, mut d: Noisy, _e: Noisy) -> Result<(), ()> {
    let _local = Noisy("local");
    d.0 = "d changed";
    println!("{} {} in body", a.0, c.0);
    drop(b);
    Err(())
}

#[traced]
async fn asynchronous(a: Noisy, _: Noisy, Pair(b, _): Pair, ref c: Noisy, mut d: Noisy, _e: Noisy) {
    let _local = Noisy("local");
    d.0 = "d changed";
    yield_now().await;
    println!("{} {} in body", a.0, c.0);
    drop(b);
}

#[traced]
fn temporaries(a: Noisy) -> usize {
    let _local = Noisy("local");
    match (Noisy("temporary"), &a) {
        (temporary, a) => (temporary.0.len() + a.0.len()) * Noisy("second").0.len(),
    }
}

#[traced]
fn tail(a: Noisy) -> usize {
    let _local = Noisy("local");
    Noisy("temporary").0.len() + a.0.len()
}

#[traced]
async fn async_tail(a: Noisy) -> usize {
    let _local = Noisy("local");
    Noisy("temporary").0.len() + a.0.len()
}

#[traced]
fn panics(_a: Noisy, b: Noisy) -> Result<(), ()> {
    let _local = Noisy("local");
    std::panic::resume_unwind(Box::new(b.0));
}

fn pair() -> Pair {
    Pair(Noisy("first"), Noisy("second"))
}

pub fn run() {
    let n = Noisy;
    sync(n("a"), n("_"), pair(), n("c"), n("d"), n("e"));
    let _ = result(n("a"), n("_"), pair(), n("c"), n("d"), n("e"));
    println!("finished");
    block_on(asynchronous(n("a"), n("_"), pair(), n("c"), n("d"), n("e")));
    println!("never polled");
    drop(asynchronous(n("a"), n("_"), pair(), n("c"), n("d"), n("e")));
    println!("cancelled");
    {
        let mut future = pin!(asynchronous(n("a"), n("_"), pair(), n("c"), n("d"), n("e")));
        assert!(poll(future.as_mut()).is_pending());
    }
    println!("temporaries");
    temporaries(n("a"));
    tail(n("a"));
    block_on(async_tail(n("a")));
    println!("panics");
    let caught = std::panic::catch_unwind(|| panics(Noisy("a"), Noisy("b")));
    println!("{:?}", caught.unwrap_err().downcast_ref::<&str>());
}
