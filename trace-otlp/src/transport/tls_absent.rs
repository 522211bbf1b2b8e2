//! No TLS: the feature `tls` is off.

use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

use crate::error::BuildError;
use crate::pem::Pem;

/// There is none.
#[derive(Clone, Debug)]
pub(crate) enum Tls {}

impl Tls {
    pub(crate) fn new(_: Option<&Pem>, _: Option<(&Pem, &Pem)>) -> Result<Self, BuildError> {
        Err(BuildError::missing("an https endpoint", "tls"))
    }

    pub(crate) fn configure(&self, _: ConfigBuilder<AgentScope>) -> ConfigBuilder<AgentScope> {
        match *self {}
    }
}
