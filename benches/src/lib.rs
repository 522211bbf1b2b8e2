//! Benchmarks of `trace-core` beside its peers.
