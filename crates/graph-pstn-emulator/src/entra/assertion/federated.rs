//! Tokens of issuers on the outside that stand for the app.

use std::io;

use super::certificate::public_key;
use super::jwt::{Jwt, malformed};
use crate::entra::refusal::Refusal;

/// The audience of such tokens in the worldwide cloud.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// A federated credential of the app.
#[derive(Clone, Debug)]
pub(super) struct Issuer {
    issuer: String,
    subject: String,
    key: Vec<u8>,
}

impl Issuer {
    pub(super) fn new(issuer: String, subject: String, key_pem: &[u8]) -> io::Result<Self> {
        Ok(Self {
            issuer,
            subject,
            key: public_key(key_pem)?,
        })
    }
}

pub(super) fn check(issuers: &[Issuer], jwt: &Jwt<'_>, now: i64) -> Result<(), Refusal> {
    let claim = |name: &str| jwt.claims[name].as_str().unwrap_or_default();
    let no_match = |code, what: &str, value: &str| {
        Err(Refusal::client(
            code,
            format!(
                "No matching federated identity record found for presented assertion {what} '{value}'."
            ),
        ))
    };
    if issuers.is_empty() {
        return no_match(70_021, "of issuer", claim("iss"));
    }
    let mut of_issuer = issuers
        .iter()
        .filter(|i| i.issuer == claim("iss"))
        .peekable();
    let Some(first) = of_issuer.peek().copied() else {
        return no_match(700_211, "issuer", claim("iss"));
    };
    let algorithm = jwt
        .algorithm()
        .filter(|by| jwt.is_signed_by(&first.key, *by));
    if algorithm.is_none() {
        return Err(malformed(
            "External ID token from issuer failed signature verification.",
        ));
    }
    if !of_issuer.any(|i| i.subject == claim("sub")) {
        return no_match(700_213, "subject", claim("sub"));
    }
    if claim("aud") != AUDIENCE {
        return no_match(700_212, "audience", claim("aud"));
    }
    jwt.in_time(now).map(drop)
}
