//! What a row adds to the sums of an export.

use graph_pstn_model::{
    Decimal, DirectRoutingLogRow, PstnBlockedUsersLogRow, PstnCallLogRow,
    PstnOnlineMeetingDialoutReport, SmsLogRow, beta,
};

/// Rows that say how long a call took and what it cost.
pub trait Billed {
    /// Seconds of the call, or of all calls that the row sums up.
    fn seconds(&self) -> Option<i64> {
        None
    }

    /// The charge, and its ISO 4217 currency where the row names one.
    fn charge(&self) -> Option<(Decimal, Option<&str>)> {
        None
    }
}

macro_rules! pstn {
    ($Row:ty) => {
        impl Billed for $Row {
            fn seconds(&self) -> Option<i64> {
                self.duration.map(i64::from)
            }

            fn charge(&self) -> Option<(Decimal, Option<&str>)> {
                Some((self.charge?, self.currency.as_deref()))
            }
        }
    };
}

pstn!(PstnCallLogRow);
pstn!(beta::PstnCallLogRow);

/// Calls over an own trunk cost Microsoft's customer nothing with Microsoft.
macro_rules! direct_routing {
    ($Row:ty) => {
        impl Billed for $Row {
            fn seconds(&self) -> Option<i64> {
                self.duration.map(i64::from)
            }
        }
    };
}

direct_routing!(DirectRoutingLogRow);
direct_routing!(beta::DirectRoutingLogRow);

impl Billed for SmsLogRow {
    fn charge(&self) -> Option<(Decimal, Option<&str>)> {
        Some((self.call_charge?, self.currency.as_deref()))
    }
}

impl Billed for PstnBlockedUsersLogRow {}

impl Billed for PstnOnlineMeetingDialoutReport {
    fn seconds(&self) -> Option<i64> {
        self.total_call_seconds.map(i64::from)
    }

    fn charge(&self) -> Option<(Decimal, Option<&str>)> {
        Some((self.total_call_charge?, self.currency.as_deref()))
    }
}
