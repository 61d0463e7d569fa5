//! Every credential against the emulator, over real sockets.

#[cfg(test)]
mod wire;

use base64::Engine as _;
use graph_pstn_auth::{
    ClientAssertionCredential, ClientSecretCredential, Environment, ErrorKind, SecretString,
    WorkloadIdentityCredential,
};
use graph_pstn_emulator::Emulator;
use graph_pstn_http::{Endpoints, TokenProvider, TokenRequest};
use wire::{client, endpoints, graph};

#[tokio::test]
async fn a_secret_opens_graph_with_one_token_for_all() {
    let emulator = Emulator::builder().start().await.unwrap();
    let credential = ClientSecretCredential::builder(
        endpoints(&emulator),
        emulator.tenant_id(),
        emulator.client_id(),
    )
    .secret(emulator.client_secret())
    .service(client())
    .build()
    .unwrap();
    let callers: Vec<_> = (0..1_000)
        .map(|_| {
            let credential = credential.clone();
            tokio::spawn(async move { credential.token(TokenRequest::default()).await.unwrap() })
        })
        .collect();
    let mut token = None;
    for caller in callers {
        token = Some(caller.await.unwrap());
    }
    assert_eq!(emulator.stats().token_requests, 1);
    let token = token.unwrap();
    assert_eq!(graph(&emulator, &token).await.status(), 200);

    emulator.revoke_tokens();
    assert_eq!(graph(&emulator, &token).await.status(), 401);
    credential.invalidate(&token);
    let token = credential.token(TokenRequest::default()).await.unwrap();
    assert_eq!(graph(&emulator, &token).await.status(), 200);
    assert_eq!(emulator.stats().token_requests, 2);
}

#[tokio::test]
async fn a_claims_challenge_is_met() {
    let emulator = Emulator::builder().start().await.unwrap();
    let build = |capable| {
        ClientSecretCredential::builder(
            endpoints(&emulator),
            emulator.tenant_id(),
            emulator.client_id(),
        )
        .secret(emulator.client_secret())
        .continuous_access_evaluation(capable)
        .service(client())
        .build()
        .unwrap()
    };
    let (capable, plain) = (build(true), build(false));
    let first = capable.token(TokenRequest::default()).await.unwrap();
    let other = plain.token(TokenRequest::default()).await.unwrap();
    emulator.challenge_tokens();
    // Who did not declare the capability is not challenged.
    assert_eq!(graph(&emulator, &other).await.status(), 200);
    let answer = graph(&emulator, &first).await;
    assert_eq!(answer.status(), 401);
    let header = answer.headers()["www-authenticate"].to_str().unwrap();
    let (_, claims) = header.split_once("claims=\"").unwrap();
    let (claims, _) = claims.split_once('"').unwrap();
    let claims = base64::engine::general_purpose::STANDARD
        .decode(claims)
        .unwrap();
    let request = TokenRequest::with_claims(String::from_utf8(claims).unwrap());
    capable.invalidate(&first);
    let second = capable.token(request).await.unwrap();
    assert_eq!(graph(&emulator, &second).await.status(), 200);
}

#[tokio::test]
async fn what_is_set_up_wrongly_says_what_to_fix() {
    let emulator = Emulator::builder().start().await.unwrap();
    let (tenant, app) = (emulator.tenant_id(), emulator.client_id());
    let other = "00000000-0000-4000-8000-00000000ffff";
    let nowhere = Endpoints::custom(
        emulator.graph_endpoint().parse().unwrap(),
        "http://127.0.0.1:9".parse().unwrap(),
    );
    let here = endpoints(&emulator);
    let wrong_graph = here
        .clone()
        .with_graph("https://graph.example".parse().unwrap());
    for (endpoints, tenant, app, secret, kind, words) in [
        (
            &here,
            tenant,
            app,
            "wrong",
            ErrorKind::Permanent,
            "not its Secret ID",
        ),
        (
            &here,
            other,
            app,
            "x",
            ErrorKind::Permanent,
            "does not know the tenant",
        ),
        (
            &here,
            tenant,
            other,
            "x",
            ErrorKind::Permanent,
            "no app registration with this client id",
        ),
        (
            &wrong_graph,
            tenant,
            app,
            "x",
            ErrorKind::Permanent,
            "does not accept the scope",
        ),
        (
            &nowhere,
            tenant,
            app,
            "x",
            ErrorKind::Transient,
            "to 127.0.0.1 did not come through",
        ),
    ] {
        let credential = ClientSecretCredential::builder(endpoints.clone(), tenant, app)
            .secret(secret)
            .service(client())
            .build()
            .unwrap();
        let error = credential
            .access_token(TokenRequest::default())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words), "{error}");
        // Entra's sign-in logs know the request by the id that the error names.
        if let Some(entra) = error.entra() {
            assert_eq!(entra.correlation_id(), error.correlation_id());
        }
        let ours: graph_pstn_http::Error = error.into();
        assert_eq!(ours.is_transient(), kind == ErrorKind::Transient);
    }
}

