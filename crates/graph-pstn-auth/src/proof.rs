//! The seam between a credential and the token request: how an app proves itself.

use std::time::SystemTime;

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

    /// Entra refused the proof for its time; its clock is so many seconds ahead of this machine's.
    /// Whether a new proof will differ for that.
    #[doc(hidden)]
    fn learn_skew(&self, _seconds: i64) -> bool {
        false
    }
}
