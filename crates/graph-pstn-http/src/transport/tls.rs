//! All that is rustls': no type of it leaves the transport.

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::{Error, ErrorKind};

/// Certificates that are trusted besides the platform's.
#[derive(Clone, Default)]
pub(super) struct Roots(Vec<CertificateDer<'static>>);

impl Roots {
    pub(super) fn add_pem(&mut self, pem: &[u8]) -> Result<(), Error> {
        let before = self.0.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            self.0.push(certificate.map_err(|error| {
                let message = "the CA certificate is not readable PEM";
                Error::new(ErrorKind::Config, message).with_source(error)
            })?);
        }
        if self.0.len() == before {
            return Err(Error::new(
                ErrorKind::Config,
                "the CA file holds no certificate; it should begin with -----BEGIN CERTIFICATE-----",
            ));
        }
        Ok(())
    }
}

pub(super) fn client_config(roots: &Roots) -> Result<ClientConfig, Error> {
    // Given explicitly, since the process-wide default is whatever some other crate installed first.
    let provider = Arc::new(aws_lc_rs::default_provider());
    let unusable = |error: rustls::Error| {
        Error::new(ErrorKind::Config, "the TLS settings cannot be used").with_source(error)
    };
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    match verifier(roots, provider) {
        Ok(verifier) => Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth()),
        // A container may have no certificate store at all, and may still speak to a loopback address.
        Err(_) if roots.0.is_empty() => Ok(builder
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth()),
        Err(error) => Err(unusable(error)),
    }
}

fn verifier(
    roots: &Roots,
    provider: Arc<CryptoProvider>,
) -> Result<rustls_platform_verifier::Verifier, rustls::Error> {
    rustls_platform_verifier::Verifier::new_with_extra_roots(roots.0.iter().cloned(), provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused() {
        for pem in [
            "",
            "no certificate",
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        ] {
            let error = Roots::default().add_pem(pem.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{pem}");
        }
    }

    #[test]
    fn old_versions_of_tls_are_not_offered() {
        let config = client_config(&Roots::default()).unwrap();
        assert!(!config.alpn_protocols.iter().any(|p| p == b"http/1.0"));
        // rustls has nothing below 1.2 to offer; the provider is the one that was asked for.
        assert!(config.crypto_provider().cipher_suites.len() >= 6);
    }
}
