//! Workload identity: a token that the platform writes into a file, and renews there.

use std::{
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use graph_pstn_http::BoxFuture;
use secrecy::zeroize::Zeroizing;

use crate::client_assertion::federated;
use crate::credential::{Credential, CredentialBuilder};
use crate::proof::{ClientProof, Recipient};
use crate::{Error, wire::Proof};

/// An app that proves itself with a federated token from a file, as Kubernetes projects one
/// (<https://learn.microsoft.com/entra/workload-id/workload-identity-federation>).
///
/// The file is read for each token request, about hourly, so that a renewed one is always used.
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
/// use graph_pstn_auth::WorkloadIdentityCredential;
///
/// let app = "00000000-0000-4000-8000-00000000c001";
/// let credential = WorkloadIdentityCredential::builder(endpoints, "contoso.example", app)
///     .token_file("/var/run/secrets/azure/tokens/azure-identity-token")
///     .service(client)
///     .build()?;
/// # Ok(())
/// # }
/// ```
pub type WorkloadIdentityCredential = Credential<FederatedTokenFile>;

/// The proof of a [`WorkloadIdentityCredential`].
#[derive(Debug)]
pub struct FederatedTokenFile(PathBuf);

/// Federated tokens are a few KiB; a larger file is something else, and no part of it is sent.
const LARGEST: u64 = 256 << 10;

impl ClientProof for FederatedTokenFile {
    type Draft = Option<PathBuf>;

    fn complete(draft: Self::Draft) -> Result<Self, Error> {
        draft
            .filter(|path| !path.as_os_str().is_empty())
            .map(Self)
            .ok_or_else(|| Error::config("the credential has no federated token file"))
    }

    fn prove<'a>(&'a self, _: &'a Recipient) -> BoxFuture<'a, Result<Proof, Error>> {
        let path = self.0.clone();
        Box::pin(async move {
            let read = tokio::task::spawn_blocking(move || read(&path)).await;
            read.unwrap_or_else(|_| {
                Err(Error::transient(
                    "reading the federated token was broken off",
                ))
            })
        })
    }
}

fn read(path: &Path) -> Result<Proof, Error> {
    let mut text = Zeroizing::new(String::new());
    let file = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
    file.map_err(|e| {
        let line = format!("the federated token file {} cannot be read", path.display());
        match e.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::InvalidData => Error::permanent(line),
            _ => Error::transient(line),
        }
        .with_source(e)
    })?;
    if text.len() as u64 > LARGEST {
        return Err(Error::permanent(format!(
            "{} is larger than 256 KiB, so it is no federated token",
            path.display()
        )));
    }
    federated(&text)
}

impl CredentialBuilder<FederatedTokenFile> {
    /// The file with the token: what `AZURE_FEDERATED_TOKEN_FILE` names.
    pub fn token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.draft = Some(path.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_for_a_token_is_not_sent_in_part() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, vec![b'x'; 256 << 10]).unwrap();
        assert!(read(&file).is_ok());
        std::fs::write(&file, vec![b'x'; (256 << 10) + 1]).unwrap();
        let error = read(&file).err().unwrap();
        assert!(error.to_string().contains("larger than 256 KiB"), "{error}");
        assert!(!error.is_transient());
    }
}
