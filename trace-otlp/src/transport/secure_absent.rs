//! No TLS under HTTP/2: the feature `tls` is off.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use crate::transport::tls::Tls;

/// A connection.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

pub(crate) async fn secure(_: TcpStream, tls: &Tls, _: &str) -> io::Result<Box<dyn Stream>> {
    match *tls {}
}
