//! How a span ended, where outcome and status are to agree.

use crate::status::Outcome;
use crate::trace::SpanView;

/// The outcome; an error status counts also where the outcome says nothing of it, as in a trace from elsewhere.
pub fn outcome(span: &SpanView<'_>) -> Outcome {
    if span.outcome() == Outcome::Ok && span.status().is_error() { Outcome::Error } else { span.outcome() }
}

/// Whether it failed or panicked.
pub(crate) fn has_failed(span: &SpanView<'_>) -> bool {
    matches!(outcome(span), Outcome::Error | Outcome::Panicked)
}
