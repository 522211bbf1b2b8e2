//! Nothing is here: the programs stand beside `Cargo.toml`. Run one with `cargo run -p examples --example NAME`.
