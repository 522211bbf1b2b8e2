//! Contexts on their way between processes: what is read from an incoming request and written into an outgoing one.
//!
//! A server reads the context that came with a request with [`extract`], and makes it the parent of its span. A client writes
//! the current context into its request with [`inject`]. Both work with any carrier: `http::HeaderMap` (feature `http`), maps,
//! lists of pairs, environment variables, and whatever else implements [`Extractor`] and [`Injector`]. What travels between
//! the two is the span's identity, the [`TraceState`](crate::TraceState) and the [`Baggage`](crate::Baggage), also through a
//! process that records nothing.
//!
//! ```
//! use std::collections::HashMap;
//! use trace_core::propagation::{extract, inject};
//!
//! let request = HashMap::from([
//!     ("traceparent".to_owned(), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
//!     ("baggage".to_owned(), "tenant=42".to_owned()),
//! ]);
//! let onward: HashMap<String, String> = trace_core::span("serve").parent(extract(&request)).in_scope(|| {
//!     assert_eq!(trace_core::current_baggage().get("tenant").as_deref(), Some("42"));
//!     let mut onward = HashMap::new();
//!     inject(&mut onward);
//!     onward
//! });
//! assert!(onward["traceparent"].starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
//! assert_eq!(onward["baggage"], "tenant=42");
//! ```
//!
//! | format | headers | in `OTEL_PROPAGATORS` |
//! |---|---|---|
//! | [`TraceContext`] | `traceparent`, `tracestate` | `tracecontext`, a default |
//! | [`W3cBaggage`] | `baggage` | `baggage`, a default |
//! | [`B3`] | `b3`, or `x-b3-traceid` and its kin | `b3`, `b3multi` |
//! | [`Jaeger`] | `uber-trace-id`, `uberctx-*` | `jaeger` |
//!
//! **Absent and broken are different results.** A header that is not there says nothing. One that breaks its grammar is
//! reported in [`Extracted::broken`], counted in [`Stats::broken_headers`](crate::Stats), and not used: without a span that
//! can be the parent a new trace begins.

pub(crate) mod b3;
pub(crate) mod b3_header;
pub(crate) mod baggage;
pub(crate) mod carrier;
pub(crate) mod context;
pub(crate) mod environment;
pub(crate) mod extracted;
pub(crate) mod global;
#[cfg(feature = "http")]
pub(crate) mod http;
pub(crate) mod jaeger;
pub(crate) mod jaeger_header;
pub(crate) mod propagator;
pub(crate) mod trace_context;
pub(crate) mod traceparent;

pub use b3::B3;
pub use b3_header::B3Error;
pub use baggage::W3cBaggage;
pub use carrier::{Extractor, Injector};
pub use context::{Context, ContextExt};
pub use environment::{Environment, environment_name};
pub use extracted::{BrokenHeader, Extracted, HeaderError};
pub use global::{extract, extract_with, inject, inject_with, propagator};
pub use jaeger::Jaeger;
pub use jaeger_header::JaegerError;
pub use propagator::{CompositePropagator, Propagator};
pub use trace_context::TraceContext;
pub use traceparent::{Traceparent, TraceparentError};
