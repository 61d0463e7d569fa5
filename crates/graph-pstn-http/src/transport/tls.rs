//! All that is rustls': no type of it leaves the transport.

use std::sync::Arc;

use rustls::{
    ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::provider::provider;
use crate::{Error, ErrorKind};

/// Which certificates are trusted.
#[derive(Clone, Default)]
pub(super) struct Roots {
    /// Mozilla's list as it was when this program was built, instead of the platform's.
    #[cfg(feature = "webpki-roots")]
    pub(super) bundled: bool,
    /// These besides.
    added: Vec<CertificateDer<'static>>,
}

impl Roots {
    pub(super) fn add_pem(&mut self, pem: &[u8]) -> Result<(), Error> {
        let before = self.added.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            self.added.push(certificate.map_err(|error| {
                let message = "the CA certificate is not readable PEM";
                Error::new(ErrorKind::Config, message).with_source(error)
            })?);
        }
        if self.added.len() == before {
            return Err(Error::new(
                ErrorKind::Config,
                "the CA file holds no certificate; it should begin with -----BEGIN CERTIFICATE-----",
            ));
        }
        Ok(())
    }

    /// The bundled list, if it is to be used.
    #[cfg(feature = "webpki-roots")]
    fn store(&self) -> Option<Result<RootCertStore, rustls::Error>> {
        self.bundled.then(|| {
            let mut store = RootCertStore {
                roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
            };
            let mut added = self.added.iter().cloned();
            added.try_for_each(|certificate| store.add(certificate))?;
            Ok(store)
        })
    }

    #[cfg(not(feature = "webpki-roots"))]
    fn store(&self) -> Option<Result<RootCertStore, rustls::Error>> {
        None
    }
}

pub(super) fn client_config(roots: &Roots) -> Result<ClientConfig, Error> {
    let config = rustls_config(roots, provider()?).map_err(|error| {
        Error::new(ErrorKind::Config, "the TLS settings cannot be used").with_source(error)
    })?;
    if cfg!(feature = "fips") {
        only_fips(&config)?;
    }
    Ok(config)
}

/// Looks at the whole configuration, not at the provider alone: it counts the protocol's options too.
fn only_fips(config: &ClientConfig) -> Result<(), Error> {
    if config.fips() {
        return Ok(());
    }
    let message = "this build is to use FIPS-validated cryptography only, and its TLS settings are not of that kind";
    Err(Error::new(ErrorKind::Config, message))
}

fn rustls_config(
    roots: &Roots,
    provider: Arc<CryptoProvider>,
) -> Result<ClientConfig, rustls::Error> {
    // TLS 1.3 and 1.2; rustls has nothing older.
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?;
    match roots.store() {
        Some(store) => Ok(builder.with_root_certificates(store?).with_no_client_auth()),
        None => platform_config(builder, roots, provider),
    }
}

fn platform_config(
    builder: ConfigBuilder<ClientConfig, WantsVerifier>,
    roots: &Roots,
    provider: Arc<CryptoProvider>,
) -> Result<ClientConfig, rustls::Error> {
    let added = roots.added.iter().cloned();
    match rustls_platform_verifier::Verifier::new_with_extra_roots(added, provider) {
        Ok(verifier) => Ok(builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth()),
        // A container may have no certificate store at all, and may still speak to a loopback address.
        Err(_) if roots.added.is_empty() => Ok(builder
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth()),
        Err(error) => Err(error),
    }
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
    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    fn no_version_before_1_2_is_offered() {
        use rustls::ProtocolVersion::{TLSv1_2, TLSv1_3};

        let config = client_config(&Roots::default()).unwrap();
        let suites = &config.crypto_provider().cipher_suites;
        assert!(suites.len() >= 4);
        for suite in suites {
            let version = suite.version().version;
            assert!([TLSv1_2, TLSv1_3].contains(&version), "{version:?}");
        }
        // What is not FIPS in whole is found out.
        assert_eq!(only_fips(&config).is_ok(), cfg!(feature = "fips"));
    }

    #[test]
    #[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
    fn aws_lc_rs_is_taken_where_both_are_there() {
        let random = client_config(&Roots::default())
            .unwrap()
            .crypto_provider()
            .secure_random;
        let shown = format!("{random:?}");
        let wanted = if cfg!(feature = "aws-lc-rs") {
            "AwsLcRs"
        } else {
            "Ring"
        };
        assert_eq!(shown, wanted);
    }

    #[test]
    #[cfg(not(any(feature = "aws-lc-rs", feature = "ring")))]
    fn without_cryptography_the_error_says_what_to_switch_on() {
        let error = client_config(&Roots::default()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("feature aws-lc-rs"), "{error}");
    }
}
