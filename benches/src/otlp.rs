//! Spans over OTLP: what encoding one costs, and the way from its start to the bytes on a socket, beside the peers.
//!
//! `cargo bench -p benches --bench otlp` measures every case with every candidate. Each measurement is a process of its own
//! that exports over HTTP/protobuf to a receiver on the loopback interface, which is another process: what it costs is
//! nobody's. Every span has two integer attributes; a trace is a root with ten children.

mod fastrace;
mod measure;
mod opentelemetry;
mod ours;
mod receiver;
mod report;
mod run;
mod sdk;
mod sender;
mod tracing;

pub use run::{Role, run};
