//! `AZURE_AUTHORITY_HOST`, which may agree with the configured cloud and no more.

use graph_pstn_http::{Endpoints, Origin};

use super::AUTHORITY_HOST;
use crate::Error;

/// A URL with or without its closing slash, or a bare host.
pub(super) fn read(text: &str) -> Result<Origin, Error> {
    let text = text.trim();
    let parsed = match text.contains("://") {
        true => text.parse(),
        false => format!("https://{text}").parse(),
    };
    parsed.map_err(|e| Error::config(format!("{AUTHORITY_HOST} cannot be used: {e}")))
}

/// Whether the login host of the environment is that of the configured cloud.
pub(super) fn agree(named: &Origin, endpoints: &Endpoints) -> Result<(), Error> {
    let authority = endpoints.authority();
    if named == authority || other_names(authority.host()).contains(&named.host()) {
        return Ok(());
    }
    Err(Error::config(format!(
        "{AUTHORITY_HOST} names {named}, but the configured cloud signs in at {authority}: choose the \
         cloud that the tenant lives in, or unset {AUTHORITY_HOST}"
    )))
}

/// Names by which Entra knows the same login host (its instance discovery lists them). The token
/// request goes to the first name all the same.
fn other_names(host: &str) -> &'static [&'static str] {
    match host {
        #[cfg(feature = "cloud-global")]
        "login.microsoftonline.com" => &[
            "login.windows.net",
            "login.microsoft.com",
            "sts.windows.net",
        ],
        #[cfg(any(feature = "cloud-us-gov-l4", feature = "cloud-us-gov-l5"))]
        "login.microsoftonline.us" => &["login.usgovcloudapi.net"],
        #[cfg(feature = "cloud-china")]
        "login.partner.microsoftonline.cn" => &["login.chinacloudapi.cn"],
        _ => &[],
    }
}
