//! The Microsoft clouds that a build knows.
//!
//! Each cloud is a Cargo feature, and the features are additive: a crate built for one cloud holds
//! no other cloud's host. There is no default cloud, since its meaning would change with the
//! features that some other crate of the same build turns on.

use std::{error, fmt, str::FromStr};

use crate::Endpoints;

/// A Microsoft cloud, as far as this build has it compiled in.
///
/// Hosts and scopes: <https://learn.microsoft.com/graph/deployments> and
/// <https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cloud {
    /// The worldwide service, GCC included.
    #[cfg(feature = "cloud-global")]
    Global,
    /// Microsoft 365 US Government L4 (GCC High).
    #[cfg(feature = "cloud-us-gov-l4")]
    UsGovL4,
    /// Microsoft 365 US Government L5 (DoD). Shares its login host with L4; host and scope of Graph differ.
    #[cfg(feature = "cloud-us-gov-l5")]
    UsGovL5,
    /// Microsoft 365 operated by 21Vianet in China.
    ///
    /// Microsoft's pages do not offer the PSTN call logs in this cloud
    /// (<https://learn.microsoft.com/graph/api/callrecords-callrecord-getpstncalls>).
    #[cfg(feature = "cloud-china")]
    China,
}

impl Cloud {
    /// The clouds of this build, in the order worldwide, L4, L5, China.
    pub const ALL: &'static [Self] = &[
        #[cfg(feature = "cloud-global")]
        Self::Global,
        #[cfg(feature = "cloud-us-gov-l4")]
        Self::UsGovL4,
        #[cfg(feature = "cloud-us-gov-l5")]
        Self::UsGovL5,
        #[cfg(feature = "cloud-china")]
        Self::China,
    ];

    /// The one cloud of a build for one cloud; `None` when there are several or none.
    #[must_use]
    pub fn sole() -> Option<Self> {
        match Self::ALL {
            [one] => Some(*one),
            _ => None,
        }
    }

    /// The name that [`FromStr`] reads: `global`, `us-gov-l4`, `us-gov-l5` or `china`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "cloud-global")]
            Self::Global => "global",
            #[cfg(feature = "cloud-us-gov-l4")]
            Self::UsGovL4 => "us-gov-l4",
            #[cfg(feature = "cloud-us-gov-l5")]
            Self::UsGovL5 => "us-gov-l5",
            #[cfg(feature = "cloud-china")]
            Self::China => "china",
        }
    }

    /// Whether Microsoft documents the PSTN call logs for this cloud.
    #[must_use]
    pub fn offers_call_logs(self) -> bool {
        match self {
            #[cfg(feature = "cloud-china")]
            Self::China => false,
            #[cfg(any(
                feature = "cloud-global",
                feature = "cloud-us-gov-l4",
                feature = "cloud-us-gov-l5"
            ))]
            _ => true,
        }
    }

    /// The Graph host, the login host and the scope of this cloud.
    #[must_use]
    pub fn endpoints(self) -> Endpoints {
        match self {
            #[cfg(feature = "cloud-global")]
            Self::Global => Endpoints::of_hosts("graph.microsoft.com", "login.microsoftonline.com"),
            #[cfg(feature = "cloud-us-gov-l4")]
            Self::UsGovL4 => Endpoints::of_hosts("graph.microsoft.us", "login.microsoftonline.us"),
            #[cfg(feature = "cloud-us-gov-l5")]
            Self::UsGovL5 => {
                Endpoints::of_hosts("dod-graph.microsoft.us", "login.microsoftonline.us")
            }
            #[cfg(feature = "cloud-china")]
            Self::China => Endpoints::of_hosts(
                "microsoftgraph.chinacloudapi.cn",
                "login.partner.microsoftonline.cn",
            ),
        }
    }
}

impl fmt::Display for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Cloud {
    type Err = ParseCloudError;

    /// Reads a cloud's name in any case; `_` stands for `-` too.
    fn from_str(s: &str) -> Result<Self, Self::Err> {
        let wanted = s.trim().to_ascii_lowercase().replace('_', "-");
        Self::ALL
            .iter()
            .copied()
            .find(|cloud| cloud.name() == wanted)
            .ok_or(ParseCloudError { wanted })
    }
}

/// The name is no cloud of this build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseCloudError {
    wanted: String,
}

impl fmt::Display for ParseCloudError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this build has no cloud `{}`; it has ", self.wanted)?;
        match Cloud::ALL {
            [] => f.write_str("none"),
            clouds => clouds.iter().enumerate().try_for_each(|(i, cloud)| {
                let comma = if i == 0 { "" } else { ", " };
                write!(f, "{comma}{cloud}")
            }),
        }
    }
}

impl error::Error for ParseCloudError {}

#[cfg(all(test, feature = "all-clouds"))]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_those_of_the_documentation() {
        let of = |cloud: Cloud| {
            let e = cloud.endpoints();
            (
                e.graph().to_string(),
                e.authority().to_string(),
                e.scope().to_owned(),
            )
        };
        assert_eq!(
            of(Cloud::Global),
            (
                "https://graph.microsoft.com".to_owned(),
                "https://login.microsoftonline.com".to_owned(),
                "https://graph.microsoft.com/.default".to_owned()
            )
        );
        assert_eq!(
            of(Cloud::UsGovL4),
            (
                "https://graph.microsoft.us".to_owned(),
                "https://login.microsoftonline.us".to_owned(),
                "https://graph.microsoft.us/.default".to_owned()
            )
        );
        assert_eq!(
            of(Cloud::UsGovL5),
            (
                "https://dod-graph.microsoft.us".to_owned(),
                "https://login.microsoftonline.us".to_owned(),
                "https://dod-graph.microsoft.us/.default".to_owned()
            )
        );
        assert_eq!(
            of(Cloud::China),
            (
                "https://microsoftgraph.chinacloudapi.cn".to_owned(),
                "https://login.partner.microsoftonline.cn".to_owned(),
                "https://microsoftgraph.chinacloudapi.cn/.default".to_owned()
            )
        );
    }

    #[test]
    fn names_are_read_back() {
        for cloud in Cloud::ALL {
            assert_eq!(cloud.name().parse(), Ok(*cloud));
        }
        assert_eq!("US_GOV_L5".parse(), Ok(Cloud::UsGovL5));
        let error = "germany".parse::<Cloud>().unwrap_err().to_string();
        assert_eq!(
            error,
            "this build has no cloud `germany`; it has global, us-gov-l4, us-gov-l5, china"
        );
    }
}
