//! What the behaviour tests share; the tests themselves are in `tests/`.

pub mod allocations;
pub mod child;
pub mod exporters;
pub mod memory;
pub mod prng;
pub mod programs;

/// The code in the README compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
