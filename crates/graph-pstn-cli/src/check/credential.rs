//! The credential, as far as it can be looked at without a request.

use std::fs;

use graph_pstn_http::Cloud;
use time::{Duration, OffsetDateTime};

use super::jwt::Claims;
use super::report::Line;
use crate::credentials::Credential;
use crate::exit::{Exit, Failure, one_line};

pub(super) const NAME: &str = "credential";

/// From so many days before its end on, a certificate is to be renewed.
const SOON: Duration = Duration::days(30);

/// Looks at a credential that was found.
pub(super) fn look(credential: &Credential, cloud: Option<Cloud>, now: OffsetDateTime) -> Line {
    let who = format!(
        "app {} in tenant {}, by {}",
        credential.client_id(),
        credential.tenant_id(),
        credential.origin()
    );
    match credential.certificate_validity() {
        Ok(Some(validity)) => certificate(
            &who,
            validity.not_before.into(),
            validity.not_after.into(),
            now,
        ),
        Ok(None) if credential.token_file().is_some() => token_file(&who, credential, cloud, now),
        Ok(None) => Line::pass(NAME, who),
        Err(error) => Line::of_failure(
            NAME,
            &Failure::usage(
                format!("{who}: {}", one_line(&error)),
                "give a PEM file with the app's own certificate and its unencrypted RSA key",
            ),
        ),
    }
}

fn certificate(
    who: &str,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    now: OffsetDateTime,
) -> Line {
    let renew = "make a new certificate (RSA), upload its public part under Entra admin center > App \
                 registrations > Certificates & secrets, and put it with its key in the place of the old one";
    let (starts, ends) = (not_before.date(), not_after.date());
    if now > not_after {
        let detail = format!("{who}: the certificate has expired, on {ends}");
        Line::fail(NAME, Exit::NotAuthorised, detail).with_remedy(renew)
    } else if now < not_before {
        let detail = format!("{who}: the certificate is not valid before {starts}");
        Line::fail(NAME, Exit::NotAuthorised, detail)
            .with_remedy("check this machine's clock, or use the certificate that came before")
    } else if not_after - now < SOON {
        let days = (not_after - now).whole_days();
        let detail = format!("{who}; the certificate ends in {days} days, on {ends}");
        Line::pass(NAME, detail).with_remedy(renew)
    } else {
        Line::pass(
            NAME,
            format!("{who}; the certificate is valid until {ends}"),
        )
    }
}

/// A federated token is its issuer's business, but if it is a JWT, two common faults show in it.
fn token_file(
    who: &str,
    credential: &Credential,
    cloud: Option<Cloud>,
    now: OffsetDateTime,
) -> Line {
    let Some(file) = credential.token_file() else {
        return Line::pass(NAME, who);
    };
    let writer = "see that what writes it is running and writes to this path: in Kubernetes the projected \
                  service account token of the workload identity webhook";
    let text = match fs::read_to_string(file) {
        Ok(text) if text.trim().is_empty() => {
            let detail = format!("{who}: the file is empty");
            return Line::fail(NAME, Exit::Other, detail).with_remedy(writer);
        }
        Ok(text) => text,
        Err(error) => {
            let detail = format!("{who}: the file cannot be read: {error}");
            return Line::fail(NAME, Exit::Other, detail).with_remedy(writer);
        }
    };
    let Some(claims) = Claims::of(&text) else {
        return Line::pass(NAME, who);
    };
    if let Some(expires) = claims.expires()
        && expires <= now.unix_timestamp()
    {
        let when = OffsetDateTime::from_unix_timestamp(expires)
            .map_or_else(|_| "long ago".to_owned(), |when| format!("on {when}"));
        let detail = format!("{who}: the token in it has expired {when}");
        return Line::fail(NAME, Exit::NotAuthorised, detail).with_remedy(writer);
    }
    let expected = exchange(cloud);
    match claims.text("aud") {
        Some(audience) if audience != expected => {
            Line::pass(NAME, format!("{who}; its audience is {audience}")).with_remedy(format!(
                "unless the federated credential of the app names that audience, have the token issued for \
                 {expected}"
            ))
        }
        _ => Line::pass(NAME, who),
    }
}

/// The audience that Entra wants unless told otherwise
/// (<https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations>).
fn exchange(cloud: Option<Cloud>) -> &'static str {
    match cloud {
        #[cfg(feature = "cloud-us-gov-l4")]
        Some(Cloud::UsGovL4) => "api://AzureADTokenExchangeUSGov",
        #[cfg(feature = "cloud-us-gov-l5")]
        Some(Cloud::UsGovL5) => "api://AzureADTokenExchangeUSGov",
        #[cfg(feature = "cloud-china")]
        Some(Cloud::China) => "api://AzureADTokenExchangeChina",
        _ => "api://AzureADTokenExchange",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_certificate_is_told_before_it_ends() {
        let (from, until) = (
            datetime!(2025-01-01 0:00 UTC),
            datetime!(2026-01-01 0:00 UTC),
        );
        let line = |now| certificate("app", from, until, now);
        assert!(line(datetime!(2025-06-01 0:00 UTC)).has_passed());
        let soon = line(datetime!(2025-12-20 0:00 UTC));
        assert!(soon.has_passed() && format!("{soon:?}").contains("ends in 12 days"));
        assert!(!line(datetime!(2026-01-02 0:00 UTC)).has_passed());
        assert!(!line(datetime!(2024-12-31 0:00 UTC)).has_passed());
    }
}
