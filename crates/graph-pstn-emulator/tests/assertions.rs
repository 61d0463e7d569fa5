//! Assertions, good and bad: each kind of fault is refused for its own reason.

#[cfg(test)]
mod app;
#[cfg(test)]
mod client;

use app::{App, now};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use client::post_form;
use graph_pstn_emulator::{Emulator, RunningEmulator};
use serde_json::{Value, json};

fn claims(emulator: &RunningEmulator, jti: &str) -> Value {
    json!({
        "aud": format!("{}/{}/oauth2/v2.0/token", emulator.authority_host(), emulator.tenant_id()),
        "iss": emulator.client_id(),
        "sub": emulator.client_id(),
        "jti": jti,
        "nbf": now(),
        "exp": now() + 600,
    })
}

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Status, code and words of the answer; 200 for a token.
async fn asked(
    emulator: &RunningEmulator,
    assertion: &str,
    kind: Option<&str>,
) -> (u16, u64, String) {
    let scope = format!("{}/.default", emulator.graph_endpoint());
    let mut form = vec![
        ("grant_type", "client_credentials"),
        ("client_id", emulator.client_id()),
        ("scope", &scope),
        ("client_assertion", assertion),
    ];
    form.extend(kind.map(|kind| ("client_assertion_type", kind)));
    let answer = post_form(emulator, emulator.tenant_id(), &form).await;
    let body = answer.json();
    assert!(!body.to_string().contains(assertion));
    let description = body["error_description"].as_str().unwrap_or_default();
    let code = body["error_codes"][0].as_u64().unwrap_or_default();
    (answer.status.as_u16(), code, description.to_owned())
}

#[tokio::test]
async fn good_assertions_of_every_library_are_taken() {
    let app = App::new();
    let emulator = Emulator::builder()
        .client_certificate(&app.pem)
        .unwrap()
        .start()
        .await
        .unwrap();
    let rs256 = |x5t: String| json!({"alg": "RS256", "typ": "JWT", "x5t": x5t});
    let headers = [
        app.header(),
        json!({"alg": "PS256", "typ": "JWT", "x5t#S256": STANDARD.encode(&app.sha256)}),
        json!({"alg": "PS256", "typ": "JWT", "x5t#S256": URL_SAFE.encode(&app.sha256)}),
        rs256(URL_SAFE_NO_PAD.encode(&app.sha1)),
        rs256(STANDARD.encode(&app.sha1)),
    ];
    for (n, header) in headers.iter().enumerate() {
        let assertion = app.signed(header, &claims(&emulator, &format!("good {n}")));
        assert_eq!(
            asked(&emulator, &assertion, Some(TYPE)).await.0,
            200,
            "{header}"
        );
    }
    // Times as some libraries write them, and a clock that is a little fast.
    for (n, (nbf, exp)) in [
        (
            json!((now() + 200) as f64 + 0.5),
            json!((now() + 700) as f64),
        ),
        (json!(now().to_string()), json!((now() + 600).to_string())),
    ]
    .iter()
    .enumerate()
    {
        let mut claims = claims(&emulator, &format!("times {n}"));
        claims["nbf"] = nbf.clone();
        claims["exp"] = exp.clone();
        let assertion = app.signed(&app.header(), &claims);
        assert_eq!(
            asked(&emulator, &assertion, Some(TYPE)).await.0,
            200,
            "{claims}"
        );
    }
    assert_eq!(emulator.stats().tokens, 7);
}

