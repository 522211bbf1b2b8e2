//! The future of a traced call.

use std::future::Future;
use std::pin::Pin;
use std::task::{self, Poll};

use pin_project_lite::pin_project;

use crate::callsite::Callsite;
use crate::carried::Carried;
use crate::context;
use crate::current_span::{CurrentSpan, current_span};
use crate::macro_support::judge::{By, ByResult, Judge, Never, Unjudged};
use crate::span::Span;
use crate::switches;

/// A future and how its span begins. How it is judged decides of what type the traced future is.
#[derive(Debug)]
#[must_use = "futures do nothing unless polled"]
pub struct Call<F, B> {
    future: F,
    begin: B,
}

/// How the span of a call begins.
pub trait Begin {
    /// Puts the future into its span.
    fn wrap<F, J>(self, future: F, judge: J) -> Traced<F, J>;
}

/// It has begun, around an `async` block.
#[derive(Debug)]
pub struct AroundBlock(Span);

impl Begin for AroundBlock {
    #[inline(always)]
    fn wrap<F, J>(self, future: F, judge: J) -> Traced<F, J> {
        Traced { future, carried: Carried::of(self.0).around_block(), judge }
    }
}

/// It has begun, around any future.
#[derive(Debug)]
pub struct AroundFuture(Span);

impl Begin for AroundFuture {
    #[inline(always)]
    fn wrap<F, J>(self, future: F, judge: J) -> Traced<F, J> {
        Traced { future, carried: Carried::of(self.0), judge }
    }
}

/// It begins here, around an `async` block, and only its callsite is said.
#[derive(Debug)]
pub struct At(&'static Callsite);

impl Begin for At {
    /// The span is announced when all of this is in memory: see [`Carried::announce`]. Three wrappers, each made where it is.
    #[inline]
    fn wrap<F, J>(self, future: F, judge: J) -> Traced<F, J> {
        if context::is_blank() && !switches::is_on(switches::GLOBAL) {
            return Traced { future, carried: Carried::nothing(), judge };
        }
        match Carried::begin(self.0) {
            Some(carried) => {
                let mut traced = Traced { future, carried: carried.around_block(), judge };
                traced.carried.announce(self.0);
                traced
            }
            None => Traced { future, carried: Carried::begin_at_length(self.0), judge },
        }
    }
}

/// The call of an async function, whose future is an `async` block.
#[inline]
pub fn call<F: Future>(span: Span, future: F) -> Call<F, AroundBlock> {
    Call { future, begin: AroundBlock(span) }
}

/// The call of an async function of whose span only the callsite is said.
#[inline]
pub fn call_at<F: Future>(callsite: &'static Callsite, future: F) -> Call<F, At> {
    Call { future, begin: At(callsite) }
}

/// The call of a function that returns a future, which is known by what it yields.
#[inline]
pub fn call_as<T, F: Future<Output = T>>(span: Span, future: F) -> Call<F, AroundFuture> {
    Call { future, begin: AroundFuture(span) }
}

impl<F: Future, B: Begin> Call<F, B> {
    /// Traces a future whose written type is no `Result`.
    #[inline]
    pub fn unjudged(self) -> Traced<F, Never> {
        self.begin.wrap(self.future, Never)
    }

    /// Traces a future whose output the closure looks at.
    #[inline]
    pub fn judged_by<J: Fn(&F::Output) -> bool>(self, failed: J) -> Traced<F, By<J>> {
        self.begin.wrap(self.future, By(failed))
    }
}

impl<F: Future<Output = Result<T, E>>, B: Begin, T, E> Call<F, B> {
    /// Traces a future whose `Err` is a failure.
    #[inline]
    pub fn judged(self) -> Traced<F, ByResult> {
        self.begin.wrap(self.future, ByResult)
    }
}

impl<F: Future, B: Begin> Unjudged for Call<F, B> {
    type Judged = Traced<F, Never>;

    #[inline]
    fn judged(self) -> Traced<F, Never> {
        self.begin.wrap(self.future, Never)
    }
}

pin_project! {
    /// [`InSpan`](crate::InSpan) for a future whose output is looked at: one type around the user's future, not two,
    /// because each one brings nested futures nearer to the compiler's recursion limit.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Traced<F, J> {
        #[pin]
        future: F,
        // Behind the future: fields are dropped in this order.
        carried: Carried,
        judge: J,
    }

    impl<F, J> PinnedDrop for Traced<F, J> {
        fn drop(this: Pin<&mut Self>) {
            this.project().carried.before_drop_of::<F>();
        }
    }
}

impl<F, J> Traced<F, J> {
    /// A handle to its span.
    pub const fn handle(&self) -> CurrentSpan {
        self.carried.handle()
    }
}

impl<F: Future, J: Judge<F::Output>> Future for Traced<F, J> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut task::Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if this.carried.passes() {
            let poll = this.future.poll(cx);
            this.carried.passed(poll.is_ready());
            return poll;
        }
        let mut visit = this.carried.visit_with(cx);
        let poll = this.future.poll(&mut task::Context::from_waker(visit.waker(cx)));
        match &poll {
            Poll::Ready(value) if current_span().is_recording() && this.judge.failed(value) => visit.returned_error(),
            _ => visit.returned(poll.is_ready()),
        }
        poll
    }
}
