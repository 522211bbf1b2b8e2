//! Keeping on disk what the receiver cannot take now.

pub(crate) mod file;
pub(crate) mod queue;
pub(crate) mod sender;
pub(crate) mod settings;
