//! TLS under HTTP/2.

use std::io;
use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::transport::tls::Tls;

/// A connection, with TLS or without.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Makes a connection to `host` secure.
pub(crate) async fn secure(stream: TcpStream, tls: &Tls, host: &str) -> io::Result<Box<dyn Stream>> {
    let name =
        ServerName::try_from(host.to_owned()).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let connector = TlsConnector::from(Arc::new(tls.rustls()));
    Ok(Box::new(connector.connect(name, stream).await?))
}
