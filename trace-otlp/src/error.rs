//! Why an exporter cannot be built, or a pipeline with one.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

/// Why an exporter cannot be built.
#[derive(Debug)]
#[non_exhaustive]
pub enum BuildError {
    /// An endpoint that code set is no URL.
    Endpoint {
        /// What it was set to.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A header that code set is none. Its value is not told: it may be secret.
    Header {
        /// What is wrong with it.
        reason: String,
    },
    /// It needs something that was left out when this crate was built.
    Feature {
        /// What it needs.
        needed: &'static str,
        /// The cargo feature of this crate that has it.
        feature: &'static str,
    },
    /// A file with certificates or a key cannot be read.
    File {
        /// The variable or the method that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// Certificates or a key cannot be used.
    Certificate {
        /// What is wrong.
        reason: String,
    },
    /// The directory of the spool cannot be used.
    Spool {
        /// The directory.
        directory: PathBuf,
        /// What is wrong.
        reason: String,
        /// What the system says.
        source: Option<std::io::Error>,
    },
    /// The system has no thread to give.
    NoThread {
        /// What the system says.
        source: std::io::Error,
    },
}

impl BuildError {
    pub(crate) fn missing(needed: &'static str, feature: &'static str) -> Self {
        Self::Feature { needed, feature }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint { endpoint, reason } => write!(f, "cannot send spans to {endpoint:?}: {reason}"),
            Self::Header { reason } => write!(f, "cannot send this header: {reason}"),
            Self::Feature { needed, feature } => {
                write!(f, "{needed} needs the feature {feature:?} of trace-otlp, which was left out of this build")
            }
            Self::File { setting, path, .. } => write!(f, "cannot read {} ({setting})", path.display()),
            Self::Certificate { reason } => write!(f, "cannot use the certificates: {reason}"),
            Self::Spool { directory, reason, .. } => {
                write!(f, "cannot keep spans in {}: {reason}", directory.display())
            }
            Self::NoThread { .. } => f.write_str("cannot start a thread for the exporter"),
        }
    }
}

impl Error for BuildError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::File { source, .. } | Self::NoThread { source } => Some(source),
            Self::Spool { source, .. } => source.as_ref().map(|source| source as _),
            _ => None,
        }
    }
}

/// Why tracing did not start.
#[derive(Debug)]
#[non_exhaustive]
pub enum InitError {
    /// The exporter cannot be built.
    Exporter(BuildError),
    /// The pipeline did not start.
    Pipeline(trace_core::InitError),
}

impl fmt::Display for InitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exporter(_) => f.write_str("cannot build the OTLP exporter"),
            Self::Pipeline(_) => f.write_str("cannot start tracing"),
        }
    }
}

impl Error for InitError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Exporter(error) => Some(error),
            Self::Pipeline(error) => Some(error),
        }
    }
}

impl From<BuildError> for InitError {
    fn from(error: BuildError) -> Self {
        Self::Exporter(error)
    }
}

impl From<trace_core::InitError> for InitError {
    fn from(error: trace_core::InitError) -> Self {
        Self::Pipeline(error)
    }
}
