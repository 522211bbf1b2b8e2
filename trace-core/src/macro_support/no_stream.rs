//! What stands for traced streams where the feature is off: a message that names it.

use crate::span::Span;

/// Nothing implements it.
#[diagnostic::on_unimplemented(
    message = "`#[traced]` on a function that returns a stream needs the feature `futures` of trace-core",
    label = "the function returns a stream"
)]
pub trait FeatureFutures {}

/// Does not compile.
pub fn call_of_stream<S: FeatureFutures>(_: Span, stream: S) -> StreamCall<S> {
    StreamCall(stream)
}

/// What it would have been.
#[derive(Debug)]
pub struct StreamCall<S>(S);

impl<S> StreamCall<S> {
    /// Never called.
    pub fn judged(self) -> S {
        self.0
    }

    /// Never called.
    pub fn unjudged(self) -> S {
        self.0
    }

    /// Never called.
    pub fn judged_by<J>(self, _: J) -> S {
        self.0
    }
}
