//! Certificates and keys, for `ureq` and for `rustls`.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use ureq::config::ConfigBuilder;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

use crate::error::BuildError;
use crate::pem::Pem;

/// Who is trusted, and who we are.
#[derive(Clone, Debug)]
pub(crate) struct Tls {
    roots: RootCerts,
    client: Option<ClientCert>,
    #[cfg_attr(not(feature = "grpc"), allow(dead_code, reason = "only HTTP/2 has use for it"))]
    config: Arc<ClientConfig>,
}

impl Tls {
    /// Trusts these roots, or the system's where there are none, and shows this certificate with this key.
    pub(crate) fn new(roots: Option<&Pem>, client: Option<(&Pem, &Pem)>) -> Result<Self, BuildError> {
        let roots = roots.map_or_else(|| Ok(rustls_native_certs::load_native_certs().certs), certificates)?;
        let (chain, key) = client.unzip();
        let chain = chain.map(certificates).transpose()?;
        let ureq_key = key.map(ureq_private_key).transpose()?;
        let key = key.map(private_key).transpose()?;
        let config = config(&roots, chain.clone().zip(key))?;
        Ok(Self {
            roots: RootCerts::new_with_certs(&of_ureq(&roots)),
            client: chain.zip(ureq_key).map(|(chain, key)| ClientCert::new_with_certs(&of_ureq(&chain), key)),
            config: Arc::new(config),
        })
    }

    /// For HTTP/1.1.
    pub(crate) fn configure(&self, config: ConfigBuilder<AgentScope>) -> ConfigBuilder<AgentScope> {
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(provider())
            .root_certs(self.roots.clone())
            .client_cert(self.client.clone());
        config.tls_config(tls.build())
    }

    /// For HTTP/2.
    #[cfg_attr(not(feature = "grpc"), allow(dead_code, reason = "only HTTP/2 has use for it"))]
    pub(crate) fn rustls(&self) -> ClientConfig {
        let mut config = (*self.config).clone();
        config.alpn_protocols = vec![b"h2".to_vec()];
        config
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn of_ureq(certificates: &[CertificateDer<'_>]) -> Vec<Certificate<'static>> {
    certificates.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect()
}

type Client = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn config(roots: &[CertificateDer<'static>], client: Option<Client>) -> Result<ClientConfig, BuildError> {
    let unusable = |error: &dyn std::fmt::Display| BuildError::Certificate { reason: error.to_string() };
    let mut store = RootCertStore::empty();
    // A system's store has certificates that no rustls can read.
    let (usable, _) = store.add_parsable_certificates(roots.iter().cloned());
    if usable == 0 {
        return Err(unusable(&"there is no root certificate; name a file in OTEL_EXPORTER_OTLP_CERTIFICATE"));
    }
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider()).build();
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(&error))?
        .with_webpki_verifier(verifier.map_err(|error| unusable(&error))?);
    match client {
        Some((chain, key)) => builder.with_client_auth_cert(chain, key).map_err(|error| unusable(&error)),
        None => Ok(builder.with_no_client_auth()),
    }
}

fn certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, BuildError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem.bytes).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(unreadable(pem, "there is no certificate in it")),
        Err(error) => Err(unreadable(pem, &error.to_string())),
    }
}

fn private_key(pem: &Pem) -> Result<PrivateKeyDer<'static>, BuildError> {
    PrivateKeyDer::from_pem_slice(&pem.bytes).map_err(|_| unreadable(pem, "there is no private key in it"))
}

fn ureq_private_key(pem: &Pem) -> Result<PrivateKey<'static>, BuildError> {
    PrivateKey::from_pem(&pem.bytes).map_err(|_| unreadable(pem, "there is no private key in it"))
}

fn unreadable(pem: &Pem, reason: &str) -> BuildError {
    BuildError::Certificate { reason: format!("{}: {reason}", pem.setting) }
}
