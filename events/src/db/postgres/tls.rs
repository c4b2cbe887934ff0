//! Encryption on the way to the server, and who the server must prove to be.

use std::{path::Path, sync::Arc};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor,
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
    server::ParsedCertificate,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::settings::SettingsError;

/// Who may answer.
#[derive(Debug)]
pub(super) enum Trust {
    /// Whoever does: against who listens, not against who poses as the server.
    Anyone,
    /// Who has a certificate of a public authority for the host's name.
    Public,
    /// Who has a certificate of one of these for the host's name.
    Roots(RootCertStore),
    /// Who has a certificate of one of these, for whatever name.
    AnyNameOf(RootCertStore),
}

impl Trust {
    /// The certificates of a PEM file.
    pub(super) fn file(path: &Path) -> Result<RootCertStore, SettingsError> {
        let unreadable = |_| SettingsError::RootCertificates("can't be read");
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(path).map_err(unreadable)? {
            let refused = |_| SettingsError::RootCertificates("holds a certificate that can't be used");
            roots.add(certificate.map_err(unreadable)?).map_err(refused)?;
        }
        if roots.is_empty() { Err(SettingsError::RootCertificates("holds no certificate")) } else { Ok(roots) }
    }
}

/// What makes a connection an encrypted one.
#[derive(Clone)]
pub(super) struct Tls(pub(super) MakeRustlsConnect);

impl Tls {
    pub(super) fn new(trust: &Trust) -> Self {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("ring has the usual versions of TLS");
        let config = match trust {
            Trust::Anyone => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(UncheckedName { roots: None, provider }))
                .with_no_client_auth(),
            Trust::Public => builder
                .with_root_certificates(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
                .with_no_client_auth(),
            Trust::Roots(roots) => builder.with_root_certificates(roots.clone()).with_no_client_auth(),
            Trust::AnyNameOf(roots) => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(UncheckedName { roots: Some(roots.clone()), provider }))
                .with_no_client_auth(),
        };
        Self(MakeRustlsConnect::new(config))
    }
}

/// Takes any certificate whose holder has its key, what `sslmode=require` promises, or any of these authorities, what
/// `verify-ca` does; for whatever name.
#[derive(Debug)]
struct UncheckedName {
    roots: Option<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for UncheckedName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some(roots) = &self.roots {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let algorithms = self.provider.signature_verification_algorithms.all;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, algorithms)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
