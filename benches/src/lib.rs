//! Benchmarks of `trace-core` beside its peers and beside the floor: what two clock readings and one store cost.
//!
//! `cargo bench -p benches` measures every case with every candidate and prints a Markdown table. A process can have
//! one tracing pipeline only, so each (case, candidate, round) runs in a child process of its own, and the rounds
//! interleave the candidates. See [`harness`] for how, [`case`] for what, [`floor`] for what it is compared with.
//!
//! Linux only: threads are pinned with `sched_setaffinity` and memory is read from `/proc`.

pub mod candidate;
pub mod case;
pub mod digest;
pub mod floor;
pub mod harness;
pub mod ledger;
pub mod machine;
pub mod measure;
pub mod otlp;
pub mod peer;
pub mod plan;
pub mod report;
pub mod sample;
pub mod ticks;
