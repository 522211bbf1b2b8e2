//! What both transports need to know of the receiver.

use http::{HeaderMap, Uri};

use crate::transport::tls::Tls;

/// What a request says of its sender.
pub(crate) const USER_AGENT: &str = concat!("OTel-OTLP-Exporter-Rust/", env!("CARGO_PKG_VERSION"));

/// Where requests go and what goes with them.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    /// For an `https` endpoint.
    pub(crate) tls: Option<Tls>,
    pub(crate) max_response_bytes: usize,
}
