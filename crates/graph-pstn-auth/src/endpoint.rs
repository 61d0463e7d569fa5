//! The token endpoint of a tenant: `https://HOST/{tenant}/oauth2/v2.0/token`.
//!
//! The URL is built and not discovered: for a known host Microsoft's own libraries do the same.

use graph_pstn_http::Endpoints;

use crate::Error;

/// Names that stand for any tenant. Entra has no app-only token for them.
const NO_TENANT: [&str; 3] = ["common", "organizations", "consumers"];

/// Where the token request goes, and what it asks for.
#[derive(Clone, Debug)]
pub(crate) struct TokenEndpoint {
    pub(crate) url: String,
    pub(crate) host: String,
    pub(crate) scope: String,
    pub(crate) client_id: String,
}

impl TokenEndpoint {
    /// # Errors
    /// When tenant or client id cannot be one.
    pub(crate) fn new(endpoints: &Endpoints, tenant: &str, client: &str) -> Result<Self, Error> {
        let tenant = tenant.trim();
        check_tenant(tenant)?;
        let client = client.trim();
        check_client(client)?;
        let authority = endpoints.authority();
        Ok(Self {
            url: format!("{authority}/{tenant}/oauth2/v2.0/token"),
            host: authority.host().to_owned(),
            scope: endpoints.scope().to_owned(),
            client_id: client.to_owned(),
        })
    }
}

/// A GUID or a domain name: letters, digits, `-` and `.`, as Microsoft's libraries have it.
fn check_tenant(tenant: &str) -> Result<(), Error> {
    if tenant.is_empty() {
        return Err(Error::config(
            "the tenant id is missing: it is the Directory (tenant) ID on the app registration's page",
        ));
    }
    if NO_TENANT.iter().any(|no| tenant.eq_ignore_ascii_case(no)) {
        return Err(Error::config(format!(
            "`{tenant}` is no single tenant: an app signs in to one, so give the Directory (tenant) ID \
             or a domain of the tenant"
        )));
    }
    let may_stand = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let labels = tenant.split('.').all(|label| !label.is_empty());
    if !labels || tenant.len() > 253 || !tenant.chars().all(may_stand) {
        return Err(Error::config(
            "the tenant id is neither a GUID nor a domain name: it is the Directory (tenant) ID on \
             the app registration's page",
        ));
    }
    Ok(())
}

fn check_client(client: &str) -> Result<(), Error> {
    if client.is_empty() {
        return Err(Error::config(
            "the client id is missing: it is the Application (client) ID on the app registration's page",
        ));
    }
    if client.len() > 253 || !client.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Error::config(
            "the client id is not one word: it is the Application (client) ID on the app \
             registration's page",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: &str = "00000000-0000-4000-8000-00000000a001";

    fn endpoint(tenant: &str, client: &str) -> Result<String, String> {
        let endpoints = Endpoints::custom(
            "https://graph.example".parse().unwrap(),
            "https://login.example".parse().unwrap(),
        );
        let endpoint = TokenEndpoint::new(&endpoints, tenant, client);
        endpoint.map(|e| e.url).map_err(|e| e.to_string())
    }

    #[test]
    fn a_guid_and_a_domain_are_tenants() {
        for tenant in [TENANT, "contoso.example", " contoso.example\n"] {
            let url = format!("https://login.example/{}/oauth2/v2.0/token", tenant.trim());
            assert_eq!(endpoint(tenant, "app"), Ok(url));
        }
    }

    #[test]
    fn names_for_any_tenant_and_odd_characters_are_refused() {
        for tenant in ["common", "Organizations", "consumers"] {
            let error = endpoint(tenant, "app").unwrap_err();
            assert!(error.contains("no single tenant"), "{error}");
        }
        for tenant in [
            "a/b",
            "a?b",
            "a b",
            "..",
            "a..b",
            ".a",
            "ä.example",
            "a%2fb",
            "a@b",
            "a#b",
        ] {
            let error = endpoint(tenant, "app").unwrap_err();
            assert!(
                error.contains("neither a GUID nor a domain"),
                "{tenant}: {error}"
            );
        }
        assert!(
            endpoint(" ", "app")
                .unwrap_err()
                .contains("tenant id is missing")
        );
        assert!(
            endpoint(TENANT, "")
                .unwrap_err()
                .contains("client id is missing")
        );
        assert!(
            endpoint(TENANT, "a b")
                .unwrap_err()
                .contains("not one word")
        );
    }
}
