use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, LazyLock, Mutex},
};

use super::{
    Quota, RateLimits,
    limits::{TenantCount, locked},
};

/// The counts of all apps and tenants that one process reads, shared by cloning.
///
/// Graph counts an app's requests whoever sends them, so two clients of the same app in the same tenant
/// have to count together, and two apps of a tenant share what it may. The registry hands both the same
/// counts, whoever made the clients. It holds some kilobytes for each app, and never forgets one.
///
/// ```
/// use graph_pstn_http::RateLimitRegistry;
///
/// let limits = RateLimitRegistry::process().limits("contoso.example", "00000000-0000-4000-8000-00000000c001");
/// // GraphClient::builder(endpoints).rate_limits(limits)
/// # let _ = limits;
/// ```
#[derive(Clone)]
pub struct RateLimitRegistry(Arc<Inner>);

struct Inner {
    quota: Quota,
    tenants: Mutex<HashMap<String, Tenant>>,
}

struct Tenant {
    count: TenantCount,
    apps: HashMap<String, RateLimits>,
}

impl RateLimitRegistry {
    /// A registry with this quota for each log, app and tenant in it.
    #[must_use]
    pub fn new(quota: Quota) -> Self {
        Self(Arc::new(Inner {
            quota,
            tenants: Mutex::default(),
        }))
    }

    /// The one of this process, with [`Quota::documented`].
    #[must_use]
    pub fn process() -> &'static Self {
        static PROCESS: LazyLock<RateLimitRegistry> =
            LazyLock::new(|| RateLimitRegistry::new(Quota::documented()));
        &PROCESS
    }

    /// The counts of this app in this tenant, the same at every call. Ids are compared without regard to case;
    /// a tenant's GUID and its domain are taken for two tenants, since nothing here knows better.
    #[must_use]
    pub fn limits(&self, tenant_id: &str, client_id: &str) -> RateLimits {
        let quota = self.0.quota;
        let mut tenants = locked(&self.0.tenants);
        let tenant = tenants
            .entry(tenant_id.to_ascii_lowercase())
            .or_insert_with(|| Tenant {
                count: TenantCount::new(quota),
                apps: HashMap::new(),
            });
        let app = tenant.apps.entry(client_id.to_ascii_lowercase());
        app.or_insert_with(|| RateLimits::in_tenant(quota, tenant.count.clone()))
            .clone()
    }

    /// The quota that is kept.
    #[must_use]
    pub fn quota(&self) -> Quota {
        self.0.quota
    }
}

impl fmt::Debug for RateLimitRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimitRegistry")
            .field("quota", &self.0.quota)
            .finish_non_exhaustive()
    }
}
