//! Credentials that are signed assertions: of the app itself, or of an issuer that the app trusts.
//!
//! Rules and words: "Microsoft identity platform application authentication certificate credentials",
//! "Workload identity federation" and the list of error codes. Where Microsoft publishes no code for a
//! fault, the nearest one stands here with a text of its own.

mod certificate;
mod federated;
mod jwt;
mod own;

use std::collections::HashMap;
use std::io;

use crate::EmulatorBuilder;
use crate::state::State;
use crate::token_endpoint::Refusal;

use certificate::Certificate;
use federated::Issuer;
use jwt::Jwt;

/// RFC 7523, section 2.2.
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// By so many seconds clocks may differ; Entra's tolerance is about that.
const TOLERANCE: i64 = 300;

/// What the app registration knows of certificates and federated credentials.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registered {
    certificates: Vec<Certificate>,
    issuers: Vec<Issuer>,
    fixed: Vec<String>,
}

impl EmulatorBuilder {
    /// Uploads a certificate (PEM, RSA) to the app registration, so that the app may sign assertions
    /// with its key. May be called several times, as while a certificate is being renewed.
    ///
    /// # Errors
    ///
    /// A text without a certificate, or one that cannot be read (kind `InvalidInput`).
    pub fn client_certificate(mut self, pem: impl AsRef<[u8]>) -> io::Result<Self> {
        let certificate = Certificate::from_pem(pem.as_ref())?;
        self.options.registered.certificates.push(certificate);
        Ok(self)
    }

    /// Adds a federated credential: tokens of `issuer` for `subject` (compared as they are, upper and
    /// lower case too) and the audience `api://AzureADTokenExchange` stand for the app. The issuer's RSA
    /// key is a PEM block `PUBLIC KEY` or `CERTIFICATE`.
    ///
    /// # Errors
    ///
    /// A text without a key (kind `InvalidInput`).
    pub fn federated_credential(
        mut self,
        issuer: impl Into<String>,
        subject: impl Into<String>,
        key_pem: impl AsRef<[u8]>,
    ) -> io::Result<Self> {
        let issuer = Issuer::new(issuer.into(), subject.into(), key_pem.as_ref())?;
        self.options.registered.issuers.push(issuer);
        Ok(self)
    }

    /// Takes this very text as a federated token, whatever it is: for tests of how a client gets one.
    pub fn federated_token(mut self, token: impl Into<String>) -> Self {
        self.options.registered.fixed.push(token.into());
        self
    }
}

/// Checks the assertion in the form; a form without one has no credential at all.
pub(crate) fn credential(
    state: &State,
    tenant: &str,
    form: &HashMap<String, String>,
) -> Result<(), Refusal> {
    let field = |name: &str| form.get(name).filter(|value| !value.is_empty());
    let Some(assertion) = field("client_assertion") else {
        return Err(Refusal::client(
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or \
             'client_secret'.",
        ));
    };
    match field("client_assertion_type").map(String::as_str) {
        Some(TYPE) => {}
        None => return Err(Refusal::missing("client_assertion_type")),
        Some(other) => {
            return Err(Refusal::request(
                9_002_313,
                "invalid_request",
                format!("Invalid request. The client_assertion_type '{other}' is not '{TYPE}'."),
            ));
        }
    }
    let registered = &state.options.registered;
    if registered.fixed.contains(assertion) {
        return Ok(());
    }
    let jwt = Jwt::parse(assertion)?;
    // An issuer on the outside is a URL; an app that signs for itself is an id.
    let now = state.clock().unix_timestamp();
    if jwt.claims["iss"]
        .as_str()
        .is_some_and(|iss| iss.contains("://"))
    {
        return federated::check(&registered.issuers, &jwt, now);
    }
    let audience = format!("{}/{tenant}/oauth2/v2.0/token", state.origin);
    let expected = own::Expected {
        client_id: &state.options.client_id,
        audience: &audience,
        certificates: &registered.certificates,
    };
    let (jti, expires) = own::check(&expected, &jwt, now)?;
    if state.tokens().first_use(jti, expires + TOLERANCE, now) {
        Ok(())
    } else {
        Err(malformed(
            "The 'jti' of the client assertion was used before.",
        ))
    }
}

/// A token that is none, or lacks a claim that it must have.
fn malformed(text: &str) -> Refusal {
    Refusal::request(
        50_027,
        "invalid_request",
        format!("JWT token is invalid or malformed. {text}"),
    )
}

/// Refuses an assertion that is not valid now.
fn in_time(jwt: &Jwt<'_>, now: i64) -> Result<i64, Refusal> {
    let (Some(not_before), Some(expires)) = (jwt.seconds("nbf"), jwt.seconds("exp")) else {
        return Err(malformed("It lacks the claim 'nbf' or 'exp'."));
    };
    if now + TOLERANCE < not_before || now - TOLERANCE >= expires {
        return Err(Refusal::client(
            700_024,
            format!(
                "Client assertion is not within its valid time range. Current time: {now}, assertion \
                 valid from {not_before}, expiry time of assertion {expires}."
            ),
        ));
    }
    Ok(expires)
}
