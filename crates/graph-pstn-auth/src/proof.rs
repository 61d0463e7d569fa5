//! The seam between a credential and the token request: how an app proves itself.

use std::time::{Duration, SystemTime};

use graph_pstn_http::BoxFuture;

use crate::{Error, wire::Proof};

/// Whom an app proves itself to, and when.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The app's own id.
    pub client_id: String,
    /// The URL that the token request goes to; the audience of an assertion.
    pub token_endpoint: String,
    /// The wall clock.
    pub now: SystemTime,
    /// An id that was never used before.
    pub id: String,
}

/// How an app proves itself: what the credentials of this crate differ in.
///
/// Sealed. An app with a way of its own implements
/// [`ClientAssertion`](crate::ClientAssertion).
pub trait ClientProof: Send + Sync + Sized + 'static {
    /// What the builder has gathered so far.
    #[doc(hidden)]
    type Draft: Default + Send;

    #[doc(hidden)]
    fn complete(draft: Self::Draft) -> Result<Self, Error>;

    /// Makes the proof for one token request.
    #[doc(hidden)]
    fn prove<'a>(&'a self, to: &'a Recipient) -> BoxFuture<'a, Result<Proof, Error>>;

    /// Entra says that the proof is not valid at this time, and that its clock differs by so much.
    /// Whether a new proof will take that into account.
    #[doc(hidden)]
    fn learn_skew(&self, _skew: Skew) -> bool {
        false
    }
}

/// How far Entra's clock is from this machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[doc(hidden)]
pub enum Skew {
    /// Entra's clock shows a later time.
    Ahead(Duration),
    /// Entra's clock shows an earlier time.
    Behind(Duration),
}

impl Skew {
    pub(crate) fn between(here: SystemTime, there: SystemTime) -> Self {
        match there.duration_since(here) {
            Ok(ahead) => Self::Ahead(ahead),
            Err(behind) => Self::Behind(behind.duration()),
        }
    }

    pub(crate) fn amount(self) -> Duration {
        match self {
            Self::Ahead(by) | Self::Behind(by) => by,
        }
    }
}
