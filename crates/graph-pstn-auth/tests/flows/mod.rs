//! Tokens asked for in every way, rightly and wrongly, and what is to be seen of it.

use std::fmt::{Debug, Write as _};

use graph_pstn_auth::{
    ClientAssertionCredential, ClientSecretCredential, Environment, Error, SecretString,
    WorkloadIdentityCredential,
};
use graph_pstn_emulator::RunningEmulator;
use graph_pstn_http::{TokenProvider, TokenRequest};

use crate::wire::{answering, client, endpoints, shown};

pub(crate) const SECRET: &str = "made~up&secret=of#an+app";
pub(crate) const FEDERATED: &str = "made-up-federated-token";
pub(crate) const PASSWORD: &str = "made-up-password";

/// What is shown while tokens are asked for, and the tokens.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) shown: String,
    pub(crate) tokens: Vec<String>,
    pub(crate) failures: usize,
}

impl Findings {
    /// Uses a credential as the authorize layer does, with a challenge too.
    pub(crate) async fn of<P: TokenProvider + Debug>(&mut self, credential: Result<P, Error>) {
        let credential = match credential {
            Ok(credential) => credential,
            Err(error) => return self.failed(&error),
        };
        write!(self.shown, "{credential:?} {credential:#?}").unwrap();
        let claims = r#"{"access_token":{"nbf":{"value":"1"}}}"#;
        for request in [TokenRequest::default(), TokenRequest::with_claims(claims)] {
            match credential.token(request).await {
                Ok(token) => {
                    write!(self.shown, "{token:?} {:?}", token.authorization()).unwrap();
                    let header = token.authorization();
                    let text = header.to_str().unwrap().trim_start_matches("Bearer ");
                    self.tokens.push(text.to_owned());
                    credential.invalidate(&token);
                }
                Err(error) => self.failed(&error),
            }
        }
    }

    fn failed(&mut self, error: &(dyn std::error::Error + 'static)) {
        self.failures += 1;
        self.shown += &shown(error);
    }
}

pub(crate) async fn secrets(emulator: &RunningEmulator, found: &mut Findings) {
    let builder = || {
        let ids = (emulator.tenant_id(), emulator.client_id());
        ClientSecretCredential::builder(endpoints(emulator), ids.0, ids.1).secret(SECRET)
    };
    write!(found.shown, "{:?}", builder()).unwrap();
    found.of(builder().service(client()).build()).await;
    let wrong = builder().secret(format!("{SECRET}-wrong"));
    found.of(wrong.service(client()).build()).await;
    found
        .of(builder()
            .secret(format!("{SECRET}\n"))
            .service(client())
            .build())
        .await;
    for (status, body) in [
        (
            200,
            r#"{"token_type":"Bearer","access_token":"made-up-cut-token"#,
        ),
        (
            200,
            r#"{"token_type":"Bearer","access_token":["made-up-cut-token"]}"#,
        ),
        (
            200,
            r#"{"token_type":"mac","access_token":"made-up-cut-token"}"#,
        ),
        (200, "made-up-cut-token"),
        (
            401,
            r#"{"error":"x","error_description":"AADSTS1: made~up&secret=of#an+app"}"#,
        ),
        (
            401,
            r#"{"error":"x","error_description":"eyJhbGciOiJub25lIn0.eyJhIjoxfQ.made-up-cut-token"}"#,
        ),
        (400, "made-up-cut-token"),
        (503, "<html>made-up-cut-token</html>"),
    ] {
        found
            .of(builder().service(answering(status, body)).build())
            .await;
    }
}

pub(crate) async fn federated(emulator: &RunningEmulator, found: &mut Findings) {
    let ids = (emulator.tenant_id(), emulator.client_id());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    for text in [
        FEDERATED,
        "made-up-federated-token-wrong",
        "made-up-federated-token in two words",
    ] {
        std::fs::write(&file, text).unwrap();
        let builder = WorkloadIdentityCredential::builder(endpoints(emulator), ids.0, ids.1);
        found
            .of(builder.token_file(&file).service(client()).build())
            .await;
        let source = move |_| async move { Ok(SecretString::from(text)) };
        let builder = ClientAssertionCredential::builder(endpoints(emulator), ids.0, ids.1);
        found
            .of(builder.assertion(source).service(client()).build())
            .await;
        #[cfg(all(unix, feature = "assertion-command"))]
        for program in ["printf", "false"] {
            let command = graph_pstn_auth::AssertionCommand::new(program).arg(text);
            write!(found.shown, "{command:?}").unwrap();
            let builder = ClientAssertionCredential::builder(endpoints(emulator), ids.0, ids.1);
            found
                .of(builder.assertion(command).service(client()).build())
                .await;
        }
    }
    std::fs::write(&file, [0xff, 0xfe]).unwrap();
    let builder = WorkloadIdentityCredential::builder(endpoints(emulator), ids.0, ids.1);
    found
        .of(builder.token_file(&file).service(client()).build())
        .await;
}

#[cfg(feature = "certificate")]
pub(crate) async fn certificates(
    emulator: &RunningEmulator,
    pem: &str,
    key: &str,
    found: &mut Findings,
) {
    use graph_pstn_auth::ClientCertificateCredential;
    let builder = || {
        let ids = (emulator.tenant_id(), emulator.client_id());
        ClientCertificateCredential::builder(endpoints(emulator), ids.0, ids.1)
            .password(PASSWORD)
            .service(client())
    };
    let (stranger, strange_key) = crate::wire::certificate();
    for (pem, key) in [
        (pem, key),
        (&*stranger, &*strange_key),
        (pem, &*strange_key),
        (key, pem),
    ] {
        let builder = builder().certificate(pem).key(key);
        write!(found.shown, "{builder:?}").unwrap();
        found.of(builder.build()).await;
    }
    found
        .of(builder().certificate(key.replace('A', "?")).build())
        .await;
    found
        .of(builder().certificate(vec![0x30, 0x82, 0x01]).build())
        .await;
}

pub(crate) async fn environment(emulator: &RunningEmulator, found: &mut Findings) {
    let read = Environment::from_variables(|name| match name {
        "AZURE_TENANT_ID" => Some(emulator.tenant_id().into()),
        "AZURE_CLIENT_ID" => Some(emulator.client_id().into()),
        "AZURE_CLIENT_SECRET" => Some(SECRET.into()),
        "AZURE_CLIENT_CERTIFICATE_PASSWORD" => Some(PASSWORD.into()),
        _ => None,
    });
    let read = read.unwrap();
    write!(found.shown, "{read:?} {}", read.explanation()).unwrap();
    found
        .of(read.credential(endpoints(emulator), client()))
        .await;
}
