//! How the app of a scenario proves itself. No key and no secret here opens anything.

use std::{
    fs,
    sync::{Arc, OnceLock},
};

use graph_pstn_auth::{
    AssertionRequest, ClientAssertionCredential, ClientCertificateCredential,
    ClientSecretCredential, SecretString, WorkloadIdentityCredential,
};
use graph_pstn_http::{
    AccessToken, BoxFuture, Endpoints, Error, StaticToken, TokenProvider, TokenRequest,
    replay::{CredentialKind, ReplayService},
};
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
use tempfile::TempDir;

const TENANT_ID: &str = "00000000-0000-4000-8000-00000000a001";
const CLIENT_ID: &str = "00000000-0000-4000-8000-00000000c001";
const CLIENT_SECRET: &str = "only~for~the~replay";
const ASSERTION: &str = "only.for.the-replay";
const TOKEN: &str = "only-for-the-replay";

/// The credential, whose requests go to `replay` under ids from `ids`.
pub(crate) fn of(
    kind: Option<CredentialKind>,
    endpoints: &Endpoints,
    replay: ReplayService,
    ids: impl Fn() -> String + Send + Sync + 'static,
) -> Result<Arc<dyn TokenProvider>, Error> {
    macro_rules! credential {
        ($Credential:ident, $set:ident, $proof:expr) => {
            Arc::new(
                $Credential::builder(endpoints.clone(), TENANT_ID, CLIENT_ID)
                    .$set($proof)
                    .service(replay)
                    .random(|| 0.5)
                    .ids(ids)
                    .build()?,
            )
        };
    }
    Ok(match kind.unwrap_or(CredentialKind::Secret) {
        CredentialKind::Secret => credential!(ClientSecretCredential, secret, CLIENT_SECRET),
        CredentialKind::Certificate => {
            credential!(ClientCertificateCredential, certificate, certificate())
        }
        CredentialKind::WorkloadIdentity => {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("token");
            fs::write(&file, ASSERTION).unwrap();
            let credential = credential!(WorkloadIdentityCredential, token_file, file);
            Arc::new(WithFolder(credential, folder))
        }
        CredentialKind::Assertion => {
            credential!(ClientAssertionCredential, assertion, assertion)
        }
        CredentialKind::Token => Arc::new(StaticToken::new(AccessToken::new(TOKEN)?)),
        other => panic!("no credential is known of the kind {other:?}"),
    })
}

/// A credential, and the folder that it reads from as long as it is there.
struct WithFolder(Arc<WorkloadIdentityCredential>, TempDir);

impl TokenProvider for WithFolder {
    fn token(&self, request: TokenRequest) -> BoxFuture<'_, Result<AccessToken, Error>> {
        assert!(self.1.path().exists());
        self.0.token(request)
    }

    fn invalidate(&self, token: &AccessToken) {
        self.0.invalidate(token);
    }
}

async fn assertion(_: AssertionRequest) -> Result<SecretString, graph_pstn_auth::Error> {
    Ok(ASSERTION.into())
}

/// A certificate and its key, in PEM. Making a key takes a moment, so there is one for all.
fn certificate() -> &'static str {
    static PEM: OnceLock<String> = OnceLock::new();
    PEM.get_or_init(|| {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let params = CertificateParams::new(vec!["app.contoso.example".into()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        certificate.pem() + &key.serialize_pem()
    })
}
