//! Exports spans over OTLP: to an OpenTelemetry collector, or to a back end that speaks its protocol.
//!
//! ```no_run
//! fn main() -> Result<(), trace_otlp::InitError> {
//!     let _pipeline = trace_otlp::init()?;
//!     trace_core::in_scope("work", || println!("working"));
//!     Ok(())
//! }
//! ```
//!
//! [`init`] reads the environment; [`OtlpExporter::builder`] is for code. HTTP/protobuf, HTTP/JSON and gRPC, with TLS and gzip.
//!
//! | variable, each also with `OTLP_TRACES` for `OTLP`, which wins | default | what |
//! |---|---|---|
//! | `OTEL_EXPORTER_OTLP_ENDPOINT` | `http://localhost:4318`, for gRPC `http://localhost:4317` | over HTTP a base to which `v1/traces` is appended; that of traces is used as it is |
//! | `OTEL_EXPORTER_OTLP_PROTOCOL` | `http/protobuf` | or `http/json`, or `grpc` |
//! | `OTEL_EXPORTER_OTLP_HEADERS` | | `name=value,name=value`, percent-encoded |
//! | `OTEL_EXPORTER_OTLP_COMPRESSION` | `none` | or `gzip` |
//! | `OTEL_EXPORTER_OTLP_TIMEOUT` | 10000 | milliseconds for a batch with all its attempts; 0 for no limit |
//! | `OTEL_EXPORTER_OTLP_CERTIFICATE` | the system's | a PEM file with who is trusted |
//! | `OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE`, `.._CLIENT_KEY` | | PEM files with who we are |
//! | `OTEL_EXPORTER_OTLP_INSECURE` | `false` | for a gRPC endpoint without a scheme: no TLS |
//!
//! `OTEL_TRACES_EXPORTER` names the exporters that [`init`] starts: `otlp`, which is the default, `otlp/stdout` for the lines of an
//! [`OtlpFileExporter`], `console`, `none`, or several. The other `OTEL_*` variables are read by `trace-core`: see [`EnvConfig`](trace_core::EnvConfig).
//!
//! Beside a span's own attributes go its outcome ([`OUTCOME_ATTRIBUTE`]), and what its polls tell, where they were timed:
//! [`SpanView::facts`](trace_core::SpanView::facts) has their names. Its place in the source ([`CODE_FILE_ATTRIBUTE`] and its kin)
//! goes into files; over the network, where it would double what is sent, it goes
//! [on request](OtlpExporterBuilder::with_code_location).
//!
//! What is lost is counted, with its cause, in [`trace_core::stats`]; a [`Spool`] keeps it on disk instead.

mod ahead;
mod answer;
#[doc(hidden)]
pub mod benchmark;
mod builder;
mod encode;
mod endpoint;
mod error;
mod exporter;
mod file;
#[cfg_attr(not(feature = "gzip"), path = "gzip_absent.rs")]
mod gzip;
mod headers;
mod init;
mod names;
mod out;
mod pack;
mod pem;
mod percent;
mod protocol;
mod retry;
mod settings;
mod spool;
mod stats;
mod transport;
mod wire;

pub use crate::builder::OtlpExporterBuilder;
pub use crate::endpoint::{DEFAULT_GRPC_ENDPOINT, DEFAULT_HTTP_ENDPOINT};
pub use crate::error::{BuildError, InitError};
pub use crate::exporter::OtlpExporter;
pub use crate::file::OtlpFileExporter;
pub use crate::init::{DEFAULT_BATCH_DELAY, builder, init};
pub use crate::names::{CODE_FILE_ATTRIBUTE, CODE_LINE_ATTRIBUTE, CODE_MODULE_ATTRIBUTE, OUTCOME_ATTRIBUTE};
pub use crate::protocol::{Compression, Protocol};
pub use crate::retry::{DEFAULT_FIRST_PAUSE, DEFAULT_LONGEST_PAUSE};
pub use crate::settings::{
    DEFAULT_MAX_REQUEST_BYTES, DEFAULT_MAX_RESPONSE_BYTES, DEFAULT_REQUEST_BYTES, DEFAULT_TIMEOUT,
};
pub use crate::spool::settings::{DEFAULT_SPOOL_BYTES, Spool};
pub use crate::stats::{OtlpMonitor, OtlpStats};