#[tokio::test]
async fn each_bad_assertion_is_refused_for_its_own_reason() {
    let (app, stranger, old) = (App::new(), App::new(), App::until(2020));
    let emulator = Emulator::builder()
        .client_certificate(&app.pem)
        .and_then(|b| b.client_certificate(&old.pem))
        .unwrap()
        .start()
        .await
        .unwrap();
    let with = |change: &dyn Fn(&mut Value, &mut Value)| {
        let mut header = app.header();
        let mut claims = claims(&emulator, &format!("bad {}", now()));
        change(&mut header, &mut claims);
        app.signed(&header, &claims)
    };
    let header = |name: &'static str, value: Value| with(&|h, _| h[name] = value.clone());
    let claim = |name: &'static str, value: Value| with(&|_, c| c[name] = value.clone());
    let without = |name: &'static str| {
        with(&|_, c| {
            c.as_object_mut().unwrap().remove(name);
        })
    };
    let good = with(&|_, _| {});
    let (message, signature) = good.rsplit_once('.').unwrap();
    let other_claims = claims(&emulator, "forged").to_string();
    let (head, _) = message.split_once('.').unwrap();
    let forged = format!(
        "{head}.{}.{signature}",
        URL_SAFE_NO_PAD.encode(other_claims)
    );
    let unsigned = {
        let header = json!({"alg": "none", "typ": "JWT", "x5t#S256": app.header()["x5t#S256"]});
        let head = URL_SAFE_NO_PAD.encode(header.to_string());
        let (_, claims) = message.split_once('.').unwrap();
        format!("{head}.{claims}.")
    };
    let as_stranger = app.signed(&stranger.header(), &claims(&emulator, "stranger"));
    let forged_by_stranger = stranger.signed(&app.header(), &claims(&emulator, "stranger"));
    let expired_certificate = old.signed(&old.header(), &claims(&emulator, "old"));
    let other = "00000000-0000-4000-8000-00000000c002";
    let another_app = with(&|_, c| {
        c["iss"] = other.into();
        c["sub"] = other.into();
    });
    let audience = claims(&emulator, "")["aud"].clone();

    let bad: Vec<(&str, String, u16, u64, &str)> = vec![
        ("no JWT", "made-up".into(), 400, 50_027, "three parts"),
        (
            "no JSON",
            "e30.bm8.e30".into(),
            400,
            50_027,
            "JSON in base64url",
        ),
        (
            "signature no base64url",
            format!("{message}.a+/="),
            400,
            50_027,
            "must be base64url",
        ),
        (
            "type of token",
            header("typ", json!("JWS")),
            400,
            5_002_727,
            "header type",
        ),
        (
            "unsigned",
            unsigned,
            401,
            700_027,
            "signing algorithm 'none'",
        ),
        (
            "other algorithm",
            header("alg", json!("ES256")),
            401,
            700_027,
            "signing algorithm 'ES256'",
        ),
        (
            "algorithm mixed up",
            header("alg", json!("PS384")),
            401,
            700_027,
            "algorithm 'PS384'",
        ),
        (
            "no thumbprint",
            with(&|h, _| *h = json!({"alg": "PS256", "typ": "JWT"})),
            401,
            50_012,
            "names no certificate",
        ),
        (
            "unknown certificate",
            as_stranger,
            401,
            700_027,
            "not registered on application",
        ),
        (
            "changed claims",
            forged,
            401,
            700_027,
            "signature value did not match",
        ),
        (
            "signed by a stranger",
            forged_by_stranger,
            401,
            700_027,
            "signature value did not match",
        ),
        (
            "expired certificate",
            expired_certificate,
            401,
            700_027,
            "The key used is expired",
        ),
        (
            "subject is not issuer",
            claim("sub", json!(other)),
            401,
            50_048,
            "Subject mismatches",
        ),
        (
            "another app",
            another_app,
            401,
            700_021,
            "doesn't match 'client_id'",
        ),
        (
            "no issuer",
            without("iss"),
            401,
            50_048,
            "Subject mismatches",
        ),
        (
            "audience of another cloud",
            claim(
                "aud",
                json!("https://login.example/common/oauth2/v2.0/token"),
            ),
            401,
            700_023,
            "audience claim",
        ),
        (
            "no audience",
            without("aud"),
            401,
            700_023,
            "audience claim",
        ),
        (
            "two audiences",
            claim("aud", json!([audience])),
            401,
            5_002_741,
            "single audience",
        ),
        (
            "expired",
            claim("exp", json!(now() - 400)),
            401,
            700_024,
            "valid time range",
        ),
        (
            "not yet valid",
            claim("nbf", json!(now() + 400)),
            401,
            700_024,
            "valid time range",
        ),
        (
            "no end",
            without("exp"),
            400,
            50_027,
            "lacks the claim 'nbf' or 'exp'",
        ),
        (
            "no beginning",
            without("nbf"),
            400,
            50_027,
            "lacks the claim 'nbf' or 'exp'",
        ),
        (
            "too long a life",
            claim("exp", json!(now() + 3600)),
            401,
            700_024,
            "longer than 10 minutes",
        ),
        (
            "endless",
            claim("exp", json!(1e300)),
            401,
            700_024,
            "longer than 10 minutes",
        ),
        (
            "made in the future",
            claim("iat", json!(now() + 4000)),
            400,
            50_027,
            "'iat' lies in the future",
        ),
        (
            "no id",
            without("jti"),
            400,
            50_027,
            "lacks the claim 'jti'",
        ),
    ];
    for (what, assertion, status, code, words) in &bad {
        let answer = asked(&emulator, assertion, Some(TYPE)).await;
        assert_eq!(
            (answer.0, answer.1),
            (*status, *code),
            "{what}: {}",
            answer.2
        );
        assert!(answer.2.contains(words), "{what}: {}", answer.2);
    }
    let typeless = asked(&emulator, &good, None).await;
    assert_eq!((typeless.0, typeless.1), (400, 900_144));
    let odd = asked(&emulator, &good, Some("urn:x")).await;
    assert_eq!((odd.0, odd.1), (400, 9_002_313));
    assert_eq!(emulator.stats().tokens, 0);

    // After all that the good one still is good, once.
    assert_eq!(asked(&emulator, &good, Some(TYPE)).await.0, 200);
    let again = asked(&emulator, &good, Some(TYPE)).await;
    assert_eq!((again.0, again.1), (400, 50_027));
    assert!(
        again
            .2
            .contains("'jti' of the client assertion was used before")
    );
}

