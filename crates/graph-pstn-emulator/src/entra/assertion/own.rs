//! Assertions that the app signs with the key of a registered certificate.

use std::borrow::Cow;

use super::certificate::Certificate;
use super::jwt::{self, Jwt, TOLERANCE, malformed};
use crate::entra::refusal::Refusal;

/// Microsoft's page: `exp` is "5-10 minutes after nbf at most".
const LONGEST_LIFE: i64 = 600;

/// What a good assertion names.
pub(super) struct Expected<'a> {
    pub(super) client_id: &'a str,
    pub(super) audience: &'a str,
    pub(super) certificates: &'a [Certificate],
}

/// Gives the assertion's id and its end.
pub(super) fn check(
    expected: &Expected<'_>,
    jwt: &Jwt<'_>,
    now: i64,
) -> Result<(String, i64), Refusal> {
    let Some(algorithm) = jwt.algorithm() else {
        return Err(key(format!(
            "Client assertion contains an invalid signature. [Reason - Unsupported asymmetric signing \
             algorithm '{}'.]",
            jwt.header["alg"].as_str().unwrap_or_default()
        )));
    };
    let certificate = registered(expected, jwt)?;
    if !jwt.is_signed_by(certificate.key(), algorithm) {
        return Err(key(format!(
            "Client assertion contains an invalid signature. [Reason - The provided signature value did \
             not match the expected signature value., Thumbprint of key used by client: '{}']",
            certificate.thumbprint()
        )));
    }
    if now >= certificate.ends() {
        return Err(key(format!(
            "The certificate with identifier used to sign the client assertion is expired on \
             application. [Reason - The key used is expired., Thumbprint of key used by client: '{}']",
            certificate.thumbprint()
        )));
    }
    names(expected, jwt)?;
    let expires = jwt.in_time(now)?;
    if jwt
        .seconds("nbf")
        .is_some_and(|from| expires.saturating_sub(from) > LONGEST_LIFE)
    {
        return Err(Refusal::client(
            700_024,
            "Client assertion is not within its valid time range. It is valid for longer than 10 \
             minutes.",
        ));
    }
    // An assertion that says when it was made was not made in the future.
    if jwt
        .seconds("iat")
        .is_some_and(|made| made > now + TOLERANCE)
    {
        return Err(malformed("The claim 'iat' lies in the future."));
    }
    match jwt.claims["jti"].as_str() {
        Some(jti) if !jti.is_empty() => Ok((jti.to_owned(), expires)),
        _ => Err(malformed("It lacks the claim 'jti'.")),
    }
}

/// The certificate that the header names.
fn registered<'a>(expected: &Expected<'a>, jwt: &Jwt<'_>) -> Result<&'a Certificate, Refusal> {
    let named = |name: &str| jwt.header[name].as_str().and_then(jwt::thumbprint);
    let found = match (named("x5t#S256"), named("x5t")) {
        (None, None) => {
            return Err(Refusal::client(
                50_012,
                "Client assertion names no certificate: its header has neither 'x5t#S256' nor 'x5t'.",
            ));
        }
        (Some(sha256), _) => expected.certificates.iter().find(|c| c.sha256() == sha256),
        (None, Some(sha1)) => expected.certificates.iter().find(|c| c.sha1() == sha1),
    };
    found.ok_or_else(|| {
        key(format!(
            "The certificate with identifier used to sign the client assertion is not registered on \
             application. [Reason - The key was not found., Please visit the Azure Portal to see \
             configured keys for app Id '{}'.]",
            expected.client_id
        ))
    })
}

/// Who made it, and for whom.
fn names(expected: &Expected<'_>, jwt: &Jwt<'_>) -> Result<(), Refusal> {
    let (issuer, subject) = (jwt.claims["iss"].as_str(), jwt.claims["sub"].as_str());
    if issuer != subject {
        return Err(Refusal::client(
            50_048,
            "Subject mismatches Issuer claim in the client assertion. Contact the tenant admin.",
        ));
    }
    if !issuer.is_some_and(|issuer| issuer.eq_ignore_ascii_case(expected.client_id)) {
        return Err(Refusal::client(
            700_021,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
        ));
    }
    let audience = &jwt.claims["aud"];
    if audience.is_array() {
        return Err(Refusal::client(
            5_002_741,
            "Client assertion must have a single audience, and not an array of them.",
        ));
    }
    if audience.as_str() != Some(expected.audience) {
        return Err(Refusal::client(
            700_023,
            "Client assertion audience claim does not match Realm issuer.",
        ));
    }
    Ok(())
}

fn key(text: impl Into<Cow<'static, str>>) -> Refusal {
    Refusal::client(700_027, text.into())
}