#[tokio::test]
async fn a_federated_token_is_read_afresh_each_time() {
    let emulator = Emulator::builder()
        .federated_token("made-up-first")
        .federated_token("made-up-second")
        .start()
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    let credential = WorkloadIdentityCredential::builder(
        endpoints(&emulator),
        emulator.tenant_id(),
        emulator.client_id(),
    )
    .token_file(&file)
    .service(client())
    .build()
    .unwrap();
    for text in ["made-up-first\n", "  made-up-second"] {
        std::fs::write(&file, text).unwrap();
        let token = credential.token(TokenRequest::default()).await.unwrap();
        assert_eq!(graph(&emulator, &token).await.status(), 200);
        credential.invalidate(&token);
    }
    std::fs::remove_file(&file).unwrap();
    let error = credential.token(TokenRequest::default()).await.unwrap_err();
    assert!(error.to_string().contains("cannot be read"), "{error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn an_assertion_source_and_the_environment_open_graph_too() {
    let emulator = Emulator::builder()
        .federated_token("made-up")
        .start()
        .await
        .unwrap();
    let credential = ClientAssertionCredential::builder(
        endpoints(&emulator),
        emulator.tenant_id(),
        emulator.client_id(),
    )
    .assertion(|_| async { Ok(SecretString::from("made-up")) })
    .service(client())
    .build()
    .unwrap();
    let token = credential.token(TokenRequest::default()).await.unwrap();
    assert_eq!(graph(&emulator, &token).await.status(), 200);

    let environment = Environment::from_variables(|name| {
        let value = match name {
            "AZURE_TENANT_ID" => emulator.tenant_id(),
            "AZURE_CLIENT_ID" => emulator.client_id(),
            "AZURE_CLIENT_SECRET" => emulator.client_secret(),
            "AZURE_AUTHORITY_HOST" => emulator.authority_host(),
            _ => return None,
        };
        Some(value.into())
    });
    let credential = environment
        .unwrap()
        .credential(endpoints(&emulator), client())
        .unwrap();
    let token = credential.token(TokenRequest::default()).await.unwrap();
    assert_eq!(graph(&emulator, &token).await.status(), 200);
}

#[cfg(feature = "certificate")]
#[tokio::test]
async fn the_emulator_takes_a_registered_certificate_and_no_other() {
    use graph_pstn_auth::{ClientCertificateCredential, SignatureAlgorithm};
    let ((pem, key), (strange_pem, strange_key)) = (wire::certificate(), wire::certificate());
    let emulator = Emulator::builder()
        .client_certificate(&pem)
        .unwrap()
        .start()
        .await
        .unwrap();
    let builder = || {
        ClientCertificateCredential::builder(
            endpoints(&emulator),
            emulator.tenant_id(),
            emulator.client_id(),
        )
        .service(client())
    };
    for algorithm in [SignatureAlgorithm::Ps256, SignatureAlgorithm::Rs256] {
        for chain in [false, true] {
            let credential = builder()
                .certificate(pem.clone())
                .key(key.clone())
                .signature_algorithm(algorithm)
                .send_certificate_chain(chain)
                .build()
                .unwrap();
            let token = credential.token(TokenRequest::default()).await.unwrap();
            assert_eq!(graph(&emulator, &token).await.status(), 200);
            // A second request has an assertion of its own.
            credential.invalidate(&token);
            credential.token(TokenRequest::default()).await.unwrap();
        }
    }
    let stranger = builder()
        .certificate(strange_pem)
        .key(strange_key)
        .build()
        .unwrap();
    let error = stranger
        .access_token(TokenRequest::default())
        .await
        .unwrap_err();
    assert_eq!(error.entra().unwrap().codes(), [700_027]);
    assert!(
        error.to_string().contains("upload this very certificate"),
        "{error}"
    );
}
