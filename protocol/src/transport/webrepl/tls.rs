//! Whom to trust.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_platform_verifier::BuilderVerifierExt;

use super::{WebReplError, WebReplOptions};

/// A session of TLS with this host, not begun.
pub(super) fn session(host: &str, options: &WebReplOptions) -> Result<ClientConnection, WebReplError> {
    let wrong = |error: rustls::Error| WebReplError::Tls(error.to_string());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let config = config.with_safe_default_protocol_versions().map_err(wrong)?;
    let config = match &options.ca {
        _ if options.insecure => {
            config.dangerous().with_custom_certificate_verifier(Arc::new(Anybody(provider)))
        }
        Some(file) => config.with_root_certificates(roots(file)?),
        None => config.with_platform_verifier().map_err(wrong)?,
    };
    let name = ServerName::try_from(host.to_owned());
    let name =
        name.map_err(|_| WebReplError::Tls(format!("`{host}` is no name that a certificate can have")))?;
    ClientConnection::new(Arc::new(config.with_no_client_auth()), name).map_err(wrong)
}

fn roots(file: &std::path::Path) -> Result<RootCertStore, WebReplError> {
    let wrong = |reason: String| WebReplError::Certificates { path: file.display().to_string(), reason };
    let text = std::fs::read(file).map_err(|error| wrong(crate::error::plain(&error)))?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    match roots.is_empty() {
        true => Err(wrong("there is no certificate in it (PEM)".to_owned())),
        false => Ok(roots),
    }
}

/// Takes any certificate, but only from who has its key.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
