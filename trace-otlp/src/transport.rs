//! How requests reach a receiver.
//!
//! HTTP/1.1 goes through `ureq`, which blocks: the exporter has a thread of its own anyway, and a request that blocks costs
//! two system calls where one on an async runtime costs a dozen and two changes of threads. gRPC needs HTTP/2, for which
//! there is no blocking library; it goes through `h2` on a current-thread runtime in a thread of its own, which also answers
//! the receiver's pings between two requests. `tonic` would add its code generation, `tower` and `hyper` to the same `h2`;
//! `reqwest` would add `hyper` and a runtime to HTTP/1.1.

pub(crate) mod connection;
#[cfg_attr(not(feature = "grpc"), path = "transport/grpc_absent.rs")]
pub(crate) mod grpc;
pub(crate) mod grpc_status;
pub(crate) mod http;
pub(crate) mod request;
pub(crate) mod resolver;
#[cfg(feature = "grpc")]
#[cfg_attr(not(feature = "tls"), path = "transport/secure_absent.rs")]
pub(crate) mod secure;
#[cfg_attr(not(feature = "tls"), path = "transport/tls_absent.rs")]
pub(crate) mod tls;
