//! How many requests may be sent in a minute.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use graph_pstn_http::{Quota, RateLimitRegistry};

/// The value of `--requests-per-minute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rate {
    PerMinute(u32),
    Unlimited,
}

impl Rate {
    pub(crate) fn quota(self) -> Quota {
        match self {
            Self::PerMinute(requests) => Quota::per_minute(requests),
            Self::Unlimited => Quota::unlimited(),
        }
    }
}

/// What has been sent, counted for each app and tenant: all clients of one in this process share what it may.
#[derive(Debug, Default)]
pub(crate) struct Counts(Mutex<Vec<(Rate, RateLimitRegistry)>>);

impl Counts {
    /// The counts of all for whom this rate is kept.
    pub(crate) fn of(&self, rate: Rate) -> RateLimitRegistry {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, there)) = counts.iter().find(|(of, _)| *of == rate) {
            return there.clone();
        }
        let new = RateLimitRegistry::new(rate.quota());
        counts.push((rate, new.clone()));
        new
    }
}

impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.eq_ignore_ascii_case("unlimited") {
            return Ok(Self::Unlimited);
        }
        match text.parse() {
            Ok(requests @ 1..) => Ok(Self::PerMinute(requests)),
            _ => Err("a whole number from 1, or unlimited".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_or_no_limit() {
        assert_eq!("50".parse(), Ok(Rate::PerMinute(50)));
        assert_eq!("Unlimited".parse(), Ok(Rate::Unlimited));
        for wrong in ["0", "-1", "1.5", "", "4294967296"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }
}
