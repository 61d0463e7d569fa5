//! What a caller asked for to bring the exchanges of a fixture about.

use serde::{Deserialize, Serialize};

/// What to ask the stack for, so that it sends the requests of the fixture.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scenario {
    /// The name of the cloud: see [`Cloud`](crate::Cloud).
    pub cloud: String,
    /// The name of the call log, `pstn` for instance.
    pub log: String,
    /// The first moment of the range, RFC 3339.
    pub from: String,
    /// The moment after the range, RFC 3339.
    pub to: String,
    /// How the app proves itself; `None` for a client secret.
    pub credential: Option<CredentialKind>,
    /// After so many batches the reading stops, and a new reader goes on from its checkpoint.
    pub stop_after: Option<u32>,
    /// How many windows are read at a time; `None` for one.
    pub parallel: Option<u32>,
}

/// How the app of a [`Scenario`] proves itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CredentialKind {
    /// By a client secret.
    Secret,
    /// By a JWT that it signs with the key of a certificate.
    Certificate,
    /// By the platform's token, in a file.
    WorkloadIdentity,
    /// By a JWT that comes from somewhere else.
    Assertion,
    /// Not at all: the token is there already, and none is asked for.
    Token,
}

impl Scenario {
    /// A scenario of these: see the fields.
    #[must_use]
    pub fn new(
        cloud: impl Into<String>,
        log: impl Into<String>,
        from: impl Into<String>,
        to: impl Into<String>,
    ) -> Self {
        Self {
            cloud: cloud.into(),
            log: log.into(),
            from: from.into(),
            to: to.into(),
            credential: None,
            stop_after: None,
            parallel: None,
        }
    }

    /// The same with another credential than a client secret.
    #[must_use]
    pub fn with_credential(mut self, credential: CredentialKind) -> Self {
        self.credential = Some(credential);
        self
    }
}
