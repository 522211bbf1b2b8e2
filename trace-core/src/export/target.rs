//! Where an exporter writes to.

use std::fmt;
use std::io::{self, IsTerminal as _, Write};

use terminal_size::terminal_size_of;

/// Standard output, standard error, or a writer of the user's.
pub(crate) enum Target {
    Stdout,
    Stderr,
    Writer(Box<dyn Write + Send>),
}

impl Target {
    /// Writes all of it with one call. What `print!` would turn into a panic, such as a closed pipe, is an error here.
    pub(crate) fn write(&mut self, text: &[u8]) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().lock().write_all(text),
            Self::Stderr => io::stderr().lock().write_all(text),
            Self::Writer(writer) => writer.write_all(text),
        }
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout => io::stdout().lock().flush(),
            Self::Stderr => io::stderr().lock().flush(),
            Self::Writer(writer) => writer.flush(),
        }
    }

    /// How many columns the terminal has that it is.
    pub(crate) fn width(&self) -> Option<usize> {
        let (columns, _) = match self {
            Self::Stdout => terminal_size_of(io::stdout()),
            Self::Stderr => terminal_size_of(io::stderr()),
            Self::Writer(_) => None,
        }?;
        Some(columns.0.into()).filter(|&columns| columns > 0)
    }

    /// Whether somebody looks at it. Of a writer nothing is known, which counts as no.
    pub(crate) fn is_terminal(&self) -> bool {
        match self {
            Self::Stdout => io::stdout().is_terminal(),
            Self::Stderr => io::stderr().is_terminal(),
            Self::Writer(_) => false,
        }
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stdout => "Stdout",
            Self::Stderr => "Stderr",
            Self::Writer(_) => "Writer",
        })
    }
}
