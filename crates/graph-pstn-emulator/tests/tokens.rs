//! The token endpoint, and what its tokens are good for.

#[cfg(test)]
mod client;

use std::time::Duration;

use base64::Engine as _;
use client::{call, good_form, post_form, token};
use graph_pstn_emulator::{AppState, Emulator};
use serde_json::Value;

const ONE: &str = "getPstnCalls(fromDateTime=2019-11-03,toDateTime=2019-11-03)";

#[tokio::test]
async fn a_token_is_opaque_and_lives_for_an_hour() {
    let emulator = Emulator::builder().start().await.unwrap();
    let form = good_form(&emulator);
    let pairs: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let answer = post_form(&emulator, emulator.tenant_id(), &pairs).await;
    let body = answer.json();
    assert_eq!(body["token_type"], "Bearer");
    assert_eq!(
        (&body["expires_in"], &body["ext_expires_in"]),
        (&3599.into(), &3599.into())
    );
    assert_ne!(body["access_token"], token(&emulator, &[]).await);
    assert_eq!(emulator.stats().tokens, 2);
}

#[tokio::test]
async fn each_refusal_has_its_code() {
    let emulator = Emulator::builder().start().await.unwrap();
    let graph = emulator.graph_endpoint();
    let twice = format!("{graph}/.default {graph}/.default");
    let changes: &[(&str, Option<&str>, u16, u32)] = &[
        ("client_secret", Some("wrong"), 401, 7_000_215),
        ("client_secret", None, 401, 7_000_218),
        (
            "client_id",
            Some("00000000-0000-4000-8000-00000000c002"),
            400,
            700_016,
        ),
        ("client_id", None, 400, 900_144),
        ("grant_type", None, 400, 900_144),
        ("grant_type", Some("password"), 400, 70_003),
        ("scope", None, 400, 900_144),
        (
            "scope",
            Some("https://foo.microsoft.com/.default"),
            400,
            70_011,
        ),
        ("scope", Some(graph), 400, 1_002_012),
        ("scope", Some(&twice), 400, 700_022),
        ("claims", Some("{"), 400, 9_002_313),
    ];
    for (field, value, status, code) in changes {
        let mut form = good_form(&emulator);
        form.retain(|(name, _)| name != field);
        let mut pairs: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
        if let Some(value) = value {
            pairs.push((field, value));
        }
        let answer = post_form(&emulator, emulator.tenant_id(), &pairs).await;
        let body = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &body["error_codes"][0]),
            (*status, &(*code).into())
        );
        let description = body["error_description"].as_str().unwrap();
        assert!(
            description.starts_with(&format!("AADSTS{code}: ")),
            "{description}"
        );
        assert!(!description.contains(emulator.client_secret()));
        for name in ["error", "timestamp", "trace_id", "correlation_id"] {
            assert!(body[name].is_string(), "{name}");
        }
    }
    let form = good_form(&emulator);
    let pairs: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    for (tenant, code) in [("nowhere.example", 90_002), ("common", 50_059)] {
        let body = post_form(&emulator, tenant, &pairs).await.json();
        assert_eq!(body["error_codes"][0], code);
    }
}

#[tokio::test]
async fn without_the_role_graph_forbids() {
    let emulator = Emulator::builder()
        .roles(["User.Read.All"])
        .start()
        .await
        .unwrap();
    let token = token(&emulator, &[]).await;
    let answer = call(&emulator, &token, ONE).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["error"]["code"]),
        (403, &"Forbidden".into())
    );
}

#[tokio::test]
async fn expired_and_revoked_tokens_are_refused() {
    let emulator = Emulator::builder()
        .token_lifetime(Duration::ZERO)
        .start()
        .await
        .unwrap();
    let answer = call(&emulator, &token(&emulator, &[]).await, ONE).await;
    assert_eq!(answer.status, 401);
    assert!(
        answer.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("expired")
    );

    let emulator = Emulator::builder().start().await.unwrap();
    let first = token(&emulator, &[]).await;
    assert_eq!(call(&emulator, &first, ONE).await.status, 200);
    assert_eq!(emulator.revoke_tokens(), 1);
    assert_eq!(call(&emulator, &first, ONE).await.status, 401);
    assert_eq!(
        call(&emulator, &token(&emulator, &[]).await, ONE)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_claims_challenge_is_answered_by_its_claims() {
    let emulator = Emulator::builder().start().await.unwrap();
    let cp1 = r#"{"access_token":{"xms_cc":{"values":["CP1"]}}}"#;
    let capable = token(&emulator, &[("claims", cp1)]).await;
    let plain = token(&emulator, &[]).await;
    emulator.challenge_tokens();
    assert_eq!(call(&emulator, &plain, ONE).await.status, 200);
    let answer = call(&emulator, &capable, ONE).await;
    assert_eq!(answer.status, 401);
    let header = answer.header("www-authenticate");
    assert!(header.contains("error=\"insufficient_claims\""), "{header}");
    let encoded = header
        .split("claims=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let bytes = base64::engine::general_purpose::STANDARD
        .decode(encoded)
        .unwrap();
    let mut claims: Value = serde_json::from_slice(&bytes).unwrap();
    // The same client without the claims is challenged again.
    let again = token(&emulator, &[("claims", cp1)]).await;
    assert_eq!(call(&emulator, &again, ONE).await.status, 401);
    claims["access_token"]["xms_cc"] = serde_json::json!({"values": ["cp1"]});
    let answered = token(&emulator, &[("claims", &claims.to_string())]).await;
    assert_eq!(call(&emulator, &answered, ONE).await.status, 200);
}

#[tokio::test]
async fn an_app_may_be_in_a_bad_state() {
    for (state, status, code) in [
        (AppState::SecretExpired, 401, 7_000_222),
        (AppState::Disabled, 400, 7_000_112),
        (AppState::BlockedByPolicy, 400, 53_003),
    ] {
        let emulator = Emulator::builder().app_state(state).start().await.unwrap();
        let form = good_form(&emulator);
        let pairs: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let answer = post_form(&emulator, emulator.tenant_id(), &pairs).await;
        let body = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &body["error_codes"][0]),
            (status, &code.into())
        );
    }
}

#[tokio::test]
async fn a_readable_token_names_the_roles_and_opens_the_door() {
    let emulator = Emulator::builder()
        .readable_tokens(true)
        .start()
        .await
        .unwrap();
    let token = token(&emulator, &[]).await;
    let claims = token.split('.').nth(1).unwrap();
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(claims)
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["roles"][0], "CallRecords.Read.All");
    assert_eq!(claims["appid"], emulator.client_id());
    assert_eq!(call(&emulator, &token, ONE).await.status, 200);
}

#[tokio::test]
async fn a_clock_that_is_ahead_shows_in_the_date() {
    let emulator = Emulator::builder().clock_skew(7_200).start().await.unwrap();
    let answer = call(&emulator, "no token", ONE).await;
    let date = answer.headers["date"].to_str().unwrap();
    let ahead = httpdate::parse_http_date(date)
        .unwrap()
        .duration_since(std::time::SystemTime::now())
        .unwrap();
    assert!(ahead.as_secs().abs_diff(7_200) < 60, "{ahead:?}");
}
