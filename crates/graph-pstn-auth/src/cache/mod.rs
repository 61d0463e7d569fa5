//! One token for all callers: fresh, refreshed behind their backs, or waited for together.
//!
//! - Fresh: the token is returned.
//! - Past its refresh time: it is returned, and one request starts behind it. While the token is valid
//!   a failure of that request is only logged.
//! - Expired, invalidated or none: all callers wait on one request, its *flight*, and share its error.
//!
//! A flight is a task of its own with its own time limit, so a caller that gives up takes nothing from
//! the others. After a failure the endpoint is left alone for a while, and callers get the error that
//! is known. All times are tokio's monotonic ones: a wall clock that is set does no harm.

mod landing;
mod policy;
mod state;
#[cfg(test)]
mod tests;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use graph_pstn_http::{AccessToken, BoxFuture, TokenRequest};
use tokio::{runtime::Handle, time::Instant};

use crate::Error;
pub(crate) use policy::Policy;
use state::{Claims, Look, State};

/// A token as the endpoint gave it.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) token: AccessToken,
    pub(crate) expires_in: Option<Duration>,
    pub(crate) refresh_in: Option<Duration>,
}

/// Where the cache gets tokens from.
pub(crate) trait Fetch: Send + Sync + 'static {
    /// One token request, with the JSON of a claims challenge if there is one to answer.
    fn fetch<'a>(&'a self, claims: Option<&'a str>) -> BoxFuture<'a, Result<Grant, Error>>;
}

/// So much later than it should have ended, a flight is given up for lost.
const STANDSTILL: Duration = Duration::from_secs(5);

/// The cache. Clones share it.
pub(crate) struct TokenCache<F>(Arc<Shared<F>>);

struct Shared<F> {
    source: F,
    policy: Policy,
    state: Mutex<State>,
}

impl<F> Clone for TokenCache<F> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<F: Fetch> TokenCache<F> {
    pub(crate) fn new(source: F, policy: Policy) -> Self {
        Self(Arc::new(Shared {
            source,
            policy,
            state: Mutex::default(),
        }))
    }

    pub(crate) fn source(&self) -> &F {
        &self.0.source
    }

    /// A token that is valid now.
    pub(crate) async fn token(&self, request: TokenRequest) -> Result<AccessToken, Error> {
        let claims: Claims = request.claims.map(Arc::from);
        loop {
            let (landed, epoch) = match self.look(&claims)? {
                Look::Token(token) => return Ok(token),
                Look::Wait(landed, epoch) => (landed, epoch),
            };
            // The flight ends by itself in time, unless the runtime that it runs on stands still.
            let limit = self.0.policy.timeout.saturating_add(STANDSTILL);
            let outcome = tokio::time::timeout(limit, landed.outcome()).await;
            match outcome.unwrap_or_default() {
                Some(Ok(token)) => return Ok(token),
                // It failed with a credential that has been exchanged meanwhile.
                Some(Err(_)) if self.state().epoch() != epoch => {}
                Some(Err(error)) => return Err(error),
                None => {
                    return Err(Error::transient(
                        "the token request was broken off: its task ended without an answer",
                    ));
                }
            }
        }
    }

    /// Gives `token` up, unless another one has taken its place.
    pub(crate) fn invalidate(&self, token: &AccessToken) {
        if self.state().invalidate(token.generation()) {
            tracing::debug!(
                generation = token.generation(),
                "access token was refused and is given up"
            );
        }
    }

    /// The credential was exchanged: failures of the old one say nothing about the new one.
    pub(crate) fn forget_failures(&self) {
        self.state().forget_failures();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state()
    }

    /// What is known now; starts a flight if one is due.
    fn look(&self, claims: &Claims) -> Result<Look, Error> {
        let mut state = self.state();
        let now = Instant::now();
        state.forget_lost_flights(now, self.0.policy.timeout.saturating_add(STANDSTILL));
        if let Some((token, stale)) = state.valid(claims, now) {
            if stale && state.may_start(now) {
                // Without a runtime there is no refresh, and the token is good all the same.
                let _ = self.start(&mut state, None);
            }
            return Ok(Look::Token(token));
        }
        if let Some(look) = state.flight(claims) {
            return Ok(look);
        }
        if let Some(error) = state.refused(now) {
            return Err(error);
        }
        self.start(&mut state, claims.clone())
    }

    fn start(&self, state: &mut State, claims: Claims) -> Result<Look, Error> {
        let runtime = Handle::try_current().map_err(|_| {
            Error::config("tokens are fetched in a tokio runtime, and there is none here")
        })?;
        let (landing, landed) = landing::flight();
        let flight = state.take_off(claims.clone(), landed, Instant::now());
        let shared = self.0.clone();
        let (generation, epoch) = (flight.generation, flight.epoch);
        runtime.spawn(async move {
            let outcome = shared.fly(&claims, generation, epoch).await;
            landing.over(outcome);
        });
        Ok(Look::Wait(flight.landed, epoch))
    }
}

impl<F: Fetch> Shared<F> {
    /// One token request, and what follows from its outcome.
    async fn fly(
        &self,
        claims: &Claims,
        generation: u64,
        epoch: u64,
    ) -> Result<AccessToken, Error> {
        // The lifetime counts from the answer; the start of the request is the safe side of that.
        let started = Instant::now();
        let limit = self.policy.timeout;
        let fetched = tokio::time::timeout(limit, self.source.fetch(claims.as_deref())).await;
        let fetched = fetched.unwrap_or_else(|_| {
            Err(Error::transient(format!(
                "the token request took longer than {} s",
                limit.as_secs_f32()
            )))
        });
        match fetched {
            Ok(grant) => {
                let lifetime = self.policy.lifetime(grant.expires_in, grant.refresh_in);
                let token = grant.token.with_generation(generation);
                self.state()
                    .landed(generation, &token, claims, started, lifetime);
                tracing::debug!(
                    generation,
                    valid_s = lifetime.valid.as_secs(),
                    refresh_s = lifetime.fresh.as_secs(),
                    "access token received"
                );
                Ok(token)
            }
            Err(error) => {
                let (error, token_is_valid) =
                    self.state().crashed(generation, epoch, error, &self.policy);
                if token_is_valid {
                    // Nobody else hears of it: calls go on with the token that is there.
                    tracing::warn!("access token could not be renewed yet: {error}");
                } else {
                    tracing::debug!("token request failed: {error}");
                }
                Err(error)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No code that holds the lock can leave half a change behind.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
