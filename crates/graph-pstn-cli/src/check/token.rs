//! The token, and the roles in it.

use std::error::Error as _;
use std::iter;

use graph_pstn_auth::EntraError;
use graph_pstn_http::{AccessToken, Endpoints, Error, ErrorKind};

use super::jwt::Claims;
use super::report::Line;
use crate::exit::{Exit, Failure};
use crate::hints::{CONSENT, Place};

pub(super) const NAME: &str = "token";
pub(super) const ROLE: &str = "role";

/// Both are documented for the PSTN log: the one of today's pages, and the narrower one of the permissions reference.
const ROLES: [&str; 2] = ["CallRecords.Read.All", "CallRecord-PstnCalls.Read.All"];

/// The token that was given, or why none was.
pub(super) fn given(
    outcome: &Result<AccessToken, Error>,
    endpoints: &Endpoints,
    place: &Place,
) -> Line {
    let host = endpoints.authority().host();
    let error = match outcome {
        Ok(_) => return Line::pass(NAME, format!("{host} has given one")),
        Err(error) => error,
    };
    let failure = place.failure(error);
    if error.kind() == ErrorKind::Config {
        // Nothing was sent, and the message says what to do.
        return Line::of_failure(NAME, &failure);
    }
    let Some(entra) = entra(error) else {
        return match failure.hint() {
            Some(_) => Line::of_failure(NAME, &failure),
            None => Line::of_failure(NAME, &failure.with_hint(unsaid(error, host))),
        };
    };
    let mut detail = match entra.description() {
        "" => format!("{host} refuses: {}", entra.error()),
        words => format!("{host} refuses: {words}"),
    };
    if let Some(id) = error.client_request_id() {
        detail.push_str(&format!(" (correlation id {id})"));
    }
    let remedy = match (entra.hint(), entra.code()) {
        (Some(hint), _) => hint.to_owned(),
        (None, Some(_)) if error.is_transient() => LATER.to_owned(),
        (None, Some(code)) => {
            format!(
                "look it up at {}/error?code={}",
                endpoints.authority(),
                code.trim_start_matches("AADSTS")
            )
        }
        (None, None) => unsaid(error, host),
    };
    Line::of_failure(
        NAME,
        &Failure::new(failure.exit(), detail).with_hint(remedy),
    )
}

const LATER: &str = "nothing is wrong on this side as far as can be seen: run again later";

fn unsaid(error: &Error, host: &str) -> String {
    if error.is_transient() {
        LATER.to_owned()
    } else {
        format!(
            "see that it is {host} that answers, and no proxy, and that the credential is whole"
        )
    }
}

fn entra(error: &Error) -> Option<&EntraError> {
    iter::successors(error.source(), |error| (*error).source())
        .find_map(|error| error.downcast_ref())
}

/// What the token says of the app's rights.
pub(super) fn role(token: &AccessToken) -> Line {
    let header = token.authorization();
    let text = header.to_str().unwrap_or_default();
    let Some(claims) = text.strip_prefix("Bearer ").and_then(Claims::of) else {
        return Line::skipped(
            ROLE,
            "the token is not one that can be read, which is no fault",
        );
    };
    let roles = claims.roles();
    if let Some(role) = ROLES.iter().find(|role| roles.contains(role)) {
        return Line::pass(ROLE, format!("the token bears {role}"));
    }
    let found = match (claims.is_delegated(), roles.as_slice()) {
        (true, _) => "it is a person's token, with delegated permissions".to_owned(),
        (false, []) => "it bears no role at all".to_owned(),
        (false, roles) => format!("it bears only {}", roles.join(", ")),
    };
    Line::fail(
        ROLE,
        Exit::NotAuthorised,
        format!("the token lacks the role CallRecords.Read.All: {found}"),
    )
    .with_remedy(CONSENT)
}
