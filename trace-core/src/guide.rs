//! Guides: how to find what blocks a runtime, and for those who come from another library.

#[doc = include_str!("../docs/find_what_blocks.md")]
pub mod find_what_blocks {}

#[doc = include_str!("../docs/from_tracing.md")]
pub mod from_tracing {}

#[doc = include_str!("../docs/from_fastrace.md")]
pub mod from_fastrace {}
