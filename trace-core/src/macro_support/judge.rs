//! Who says of a returned value whether it is a failure.
//!
//! The macro does not see what an alias stands for, so it has the compiler ask: what waits for its judge has a method
//! `judged` of its own where the value is a `Result`, and that of [`Unjudged`] elsewhere, because an inherent method wins. A
//! closure would do as well, but each is a function more to compile.

/// Says whether a value is a failure. It is only asked while the span is recording.
pub trait Judge<T: ?Sized> {
    /// Whether it is.
    fn failed(&self, value: &T) -> bool;
}

/// A `Result` fails with its `Err`.
#[derive(Clone, Copy, Debug)]
pub struct ByResult;

impl<T, E> Judge<Result<T, E>> for ByResult {
    #[inline(always)]
    fn failed(&self, value: &Result<T, E>) -> bool {
        value.is_err()
    }
}

/// Nothing fails.
#[derive(Clone, Copy, Debug)]
pub struct Never;

impl<T: ?Sized> Judge<T> for Never {
    #[inline(always)]
    fn failed(&self, _: &T) -> bool {
        false
    }
}

/// What the closure says, which also tells what `err` and `ret` ask for.
#[derive(Clone, Copy, Debug)]
pub struct By<J>(pub(crate) J);

impl<T, J: Fn(&T) -> bool> Judge<T> for By<J> {
    #[inline(always)]
    fn failed(&self, value: &T) -> bool {
        (self.0)(value)
    }
}

/// What has a judge for a `Result` only.
pub trait Unjudged: Sized {
    /// What it is then.
    type Judged;

    /// Goes on without a judge.
    fn judged(self) -> Self::Judged;
}
