//! What shapes may use. It is compiled into each program, not into the test.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// Tells when it is dropped.
#[derive(Debug)]
pub struct Noisy(pub &'static str);

impl Drop for Noisy {
    fn drop(&mut self) {
        println!("drop {}", self.0);
    }
}

/// Polls until it is ready.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = poll(future.as_mut()) {
            return value;
        }
    }
}

/// Polls once.
pub fn poll<F: Future + ?Sized>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Is pending once.
pub async fn yield_now() {
    let mut polled = false;
    std::future::poll_fn(move |_| match std::mem::replace(&mut polled, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await
}

/// Prints which auto traits the type of a value has.
#[macro_export]
macro_rules! auto_traits {
    ($value:expr) => {{
        use $crate::support::{Lacks as _, Type};
        let of = Type::of(&$value);
        println!("Send {} Sync {} Unpin {}", of.is_send(), of.is_sync(), of.is_unpin());
    }};
}

pub struct Type<T: ?Sized>(PhantomData<T>);

impl<T> Type<T> {
    pub fn of(_: &T) -> Self {
        Type(PhantomData)
    }
}

impl<T: ?Sized + Send> Type<T> {
    pub fn is_send(&self) -> bool {
        true
    }
}

impl<T: ?Sized + Sync> Type<T> {
    pub fn is_sync(&self) -> bool {
        true
    }
}

impl<T: ?Sized + Unpin> Type<T> {
    pub fn is_unpin(&self) -> bool {
        true
    }
}

pub trait Lacks {
    fn is_send(&self) -> bool {
        false
    }

    fn is_sync(&self) -> bool {
        false
    }

    fn is_unpin(&self) -> bool {
        false
    }
}

impl<T: ?Sized> Lacks for Type<T> {}

pub fn plain(run: fn()) {
    run();
}

/// Runs a shape in a capture and prints its spans with their attributes.
pub fn traced(run: fn()) {
    let captured = trace_core::capture(run);
    let mut traces: Vec<_> = captured.traces.iter().collect();
    traces.sort_by_key(|trace| trace.spans().map(|span| span.start_unix_nanos()).min());
    for trace in traces {
        let keys = trace.spans().flat_map(|span| span.attributes().iter().map(|found| found.key.clone()).collect::<Vec<_>>());
        let keys: std::collections::BTreeSet<_> = keys.collect();
        let shape = keys.into_iter().fold(trace.shape(), |shape, key| shape.attribute(key));
        for line in shape.to_string().lines() {
            println!("~~ {}", line);
        }
    }
}
