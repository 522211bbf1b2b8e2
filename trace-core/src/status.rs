//! How a span ended: the status its author gave it, and the outcome that was seen.

use std::borrow::Cow;
use std::fmt;

/// What the program says of a span, as in
/// [OpenTelemetry's `Status`](https://opentelemetry.io/docs/specs/otel/trace/api/#set-status).
///
/// `Ok` is final; `Error` wins over `Unset`; between two errors the later one stands.
///
/// ```
/// use trace_core::{Span, Status, capture};
///
/// let captured = capture(|| {
///     let span = Span::new("retry");
///     span.set_status(Status::Ok);
///     span.set_status(Status::error("a later word does not count"));
/// });
/// assert_eq!(captured.trace()?.root().unwrap().status(), &Status::Ok);
/// # Ok::<(), trace_core::CaptureError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// Nothing was said.
    #[default]
    Unset,
    /// Somebody looked at the span and calls it a success.
    Ok,
    /// The operation failed.
    Error {
        /// What a person should read; may be empty.
        description: Cow<'static, str>,
    },
}

impl Status {
    /// A failure with a description for people.
    pub fn error(description: impl Into<Cow<'static, str>>) -> Self {
        Self::Error { description: description.into() }
    }

    /// Whether the operation failed.
    #[must_use]
    pub const fn is_error(&self) -> bool {
        matches!(self, Self::Error { .. })
    }

    /// Applies a later status: Ok is final, and nothing takes a status back to Unset.
    pub(crate) fn apply(&mut self, later: Self) {
        if *self != Self::Ok && later != Self::Unset {
            *self = later;
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("UNSET"),
            Self::Ok => f.write_str("OK"),
            Self::Error { description } if description.is_empty() => f.write_str("ERROR"),
            Self::Error { description } => write!(f, "ERROR: {description}"),
        }
    }
}

/// How a span ended, as the library saw it.
///
/// ```
/// use trace_core::{FutureExt, Outcome, Span, capture};
///
/// let captured = capture(|| drop(std::future::pending::<()>().in_span(Span::new("forgotten"))));
/// assert_eq!(captured.trace()?.root().unwrap().outcome(), Outcome::NeverPolled);
/// # Ok::<(), trace_core::CaptureError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It ran to its end.
    #[default]
    Ok,
    /// It ran to its end and its status is an error.
    Error,
    /// It ended because a panic passed through it.
    Panicked,
    /// It is the span of a future that was dropped before it was ready, or was inside one.
    Cancelled,
    /// It is the span of a future that was dropped before its first poll.
    NeverPolled,
    /// It was handed on before it ended.
    Open,
}

impl Outcome {
    /// The outcome in lower case, as attributes and JSON carry it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Panicked => "panicked",
            Self::Cancelled => "cancelled",
            Self::NeverPolled => "never_polled",
            Self::Open => "open",
        }
    }

    /// Whether the span was given up before it was done: cancelled, or never even polled.
    #[must_use]
    pub const fn is_cancelled(self) -> bool {
        matches!(self, Self::Cancelled | Self::NeverPolled)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ok_is_final_and_nothing_goes_back_to_unset() {
        let error = || Status::error("no");
        for (first, later, expected) in [
            (Status::Unset, error(), error()),
            (error(), Status::Unset, error()),
            (error(), Status::error("later"), Status::error("later")),
            (error(), Status::Ok, Status::Ok),
            (Status::Ok, error(), Status::Ok),
            (Status::Ok, Status::Unset, Status::Ok),
        ] {
            let mut status = first.clone();
            status.apply(later.clone());
            assert_eq!(status, expected, "{first} then {later}");
        }
    }
}
