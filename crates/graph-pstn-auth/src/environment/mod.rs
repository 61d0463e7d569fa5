//! Credentials from the environment: the `AZURE_*` variables of Microsoft's own libraries.
//!
//! Names and order of precedence are azure-identity's
//! (<https://learn.microsoft.com/dotnet/api/azure.identity.environmentcredential>): secret, certificate,
//! then workload identity. Which cloud it is, a login host cannot say: L4 and L5 share one. So the
//! cloud is always the caller's word, and `AZURE_AUTHORITY_HOST` may only agree with it.

mod authority;
mod credential;
#[cfg(test)]
mod tests;

use std::{
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use graph_pstn_http::{Endpoints, Origin, TokenProvider};
use http::{Request, Response};
use secrecy::SecretString;
use tower_service::Service;

pub use credential::EnvironmentCredential;

use crate::credential::{Credential, CredentialBuilder};
use crate::proof::ClientProof;
use crate::{ClientSecretCredential, Error, WorkloadIdentityCredential};

const TENANT_ID: &str = "AZURE_TENANT_ID";
const CLIENT_ID: &str = "AZURE_CLIENT_ID";
const CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE_PATH: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const CERTIFICATE_PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
const SEND_CHAIN: &str = "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN";
const FEDERATED_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const AUTHORITY_HOST: &str = "AZURE_AUTHORITY_HOST";

/// What the environment says of the app and its credential. An empty variable counts as not set.
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
/// use graph_pstn_auth::Environment;
///
/// let environment = Environment::read()?;
/// println!("{}", environment.explanation());
/// let credential = environment.credential(endpoints, client)?;
/// # Ok(())
/// # }
/// ```
pub struct Environment {
    tenant_id: Option<String>,
    client_id: Option<String>,
    method: Option<(EnvironmentMethod, Material)>,
    also_set: Vec<&'static str>,
    authority: Option<Origin>,
    capable: bool,
}

/// By what the app proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvironmentMethod {
    /// `AZURE_CLIENT_SECRET`.
    Secret,
    /// `AZURE_CLIENT_CERTIFICATE_PATH`.
    Certificate,
    /// `AZURE_FEDERATED_TOKEN_FILE`.
    WorkloadIdentity,
}

enum Material {
    Secret(SecretString),
    #[cfg_attr(
        not(feature = "certificate"),
        expect(dead_code, reason = "without certificates only the path is shown")
    )]
    Certificate {
        path: PathBuf,
        password: Option<SecretString>,
        send_chain: bool,
    },
    TokenFile(PathBuf),
}

