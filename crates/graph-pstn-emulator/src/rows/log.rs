//! The logs that Graph has, and what is particular to each.

use std::fmt;
use std::str::FromStr;

/// One of the five logs of `communications/callRecords`.
///
/// ```
/// use graph_pstn_emulator::Log;
///
/// assert_eq!("sms".parse(), Ok(Log::Sms));
/// assert_eq!(Log::Sms.function(), "getSmsLog");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Log {
    /// Calls over Calling Plans and Operator Connect.
    Pstn,
    /// Calls over a session border controller of the tenant's own.
    DirectRouting,
    /// Text messages.
    Sms,
    /// Users who were blocked from making calls, or let back.
    BlockedUsers,
    /// Sums over the calls that users made out of meetings.
    DialOut,
}

/// What is particular to a log.
struct Descriptor {
    name: &'static str,
    function: &'static str,
    row_type: &'static str,
    /// v1.0 lacks the function ("callRecord" in the schemas of v1.0 and beta).
    beta_only: bool,
    /// A row at `toDateTime` itself is in the answer. Documented for the first two; the others are taken to
    /// be like the first, as an older page of the SMS log says.
    includes_end: bool,
    /// Keeps the draws of the logs apart.
    salt: u64,
    /// Rows for a thousand of the PSTN log.
    share: u64,
}

const PSTN: Descriptor = Descriptor {
    name: "pstn",
    function: "getPstnCalls",
    row_type: "pstnCallLogRow",
    beta_only: false,
    includes_end: true,
    salt: 1,
    share: 1_000,
};
const DIRECT_ROUTING: Descriptor = Descriptor {
    name: "direct-routing",
    function: "getDirectRoutingCalls",
    row_type: "directRoutingLogRow",
    includes_end: false,
    salt: 2,
    share: 600,
    ..PSTN
};
const SMS: Descriptor = Descriptor {
    name: "sms",
    function: "getSmsLog",
    row_type: "smsLogRow",
    beta_only: true,
    salt: 3,
    share: 150,
    ..PSTN
};
const BLOCKED_USERS: Descriptor = Descriptor {
    name: "blocked-users",
    function: "getPstnBlockedUsersLog",
    row_type: "pstnBlockedUsersLogRow",
    beta_only: true,
    salt: 4,
    share: 4,
    ..PSTN
};
/// Its rows are sums over the PSTN log's.
const DIAL_OUT: Descriptor = Descriptor {
    name: "dial-out",
    function: "getPstnOnlineMeetingDialoutReport",
    row_type: "pstnOnlineMeetingDialoutReport",
    beta_only: true,
    ..PSTN
};

impl Log {
    /// Every log there is.
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

    /// The function's name in the URL, `getPstnCalls` for instance.
    #[must_use]
    pub const fn function(self) -> &'static str {
        self.descriptor().function
    }

    /// The name of the row's type, in `@odata.context`.
    pub(crate) const fn row_type(self) -> &'static str {
        self.descriptor().row_type
    }

    pub(crate) const fn beta_only(self) -> bool {
        self.descriptor().beta_only
    }

    pub(crate) const fn includes_end(self) -> bool {
        self.descriptor().includes_end
    }

    pub(super) const fn salt(self) -> u64 {
        self.descriptor().salt
    }

    pub(super) const fn share(self) -> u64 {
        self.descriptor().share
    }
}

impl fmt::Display for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Log {
    type Err = UnknownLog;

    fn from_str(name: &str) -> Result<Self, UnknownLog> {
        Self::ALL
            .into_iter()
            .find(|log| log.name() == name)
            .ok_or(UnknownLog)
    }
}

/// The name of no log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownLog;

impl fmt::Display for UnknownLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no such log; there are pstn, direct-routing, sms, blocked-users and dial-out"
        )
    }
}

impl std::error::Error for UnknownLog {}
