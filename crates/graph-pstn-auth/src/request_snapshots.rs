//! The exact token request of each credential on each cloud, as it goes out.
#![cfg(feature = "all-clouds")]

use std::fmt::Write as _;
use std::path::Path;

use graph_pstn_http::{Cloud, Endpoints, TokenProvider, TokenRequest};
use secrecy::SecretString;

use crate::WorkloadIdentityCredential;
use crate::testing::{CLIENT, Entra, SECRET, TENANT, ambient};
use crate::{AssertionRequest, ClientAssertionCredential, ClientSecretCredential};

/// The answer to a claims challenge, as Graph puts it.
const CHALLENGE: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;

/// Every request that `credential` makes: one for a first token, one for a challenge.
async fn written(entra: &Entra, credential: &dyn TokenProvider) -> String {
    let token = credential.token(TokenRequest::default()).await.unwrap();
    credential.invalidate(&token);
    credential
        .token(TokenRequest::with_claims(CHALLENGE))
        .await
        .unwrap();
    let mut text = String::new();
    for n in 0..entra.requests() {
        let request = entra.request(n);
        writeln!(
            text,
            "{} {} {:?}",
            request.method(),
            request.uri(),
            request.version()
        )
        .unwrap();
        let mut headers: Vec<String> = request
            .headers()
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        writeln!(text, "{}\n", headers.join("\n")).unwrap();
        let body = std::str::from_utf8(request.body()).unwrap();
        let assertion = entra.field(n, "client_assertion").unwrap_or_default();
        if assertion.starts_with("eyJ") {
            let (body, decoded) = unsigned(body, &assertion);
            writeln!(text, "{body}\n{decoded}\n").unwrap();
        } else {
            writeln!(text, "{body}\n").unwrap();
        }
    }
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

/// A signature differs each time, and the certificate is made afresh: they are left out.
fn unsigned(body: &str, assertion: &str) -> (String, String) {
    use base64::Engine as _;
    let parts: Vec<&str> = assertion.split('.').collect();
    let decoded = |part: &str| {
        let json = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(part)
            .unwrap();
        serde_json::from_slice::<serde_json::Value>(&json).unwrap()
    };
    let mut header = decoded(parts[0]);
    for varying in ["x5t#S256", "x5t", "x5c"] {
        if let Some(value) = header.get_mut(varying) {
            *value = match value {
                serde_json::Value::Array(all) => vec!["DER"; all.len()].into(),
                _ => "THUMBPRINT".into(),
            };
        }
    }
    let claims = decoded(parts[1]);
    (
        body.replace(assertion, "HEADER.CLAIMS.SIGNATURE"),
        format!("HEADER {header:#}\nCLAIMS {claims:#}"),
    )
}

async fn each_cloud<C, F>(name: &str, make: F)
where
    C: TokenProvider,
    F: Fn(Endpoints, Entra) -> C,
{
    for cloud in Cloud::ALL {
        let entra = Entra::default();
        let credential = make(cloud.endpoints(), entra.clone());
        let text = written(&entra, &credential).await;
        insta::assert_snapshot!(format!("{name}__{cloud}"), text);
    }
}

#[tokio::test]
async fn client_secret() {
    each_cloud("client_secret", |endpoints, entra| {
        let builder = ClientSecretCredential::builder(endpoints, TENANT, CLIENT).ambient(ambient());
        builder.secret(SECRET).service(entra).build().unwrap()
    })
    .await;
}

#[tokio::test]
async fn client_secret_without_continuous_access_evaluation() {
    each_cloud("client_secret_no_cae", |endpoints, entra| {
        let builder = ClientSecretCredential::builder(endpoints, TENANT, CLIENT).ambient(ambient());
        let builder = builder.secret(SECRET).service(entra);
        builder.continuous_access_evaluation(false).build().unwrap()
    })
    .await;
}

#[cfg(feature = "certificate")]
#[tokio::test]
async fn client_certificate() {
    use crate::testing::Certificate;
    use crate::{ClientCertificateCredential, SignatureAlgorithm};
    let certificate = Certificate::new();
    let builder = |endpoints, entra| {
        ClientCertificateCredential::builder(endpoints, TENANT, CLIENT)
            .ambient(ambient())
            .certificate(certificate.bundle())
            .service(entra)
    };
    each_cloud("client_certificate", |endpoints, entra| {
        builder(endpoints, entra).build().unwrap()
    })
    .await;
    each_cloud("client_certificate_rs256_chain", |endpoints, entra| {
        let builder = builder(endpoints, entra).send_certificate_chain(true);
        builder
            .signature_algorithm(SignatureAlgorithm::Rs256)
            .build()
            .unwrap()
    })
    .await;
}

#[tokio::test]
async fn client_assertion() {
    each_cloud("client_assertion", |endpoints, entra| {
        ClientAssertionCredential::builder(endpoints, TENANT, CLIENT)
            .ambient(ambient())
            .assertion(|request: AssertionRequest| async move {
                let text = format!(
                    " for/{}/at/{}\n",
                    request.client_id(),
                    request.token_endpoint()
                );
                Ok(SecretString::from(text))
            })
            .service(entra)
            .build()
            .unwrap()
    })
    .await;
}

#[tokio::test]
async fn workload_identity() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "made-up-federated-token\n").unwrap();
    let file: &Path = &file;
    each_cloud("workload_identity", |endpoints, entra| {
        let builder = WorkloadIdentityCredential::builder(endpoints, TENANT, CLIENT);
        builder
            .ambient(ambient())
            .token_file(file)
            .service(entra)
            .build()
            .unwrap()
    })
    .await;
}
