//! The data: which rows a tenant has, as a pure function of a seed, a rate and the time.
//!
//! Each UTC day of each log is made by itself from a hash, so that any range can be read without
//! what comes before it, in memory for one day.
//!
//! The shape of a day: on a work day `rows_per_day` ± 15 %, on a Saturday or Sunday about a seventh of
//! that; most starts lie in office hours from Europe's morning to America's evening. On two days in
//! three the first row starts at 00:00:00Z sharp, so that a reader who counts seams twice is caught. The
//! other logs have a share of the rows of the PSTN log, and the same users; the dial-out report is summed
//! up from the PSTN log's rows.

mod blocked_user;
mod country;
mod dial_out;
mod direct_routing;
mod draw;
mod instant;
mod json;
mod log;
mod money;
mod pstn;
mod slots;
mod sms;
mod user;
mod view;

use crate::graph::version::Version;
use blocked_user::BlockedUserRow;
use country::Country;
use direct_routing::DirectRoutingRow;
pub(crate) use draw::{Draw, Guid};
pub(crate) use instant::{DAY, SECOND, date_text, text, ticks, ticks_of};
pub use log::{Log, UnknownLog};
pub(crate) use money::Money;
use pstn::PstnRow;
pub(crate) use slots::Slot;
use sms::SmsRow;
pub(crate) use view::{Horizon, View};

/// Which rows there are: equal tenants have equal rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tenant {
    pub(crate) seed: u64,
    /// The average of the PSTN log on a work day.
    pub(crate) rows_per_day: u32,
}

/// The country of the tenant itself.
const TENANT_COUNTRY: &str = "US";

/// A row of any log that has rows of its own.
#[derive(Debug)]
pub(crate) enum Row {
    Pstn(PstnRow),
    DirectRouting(DirectRoutingRow),
    Sms(SmsRow),
    BlockedUser(BlockedUserRow),
}

impl Row {
    /// The row at this place; `None` for the dial-out report.
    pub(crate) fn of(log: Log, tenant: Tenant, slot: Slot) -> Option<Self> {
        Some(match log {
            Log::Pstn => Self::Pstn(pstn::row(tenant, slot)),
            Log::DirectRouting => Self::DirectRouting(direct_routing::row(tenant, slot)),
            Log::Sms => Self::Sms(sms::row(tenant, slot)),
            Log::BlockedUsers => Self::BlockedUser(blocked_user::row(tenant, slot)),
            Log::DialOut => return None,
        })
    }

    /// Writes it as a JSON object.
    pub(crate) fn write(&self, out: &mut Vec<u8>, tenant: Tenant, version: Version) {
        match self {
            Self::Pstn(row) => row.write(out, tenant, version),
            Self::DirectRouting(row) => row.write(out, tenant, version),
            Self::Sms(row) => row.write(out, tenant),
            Self::BlockedUser(row) => row.write(out),
        }
    }

    /// Its `id`, where the log has one and the row too.
    pub(crate) fn id(&self) -> Option<Guid> {
        match self {
            Self::Pstn(row) => Some(row.id),
            Self::DirectRouting(row) => Some(row.id),
            Self::Sms(row) => row.id,
            Self::BlockedUser(_) => None,
        }
    }

    /// How long the call took.
    pub(crate) fn seconds(&self) -> Option<i32> {
        match self {
            Self::Pstn(row) => row.duration,
            Self::DirectRouting(row) => row.duration(),
            Self::Sms(_) | Self::BlockedUser(_) => None,
        }
    }

    /// What it cost, and in which currency.
    pub(crate) fn charge(&self) -> Option<(&'static str, Money)> {
        match self {
            Self::Pstn(row) => row.currency.zip(row.charge),
            Self::Sms(row) => Some(row.currency).zip(row.charge),
            Self::DirectRouting(_) | Self::BlockedUser(_) => None,
        }
    }

    /// When all that it tells of was over.
    fn ended(&self) -> i64 {
        match self {
            Self::Pstn(row) => row.end.unwrap_or(row.start),
            Self::DirectRouting(row) => row.ended(),
            Self::Sms(row) => row.sent,
            Self::BlockedUser(row) => row.at,
        }
    }

    /// The user's country.
    fn country(&self) -> &'static Country {
        match self {
            Self::Pstn(row) => row.usage_country,
            Self::DirectRouting(row) => row.country,
            Self::Sms(row) => row.user.country,
            Self::BlockedUser(row) => row.user.country,
        }
    }
}

impl Log {
    /// How many days rows of users in this country are kept; `None` where Microsoft names no time.
    fn kept_days(self, country: &Country) -> Option<i64> {
        match self {
            Self::Pstn | Self::DialOut => Some(country.kept_pstn),
            Self::DirectRouting => Some(country.kept_direct_routing),
            Self::Sms | Self::BlockedUsers => None,
        }
    }

    fn is_kept_for_some_time(self) -> bool {
        match self {
            Self::Pstn | Self::DialOut | Self::DirectRouting => true,
            Self::Sms | Self::BlockedUsers => false,
        }
    }
}

#[cfg(test)]
mod tests;
