//! What is known of each log: where it is, what its rows are keyed by, how it may be asked for.

use std::{error, fmt, str::FromStr};

/// The logs of calls that Graph keeps, all under `/communications/callRecords`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CallLog {
    /// Calls over Calling Plans and Operator Connect.
    Pstn,
    /// Calls over an own session border controller.
    DirectRouting,
    /// Text messages.
    Sms,
    /// Users who were blocked from, or let back to, making calls.
    BlockedUsers,
    /// What dialling out of online meetings cost, summed by user and destination.
    DialOut,
}

/// Everything about one log.
struct Descriptor {
    name: &'static str,
    function: &'static str,
    version: ApiVersion,
    row_type: &'static str,
    time_property: Option<&'static str>,
    key: Option<&'static str>,
    end_bound: EndBound,
    splittable: bool,
}

const PSTN: Descriptor = Descriptor {
    name: "pstn",
    function: "getPstnCalls",
    version: ApiVersion::V1_0,
    row_type: "pstnCallLogRow",
    time_property: Some("startDateTime"),
    key: Some("id"),
    end_bound: EndBound::Inclusive,
    splittable: true,
};

const DIRECT_ROUTING: Descriptor = Descriptor {
    name: "direct-routing",
    function: "getDirectRoutingCalls",
    row_type: "directRoutingLogRow",
    end_bound: EndBound::Exclusive,
    ..PSTN
};

const SMS: Descriptor = Descriptor {
    name: "sms",
    function: "getSmsLog",
    version: ApiVersion::Beta,
    row_type: "smsLogRow",
    time_property: Some("sentDateTime"),
    ..PSTN
};

const BLOCKED_USERS: Descriptor = Descriptor {
    name: "blocked-users",
    function: "getPstnBlockedUsersLog",
    version: ApiVersion::Beta,
    row_type: "pstnBlockedUsersLogRow",
    time_property: Some("blockDateTime"),
    key: None,
    ..PSTN
};

const DIAL_OUT: Descriptor = Descriptor {
    name: "dial-out",
    function: "getPstnOnlineMeetingDialoutReport",
    version: ApiVersion::Beta,
    row_type: "pstnOnlineMeetingDialoutReport",
    time_property: None,
    key: None,
    splittable: false,
    ..PSTN
};

impl CallLog {
    /// All logs.
    pub const ALL: [Self; 5] = [
        Self::Pstn,
        Self::DirectRouting,
        Self::Sms,
        Self::BlockedUsers,
        Self::DialOut,
    ];

    const fn descriptor(self) -> &'static Descriptor {
        match self {
            Self::Pstn => &PSTN,
            Self::DirectRouting => &DIRECT_ROUTING,
            Self::Sms => &SMS,
            Self::BlockedUsers => &BLOCKED_USERS,
            Self::DialOut => &DIAL_OUT,
        }
    }

    /// The name by which people choose it: `pstn`, `direct-routing`, `sms`, `blocked-users` or
    /// `dial-out`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.descriptor().name
    }

    /// The function that reads it, `getPstnCalls` for instance.
    #[must_use]
    pub const fn function(self) -> &'static str {
        self.descriptor().function
    }

    /// The oldest version of the API that has it.
    #[must_use]
    pub const fn version(self) -> ApiVersion {
        self.descriptor().version
    }

    /// The schema's name of its rows, `pstnCallLogRow` for instance, in `microsoft.graph.callRecords`.
    #[must_use]
    pub const fn row_type(self) -> &'static str {
        self.descriptor().row_type
    }

    /// The property that the range of a request is over. The dial-out report has none: its rows are
    /// sums over the range.
    #[must_use]
    pub const fn time_property(self) -> Option<&'static str> {
        self.descriptor().time_property
    }

    /// The property that tells its rows apart, where there is one. Rows of the SMS log may lack it.
    #[must_use]
    pub const fn key(self) -> Option<&'static str> {
        self.descriptor().key
    }

    /// Whether a row at the very end of the range that was asked for is in it. Documented for the
    /// first two logs, which differ; the others are taken as [`EndBound::Inclusive`], the safe side
    /// for a reader that drops rows outside its range.
    #[must_use]
    pub const fn end_bound(self) -> EndBound {
        self.descriptor().end_bound
    }

    /// Whether a range may be read in parts. Parts of the dial-out report do not add up to the whole:
    /// a user and destination that occur in two parts would be two rows.
    #[must_use]
    pub const fn splittable(self) -> bool {
        self.descriptor().splittable
    }
}

impl fmt::Display for CallLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for CallLog {
    type Err = ParseCallLogError;

    fn from_str(name: &str) -> Result<Self, ParseCallLogError> {
        Self::ALL
            .into_iter()
            .find(|log| log.name() == name)
            .ok_or_else(|| ParseCallLogError(name.to_owned()))
    }
}

/// The name of no log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseCallLogError(String);

impl fmt::Display for ParseCallLogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no log is called `{}`; there are", self.0)?;
        for (at, log) in CallLog::ALL.iter().enumerate() {
            write!(f, "{} {log}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl error::Error for ParseCallLogError {}

/// Whether the end of a range belongs to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndBound {
    /// A row at the end is delivered.
    Inclusive,
    /// A row at the end is not.
    Exclusive,
}

/// A version of the Graph API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ApiVersion {
    /// `v1.0`, supported for production.
    V1_0,
    /// `beta`, which may change at any time.
    Beta,
}

impl ApiVersion {
    /// The segment of the URL: `v1.0` or `beta`.
    #[must_use]
    pub const fn segment(self) -> &'static str {
        match self {
            Self::V1_0 => "v1.0",
            Self::Beta => "beta",
        }
    }
}

impl fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.segment())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_the_log() {
        for log in CallLog::ALL {
            assert_eq!(log.name().parse(), Ok(log));
        }
        let error = "PSTN".parse::<CallLog>().unwrap_err().to_string();
        assert_eq!(
            error,
            "no log is called `PSTN`; there are pstn, direct-routing, sms, blocked-users, dial-out"
        );
    }

    #[test]
    fn describes_each_log() {
        assert_eq!(CallLog::Pstn.end_bound(), EndBound::Inclusive);
        assert_eq!(CallLog::DirectRouting.end_bound(), EndBound::Exclusive);
        assert_eq!(CallLog::DirectRouting.version().segment(), "v1.0");
        assert_eq!(CallLog::Sms.version().segment(), "beta");
        assert_eq!(CallLog::Sms.time_property(), Some("sentDateTime"));
        assert_eq!(CallLog::BlockedUsers.key(), None);
        assert!(CallLog::BlockedUsers.splittable());
        assert_eq!(CallLog::DialOut.time_property(), None);
        assert!(!CallLog::DialOut.splittable());
    }
}
