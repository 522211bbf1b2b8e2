//! The floor as a candidate: each operation is the least that it can cost.

use std::future::ready;
use std::hint::black_box;

use crate::candidate::{Candidate, Mode};
use crate::case::Case;
use crate::floor;

/// An operation that leaves a span: two clock readings and a store.
pub(super) type Span = Floor<0>;
/// An operation that only has to read the context.
pub(super) type Context = Floor<1>;
/// An operation that only has to ask whether anything is on.
pub(super) type Switch = Floor<2>;

/// A span of a clock that stands still: the store alone.
pub(super) type Store = Floor<3>;

/// The floor of one kind of operation.
#[derive(Debug)]
pub(super) struct Floor<const KIND: u8>;

impl<const KIND: u8> Candidate for Floor<KIND> {
    const EXPORTS: bool = false;

    fn supports(case: Case) -> bool {
        !matches!(case, Case::Rich | Case::Polls)
    }

    fn times_polls() -> bool {
        true
    }

    fn install(_: Mode) -> Self {
        Self
    }

    fn flush(&self) {}

    #[inline(always)]
    fn in_root<R>(&self, body: impl FnOnce() -> R) -> R {
        let result = body();
        self.child();
        result
    }

    async fn in_root_async<F: Future>(&self, future: F) -> F::Output {
        let output = future.await;
        self.child();
        output
    }

    #[inline(always)]
    fn child(&self) {
        match KIND {
            0 => floor::span(),
            1 => {
                floor::is_sampled();
            }
            3 => floor::record(0, 0),
            _ => {
                floor::is_on();
            }
        }
    }

    #[inline(always)]
    fn by_attribute(&self) {
        self.child();
    }

    async fn by_attribute_async(&self) {
        self.child();
    }

    fn wrapped<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        future
    }

    fn spawned(&self) -> impl Future<Output = ()> + 'static {
        ready(())
    }

    fn rich(&self, _: i64) {}

    #[inline(always)]
    fn current(&self) {
        black_box(floor::context());
    }

    #[inline(always)]
    fn traceparent(&self) {
        floor::header(&mut [0; 55]);
    }
}
