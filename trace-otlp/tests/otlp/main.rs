//! What arrives at a receiver, and what becomes of spans where none does.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are tests")]

mod address;
mod collector;
mod encoding;
mod file;
mod grpc;
mod grpc_receiver;
mod http;
mod http_receiver;
#[allow(dead_code, reason = "the tests of several processes ask it for more")]
mod messages;
mod pipeline;
mod random;
mod rotel;
mod spans;
mod spool;
mod tls;
