//! What is to go wrong, and how often.

use std::time::Duration;

use super::fault::Fault;
use super::script::{self, Rule, ScriptError};

/// Which faults an emulator serves: by rate, by script, or both; the script goes first.
///
/// ```
/// use graph_pstn_emulator::Faults;
///
/// let faults = Faults::none().percent(30).seed(7).script("graph 1 reset-in-body")?;
/// # Ok::<(), graph_pstn_emulator::ScriptError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Faults {
    pub(crate) percent: u8,
    pub(crate) seed: u64,
    pub(crate) kinds: Vec<Fault>,
    pub(crate) most_in_a_row: u32,
    pub(crate) longest_wait: u32,
    pub(crate) hang: Duration,
    pub(crate) trickle: Duration,
    pub(crate) rules: Vec<Rule>,
}

impl Faults {
    /// None at all.
    pub fn none() -> Self {
        let recoverable = Fault::ALL.iter().filter(|fault| fault.is_recoverable());
        Self {
            percent: 0,
            seed: 1,
            kinds: recoverable.copied().collect(),
            most_in_a_row: 3,
            longest_wait: 1,
            hang: Duration::from_secs(2),
            trickle: Duration::from_secs(1),
            rules: Vec::new(),
        }
    }

    /// How many of 100 requests go wrong by rate, up to 100. Default 0.
    ///
    /// Whether a request to Graph does, and how, is a function of the seed, of its path and query, and of how
    /// often it has gone wrong in a row; so it does not matter in which order requests arrive. For a token
    /// request it is a function of the seed and the request's number. The clock has a say in one thing only: a
    /// token becomes worthless no sooner than some seconds after the last one did or was asked for (a 503 takes its
    /// place), and a token request fails no sooner than five seconds after the last one that did.
    pub fn percent(mut self, percent: u8) -> Self {
        self.percent = percent.min(100);
        self
    }

    /// What the rate draws from. Default 1.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The faults that the rate draws from, each as likely as the others. Default: all that are
    /// [recoverable](Fault::is_recoverable).
    pub fn kinds(mut self, kinds: impl IntoIterator<Item = Fault>) -> Self {
        self.kinds = kinds.into_iter().collect();
        self
    }

    /// How often one and the same request to Graph fails by rate before it succeeds. Default 3, since clients
    /// give up sooner or later.
    pub fn most_in_a_row(mut self, most: u32) -> Self {
        self.most_in_a_row = most;
        self
    }

    /// The longest `Retry-After`, in whole seconds; waits are drawn from 0 to that. Default 1.
    pub fn longest_wait(mut self, seconds: u32) -> Self {
        self.longest_wait = seconds;
        self
    }

    /// How long [`Fault::Hang`] is silent. Default 2 s.
    pub fn hang(mut self, silence: Duration) -> Self {
        self.hang = silence;
        self
    }

    /// How long the body of [`Fault::Trickle`] takes. Default 1 s.
    pub fn trickle(mut self, length: Duration) -> Self {
        self.trickle = length;
        self
    }

    /// Adds the rules of a script, one a line; of several that fit a request the first counts, and text
    /// from a `#` on is a comment.
    ///
    /// ```text
    /// graph 3              reset-in-body       # the third request to Graph
    /// graph 5-8            unavailable         # `9-` is all from the ninth on, `all` is all
    /// token 1              html                # the first request to the token endpoint
    /// path $skip=1000      empty-page          # the next one whose path and query hold this text
    /// path getPstnCalls(   throttled x3        # the next three
    /// path $skip=2000      link-loop always    # every one
    /// ```
    ///
    /// # Errors
    ///
    /// A line that cannot be read, or names no fault, or one that cannot befall such a request.
    pub fn script(mut self, text: &str) -> Result<Self, ScriptError> {
        self.rules.extend(script::parse(text)?);
        Ok(self)
    }

    /// Whether nothing can go wrong.
    #[must_use]
    pub fn is_none(&self) -> bool {
        (self.percent == 0 || self.kinds.is_empty()) && self.rules.is_empty()
    }
}

impl Default for Faults {
    fn default() -> Self {
        Self::none()
    }
}
