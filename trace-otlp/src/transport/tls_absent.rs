//! No TLS: the feature `tls` is off.

use ureq::tls::TlsConfig;

use crate::error::BuildError;
use crate::pem::Pem;

/// There is none.
#[derive(Clone, Debug)]
pub(crate) enum Tls {}

impl Tls {
    pub(crate) fn new(_: Option<&Pem>, _: Option<(&Pem, &Pem)>) -> Result<Self, BuildError> {
        Err(BuildError::missing("an https endpoint", "tls"))
    }

    pub(crate) fn ureq(&self) -> TlsConfig {
        match *self {}
    }
}
