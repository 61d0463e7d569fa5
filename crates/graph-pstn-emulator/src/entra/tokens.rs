//! The tokens that were given out, and what each is good for.

use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

/// What is known of a token.
#[derive(Clone, Copy, Debug)]
struct Token {
    expires: Instant,
    /// It bears a role that may read the logs.
    may_read: bool,
    /// It was asked for with the claims of a challenge, or with `cp1`.
    capable: bool,
    /// Which challenge it has met: tokens from before the latest one are challenged.
    epoch: u64,
    revoked: bool,
}

/// Whether a token opens the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Good,
    /// Not one of ours.
    Unknown,
    Expired,
    Revoked,
    /// It lacks the role.
    Forbidden,
    /// A claims challenge is due.
    Challenge,
}

/// Every token that has not expired long ago.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    known: HashMap<String, Token>,
    epoch: u64,
    /// The challenge that tokens must have met; none after the latest has been settled.
    demanded: u64,
    /// The ids of assertions that were used, and the second at which they can be forgotten.
    assertions: HashMap<String, i64>,
}

impl Tokens {
    /// Remembers a token. `answers_challenge` says that the request bore a challenge's claims.
    pub(crate) fn insert(
        &mut self,
        token: String,
        lifetime: Duration,
        may_read: bool,
        capable: bool,
        answers_challenge: bool,
    ) {
        let now = Instant::now();
        // An hour of expired tokens is kept, so that they are told apart from unknown ones.
        self.known
            .retain(|_, t| now.saturating_duration_since(t.expires).as_secs() < 3600);
        // Without cp1 no challenge is sent (Entra: "Claims challenges, claims requests and client
        // capabilities"), and a token that answers one has met the latest.
        let epoch = if answers_challenge { self.epoch } else { 0 };
        let token_state = Token {
            expires: now + lifetime,
            may_read,
            capable,
            epoch,
            revoked: false,
        };
        self.known.insert(token, token_state);
    }

    pub(crate) fn check(&self, token: &str) -> Verdict {
        let Some(known) = self.known.get(token) else {
            return Verdict::Unknown;
        };
        if known.expires <= Instant::now() {
            Verdict::Expired
        } else if known.revoked {
            Verdict::Revoked
        } else if known.capable && known.epoch < self.demanded {
            Verdict::Challenge
        } else if known.may_read {
            Verdict::Good
        } else {
            Verdict::Forbidden
        }
    }

    /// Notes the id of an assertion until `forget_at` (seconds since 1970). Whether it is new.
    pub(crate) fn first_use(&mut self, jti: String, forget_at: i64, now: i64) -> bool {
        self.assertions.retain(|_, until| *until > now);
        self.assertions.insert(jti, forget_at).is_none()
    }

    /// Makes one token worthless.
    pub(crate) fn revoke(&mut self, token: &str) {
        if let Some(known) = self.known.get_mut(token) {
            known.revoked = true;
        }
    }

    /// Ends the life of one token.
    pub(crate) fn expire(&mut self, token: &str) {
        if let Some(known) = self.known.get_mut(token) {
            known.expires = Instant::now();
        }
    }

    /// Makes every token of now worthless. Gives how many there were.
    pub(crate) fn revoke_all(&mut self) -> usize {
        let live = self.known.values_mut().filter(|t| !t.revoked);
        live.map(|t| t.revoked = true).count()
    }

    /// The `nbf` that the claims of the latest challenge ask for, in seconds since 1970.
    pub(crate) fn challenge_value(&self) -> String {
        (1_600_000_000 + self.epoch).to_string()
    }

    /// From now on, tokens of clients that can answer a challenge get one.
    pub(crate) fn challenge(&mut self) {
        self.epoch += 1;
        self.demanded = self.epoch;
    }

    /// From now on new tokens meet the latest challenge without its claims, as they do some minutes later: what it
    /// asks for is that they be newer than it.
    pub(crate) fn settle_challenge(&mut self) {
        self.demanded = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test(start_paused = true)]
    async fn a_token_expires_and_is_then_known_as_expired() {
        let mut tokens = Tokens::default();
        tokens.insert("a".into(), HOUR, true, false, false);
        assert_eq!(tokens.check("a"), Verdict::Good);
        assert_eq!(tokens.check("b"), Verdict::Unknown);
        tokio::time::advance(HOUR).await;
        assert_eq!(tokens.check("a"), Verdict::Expired);
    }

    #[test]
    fn an_assertion_counts_once_until_it_has_expired() {
        let mut tokens = Tokens::default();
        assert!(tokens.first_use("a".into(), 100, 0));
        assert!(!tokens.first_use("a".into(), 100, 99));
        assert!(tokens.first_use("b".into(), 200, 99));
        assert!(tokens.first_use("a".into(), 300, 100));
    }

    #[tokio::test(start_paused = true)]
    async fn revocation_spares_later_tokens() {
        let mut tokens = Tokens::default();
        tokens.insert("a".into(), HOUR, true, false, false);
        assert_eq!(tokens.revoke_all(), 1);
        tokens.insert("b".into(), HOUR, true, false, false);
        assert_eq!(
            (tokens.check("a"), tokens.check("b")),
            (Verdict::Revoked, Verdict::Good)
        );
    }

    #[tokio::test(start_paused = true)]
    async fn one_token_can_be_made_worthless() {
        let mut tokens = Tokens::default();
        for token in ["a", "b", "c"] {
            tokens.insert(token.into(), HOUR, true, false, false);
        }
        tokens.revoke("a");
        tokens.expire("b");
        tokens.expire("unknown");
        let verdicts = ["a", "b", "c"].map(|token| tokens.check(token));
        assert_eq!(
            verdicts,
            [Verdict::Revoked, Verdict::Expired, Verdict::Good]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_challenge_is_met_by_its_claims_only() {
        let mut tokens = Tokens::default();
        tokens.insert("plain".into(), HOUR, true, false, false);
        tokens.insert("cp1".into(), HOUR, true, true, false);
        tokens.challenge();
        tokens.insert("again".into(), HOUR, true, true, false);
        tokens.insert("answer".into(), HOUR, true, true, true);
        assert_eq!(tokens.check("plain"), Verdict::Good);
        assert_eq!(tokens.check("cp1"), Verdict::Challenge);
        assert_eq!(tokens.check("again"), Verdict::Challenge);
        assert_eq!(tokens.check("answer"), Verdict::Good);
        tokens.settle_challenge();
        tokens.insert("later".into(), HOUR, true, true, false);
        assert_eq!(tokens.check("later"), Verdict::Good);
        tokens.challenge();
        assert_eq!(tokens.check("answer"), Verdict::Challenge);
    }
}
