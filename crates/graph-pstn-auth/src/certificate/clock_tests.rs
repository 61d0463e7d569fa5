//! Assertions made by a wrong clock, and by Entra's.

#[path = "../../tests/wire/mod.rs"]
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use std::time::{Duration, SystemTime};

use graph_pstn_http::TokenRequest;

use super::tests::{Assertion, builder};
use crate::requester::Ambient;
use crate::testing::{Certificate, Entra, NOW, ambient, reply};
use crate::{ClientCertificateCredential, Error};

/// Entra's clock, some seconds from ours.
fn not_in_time_range(seconds: i64) -> http::Response<bytes::Bytes> {
    let there = SystemTime::UNIX_EPOCH + Duration::from_secs(NOW.saturating_add_signed(seconds));
    let date = httpdate::fmt_http_date(there);
    let body = r#"{"error":"invalid_client","error_codes":[700024]}"#;
    reply(401, &[("date", &date)], body)
}

async fn asked(entra: &Entra) -> (ClientCertificateCredential, Result<(), Error>) {
    let certificate = Certificate::new();
    let credential = builder(entra)
        .certificate(certificate.bundle())
        .build()
        .unwrap();
    let outcome = credential.access_token(TokenRequest::default()).await;
    (credential, outcome.map(drop))
}

#[tokio::test]
async fn a_wrong_clock_is_mended_by_entras_once() {
    for seconds in [3_600, -3_600] {
        let entra = Entra::default().answers(Ok(not_in_time_range(seconds)));
        let (credential, outcome) = asked(&entra).await;
        outcome.unwrap();
        let nbf = |n| Assertion::of(&entra, n).claims["nbf"].as_i64().unwrap() - NOW as i64;
        assert_eq!((entra.requests(), nbf(0), nbf(1)), (2, 0, seconds));
        assert_ne!(
            Assertion::of(&entra, 0).claims["jti"],
            Assertion::of(&entra, 1).claims["jti"]
        );
        // What was learned stays; should the clock be set right, that is learned as well.
        let token = credential
            .access_token(TokenRequest::default())
            .await
            .unwrap();
        graph_pstn_http::TokenProvider::invalidate(&credential, &token);
        let entra_again = entra.clone().answers(Ok(not_in_time_range(0)));
        credential
            .access_token(TokenRequest::default())
            .await
            .unwrap();
        let nbf = |n| {
            Assertion::of(&entra_again, n).claims["nbf"]
                .as_i64()
                .unwrap()
                - NOW as i64
        };
        assert_eq!((entra.requests(), nbf(2), nbf(3)), (4, seconds, 0));
    }
}

#[tokio::test]
async fn a_clock_an_hour_off_still_opens_the_emulator() {
    let (pem, key) = wire::certificate();
    let emulator = graph_pstn_emulator::Emulator::builder()
        .client_certificate(&pem)
        .unwrap()
        .start()
        .await
        .unwrap();
    let off: [fn(SystemTime) -> SystemTime; 2] = [
        |now| now + Duration::from_secs(3_600),
        |now| now - Duration::from_secs(3_600),
    ];
    for wrong in off {
        let ambient = Ambient {
            now: Arc::new(move || wrong(SystemTime::now())),
            ..Ambient::default()
        };
        let credential = ClientCertificateCredential::builder(
            wire::endpoints(&emulator),
            emulator.tenant_id(),
            emulator.client_id(),
        )
        .certificate(pem.clone())
        .key(key.clone())
        .ambient(ambient)
        .service(wire::client())
        .build()
        .unwrap();
        let before = emulator.stats().token_requests;
        for _ in 0..2 {
            let token = credential
                .access_token(TokenRequest::default())
                .await
                .unwrap();
            assert_eq!(wire::graph(&emulator, &token).await.status(), 200);
            graph_pstn_http::TokenProvider::invalidate(&credential, &token);
        }
        // One refusal, and from then on Entra's clock is known.
        assert_eq!(emulator.stats().token_requests - before, 3);
    }
}

#[tokio::test]
async fn the_cache_does_not_see_the_wall_clock() {
    let wall = Arc::new(AtomicI64::new(NOW as i64));
    let mut ambient = ambient();
    ambient.now = Arc::new({
        let wall = wall.clone();
        move || SystemTime::UNIX_EPOCH + Duration::from_secs(wall.load(SeqCst).unsigned_abs())
    });
    let entra = Entra::default();
    let certificate = Certificate::new();
    let builder = builder(&entra)
        .certificate(certificate.bundle())
        .ambient(ambient);
    let credential = builder.build().unwrap();
    let first = credential
        .access_token(TokenRequest::default())
        .await
        .unwrap();
    for step in [-3_600, 3_600, 3_600, -7_200, 86_400 * 365] {
        wall.fetch_add(step, SeqCst);
        let same = credential
            .access_token(TokenRequest::default())
            .await
            .unwrap();
        assert_eq!(same.generation(), first.generation());
    }
    assert_eq!(entra.requests(), 1);
    // The next assertion is made by the new time.
    graph_pstn_http::TokenProvider::invalidate(&credential, &first);
    credential
        .access_token(TokenRequest::default())
        .await
        .unwrap();
    let claims = Assertion::of(&entra, 1).claims;
    assert_eq!(claims["nbf"].as_i64(), Some(wall.load(SeqCst)));
}

#[tokio::test]
async fn there_is_one_repetition_and_only_for_a_wrong_clock() {
    let twice = Entra::default()
        .answers(Ok(not_in_time_range(3_600)))
        .answers(Ok(not_in_time_range(7_200)));
    let (_, outcome) = asked(&twice).await;
    assert!(
        outcome
            .unwrap_err()
            .to_string()
            .contains("set this machine's clock right")
    );
    assert_eq!(twice.requests(), 2);

    let same = Entra::default().answers(Ok(not_in_time_range(10)));
    assert!(asked(&same).await.1.is_err());
    assert_eq!(same.requests(), 1);
}
