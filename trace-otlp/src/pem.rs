//! Certificates and keys as text.

use std::fmt;
use std::path::Path;

use crate::error::BuildError;

/// Certificates or a key, and where they come from.
#[derive(Clone)]
pub(crate) struct Pem {
    pub(crate) setting: &'static str,
    #[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "only TLS has use for it"))]
    pub(crate) bytes: Vec<u8>,
}

impl Pem {
    pub(crate) fn file(setting: &'static str, path: &str) -> Result<Self, BuildError> {
        let bytes = std::fs::read(path);
        let bytes = bytes.map_err(|source| BuildError::File { setting, path: Path::new(path).to_owned(), source })?;
        Ok(Self { setting, bytes })
    }
}

/// Keys are not shown.
impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pem({}, {} bytes)", self.setting, self.bytes.len())
    }
}
