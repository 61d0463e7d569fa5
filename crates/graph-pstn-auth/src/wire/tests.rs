//! Answers of all kinds, and the traps of the crate below.

use std::error::Error as _;
use std::time::Duration;

use graph_pstn_http::TokenRequest;

use crate::testing::{CLIENT, Entra, GRANTED, SECRET, TENANT, ambient, endpoints, reply};
use crate::{ClientSecretCredential, Error, ErrorKind};

fn credential(entra: &Entra) -> ClientSecretCredential {
    ClientSecretCredential::builder(endpoints(), TENANT, CLIENT)
        .secret(SECRET)
        .service(entra.clone())
        .ambient(ambient())
        .build()
        .unwrap()
}

async fn refused(entra: Entra) -> Error {
    let credential = credential(&entra);
    let asked = credential.access_token(TokenRequest::default());
    let error = asked.await.unwrap_err();
    let mut shown = format!("{error} {error:?}");
    let mut below = error.source();
    while let Some(cause) = below {
        shown += &format!("{cause} {cause:?}");
        below = cause.source();
    }
    for secret in [SECRET, "eyJ", "made-up-token"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    assert!(!error.to_string().contains('\n'));
    error
}

#[tokio::test(start_paused = true)]
async fn the_secret_goes_into_the_body_and_never_into_a_header() {
    let entra = Entra::default();
    let token = credential(&entra)
        .access_token(TokenRequest::default())
        .await
        .unwrap();
    assert_eq!(token.authorization(), "Bearer made-up-token");
    let request = entra.request(0);
    assert_eq!(request.method(), "POST");
    assert_eq!(
        request.uri(),
        "https://login.example/00000000-0000-4000-8000-00000000a001/oauth2/v2.0/token"
    );
    assert!(!request.headers().contains_key("authorization"));
    assert_eq!(entra.field(0, "client_secret").as_deref(), Some(SECRET));
    assert_eq!(entra.field(0, "client_id").as_deref(), Some(CLIENT));
    let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("accept"), "application/json");
    assert_eq!(header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!(header("x-ms-lib-capability"), "retry-after, h429");
    assert_eq!(
        header("client-request-id"),
        "00000000-0000-4000-8000-000000000002"
    );
}

#[tokio::test(start_paused = true)]
async fn status_and_retry_after_are_not_lost() {
    let throttled = reply(429, &[("retry-after", "60")], "Too Many Requests");
    let error = refused(Entra::default().answers(Ok(throttled))).await;
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert_eq!(
        error.to_string(),
        "Entra throttles this app's token requests (status 429, correlation id \
         00000000-0000-4000-8000-000000000002)"
    );
    let stack: graph_pstn_http::Error = error.into();
    assert_eq!(stack.kind(), graph_pstn_http::ErrorKind::Auth);
    assert_eq!(stack.retry_after(), Some(Duration::from_secs(60)));
    assert!(stack.is_transient());
}

#[tokio::test(start_paused = true)]
async fn a_loop_is_broken_for_a_minute() {
    let body = r#"{"error":"invalid_grant","error_codes":[50196]}"#;
    let error = refused(Entra::default().refuses(400, body)).await;
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
}

#[tokio::test(start_paused = true)]
async fn refusals_of_every_kind_are_classed() {
    use ErrorKind::{Permanent, Throttled, Transient};
    let json = |error: &str, code: u32| {
        format!(
            r#"{{"error":"{error}","error_description":"AADSTS{code}: Some words.","error_codes":[{code}]}}"#
        )
    };
    for (status, body, kind, words) in [
        (
            401,
            json("invalid_client", 7_000_215),
            Permanent,
            "not its Secret ID",
        ),
        (
            401,
            json("invalid_client", 7_000_222),
            Permanent,
            "has expired: make a new one",
        ),
        (
            400,
            json("unauthorized_client", 700_016),
            Permanent,
            "no app registration with this client id",
        ),
        (
            400,
            json("invalid_request", 90_002),
            Permanent,
            "does not know the tenant",
        ),
        (
            401,
            json("invalid_client", 700_027),
            Permanent,
            "upload this very certificate",
        ),
        (
            400,
            json("access_denied", 53_003),
            Permanent,
            "Conditional Access",
        ),
        (
            400,
            json("invalid_request", 1),
            Permanent,
            "AADSTS1: Some words.",
        ),
        (
            400,
            json("temporarily_unavailable", 1),
            Transient,
            "not available at the moment",
        ),
        (
            400,
            json("invalid_request", 90_033),
            Transient,
            "not available at the moment",
        ),
        (
            503,
            json("temporarily_unavailable", 90_033),
            Transient,
            "not available at the moment",
        ),
        (400, json("invalid_grant", 50_196), Throttled, "one process"),
        (408, String::new(), Transient, "not available at the moment"),
        (
            502,
            "<html>Bad gateway</html>".into(),
            Transient,
            "login.example is not available",
        ),
        (403, String::new(), Permanent, "a proxy or a firewall"),
        (
            302,
            String::new(),
            Permanent,
            "a redirect, which is never followed",
        ),
        (404, "<html>".into(), Permanent, "no token endpoint"),
        (407, String::new(), Permanent, "the proxy wants"),
        (
            200,
            json("temporarily_unavailable", 90_033),
            Transient,
            "not available at the moment",
        ),
        (201, GRANTED.into(), Permanent, "without saying why"),
        (
            200,
            String::new(),
            Transient,
            "something else than a token response",
        ),
        (
            200,
            "<html>Sign in to the Wi-Fi</html>".into(),
            Transient,
            "a portal",
        ),
        (
            200,
            "\"eyJ.made-up-token\"".into(),
            Transient,
            "something else",
        ),
    ] {
        let error = refused(Entra::default().refuses(status, &body)).await;
        assert_eq!(error.kind(), kind, "{status} {body}: {error}");
        assert!(
            error.to_string().contains(words),
            "{status} {body}: {error}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_broken_token_response_is_not_quoted() {
    for body in [
        r#"{"token_type":"Bearer","access_token":"eyJ.made-up-token","expires_in":"#,
        r#"{"token_type":"Bearer","access_token":["made-up-token"]}"#,
        r#"{"token_type":{"eyJ":"made-up-token"},"access_token":"eyJ.made-up-token"}"#,
        r#"{"access_token":"made-up-token"}"#,
    ] {
        let error = refused(Entra::default().refuses(200, body)).await;
        assert_eq!(error.kind(), ErrorKind::Transient, "{body}");
        assert!(error.to_string().contains("line 1, column"), "{error}");
    }
    for body in [
        r#"{"token_type":"mac","access_token":"made-up-token"}"#,
        r#"{"token_type":"Bearer","access_token":"made-up-token\r\nX: y"}"#,
        r#"{"token_type":"Bearer","access_token":""}"#,
    ] {
        let error = refused(Entra::default().refuses(200, body)).await;
        assert_eq!(error.kind(), ErrorKind::Permanent, "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_entra_repeats_is_struck_out() {
    let body = format!(
        r#"{{"error":"invalid_client","error_description":"AADSTS1: '{SECRET}' is wrong"}}"#
    );
    let error = refused(Entra::default().refuses(401, &body)).await;
    assert!(
        error
            .to_string()
            .contains("AADSTS1: '[struck out]' is wrong"),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_with_an_odd_label_and_lenient_numbers_is_a_token_all_the_same() {
    let body = r#"{"token_type":"bearer","expires_in":"3599","access_token":"made-up-token"}"#;
    let answer = reply(200, &[("content-type", "text/plain")], body);
    let entra = Entra::default().answers(Ok(answer));
    credential(&entra)
        .access_token(TokenRequest::default())
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_flood_is_refused() {
    let flood = format!(r#"{{"access_token":"{}"}}"#, "x".repeat(300 << 10));
    let error = refused(Entra::default().refuses(200, &flood)).await;
    assert!(error.to_string().contains("too large"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_the_service_below_says_is_kept() {
    let below = graph_pstn_http::Error::new(graph_pstn_http::ErrorKind::Tls, "unknown issuer");
    let error = refused(Entra::default().answers(Err(below))).await;
    assert_eq!(error.kind(), ErrorKind::Permanent);
    assert_eq!(error.source().unwrap().to_string(), "unknown issuer");
}

#[tokio::test(start_paused = true)]
async fn a_new_secret_is_used_at_once() {
    let body = r#"{"error":"invalid_client","error_codes":[7000222]}"#;
    let entra = Entra::default().refuses(401, body);
    let credential = credential(&entra);
    assert!(
        credential
            .access_token(TokenRequest::default())
            .await
            .is_err()
    );
    assert!(credential.set_secret(" new").is_err());
    credential.set_secret("made-up~second").unwrap();
    credential
        .access_token(TokenRequest::default())
        .await
        .unwrap();
    assert_eq!(
        entra.field(1, "client_secret").as_deref(),
        Some("made-up~second")
    );
    assert_eq!(entra.requests(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_challenge_that_nobody_can_answer_keeps_nobody_waiting() {
    let entra = Entra::default();
    let credential = credential(&entra);
    let broken = credential.access_token(TokenRequest::with_claims("{"));
    let error = broken.await.unwrap_err();
    assert!(error.to_string().contains("no JSON object"), "{error}");
    assert_eq!(entra.requests(), 0);
    // Entra was not asked, so there is nothing to leave it alone for.
    let token = credential.access_token(TokenRequest::default()).await;
    assert_eq!(token.unwrap().authorization(), "Bearer made-up-token");
}

#[test]
fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
    let builder = || ClientSecretCredential::builder(endpoints(), TENANT, CLIENT);
    let entra = Entra::default();
    let config = |error: Error, words: &str| {
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(words), "{error}");
    };
    config(
        builder().service(entra.clone()).build().unwrap_err(),
        "no client secret",
    );
    config(
        builder().secret("x").build().unwrap_err(),
        "no HTTP service",
    );
    config(
        builder()
            .secret("")
            .service(entra.clone())
            .build()
            .unwrap_err(),
        "empty",
    );
    config(
        builder()
            .secret("x\n")
            .service(entra.clone())
            .build()
            .unwrap_err(),
        "line break",
    );
    let common = ClientSecretCredential::builder(endpoints(), "common", CLIENT);
    config(
        common
            .secret("x")
            .service(entra.clone())
            .build()
            .unwrap_err(),
        "no single tenant",
    );
    let shown = format!("{:?} {:?}", builder().secret(SECRET), credential(&entra));
    assert!(!shown.contains(SECRET), "{shown}");
    assert_eq!(entra.requests(), 0);
}
