//! What may be wrong with the app registration, although the client does everything right.

use crate::entra::refusal::Refusal;

/// The state of the app in its tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppState {
    /// It gets tokens.
    #[default]
    Good,
    /// Its client secret has expired: AADSTS7000222. Other proofs are taken.
    SecretExpired,
    /// An administrator has disabled it in the tenant: AADSTS7000112.
    Disabled,
    /// A Conditional Access policy for workload identities keeps it out: AADSTS53003.
    BlockedByPolicy,
}

impl AppState {
    /// The refusal that an app meets before its proof is looked at.
    pub(crate) fn unless_disabled(self, client_id: &str) -> Result<(), Refusal> {
        match self {
            Self::Disabled => Err(Refusal::request(
                7_000_112,
                "unauthorized_client",
                format!("Application '{client_id}' is disabled."),
            )),
            _ => Ok(()),
        }
    }

    /// The refusal of the right secret.
    pub(crate) fn unless_secret_expired(self, client_id: &str) -> Result<(), Refusal> {
        match self {
            Self::SecretExpired => Err(Refusal::client(
                7_000_222,
                format!(
                    "The provided client secret keys for app '{client_id}' are expired. Visit the Azure portal to \
                     create new keys for your app: https://aka.ms/NewClientSecret."
                ),
            )),
            _ => Ok(()),
        }
    }

    /// The refusal of an app that has proved itself.
    pub(crate) fn unless_blocked(self) -> Result<(), Refusal> {
        match self {
            Self::BlockedByPolicy => Err(Refusal::request(
                53_003,
                "invalid_grant",
                "Access has been blocked by Conditional Access policies. The access policy does not \
                 allow token issuance.",
            )),
            _ => Ok(()),
        }
    }
}
