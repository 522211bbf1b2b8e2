//! The atomics of our own lock-free code: the standard library's, or loom's when a model is checked.

#[cfg_attr(loom, path = "sync/loom.rs")]
#[cfg_attr(not(loom), path = "sync/std.rs")]
mod chosen;

pub(crate) use chosen::*;
