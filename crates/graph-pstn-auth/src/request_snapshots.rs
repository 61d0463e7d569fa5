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
        let fields = fields(request.body());
        for (name, value) in &fields {
            writeln!(text, "{name}={}", shown(name, value)).unwrap();
        }
        let assertion = fields.iter().find(|(name, _)| name == "client_assertion");
        if let Some(decoded) = assertion.and_then(|(_, assertion)| decoded(assertion)) {
            writeln!(text, "{decoded}").unwrap();
        }
        text.push('\n');
    }
    text.replace(env!("CARGO_PKG_VERSION"), "VERSION")
}

/// The fields in their order, decoded. Encoded again they are the body, byte for byte.
fn fields(body: &[u8]) -> Vec<(String, String)> {
    let fields: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
    let mut again = form_urlencoded::Serializer::new(String::new());
    assert_eq!(again.extend_pairs(&fields).finish().as_bytes(), body);
    fields
}

/// Secrets stand in angle brackets: no made-up one shall be taken for a real one.
fn shown(name: &str, value: &str) -> String {
    match name {
        "client_secret" => {
            assert_eq!(value, SECRET);
            "<the secret>".to_owned()
        }
        "client_assertion" if decoded(value).is_some() => "<header.claims.signature>".to_owned(),
        "client_assertion" => format!("<{value}>"),
        _ => value.to_owned(),
    }
}

/// Header and claims of a JWT, without what is new in each run: the certificate and what names it.
fn decoded(assertion: &str) -> Option<String> {
    use base64::Engine as _;
    let parts: Vec<&str> = assertion.split('.').collect();
    let json = |part: &str| {
        let json = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(part)
            .ok()?;
        serde_json::from_slice::<serde_json::Value>(&json).ok()
    };
    let [header, claims, _] = parts.as_slice() else {
        return None;
    };
    let mut header = json(header)?;
    for varying in ["x5t#S256", "x5t", "x5c"] {
        if let Some(value) = header.get_mut(varying) {
            *value = match value {
                serde_json::Value::Array(all) => vec!["<certificate>"; all.len()].into(),
                _ => "<thumbprint>".into(),
            };
        }
    }
    Some(format!("header {header:#}\nclaims {:#}", json(claims)?))
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
