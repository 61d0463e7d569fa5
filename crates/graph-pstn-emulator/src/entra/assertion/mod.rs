//! Credentials that are signed assertions: of the app itself, or of an issuer that the app trusts.
//!
//! Rules and words: "Microsoft identity platform application authentication certificate credentials",
//! "Workload identity federation" and the list of error codes. Where Microsoft publishes no code for a
//! fault, the nearest one stands here with a text of its own.

mod certificate;
mod federated;
mod jwt;
mod own;
mod registered;

use std::collections::HashMap;

pub(crate) use registered::Registered;

use crate::entra::refusal::Refusal;
use crate::server::state::State;

use jwt::{Jwt, TOLERANCE, malformed};

/// RFC 7523, section 2.2.
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

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
    if registered.has_fixed(assertion) {
        return Ok(());
    }
    let jwt = Jwt::parse(assertion)?;
    // An issuer on the outside is a URL; an app that signs for itself is an id.
    let now = state.clock().unix_timestamp();
    if jwt.claims["iss"]
        .as_str()
        .is_some_and(|iss| iss.contains("://"))
    {
        return federated::check(registered.issuers(), &jwt, now);
    }
    let audience = format!("{}/{tenant}/oauth2/v2.0/token", state.origin);
    let expected = own::Expected {
        client_id: &state.options.client_id,
        audience: &audience,
        certificates: registered.certificates(),
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
