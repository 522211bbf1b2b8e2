//! Tower layers that put requests into traces: [`ServerLayer`] reads the context that came with a request and serves it in a
//! span, [`ClientLayer`] sends a request in a span and tells the server of it.
//!
//! They work for every service over `http` types: `axum`, `hyper`, `tonic`, and with the feature `reqwest` for clients of
//! `reqwest-middleware`.
//!
//! ```
//! use trace_tower::ServerLayer;
//!
//! let layer = ServerLayer::new()
//!     .route(|request| request.extensions.get::<axum::extract::MatchedPath>().map(|path| path.as_str().to_owned()))
//!     .request_header(http::header::USER_AGENT);
//! let app: axum::Router = axum::Router::new()
//!     .route("/cart/{id}", axum::routing::get(|| async { "a cart" }))
//!     .layer(layer);
//! # let _ = app;
//! ```
//!
//! # What a span says
//!
//! The names are those of the stable
//! [semantic conventions for HTTP](https://opentelemetry.io/docs/specs/semconv/http/http-spans/), and for requests of gRPC
//! those of [gRPC](https://opentelemetry.io/docs/specs/semconv/rpc/grpc/).
//!
//! | attribute | server | client |
//! |---|---|---|
//! | `http.request.method`, `http.request.method_original` | yes | yes |
//! | `url.scheme`, `url.path` | yes | - |
//! | `url.full`, without user, password, query and fragment | - | yes |
//! | `server.address`, `server.port` | of the `Host` | of the URL |
//! | `http.route` | with [`ServerLayer::route`] | - |
//! | `network.protocol.version` | yes | of the answer |
//! | `http.response.status_code` | yes | yes |
//! | `error.type` | 500 and above, failures | 400 and above, failures |
//! | `http.request.header.*`, `http.response.header.*` | those that are named | those that are named |
//! | `rpc.system.name`, `rpc.method`, `rpc.response.status_code` | of gRPC | of gRPC |
//!
//! **Nothing secret is recorded**: no query, no fragment, no user or password, no header that was not named, no body, no
//! text of an error.
//!
//! # How a span ends
//!
//! A span lasts until the last byte of the response's body. A client that hangs up, while the request is served or while the
//! body is sent, makes the server's span `cancelled`; so does dropping the future of a client's request, or a body of which a
//! part was read. A failed service, a body that breaks off, and the status codes of the table above set the status `Error`.

mod body;
mod client;
mod conventions;
mod exchange;
mod future;
mod grpc;
mod head;
#[cfg(feature = "reqwest")]
mod reqwest;
mod rules;
mod server;

pub use crate::body::TracedBody;
pub use crate::client::{ClientLayer, ClientService};
pub use crate::future::ResponseFuture;
pub use crate::head::RequestHead;
pub use crate::server::{ServerLayer, ServerService};
