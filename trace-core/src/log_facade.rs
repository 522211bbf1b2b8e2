//! Warnings through the `log` facade.

use std::fmt;

/// Passes a warning on to the program's logger.
pub(crate) fn warn(message: fmt::Arguments<'_>) {
    log::warn!(target: "trace_core", "{message}");
}
