//! The client certificate: the app signs an assertion for each token request.
//!
//! [`ClientCertificateCredential`] joins three parts: where certificate and key come from and whether
//! they have changed (`store`), reading them (`identity`, `pem`, `pkcs12`), and the signed assertion
//! (`assertion`).

mod assertion;
#[cfg(test)]
mod clock_tests;
mod identity;
mod parts;
mod pem;
#[cfg(feature = "pkcs12")]
mod pkcs12;
mod store;
#[cfg(test)]
mod tests;
mod validity;

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use graph_pstn_http::BoxFuture;
use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;

use crate::credential::{Credential, CredentialBuilder};
use crate::proof::{ClientProof, Recipient};
use crate::{Error, wire::Proof};
use identity::Identity;
use store::{Place, Store};

pub use validity::CertificateValidity;

/// Reads the certificate of a file, with its key, as a credential would, and says how long it is valid.
pub(crate) fn validity_of_file(
    path: &Path,
    password: Option<&SecretString>,
) -> Result<CertificateValidity, Error> {
    let place = Place::File(path.to_owned());
    let identity = Identity::read(&place.read()?, None, password)?;
    validity::of(identity.leaf())
        .ok_or_else(|| Error::config("the certificate does not say how long it is valid"))
}

/// An app that proves itself with a certificate
/// (<https://learn.microsoft.com/entra/identity-platform/certificate-credentials>).
///
/// The certificate is uploaded to the app registration; the private key, RSA of 2048 bits or more,
/// stays here and signs a JWT that is good for one token request and ten minutes.
///
/// ```
/// # use bytes::Bytes;
/// # use http::{Request, Response};
/// # fn make<S>(endpoints: graph_pstn_http::Endpoints, client: S) -> Result<(), graph_pstn_auth::Error>
/// # where
/// #     S: tower_service::Service<Request<Bytes>, Response = Response<Bytes>>
/// #         + Clone + Send + Sync + 'static,
/// #     S::Error: Into<graph_pstn_http::Error>,
/// #     S::Future: Send,
/// # {
/// use graph_pstn_auth::ClientCertificateCredential;
///
/// let app = "00000000-0000-4000-8000-00000000c001";
/// # let path = "/nowhere";
/// let credential = ClientCertificateCredential::builder(endpoints, "contoso.example", app)
///     .certificate_file(path) // PEM: certificate and private key
///     .service(client)
///     .build()?;
/// # Ok(())
/// # }
/// ```
pub type ClientCertificateCredential = Credential<ClientCertificate>;

/// How an assertion is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignatureAlgorithm {
    /// RSASSA-PSS with SHA-256, and the certificate named by its SHA-256 thumbprint: what Microsoft
    /// asks for.
    #[default]
    Ps256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, and the certificate named by its SHA-1 thumbprint: for
    /// services that know nothing newer.
    Rs256,
}

/// A smaller difference of the clocks, in seconds, is not what made Entra refuse.
const LEAST_SKEW: u64 = 30;

/// The proof of a [`ClientCertificateCredential`].
pub struct ClientCertificate(Arc<Signer>);

struct Signer {
    store: Store,
    algorithm: SignatureAlgorithm,
    send_chain: bool,
    /// By how many seconds Entra's clock is ahead of ours, as far as it has said so.
    skew: AtomicI64,
}

/// What the builder has gathered.
#[derive(Default)]
#[doc(hidden)]
pub struct Draft {
    certificate: Option<Place>,
    key: Option<Place>,
    password: Option<SecretString>,
    algorithm: SignatureAlgorithm,
    send_chain: bool,
}

impl ClientProof for ClientCertificate {
    type Draft = Draft;

    fn complete(draft: Draft) -> Result<Self, Error> {
        #[cfg(feature = "fips")]
        aws_lc_rs::try_fips_mode().map_err(|_| {
            Error::config(
                "this build is to sign by AWS-LC's FIPS module only, and that is not what is linked",
            )
        })?;
        let certificate = draft
            .certificate
            .ok_or_else(|| Error::config("the credential has no certificate"))?;
        Ok(Self(Arc::new(Signer {
            store: Store::open(certificate, draft.key, draft.password)?,
            algorithm: draft.algorithm,
            send_chain: draft.send_chain,
            skew: AtomicI64::new(0),
        })))
    }

    fn prove<'a>(&'a self, to: &'a Recipient) -> BoxFuture<'a, Result<Proof, Error>> {
        let (signer, to) = (self.0.clone(), to.clone());
        Box::pin(async move {
            // Reading files and signing take milliseconds, which the executor has better use for.
            let signed = tokio::task::spawn_blocking(move || signer.sign(&to)).await;
            signed.unwrap_or_else(|_| Err(Error::transient("signing the assertion was broken off")))
        })
    }

    fn learn_skew(&self, seconds: i64) -> bool {
        let known = self.0.skew.swap(seconds, Ordering::Relaxed);
        // With a smaller difference the same would come of it.
        known.abs_diff(seconds) >= LEAST_SKEW
    }
}

impl Signer {
    fn sign(&self, to: &Recipient) -> Result<Proof, Error> {
        let skew = self.skew.load(Ordering::Relaxed);
        let amount = Duration::from_secs(skew.unsigned_abs());
        let now = if skew < 0 {
            to.now.checked_sub(amount)
        } else {
            to.now.checked_add(amount)
        };
        let identity = self.store.current()?;
        assertion::signed(
            &identity,
            self.algorithm,
            self.send_chain,
            to,
            now.unwrap_or(to.now),
        )
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("algorithm", &self.0.algorithm)
            .finish_non_exhaustive()
    }
}

impl CredentialBuilder<ClientCertificate> {
    /// The certificate, the app's own one, in PEM: with its private key (PKCS#8 or PKCS#1) in the same
    /// text unless [`key`](Self::key) gives it, and with the certificates of its issuers if
    /// there are any. With the feature `pkcs12` the bytes may be PKCS#12 as well.
    pub fn certificate(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.draft.certificate = Some(Place::Memory(Zeroizing::new(bytes.into())));
        self
    }

    /// As [`certificate`](Self::certificate), from a file. It is looked at for every token request: a
    /// renewed certificate is used without a restart. A file that is gone or cannot be read then does no
    /// harm, the certificate in memory serves on; the log says so.
    pub fn certificate_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.draft.certificate = Some(Place::File(path.into()));
        self
    }

    /// The private key in PEM, if it is not in the certificate's text.
    pub fn key(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.draft.key = Some(Place::Memory(Zeroizing::new(pem.into())));
        self
    }

    /// The private key in a PEM file of its own, looked at for every token request too.
    pub fn key_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.draft.key = Some(Place::File(path.into()));
        self
    }

    /// The password of a PKCS#12 file.
    pub fn password(mut self, password: impl Into<SecretString>) -> Self {
        self.draft.password = Some(password.into());
        self
    }

    /// Sends the certificate and its issuers along (`x5c`), for app registrations that trust a subject
    /// name and an issuer instead of one certificate. Default off.
    pub fn send_certificate_chain(mut self, sent: bool) -> Self {
        self.draft.send_chain = sent;
        self
    }

    /// How assertions are signed. Default [`SignatureAlgorithm::Ps256`].
    pub fn signature_algorithm(mut self, algorithm: SignatureAlgorithm) -> Self {
        self.draft.algorithm = algorithm;
        self
    }
}
