//! What the app registration knows of certificates and federated credentials.

use std::io;

use super::certificate::Certificate;
use super::federated::Issuer;

/// The certificates that were uploaded, and who else may speak for the app.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registered {
    certificates: Vec<Certificate>,
    issuers: Vec<Issuer>,
    fixed: Vec<String>,
}

impl Registered {
    pub(crate) fn add_certificate(&mut self, pem: &[u8]) -> io::Result<()> {
        self.certificates.push(Certificate::from_pem(pem)?);
        Ok(())
    }

    pub(crate) fn add_issuer(
        &mut self,
        issuer: String,
        subject: String,
        key_pem: &[u8],
    ) -> io::Result<()> {
        self.issuers.push(Issuer::new(issuer, subject, key_pem)?);
        Ok(())
    }

    /// A text that is taken whatever it is.
    pub(crate) fn add_fixed(&mut self, token: String) {
        self.fixed.push(token);
    }

    pub(super) fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    pub(super) fn issuers(&self) -> &[Issuer] {
        &self.issuers
    }

    pub(super) fn has_fixed(&self, assertion: &str) -> bool {
        self.fixed.iter().any(|token| token == assertion)
    }
}
