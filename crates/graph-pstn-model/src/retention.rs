//! How long the logs keep rows.

use time::Duration;

use crate::CallLog;

/// The countries with a time of their own, and how many days the PSTN and the Direct Routing log
/// keep the rows of users there. Source: [PSTN usage report], read in 2025. For Germany (`DE`)
/// Microsoft's drafts differ on whether the row belongs there.
///
/// [PSTN usage report]: https://learn.microsoft.com/en-us/microsoftteams/teams-analytics-and-reports/pstn-usage-report
const BY_COUNTRY: [(&str, i64, i64); 13] = [
    ("CA", 150, 150),
    ("CH", 365, 365),
    ("DE", 180, 150),
    ("DK", 365, 365),
    ("FI", 365, 365),
    ("FR", 365, 365),
    ("GB", 450, 450),
    ("IT", 730, 730),
    ("KR", 365, 365),
    ("MX", 730, 730),
    ("NL", 180, 180),
    ("NO", 150, 150),
    ("SE", 180, 180),
];

impl CallLog {
    /// How long the log keeps the rows of users in a country, given as ISO 3166-1 alpha-2; the
    /// tenant's country counts for users without one.
    ///
    /// `None` for the logs that Microsoft names no time for. Source: the [PSTN usage report].
    ///
    /// ```
    /// use graph_pstn_model::CallLog;
    /// use time::Duration;
    ///
    /// assert_eq!(CallLog::Pstn.retention("IT"), Some(Duration::days(730)));
    /// assert_eq!(CallLog::DirectRouting.retention("US"), Some(Duration::days(150)));
    /// assert_eq!(CallLog::Sms.retention("US"), None);
    /// ```
    ///
    /// [PSTN usage report]: https://learn.microsoft.com/en-us/microsoftteams/teams-analytics-and-reports/pstn-usage-report
    #[must_use]
    pub fn retention(self, user_country: &str) -> Option<Duration> {
        let (_, pstn, direct_routing) = BY_COUNTRY
            .into_iter()
            .find(|(country, ..)| country.eq_ignore_ascii_case(user_country))
            .unwrap_or(("", 365, 150));
        match self {
            Self::Pstn => Some(Duration::days(pstn)),
            Self::DirectRouting => Some(Duration::days(direct_routing)),
            Self::Sms | Self::BlockedUsers | Self::DialOut => None,
        }
    }
}
