//! Why a pipeline did not start.

use std::fmt;

/// Why a pipeline did not start. Its `Debug` form is the sentence for people as well, since that is what a `main` that returns
/// it prints.
#[non_exhaustive]
pub enum InitError {
    /// There is a pipeline, or there was one: a process has one.
    AlreadyInitialised,
    /// `OTEL_TRACES_EXPORTER` asks for an exporter of another crate.
    UnknownExporter {
        /// What it asks for.
        name: &'static str,
        /// The crate whose `init` to call instead.
        in_crate: &'static str,
    },
    /// The system has no thread to give.
    NoThread {
        /// What the system says.
        source: Option<std::io::Error>,
    },
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyInitialised => f.write_str("tracing was initialised before; a process has one pipeline"),
            Self::UnknownExporter { name, in_crate } => write!(
                f,
                "OTEL_TRACES_EXPORTER asks for {name:?}, which is not part of trace-core: initialise with the crate {in_crate}"
            ),
            Self::NoThread { .. } => f.write_str("cannot start a thread for tracing"),
        }
    }
}

impl fmt::Debug for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for InitError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoThread { source: Some(source) } => Some(source),
            _ => None,
        }
    }
}
