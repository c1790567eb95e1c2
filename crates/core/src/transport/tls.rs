//! TLS for all connections of a run: whom to trust, and that the name verified is the URL's.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

/// Whom a run trusts. Clones share everything.
#[derive(Clone, Debug)]
pub struct Tls {
    pub(crate) config: Arc<ClientConfig>,
}

/// A set-up of TLS that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The file of authorities cannot be read or holds none.
    #[error("cannot use the certificates in `{}`: {reason}", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// rustls refused the set-up.
    #[error("cannot set up TLS: {0}")]
    Setup(#[from] rustls::Error),
}

impl Tls {
    /// Trusts the operating system's authorities, and those in the PEM file `extra`.
    ///
    /// # Errors
    /// When `extra` cannot be read or holds no certificate.
    pub fn verified(extra: Option<&Path>) -> Result<Self, TlsError> {
        let mut roots = RootCertStore::empty();
        // Authorities that cannot be parsed are the operating system's affair; a handshake that needs one of
        // them fails with a text that says so.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if let Some(path) = extra {
            add_file(&mut roots, path)?;
        }
        let builder = Self::builder()?;
        Ok(Self::finish(builder.with_root_certificates(roots).with_no_client_auth()))
    }

    /// Trusts everyone: `--insecure`.
    ///
    /// # Errors
    /// When rustls refuses the set-up.
    pub fn insecure() -> Result<Self, TlsError> {
        let verifier = Arc::new(TrustEveryone { provider: Arc::new(ring::default_provider()) });
        let builder = Self::builder()?.dangerous().with_custom_certificate_verifier(verifier);
        Ok(Self::finish(builder.with_no_client_auth()))
    }

    fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        Ok(ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?)
    }

    fn finish(mut config: ClientConfig) -> Self {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self { config: Arc::new(config) }
    }
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), TlsError> {
    let error = |reason: String| TlsError::Authorities { path: path.to_owned(), reason };
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|reason| error(reason.to_string()))?;
    if certificates.is_empty() {
        return Err(error("there is no PEM certificate in it".to_owned()));
    }
    for certificate in certificates {
        roots.add(certificate).map_err(|reason| error(reason.to_string()))?;
    }
    Ok(())
}

/// Accepts every certificate, but still checks that the handshake was signed with its key.
#[derive(Debug)]
struct TrustEveryone {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for TrustEveryone {
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
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
