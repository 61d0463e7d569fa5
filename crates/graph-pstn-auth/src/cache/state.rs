//! What the cache's lock guards.

use std::{sync::Arc, time::Duration};

use graph_pstn_http::AccessToken;
use tokio::time::Instant;

use super::{
    Policy,
    landing::Landed,
    policy::{LONGEST_QUIET, Lifetime},
};
use crate::Error;

/// The claims of a challenge that a token was asked for with.
pub(super) type Claims = Option<Arc<str>>;

/// What a caller finds.
pub(super) enum Look {
    Token(AccessToken),
    /// The outcome of a flight under way, and the epoch in which it took off.
    Wait(Landed, u64),
}

#[derive(Default)]
pub(super) struct State {
    token: Option<Cached>,
    flights: Vec<Flight>,
    generations: u64,
    failure: Option<Failure>,
    /// Counts the exchanges of the credential.
    epoch: u64,
}

struct Cached {
    token: AccessToken,
    claims: Claims,
    fresh_until: Instant,
    valid_until: Instant,
}

#[derive(Clone)]
pub(super) struct Flight {
    claims: Claims,
    pub(super) generation: u64,
    pub(super) epoch: u64,
    started: Instant,
    pub(super) landed: Landed,
}

struct Failure {
    error: Error,
    in_a_row: u32,
    until: Instant,
}

impl State {
    /// A token that answers these claims and is valid, and whether it is past its refresh time.
    pub(super) fn valid(&self, claims: &Claims, now: Instant) -> Option<(AccessToken, bool)> {
        let cached = self.token.as_ref()?;
        let answers = claims.is_none() || cached.claims == *claims;
        (answers && now < cached.valid_until)
            .then(|| (cached.token.clone(), cached.fresh_until <= now))
    }

    /// A flight that brings what these claims ask for. Without claims any token will do.
    pub(super) fn flight(&self, claims: &Claims) -> Option<Look> {
        let mut fitting = self.flights.iter();
        let flight = fitting.find(|flight| claims.is_none() || flight.claims == *claims)?;
        Some(Look::Wait(flight.landed.clone(), flight.epoch))
    }

    /// The last error, as long as the endpoint is to be left alone.
    pub(super) fn refused(&self, now: Instant) -> Option<Error> {
        let failure = self
            .failure
            .as_ref()
            .filter(|failure| now < failure.until)?;
        Some(waiting(&failure.error, failure.until - now))
    }

    /// Whether a refresh may start: none is under way, and the endpoint need not be left alone.
    pub(super) fn may_start(&self, now: Instant) -> bool {
        self.flights.is_empty() && self.refused(now).is_none()
    }

    /// A flight whose task is gone without an outcome, its runtime with it, will never land; nor will one
    /// that is long overdue, since its runtime stands still.
    pub(super) fn forget_lost_flights(&mut self, now: Instant, limit: Duration) {
        self.flights.retain(|flight| {
            let overdue = now.saturating_duration_since(flight.started) >= limit;
            !overdue && !flight.landed.is_lost()
        });
    }

    pub(super) fn take_off(&mut self, claims: Claims, landed: Landed, now: Instant) -> Flight {
        self.generations += 1;
        let flight = Flight {
            claims,
            generation: self.generations,
            epoch: self.epoch,
            started: now,
            landed,
        };
        self.flights.push(flight.clone());
        flight
    }

    pub(super) fn landed(
        &mut self,
        generation: u64,
        token: &AccessToken,
        claims: &Claims,
        started: Instant,
        lifetime: Lifetime,
    ) {
        self.flights
            .retain(|flight| flight.generation != generation);
        self.failure = None;
        // A flight that took off before the one whose token is here brings the older token.
        let newer = |cached: &Cached| cached.token.generation() > generation;
        if !self.token.as_ref().is_some_and(newer) {
            self.token = Some(Cached {
                token: token.clone(),
                claims: claims.clone(),
                fresh_until: started + lifetime.fresh,
                valid_until: started + lifetime.valid,
            });
        }
    }

    /// Notes a failure. Gives the error with the time that is worth waiting, and whether there is a valid
    /// token all the same.
    pub(super) fn crashed(
        &mut self,
        generation: u64,
        epoch: u64,
        error: Error,
        policy: &Policy,
    ) -> (Error, bool) {
        self.flights
            .retain(|flight| flight.generation != generation);
        let now = Instant::now();
        let valid = self.valid(&None, now).is_some();
        if epoch != self.epoch {
            return (error, valid);
        }
        let in_a_row = self
            .failure
            .as_ref()
            .map_or(0, |f| f.in_a_row)
            .saturating_add(1);
        let pause = policy.pause(&error, in_a_row, valid);
        let told = waiting(&error, pause);
        self.failure = Some(Failure {
            error,
            in_a_row,
            until: now + pause.min(LONGEST_QUIET),
        });
        (told, valid)
    }

    /// Gives the token of this generation up. Whether it was still here.
    pub(super) fn invalidate(&mut self, generation: u64) -> bool {
        let is_it = |cached: &mut Cached| cached.token.generation() == generation;
        self.token.take_if(is_it).is_some()
    }

    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    pub(super) fn forget_failures(&mut self) {
        self.epoch += 1;
        self.failure = None;
        // Flights under way go on, but nobody new joins them.
        self.flights.clear();
    }
}

/// A passing error says when it is worth asking again.
fn waiting(error: &Error, wait: Duration) -> Error {
    let wait = error.is_transient().then_some(wait);
    error.clone().with_retry_after(wait)
}
