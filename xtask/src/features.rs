//! The features of the workspace's packages.

use std::collections::BTreeMap;

use crate::cargo::packages;

/// Take CMake and Go to build, and minutes; `cargo xtask costs --fips` builds them.
const NEED_MORE: [&str; 2] = ["graph-pstn-http/fips", "graph-pstn-auth/fips"];

/// All features of all packages, as `package/feature`, but those that need more than Rust and a C compiler.
///
/// # Errors
/// When cargo does not tell.
pub(crate) fn all() -> Result<Vec<String>, String> {
    let packages = of_packages()?;
    let all = packages
        .iter()
        .flat_map(|(package, features)| buildable(package, features));
    Ok(all.collect())
}

/// These features of a package as `package/feature`, but those that need more than Rust and a C compiler.
pub(crate) fn buildable(package: &str, features: &[String]) -> Vec<String> {
    let named = features
        .iter()
        .map(|feature| format!("{package}/{feature}"));
    named
        .filter(|feature| !NEED_MORE.contains(&feature.as_str()))
        .collect()
}

/// The features of each package of the workspace, without `default`.
///
/// # Errors
/// When cargo does not tell.
pub(crate) fn of_packages() -> Result<BTreeMap<String, Vec<String>>, String> {
    let packages = packages()?;
    Ok(packages
        .iter()
        .filter_map(|package| {
            let features = package["features"].as_object()?.keys();
            let features = features.filter(|feature| *feature != "default");
            Some((
                package["name"].as_str()?.to_owned(),
                features.cloned().collect(),
            ))
        })
        .collect())
}
