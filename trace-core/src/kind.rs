//! A span's role in a conversation, and how much detail it is.

use std::fmt;
use std::str::FromStr;

/// The role a span has towards other processes, as in
/// [OpenTelemetry's `SpanKind`](https://opentelemetry.io/docs/specs/otel/trace/api/#spankind).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SpanKind {
    /// Work inside the process.
    #[default]
    Internal,
    /// The serving side of a synchronous request.
    Server,
    /// The asking side of a synchronous request.
    Client,
    /// The start of a message that somebody handles later.
    Producer,
    /// The handling of a message.
    Consumer,
}

impl SpanKind {
    /// The kind in lower case, as OpenTelemetry's text formats write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

impl fmt::Display for SpanKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How much detail a span is: what a [filter](crate::filter) leaves out first.
///
/// `Trace` is the most detail, `Error` the least; they compare in that order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Only what went wrong.
    Error,
    /// What may go wrong.
    Warn,
    /// What an operator wants to see. The default.
    #[default]
    Info,
    /// What a developer of the program wants to see.
    Debug,
    /// Everything.
    Trace,
}

impl Level {
    /// The level in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A text that is no level: not `error`, `warn`, `info`, `debug` or `trace` in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseLevelError {
    found: String,
}

impl fmt::Display for ParseLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected error, warn, info, debug or trace, found {:?}", self.found)
    }
}

impl std::error::Error for ParseLevelError {}

impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Self, ParseLevelError> {
        [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace]
            .into_iter()
            .find(|level| level.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| ParseLevelError { found: text.to_owned() })
    }
}
