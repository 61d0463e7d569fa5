//! The type of a call: an open string with two families of spellings.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Text;

/// What Graph says of a call's type, `user_in` or `ByotOut` for instance, as it came.
///
/// The schema makes it an open string, and Microsoft's pages spell the same type in several ways.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallType(Text);

impl CallType {
    /// The type as Graph spelled it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which way the call went; `None` for a type that is not in Microsoft's lists.
    #[must_use]
    pub fn direction(&self) -> Option<Direction> {
        self.look_up().map(|(direction, _)| direction)
    }

    /// What kind of call it was; `None` for a type that is not in Microsoft's lists.
    #[must_use]
    pub fn kind(&self) -> Option<CallKind> {
        self.look_up().map(|(_, kind)| kind)
    }

    fn look_up(&self) -> Option<(Direction, CallKind)> {
        SPELLINGS
            .iter()
            .find(|(spelling, ..)| spelling.eq_ignore_ascii_case(self.as_str()))
            .map(|&(_, direction, kind)| (direction, kind))
    }
}

/// Which way a call went, seen from the organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Someone called in.
    Inbound,
    /// Someone called out.
    Outbound,
}

/// What kind of call it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallKind {
    /// A user's call.
    User,
    /// A user added people on the telephone network to a call.
    UserConference,
    /// A user transferred a call out.
    UserTransfer,
    /// A user's calls were forwarded out.
    UserForwarding,
    /// Audio conferencing: someone dialled in to a meeting, or was dialled from it.
    Conference,
    /// A bot's call, an auto attendant's or call queue's for instance.
    Bot,
    /// A bot added people on the telephone network to a call.
    BotConference,
    /// A call to a number that belongs to nobody.
    Unassigned,
    /// An emergency call.
    Emergency,
    /// The types `fmc_in` and `fmc_out`.
    Fmc,
}

use CallKind::{
    Bot, BotConference, Conference, Emergency, Fmc, Unassigned, User, UserConference,
    UserForwarding, UserTransfer,
};
use Direction::{Inbound, Outbound};

/// Every spelling of Microsoft's pages, old ones included, in any case. Sources: [PSTN usage
/// report]; the example of `getDirectRoutingCalls`. `oc_ucap_in` and `ByotInUcap` are in use without
/// being listed.
///
/// [PSTN usage report]: https://learn.microsoft.com/en-us/microsoftteams/teams-analytics-and-reports/pstn-usage-report
const SPELLINGS: &[(&str, Direction, CallKind)] = &[
    // Calling Plans and Operator Connect.
    ("user_in", Inbound, User),
    ("user_out", Outbound, User),
    ("user_out_conf", Outbound, UserConference),
    ("user_out_transfer", Outbound, UserTransfer),
    ("user_out_forwarding", Outbound, UserForwarding),
    ("conf_in", Inbound, Conference),
    ("conf_out", Outbound, Conference),
    ("unassigned_in", Inbound, Unassigned),
    ("emergency_in", Inbound, Emergency),
    ("emergency_out", Outbound, Emergency),
    ("fmc_in", Inbound, Fmc),
    ("fmc_out", Outbound, Fmc),
    ("ucap_in", Inbound, Bot),
    ("ucap_out", Outbound, Bot),
    ("ucap_out_conf", Outbound, BotConference),
    ("oc_ucap_in", Inbound, Bot),
    // Direct Routing, as Graph spells it.
    ("ByotIn", Inbound, User),
    ("ByotOut", Outbound, User),
    ("ByotOutUserConf", Outbound, UserConference),
    ("ByotOutUserTransfer", Outbound, UserTransfer),
    ("ByotOutUserForwarding", Outbound, UserForwarding),
    ("ByotOutEmergency", Outbound, Emergency),
    ("ByotInUcap", Inbound, Bot),
    // Direct Routing, as the report of the admin centre spells it.
    ("dr_in", Inbound, User),
    ("dr_out", Outbound, User),
    ("dr_out_user_conf", Outbound, UserConference),
    ("dr_out_user_transfer", Outbound, UserTransfer),
    ("dr_out_user_forwarding", Outbound, UserForwarding),
    ("dr_emergency_out", Outbound, Emergency),
    ("dr_unassigned_in", Inbound, Unassigned),
    ("dr_in_bot", Inbound, Bot),
    ("dr_out_bot", Outbound, Bot),
    ("dr_in_ucap", Inbound, Bot),
    ("dr_out_ucap", Outbound, Bot),
];

impl From<&str> for CallType {
    #[inline(always)]
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl AsRef<str> for CallType {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for CallType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl PartialEq<str> for CallType {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for CallType {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl Serialize for CallType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for CallType {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Text::deserialize(deserializer).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn directions_agree_with_the_names() {
        for (spelling, direction, _) in SPELLINGS {
            let outbound = spelling.to_ascii_lowercase().contains("out");
            assert_eq!(*direction == Outbound, outbound, "{spelling}");
        }
        let once: HashSet<_> = SPELLINGS.iter().map(|s| s.0.to_ascii_lowercase()).collect();
        assert_eq!(once.len(), SPELLINGS.len());
    }

    #[test]
    fn case_does_not_matter_and_is_kept() {
        let call_type = CallType::from("Dr_Out_User_Transfer");
        assert_eq!(call_type.kind(), Some(UserTransfer));
        assert_eq!(call_type.direction(), Some(Outbound));
        assert_eq!(call_type, "Dr_Out_User_Transfer");
    }

    #[test]
    fn the_unknown_says_nothing() {
        assert_eq!(CallType::from("oc_user_in").direction(), None);
        assert_eq!(CallType::from("").kind(), None);
    }
}