#[tokio::test]
async fn federated_tokens_are_checked_against_their_credential() {
    let (platform, stranger) = (App::new(), App::new());
    let emulator = Emulator::builder()
        .federated_credential(
            "https://issuer.example",
            "repo:contoso/Calls",
            &platform.public,
        )
        .unwrap()
        .federated_token("made-up-token-of-a-platform")
        .start()
        .await
        .unwrap();
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": "1"});
    let good = json!({
        "iss": "https://issuer.example", "sub": "repo:contoso/Calls",
        "aud": "api://AzureADTokenExchange", "nbf": now(), "exp": now() + 3_600,
    });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        platform.signed(&header, &claims)
    };
    // The same token serves until it ends, as those of platforms do.
    for _ in 0..2 {
        let answer = asked(&emulator, &platform.signed(&header, &good), Some(TYPE)).await;
        assert_eq!(answer.0, 200, "{}", answer.2);
    }
    assert_eq!(
        asked(&emulator, "made-up-token-of-a-platform", Some(TYPE))
            .await
            .0,
        200
    );
    for (assertion, status, code, words) in [
        (
            with("iss", json!("https://issuer.example/")),
            401,
            700_211,
            "assertion issuer",
        ),
        (
            with("sub", json!("repo:contoso/calls")),
            401,
            700_213,
            "assertion subject",
        ),
        (
            with("aud", json!("api://AzureADTokenExchangeUSGov")),
            401,
            700_212,
            "assertion audience",
        ),
        (
            with("exp", json!(now() - 400)),
            401,
            700_024,
            "valid time range",
        ),
        (
            stranger.signed(&header, &good),
            400,
            50_027,
            "failed signature verification",
        ),
        ("made-up-token".into(), 400, 50_027, "three parts"),
    ] {
        let answer = asked(&emulator, &assertion, Some(TYPE)).await;
        assert_eq!((answer.0, answer.1), (status, code), "{}", answer.2);
        assert!(answer.2.contains(words), "{}", answer.2);
    }
    let bare = Emulator::builder().start().await.unwrap();
    let answer = asked(&bare, &platform.signed(&header, &good), Some(TYPE)).await;
    assert_eq!((answer.0, answer.1), (401, 70_021));
}

#[test]
fn what_is_no_key_cannot_be_registered() {
    let kind = std::io::ErrorKind::InvalidInput;
    assert_eq!(
        Emulator::builder()
            .client_certificate("x")
            .unwrap_err()
            .kind(),
        kind
    );
    let federated = Emulator::builder().federated_credential("https://i.example", "s", "x");
    assert_eq!(federated.unwrap_err().kind(), kind);
}
