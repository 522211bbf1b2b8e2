//! Behaviour tests across the crates; the tests themselves are in `tests/`.

/// The code in the README compiles and runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
