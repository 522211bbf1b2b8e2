//! Behaviour tests across the crates; the tests themselves are in `tests/`.
