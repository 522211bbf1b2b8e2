//! TLS: who is trusted, and who may come.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use trace_core::SpanExporter;
use trace_otlp::{BuildError, OtlpExporter, OtlpExporterBuilder, Protocol};

use crate::grpc_receiver::{GrpcReceiver, GrpcReply};
use crate::http_receiver::{HttpReceiver, Reply};
use crate::spans::batch;

/// An authority, and what it signs.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, as text.
struct Identity {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn pem(&self) -> String {
        self.0.pem()
    }

    fn sign(&self, name: &str) -> Identity {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// A server that this authority has signed; it wants to see a certificate of `clients`, if any.
    fn server(&self, clients: Option<&Self>) -> ServerConfig {
        let identity = self.sign("localhost");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        let builder = match clients {
            Some(clients) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from_pem_slice(clients.pem().as_bytes()).unwrap()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
                builder.unwrap().with_client_cert_verifier(verifier)
            }
            None => builder.unwrap().with_no_client_auth(),
        };
        let chain = vec![CertificateDer::from_pem_slice(identity.certificate.as_bytes()).unwrap()];
        builder.with_single_cert(chain, PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).unwrap()).unwrap()
    }
}

fn exporter(protocol: Protocol, port: u16) -> OtlpExporterBuilder {
    OtlpExporter::builder()
        .without_environment()
        .protocol(protocol)
        .endpoint(format!("https://localhost:{port}/v1/traces"))
        .timeout(Duration::from_secs(5))
        .pauses(Duration::from_millis(10), Duration::from_millis(40))
}

/// Exports to a server of `authority` over both protocols. `describe` says whom the exporter trusts and who it is.
fn export(
    authority: &Authority,
    clients: Option<&Authority>,
    describe: impl Fn(OtlpExporterBuilder) -> OtlpExporterBuilder,
) -> [Result<(), trace_core::ExportError>; 2] {
    let http = HttpReceiver::secure(authority.server(clients), |_, _| Reply::ok());
    let grpc = GrpcReceiver::secure(authority.server(clients), |_| GrpcReply::ok());
    let export = |protocol, port| describe(exporter(protocol, port)).build().unwrap().export(&batch(3));
    let results = [export(Protocol::HttpProtobuf, http.address.port()), export(Protocol::Grpc, grpc.address.port())];
    let arrived = [http.names().len(), grpc.names().len()];
    assert_eq!(arrived, results.each_ref().map(|result| if result.is_ok() { 3 } else { 0 }));
    results
}

#[test]
fn a_receiver_whose_authority_is_trusted_gets_spans_and_another_none() {
    let (authority, other) = (Authority::new(), Authority::new());
    for result in export(&authority, None, |exporter| exporter.root_certificates(authority.pem())) {
        result.unwrap();
    }
    for result in export(&authority, None, |exporter| exporter.root_certificates(other.pem())) {
        let error = result.unwrap_err().to_string();
        assert!(error.contains("certificate") && !error.contains("gave up"), "{error}");
    }
}

#[test]
fn a_receiver_can_ask_for_a_certificate() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let client = clients.sign("exporter");
    let trusting = |exporter: OtlpExporterBuilder| exporter.root_certificates(authority.pem());
    let known = |exporter| trusting(exporter).client_certificate(client.certificate.clone(), client.key.clone());
    for result in export(&authority, Some(&clients), known) {
        result.unwrap();
    }
    for result in export(&authority, Some(&clients), |exporter| trusting(exporter).timeout(Duration::from_millis(500)))
    {
        result.unwrap_err();
    }
}

#[test]
fn files_with_certificates_are_named_by_variables() {
    let authority = Authority::new();
    let client = authority.sign("exporter");
    let directory = std::env::temp_dir().join(format!("trace-otlp-tls-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let file = |name: &str, text: String| {
        let path = directory.join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let roots = file("roots.pem", authority.pem());
    let certificate = file("certificate.pem", client.certificate);
    let key = file("key.pem", client.key);
    let describe = |exporter: OtlpExporterBuilder| {
        let (roots, certificate, key) = (roots.clone(), certificate.clone(), key.clone());
        exporter.environment(move |name| match name {
            "OTEL_EXPORTER_OTLP_CERTIFICATE" => Some(roots.clone()),
            "OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE" => Some(certificate.clone()),
            "OTEL_EXPORTER_OTLP_CLIENT_KEY" => Some(key.clone()),
            _ => None,
        })
    };
    for result in export(&authority, Some(&authority), describe) {
        result.unwrap();
    }
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn what_is_no_certificate_is_refused_at_once() {
    let identity = Authority::new().sign("exporter");
    let exporter = || exporter(Protocol::HttpProtobuf, 1);
    let no_roots = exporter().root_certificates("nothing");
    let no_key = exporter()
        .root_certificates(Authority::new().pem())
        .client_certificate(identity.certificate.clone(), identity.certificate.clone());
    let wrong_key = exporter()
        .root_certificates(Authority::new().pem())
        .client_certificate(identity.certificate, Authority::new().sign("other").key);
    for builder in [no_roots, no_key, wrong_key] {
        assert!(matches!(builder.build(), Err(BuildError::Certificate { .. })));
    }
}
