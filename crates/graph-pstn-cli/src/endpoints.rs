//! Which cloud, and which hosts.

use graph_pstn_http::{Cloud, Endpoints, Origin};

use crate::exit::Failure;

/// The endpoints of a cloud, with those exchanged that the options name.
///
/// With both hosts named no cloud is needed: that is a cloud which this build does not know, or an
/// emulator. There is no default cloud unless the build has only one: a tenant's id does not tell its
/// cloud, and a wrong guess would send the secret to the wrong one.
pub(crate) fn resolve(
    cloud: Option<Cloud>,
    graph: Option<Origin>,
    authority: Option<Origin>,
) -> Result<Endpoints, Failure> {
    match (cloud.or_else(Cloud::sole), graph, authority) {
        (_, Some(graph), Some(authority)) => Ok(Endpoints::custom(graph, authority)),
        (Some(cloud), graph, authority) => {
            let mut endpoints = cloud.endpoints();
            if let Some(graph) = graph {
                endpoints = endpoints.with_graph(graph);
            }
            if let Some(authority) = authority {
                endpoints = endpoints.with_authority(authority);
            }
            Ok(endpoints)
        }
        (None, None, None) => Err(Failure::usage(
            "the tenant's cloud is not named",
            format!("add {}", names()),
        )),
        (None, Some(_), None) => Err(Failure::usage(
            "--graph-endpoint alone does not say where tokens come from",
            format!("add --authority-host, or {}", names()),
        )),
        (None, None, Some(_)) => Err(Failure::usage(
            "--authority-host alone does not say where Graph is",
            format!("add --graph-endpoint, or {}", names()),
        )),
    }
}

/// `--cloud global (worldwide, GCC too), us-gov-l4 (GCC High) or …` for the clouds of this build.
fn names() -> String {
    let mut text = String::from("--cloud ");
    for (index, cloud) in Cloud::ALL.iter().enumerate() {
        if index > 0 {
            let last = index + 1 == Cloud::ALL.len();
            text.push_str(if last { " or " } else { ", " });
        }
        text.push_str(cloud.name());
        match cloud {
            #[cfg(feature = "cloud-global")]
            Cloud::Global => text.push_str(" (worldwide, GCC too)"),
            #[cfg(feature = "cloud-us-gov-l4")]
            Cloud::UsGovL4 => text.push_str(" (GCC High)"),
            #[cfg(feature = "cloud-us-gov-l5")]
            Cloud::UsGovL5 => text.push_str(" (DoD)"),
            #[cfg(feature = "cloud-china")]
            Cloud::China => text.push_str(" (21Vianet)"),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
#[cfg(feature = "all-clouds")]
mod tests {
    use super::*;

    fn origin(text: &str) -> Option<Origin> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn one_of_several_clouds_must_be_named() {
        let failure = resolve(None, None, None).unwrap_err();
        assert_eq!(
            failure.hint(),
            Some(
                "add --cloud global (worldwide, GCC too), us-gov-l4 (GCC High), us-gov-l5 (DoD) or \
                 china (21Vianet)"
            )
        );
        assert!(resolve(None, origin("https://graph.example"), None).is_err());
        assert!(resolve(None, None, origin("https://login.example")).is_err());
    }

    #[test]
    fn hosts_of_ones_own_take_the_place_of_the_clouds() {
        let both = resolve(
            None,
            origin("https://graph.example"),
            origin("https://login.example"),
        )
        .unwrap();
        assert_eq!(both.scope(), "https://graph.example/.default");
        let one = resolve(Some(Cloud::UsGovL5), None, origin("https://login.example")).unwrap();
        assert_eq!(one.graph().host(), "dod-graph.microsoft.us");
        assert_eq!(one.authority().host(), "login.example");
        assert_eq!(
            resolve(Some(Cloud::Global), None, None),
            Ok(Cloud::Global.endpoints())
        );
    }
}
