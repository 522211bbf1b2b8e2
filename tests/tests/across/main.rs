//! One trace through several processes, and what becomes of spans where one of the processes, or the receiver, goes.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are tests")]

#[path = "../../../trace-otlp/tests/otlp/address.rs"]
mod address;
#[path = "../../../trace-otlp/tests/otlp/http_receiver.rs"]
#[allow(dead_code, reason = "other tests script more of it")]
mod http_receiver;
#[path = "../../../trace-otlp/tests/otlp/messages.rs"]
mod messages;
mod one_trace;
mod process;
mod restart;
#[path = "../../../trace-otlp/tests/otlp/rotel.rs"]
#[allow(dead_code, reason = "other tests ask it over HTTP")]
mod rotel;
mod sigterm;
