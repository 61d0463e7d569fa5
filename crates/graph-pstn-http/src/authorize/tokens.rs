//! The token source, and which of its tokens are new: it answers from its cache and does not say.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::timeout;

use crate::{
    AccessToken, CallClock, Error, SharedObserver, TokenEnd, TokenProvider, TokenReason,
    TokenRequest,
};

/// The source with an observer. Clones know the same tokens.
#[derive(Clone)]
pub(super) struct Tokens {
    source: Arc<dyn TokenProvider>,
    observer: SharedObserver,
    latest: Arc<Mutex<Option<AccessToken>>>,
}

impl Tokens {
    pub(super) fn new(source: Arc<dyn TokenProvider>) -> Self {
        Self {
            source,
            observer: SharedObserver::default(),
            latest: Arc::default(),
        }
    }

    pub(super) fn observed_by(mut self, observer: SharedObserver) -> Self {
        self.observer = observer;
        self
    }

    /// A token of the source's, if it has one within the time that the call has left; the observer hears of it
    /// if it is a new one, or if there is none.
    pub(super) async fn token(
        &self,
        request: TokenRequest,
        reason: TokenReason,
        clock: Option<&CallClock>,
    ) -> Result<AccessToken, Error> {
        let asked = self.source.token(request);
        let result = match clock {
            Some(clock) => {
                let left = clock.remaining();
                let answer = timeout(left, asked).await;
                answer.unwrap_or_else(|_| Err(no_answer(left)))
            }
            None => asked.await,
        };
        let outcome = match &result {
            Ok(token) => self.is_new(token).then_some(Ok(())),
            Err(error) => Some(Err(error.kind())),
        };
        if let Some(outcome) = outcome {
            self.observer.token(&TokenEnd { reason, outcome });
        }
        result
    }

    pub(super) fn invalidate(&self, token: &AccessToken) {
        self.source.invalidate(token);
    }

    fn is_new(&self, token: &AccessToken) -> bool {
        // The token is whole after any panic, so a poisoned lock is as good as another.
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        // An older one may come late, to a request that was under way when a newer one came.
        let new = latest.as_ref().is_none_or(|known| {
            token.generation() >= known.generation()
                && token.authorization() != known.authorization()
        });
        if new {
            *latest = Some(token.clone());
        }
        new
    }
}

fn no_answer(within: Duration) -> Error {
    let seconds = within.as_secs_f64();
    Error::auth(format!(
        "the token provider did not answer in time: the call had {seconds:.1} s left for it"
    ))
    .with_transient(true)
}
