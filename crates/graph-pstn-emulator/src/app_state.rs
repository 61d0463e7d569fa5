//! What may be wrong with the app registration, although the client does everything right.

use time::{Duration, OffsetDateTime};

use crate::EmulatorBuilder;
use crate::state::State;
use crate::token_endpoint::Refusal;

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

impl EmulatorBuilder {
    /// What is wrong with the app registration. Default: nothing. Codes: "Microsoft Entra authentication and
    /// authorization error codes"; the status that a policy's refusal comes with in this flow is not published.
    pub fn app_state(mut self, state: AppState) -> Self {
        self.options.app_state = state;
        self
    }

    /// Gives out tokens in the form of Entra's own, a JWT that names the app's roles, instead of opaque ones. The
    /// signature is none.
    pub fn readable_tokens(mut self, readable: bool) -> Self {
        self.options.readable_tokens = readable;
        self
    }

    /// Sets the server's clock ahead of the machine's by so many seconds (behind it, if negative): its `Date`, and what
    /// it holds the times of an assertion against. Default 0.
    pub fn clock_skew(mut self, seconds: i64) -> Self {
        self.options.clock_skew = Duration::seconds(seconds);
        self
    }
}

impl State {
    /// What the server takes the time to be. Rows have a clock of their own.
    pub(crate) fn clock(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        now.checked_add(self.options.clock_skew).unwrap_or(now)
    }

    /// The refusal that an app meets before its proof is looked at.
    pub(crate) fn unless_disabled(&self) -> Result<(), Refusal> {
        match self.options.app_state {
            AppState::Disabled => Err(Refusal::request(
                7_000_112,
                "unauthorized_client",
                format!("Application '{}' is disabled.", self.options.client_id),
            )),
            _ => Ok(()),
        }
    }

    /// The refusal of the right secret.
    pub(crate) fn unless_secret_expired(&self) -> Result<(), Refusal> {
        match self.options.app_state {
            AppState::SecretExpired => Err(Refusal::client(
                7_000_222,
                format!(
                    "The provided client secret keys for app '{}' are expired. Visit the Azure portal to \
                     create new keys for your app: https://aka.ms/NewClientSecret.",
                    self.options.client_id
                ),
            )),
            _ => Ok(()),
        }
    }

    /// The refusal of an app that has proved itself.
    pub(crate) fn unless_blocked(&self) -> Result<(), Refusal> {
        match self.options.app_state {
            AppState::BlockedByPolicy => Err(Refusal::request(
                53_003,
                "invalid_grant",
                "Access has been blocked by Conditional Access policies. The access policy does not \
                 allow token issuance.",
            )),
            _ => Ok(()),
        }
    }
}
