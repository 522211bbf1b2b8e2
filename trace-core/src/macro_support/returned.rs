//! What the body of a sync function returned.

use crate::active::ActiveSpan;
use crate::current_span::CurrentSpan;
use crate::macro_support::judge::Unjudged;

/// A value that was not looked at yet, and its span, which has not ended.
#[derive(Debug)]
#[must_use = "it is the function's value"]
pub struct Returned<R> {
    value: R,
    span: ActiveSpan,
}

/// Calls the body of a sync function under its span. That it must be `FnOnce` lets the closure give away what it
/// captured, `&mut` borrows included.
#[inline(always)]
pub fn run<R>(span: ActiveSpan, body: impl FnOnce(CurrentSpan) -> R) -> Returned<R> {
    let value = body(span.handle());
    Returned { value, span }
}

/// What a body returned that stands in the function itself.
#[inline(always)]
pub fn returned<R>(span: ActiveSpan, value: R) -> Returned<R> {
    Returned { value, span }
}

impl<R> Returned<R> {
    /// Ends the span without a look at the value.
    #[inline(always)]
    pub fn unjudged(self) -> R {
        self.value
    }

    /// Lets a closure look at it, and ends the span.
    #[inline(always)]
    pub fn judged_by(self, failed: impl FnOnce(&R) -> bool) -> R {
        // In this order, so that the value is dropped before the span ends if the closure panics.
        let Self { mut span, value } = self;
        if span.is_recording() && failed(&value) {
            span.fail();
        }
        value
    }
}

impl<T, E> Returned<Result<T, E>> {
    /// Looks for `Err`.
    #[inline(always)]
    pub fn judged(self) -> Result<T, E> {
        self.judged_by(Result::is_err)
    }
}

impl<R> Unjudged for Returned<R> {
    type Judged = R;

    #[inline(always)]
    fn judged(self) -> R {
        self.value
    }
}
