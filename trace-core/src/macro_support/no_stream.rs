//! What stands for traced streams where the feature is off: a message that names it.

use crate::span::Span;

/// Nothing implements it.
#[diagnostic::on_unimplemented(
    message = "`#[traced]` on a function that returns a stream needs the feature `futures` of trace-core",
    label = "the function returns a stream"
)]
pub trait FeatureFutures {}

/// Does not compile.
pub fn traced_stream<S: FeatureFutures, J>(_: Span, stream: S, _: J) -> S {
    stream
}
