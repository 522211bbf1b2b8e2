//! Examples of `trace-core`: each file beside `Cargo.toml` is one task a user has.
