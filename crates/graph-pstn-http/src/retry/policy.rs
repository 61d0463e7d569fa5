use std::{fmt, sync::Arc, time::Duration};

use http::{Request, Response};
use tokio::time::{Sleep, sleep};
use tower::retry::Policy;

use super::{
    Backoff, RetryBudget,
    failure::{self, Failure, Outcome},
};
use crate::{CallClock, CallLimits, Error, RetryPause, SharedObserver};

/// A wait that the server names and that is shorter than this uses an attempt up, so that
/// `Retry-After: 0` from a service that is down does not go on for ever.
const WORTH_COUNTING: Duration = Duration::from_secs(1);

/// The policy for `tower::retry`: see the [module](super) for what it retries.
#[derive(Clone)]
pub struct RetryPolicy {
    shared: Arc<Shared>,
    call: PerCall,
}

struct Shared {
    max_attempts: u32,
    limits: CallLimits,
    backoff: Backoff,
    budget: RetryBudget,
    observer: SharedObserver,
}

/// What one call has used up so far.
#[derive(Clone, Default)]
struct PerCall {
    clock: Option<CallClock>,
    /// How many requests the clock had counted before.
    before: u32,
    passes: u32,
    /// Those of `passes` that can have sent a request.
    sent: u32,
    /// Those of `passes` that use an attempt up: all but those after which Graph named a time to wait.
    counted: u32,
    paid: Paid,
}

impl PerCall {
    /// How many requests were sent: as a layer below counted them, which may have sent one again after a 401, or one
    /// for each pass where no layer counts.
    fn requests(&self) -> u32 {
        let counted = self.clock.as_ref().map_or(0, CallClock::attempts);
        match counted.saturating_sub(self.before) {
            0 => self.sent,
            sent => sent,
        }
    }
}

/// What a call's retries took from the budget. A call that is dropped before its end gives it back.
#[derive(Default)]
struct Paid {
    tokens: u32,
    budget: Option<RetryBudget>,
}

impl Paid {
    fn add(&mut self, tokens: u32, budget: &RetryBudget) {
        self.tokens += tokens;
        self.budget.get_or_insert_with(|| budget.clone());
    }

    /// The call has ended: nothing is to be given back any more. Gives what was paid.
    fn settle(&mut self) -> u32 {
        std::mem::take(&mut self.tokens)
    }
}

impl Clone for Paid {
    /// A copy has paid nothing.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Drop for Paid {
    fn drop(&mut self) {
        if let Some(budget) = &self.budget {
            budget.deposit(self.tokens);
        }
    }
}

impl RetryPolicy {
    /// Starts setting a policy up.
    pub fn builder() -> RetryPolicyBuilder {
        RetryPolicyBuilder {
            max_attempts: 5,
            limits: CallLimits::default(),
            backoff: Backoff::default(),
            budget: RetryBudget::default(),
            observer: SharedObserver::default(),
        }
    }

    /// The budget that all clones of this policy share.
    #[must_use]
    pub fn budget(&self) -> &RetryBudget {
        &self.shared.budget
    }

    /// The pause before the next attempt, or `None` to give up.
    fn pause(&mut self, failure: Failure) -> Option<Duration> {
        let Self { shared, call } = self;
        let clock = call.clock.as_ref()?;
        let waits = failure.stated.is_some_and(|wait| wait >= WORTH_COUNTING);
        call.counted += u32::from(!waits || failure.always_counts());
        if call.counted >= shared.max_attempts {
            return None;
        }
        let drawn = shared.backoff.pause(call.counted.max(1));
        // Never earlier than asked; a little later, so that clients do not all come back at once.
        let pause = failure
            .stated
            .map_or(drawn, |wait| wait.saturating_add(drawn / 4));
        let fits = if waits {
            pause <= clock.remaining_wait() && clock.remaining() > Duration::ZERO
        } else {
            pause < clock.remaining()
        };
        if !fits || !shared.budget.withdraw(failure.cost()) {
            return None;
        }
        call.paid.add(failure.cost(), &shared.budget);
        if waits {
            clock.add_wait(pause);
        }
        Some(pause)
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl fmt::Debug for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicy")
            .field("max_attempts", &self.shared.max_attempts)
            .field("limits", &self.shared.limits)
            .field("backoff", &self.shared.backoff)
            .field("budget", &self.shared.budget)
            .finish_non_exhaustive()
    }
}

