//! From a proof and the challenge's claims to a token: one flight of the cache.

use std::{sync::Arc, time::SystemTime};

use graph_pstn_http::BoxFuture;

use crate::cache::{Fetch, Grant};
use crate::proof::{ClientProof, Recipient};
use crate::wire::Wire;
use crate::{Error, claims};

/// What a token request takes from outside; tests put their own in.
#[derive(Clone)]
pub(crate) struct Ambient {
    pub(crate) now: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    pub(crate) id: Arc<dyn Fn() -> String + Send + Sync>,
}

impl Default for Ambient {
    fn default() -> Self {
        Self {
            now: Arc::new(SystemTime::now),
            id: Arc::new(|| uuid::Uuid::new_v4().to_string()),
        }
    }
}

/// An assertion outside its time range (<https://learn.microsoft.com/entra/identity-platform/reference-error-codes>).
const NOT_IN_TIME_RANGE: u32 = 700_024;

pub(crate) struct Requester<P> {
    pub(crate) proof: P,
    pub(crate) wire: Wire,
    pub(crate) capable: bool,
    pub(crate) ambient: Ambient,
}

impl<P: ClientProof> Requester<P> {
    async fn request(&self, claims: Option<&str>) -> Result<Grant, Error> {
        let claims = claims::merged(claims, self.capable)?;
        match self.once(claims.as_deref()).await {
            Err(error) if self.wrong_clock(&error) => {
                tracing::warn!(
                    "this machine's clock is wrong; the assertion is made again by Entra's clock"
                );
                self.once(claims.as_deref()).await
            }
            outcome => outcome,
        }
    }

    async fn once(&self, claims: Option<&str>) -> Result<Grant, Error> {
        let endpoint = self.wire.endpoint();
        let now = (self.ambient.now)();
        let recipient = Recipient {
            client_id: endpoint.client_id.clone(),
            token_endpoint: endpoint.url.clone(),
            now,
            id: (self.ambient.id)(),
        };
        let proof = self.proof.prove(&recipient).await?;
        let correlation_id = (self.ambient.id)();
        tracing::debug!(host = endpoint.host, correlation_id, "requesting a token");
        self.wire
            .request(&proof, claims, &correlation_id, now)
            .await
    }

    /// Whether Entra refused for the time alone, and the next proof will be made for its clock.
    fn wrong_clock(&self, error: &Error) -> bool {
        let refused = |e: &crate::EntraError| e.codes().contains(&NOT_IN_TIME_RANGE);
        let (true, Some(there)) = (error.entra().is_some_and(refused), error.server_time()) else {
            return false;
        };
        let seconds = |time: SystemTime| match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_secs()).ok(),
            Err(_) => None,
        };
        match (seconds(there), seconds((self.ambient.now)())) {
            (Some(there), Some(here)) => self.proof.learn_skew(there - here),
            _ => false,
        }
    }
}

impl<P: ClientProof> Fetch for Requester<P> {
    fn fetch<'a>(&'a self, claims: Option<&'a str>) -> BoxFuture<'a, Result<Grant, Error>> {
        Box::pin(self.request(claims))
    }
}
