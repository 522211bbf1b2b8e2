//! The attribute macro of `trace-core`. Depend on `trace-core`, which re-exports it.