impl Environment {
    /// Reads this process's environment.
    ///
    /// # Errors
    /// Kind [`Config`](crate::ErrorKind::Config): a variable's value cannot be used. Variables that
    /// are missing are no error yet, since the caller may know better.
    pub fn read() -> Result<Self, Error> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    /// Reads variables from wherever `variable` finds them.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, Error> {
        let value = |name: &'static str| variable(name).filter(|value| !value.is_empty());
        let text = |name: &'static str| {
            let text = value(name).map(OsString::into_string).transpose();
            text.map_err(|_| Error::config(format!("{name} is not UTF-8 text")))
        };
        let secret = text(CLIENT_SECRET)?.map(SecretString::from);
        let certificate = value(CERTIFICATE_PATH).map(PathBuf::from);
        let token_file = value(FEDERATED_TOKEN_FILE).map(PathBuf::from);
        let mut also_set = Vec::new();
        let mut below = |name, set: bool| also_set.extend(set.then_some(name));
        let method = if let Some(secret) = secret {
            below(CERTIFICATE_PATH, certificate.is_some());
            below(FEDERATED_TOKEN_FILE, token_file.is_some());
            Some((EnvironmentMethod::Secret, Material::Secret(secret)))
        } else if let Some(path) = certificate {
            below(FEDERATED_TOKEN_FILE, token_file.is_some());
            let material = Material::Certificate {
                path,
                password: text(CERTIFICATE_PASSWORD)?.map(SecretString::from),
                send_chain: text(SEND_CHAIN)?.map_or(Ok(false), |text| yes_or_no(&text))?,
            };
            Some((EnvironmentMethod::Certificate, material))
        } else {
            token_file.map(|path| {
                (
                    EnvironmentMethod::WorkloadIdentity,
                    Material::TokenFile(path),
                )
            })
        };
        Ok(Self {
            tenant_id: text(TENANT_ID)?,
            client_id: text(CLIENT_ID)?,
            method,
            also_set,
            authority: text(AUTHORITY_HOST)?
                .map(|text| authority::read(&text))
                .transpose()?,
            capable: true,
        })
    }

    /// The tenant's id or domain.
    #[must_use]
    pub fn tenant_id(&self) -> Option<&str> {
        self.tenant_id.as_deref()
    }

    /// The app's id.
    #[must_use]
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// How the app proves itself; `None` when no variable says so.
    #[must_use]
    pub fn method(&self) -> Option<EnvironmentMethod> {
        self.method.as_ref().map(|(method, _)| *method)
    }

    /// Puts the caller's own setting over `AZURE_TENANT_ID`.
    #[must_use]
    pub fn with_tenant_id(mut self, id: impl Into<String>) -> Self {
        self.tenant_id = Some(id.into());
        self
    }

    /// Puts the caller's own setting over `AZURE_CLIENT_ID`.
    #[must_use]
    pub fn with_client_id(mut self, id: impl Into<String>) -> Self {
        self.client_id = Some(id.into());
        self
    }

    /// Ignores `AZURE_AUTHORITY_HOST`: for a caller whose own settings name the login host.
    #[must_use]
    pub fn without_authority_host(mut self) -> Self {
        self.authority = None;
        self
    }

    /// Checks that `AZURE_AUTHORITY_HOST`, if it is set, names the login host of these endpoints.
    /// [`credential`](Self::credential) does it as well; this is for a caller who brings a proof of its own.
    ///
    /// # Errors
    /// Kind [`Config`](crate::ErrorKind::Config): it names another one.
    pub fn check_authority(&self, endpoints: &Endpoints) -> Result<(), Error> {
        match &self.authority {
            Some(named) => authority::agree(named, endpoints),
            None => Ok(()),
        }
    }

    /// As [`CredentialBuilder::continuous_access_evaluation`].
    #[must_use]
    pub fn continuous_access_evaluation(mut self, declared: bool) -> Self {
        self.capable = declared;
        self
    }

    /// Which credential was chosen and why, in one line, without anything secret.
    #[must_use]
    pub fn explanation(&self) -> String {
        let Some((_, material)) = &self.method else {
            return format!(
                "no credential: none of {CLIENT_SECRET}, {CERTIFICATE_PATH} and {FEDERATED_TOKEN_FILE} is set"
            );
        };
        let chosen = match material {
            Material::Secret(_) => format!("client secret from {CLIENT_SECRET}"),
            Material::Certificate { path, .. } => {
                format!(
                    "client certificate {} from {CERTIFICATE_PATH}",
                    path.display()
                )
            }
            Material::TokenFile(path) => format!(
                "workload identity with the token file {} from {FEDERATED_TOKEN_FILE}",
                path.display()
            ),
        };
        if self.also_set.is_empty() {
            return chosen;
        }
        format!(
            "{chosen}, which goes before {}",
            self.also_set.join(" and ")
        )
    }

    /// How long the client certificate is valid, if the app proves itself by one.
    ///
    /// # Errors
    /// Kind [`Config`](crate::ErrorKind::Config): the file cannot be read, or holds no certificate with its key.
    #[cfg(feature = "certificate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "certificate")))]
    pub fn certificate_validity(&self) -> Result<Option<crate::CertificateValidity>, Error> {
        match &self.method {
            Some((_, Material::Certificate { path, password, .. })) => {
                crate::certificate::validity_of_file(path, password.as_ref()).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Where the federated token is, if the app proves itself by one.
    #[must_use]
    pub fn token_file(&self) -> Option<&Path> {
        match &self.method {
            Some((_, Material::TokenFile(path))) => Some(path),
            _ => None,
        }
    }

    /// Makes the credential.
    ///
    /// # Errors
    /// Kind [`Config`](crate::ErrorKind::Config): a variable is missing, `AZURE_AUTHORITY_HOST` names
    /// the login host of another cloud, the build lacks the feature `certificate`, or the credential
    /// cannot be used.
    pub fn credential<S>(
        self,
        endpoints: Endpoints,
        service: S,
    ) -> Result<EnvironmentCredential, Error>
    where
        S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
        S::Error: Into<graph_pstn_http::Error>,
        S::Future: Send,
    {
        self.check_authority(&endpoints)?;
        let explanation = self.explanation();
        let missing = |name| Error::config(format!("{name} is not set"));
        let tenant = self.tenant_id.ok_or_else(|| missing(TENANT_ID))?;
        let client = self.client_id.ok_or_else(|| missing(CLIENT_ID))?;
        let (method, material) = self.method.ok_or_else(|| {
            Error::config(format!(
                "the environment holds no credential: set {CLIENT_SECRET}, {CERTIFICATE_PATH} or \
                 {FEDERATED_TOKEN_FILE}"
            ))
        })?;
        let tokens: Arc<dyn TokenProvider> = match material {
            Material::Secret(secret) => {
                let builder = ClientSecretCredential::builder(endpoints, &tenant, &client);
                Arc::new(finish(builder.secret(secret), service, self.capable)?)
            }
            Material::TokenFile(path) => {
                let builder = WorkloadIdentityCredential::builder(endpoints, &tenant, &client);
                Arc::new(finish(builder.token_file(path), service, self.capable)?)
            }
            #[cfg(feature = "certificate")]
            Material::Certificate {
                path,
                password,
                send_chain,
            } => {
                let mut builder =
                    crate::ClientCertificateCredential::builder(endpoints, &tenant, &client)
                        .certificate_file(path)
                        .send_certificate_chain(send_chain);
                if let Some(password) = password {
                    builder = builder.password(password);
                }
                Arc::new(finish(builder, service, self.capable)?)
            }
            #[cfg(not(feature = "certificate"))]
            Material::Certificate { .. } => {
                return Err(Error::config(format!(
                    "{CERTIFICATE_PATH} is set, but this build has no certificates (Cargo feature \
                     `certificate`)"
                )));
            }
        };
        Ok(EnvironmentCredential {
            tokens,
            method,
            explanation,
        })
    }
}

fn finish<P, S>(
    builder: CredentialBuilder<P>,
    service: S,
    capable: bool,
) -> Result<Credential<P>, Error>
where
    P: ClientProof,
    S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
    S::Error: Into<graph_pstn_http::Error>,
    S::Future: Send,
{
    let builder = builder.service(service);
    builder.continuous_access_evaluation(capable).build()
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .field("method", &self.method())
            .field("authority", &self.authority)
            .finish_non_exhaustive()
    }
}

/// azure-identity for Python takes any text for yes, `false` too; that is not copied.
fn yes_or_no(text: &str) -> Result<bool, Error> {
    match text.trim().to_ascii_lowercase().as_str() {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(Error::config(format!(
            "{SEND_CHAIN} is neither true nor false"
        ))),
    }
}
