use std::time::Duration;

/// Over what time Graph counts.
const PERIOD: Duration = Duration::from_secs(60);
/// The documented limits: one log; all logs of an app in a tenant; all apps of a tenant.
const PER_COLLECTION: u32 = 50;
const PER_APP: u32 = 200;
const PER_TENANT: u32 = 1_000;

/// How many requests may leave in any 60 s.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    per_collection: Option<u32>,
    per_app: Option<u32>,
    per_tenant: Option<u32>,
}

impl Quota {
    /// What Microsoft documents: in 60 s 50 for each log, 200 for all logs of an app in a tenant, and 1,000
    /// for all apps of a tenant (<https://learn.microsoft.com/graph/throttling-limits>).
    #[must_use]
    pub fn documented() -> Self {
        Self::per_minute(PER_COLLECTION)
    }

    /// This many for each log; the limits for all logs together and for the tenant are the documented ones, or
    /// this if it is more. A quota of 0 counts as 1, since nothing would ever leave.
    #[must_use]
    pub fn per_minute(requests: u32) -> Self {
        let requests = requests.max(1);
        Self {
            per_collection: Some(requests),
            per_app: Some(requests.max(PER_APP)),
            per_tenant: Some(requests.max(PER_TENANT)),
        }
    }

    /// No limit of the client's own. The gate still closes when the server says so.
    #[must_use]
    pub fn unlimited() -> Self {
        Self {
            per_collection: None,
            per_app: None,
            per_tenant: None,
        }
    }

    pub(super) fn per_collection(self) -> Option<u32> {
        self.per_collection
    }

    pub(super) fn per_app(self) -> Option<u32> {
        self.per_app
    }

    pub(super) fn per_tenant(self) -> Option<u32> {
        self.per_tenant
    }

    /// The span over which Graph counts.
    pub(super) const SPAN: Duration = PERIOD;

    /// Requests that leave 60 s apart may arrive closer together, by as much as their ways differ. A
    /// second and a half cost 2.4 % of the quota, and less where answers come sooner: see `Window`.
    pub(super) const MARGIN: Duration = Duration::from_millis(1_500);
}

impl Default for Quota {
    fn default() -> Self {
        Self::documented()
    }
}
