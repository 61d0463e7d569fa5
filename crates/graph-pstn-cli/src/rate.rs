//! How many requests may be sent in a minute.

use std::str::FromStr;

use graph_pstn_http::Quota;

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
