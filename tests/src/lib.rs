//! What the behaviour tests share; the tests themselves are in `tests/`.

pub mod prng;