impl<B: Clone, R> Policy<Request<B>, Response<R>, Error> for RetryPolicy {
    type Future = Sleep;

    fn retry(
        &mut self,
        request: &mut Request<B>,
        result: &mut Result<Response<R>, Error>,
    ) -> Option<Sleep> {
        self.call.passes += 1;
        self.call.sent += u32::from(failure::may_have_sent(result));
        let failure = match failure::of(result) {
            Outcome::Success => {
                let paid = self.call.paid.settle();
                self.shared.budget.deposit(paid.max(1));
                None
            }
            Outcome::Final => {
                // A refusal of the server's shows that it is there, as much as a success does.
                let status = match result {
                    Ok(response) => Some(response.status()),
                    Err(error) => error.status(),
                };
                if status.is_some_and(|status| status.is_client_error()) {
                    let paid = self.call.paid.settle();
                    self.shared.budget.deposit(paid);
                }
                None
            }
            Outcome::Failed(failure) if failure.harmless || request.method().is_idempotent() => {
                Some(failure)
            }
            Outcome::Failed(_) => None,
        };
        let pause = failure.and_then(|failure| {
            let pause = self.pause(failure)?;
            self.shared.observer.retry(&RetryPause {
                failed_attempts: self.call.passes,
                pause,
                kind: failure.kind,
                stated: failure.stated.is_some(),
            });
            Some(pause)
        });
        if pause.is_none() {
            self.call.paid.settle();
        }
        if pause.is_none()
            && let Err(error) = result
        {
            let elapsed = self.call.clock.as_ref().map(CallClock::elapsed);
            error.set_attempts(self.call.requests(), elapsed.unwrap_or_default());
        }
        pause.map(sleep)
    }

    fn clone_request(&mut self, request: &Request<B>) -> Option<Request<B>> {
        // Called on the layer's own policy before it is cloned for the call, and on that clone from then
        // on: so this is where a call's count begins.
        if self.call.passes == 0 {
            let clock = CallClock::of(request.extensions()).cloned();
            let clock = clock.unwrap_or_else(|| CallClock::start(self.shared.limits));
            self.call.before = clock.attempts();
            self.call.clock = Some(clock);
        }
        Some(request.clone())
    }
}

/// Sets a [`RetryPolicy`] up.
#[derive(Clone, Debug)]
#[must_use]
pub struct RetryPolicyBuilder {
    max_attempts: u32,
    limits: CallLimits,
    backoff: Backoff,
    budget: RetryBudget,
    observer: SharedObserver,
}

impl RetryPolicyBuilder {
    /// How often a request is sent at the most; default 5. Attempts after which Graph named a time of a
    /// second or more do not count, since the limits bound them. A missing token always counts.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// The limits of calls that bring no [`CallClock`] of their own.
    pub fn limits(mut self, limits: CallLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The pauses of the policy's own choosing.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// The budget, which several policies may share.
    pub fn budget(mut self, budget: RetryBudget) -> Self {
        self.budget = budget;
        self
    }

    /// Who hears of each pause.
    pub fn observer(mut self, observer: SharedObserver) -> Self {
        self.observer = observer;
        self
    }

    /// The policy.
    #[must_use]
    pub fn build(self) -> RetryPolicy {
        RetryPolicy {
            shared: Arc::new(Shared {
                max_attempts: self.max_attempts,
                limits: self.limits,
                backoff: self.backoff,
                budget: self.budget,
                observer: self.observer,
            }),
            call: PerCall::default(),
        }
    }
}

#[cfg(test)]
#[path = "policy_tests.rs"]
mod tests;
