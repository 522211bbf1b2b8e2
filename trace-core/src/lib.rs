//! Async-first distributed tracing.
