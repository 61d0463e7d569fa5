//! `cargo xtask clouds`: a build for one cloud holds that cloud and no other.
//!
//! For each cloud the program and a library probe are built with the cloud's feature alone. The host names
//! of the other clouds must not stand in the binaries, the binaries must refuse the other clouds by name,
//! and the tests must pass. A program for no cloud must not compile.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{cargo::cargo, workspace};

/// A cloud as this task knows it; it asks no crate of the workspace.
struct Cloud {
    name: &'static str,
    graph: &'static str,
    login: &'static str,
    /// Other names of the login host.
    aliases: &'static [&'static str],
}

const CLOUDS: [Cloud; 4] = [
    Cloud {
        name: "global",
        graph: "graph.microsoft.com",
        login: "login.microsoftonline.com",
        aliases: &[
            "login.windows.net",
            "login.microsoft.com",
            "sts.windows.net",
        ],
    },
    Cloud {
        name: "us-gov-l4",
        graph: "graph.microsoft.us",
        login: "login.microsoftonline.us",
        aliases: &["login.usgovcloudapi.net"],
    },
    Cloud {
        name: "us-gov-l5",
        graph: "dod-graph.microsoft.us",
        login: "login.microsoftonline.us",
        aliases: &["login.usgovcloudapi.net"],
    },
    Cloud {
        name: "china",
        graph: "microsoftgraph.chinacloudapi.cn",
        login: "login.partner.microsoftonline.cn",
        aliases: &["login.chinacloudapi.cn"],
    },
];

impl Cloud {
    fn hosts(&self) -> impl Iterator<Item = &'static str> {
        [self.graph, self.login]
            .into_iter()
            .chain(self.aliases.iter().copied())
    }

    /// What a build for this cloud must not hold.
    fn foreign_hosts(&self) -> impl Iterator<Item = &'static str> {
        let own: Vec<&str> = self.hosts().collect();
        let all = CLOUDS.iter().flat_map(Cloud::hosts);
        all.filter(move |host| !own.contains(host))
    }
}

/// Builds, looks and tries, cloud by cloud.
///
/// # Errors
/// The first thing that is not as it should be, in one message.
pub(crate) fn run() -> Result<(), String> {
    no_cloud()?;
    for cloud in &CLOUDS {
        let feature = format!("cloud-{}", cloud.name);
        let program =
            format!("-p graph-pstn-cli --no-default-features --features {feature},emulator");
        let probe = format!(
            "-p graph-pstn-auth --example one-cloud --no-default-features --features {feature}"
        );
        for (what, package) in [("the program", &program), ("the library probe", &probe)] {
            eprintln!("== {}: {what}", cloud.name);
            let binary = built(package)?;
            holds_no_other(cloud, &binary)?;
            for other in CLOUDS.iter().filter(|other| other.name != cloud.name) {
                refuses(cloud, other, &binary, what)?;
            }
        }
        // With the whole stack, which most tests of the transport want.
        let stack = "client,replay,record,har,metrics,aws-lc-rs";
        for tests in [
            format!("-p graph-pstn-http --no-default-features --features {feature},{stack}"),
            format!("-p graph-pstn-auth --no-default-features --features {feature}"),
        ] {
            cargo(&format!("test -q {tests}")).run()?;
        }
        cargo(&format!("test -q {program}")).run()?;
    }
    eprintln!("each build for one cloud holds that cloud alone");
    Ok(())
}

/// The program must not compile for no cloud, and must say why.
fn no_cloud() -> Result<(), String> {
    let check = "check -q -p graph-pstn-cli --no-default-features";
    let output = output_of(check)?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Err(format!(
            "`cargo {check}` succeeds; a program for no cloud must not compile"
        ));
    }
    let wanted = "built for at least one Microsoft cloud";
    if said.contains(wanted) {
        Ok(())
    } else {
        Err(format!(
            "`cargo {check}` does not say {wanted:?} but:\n{said}"
        ))
    }
}

/// Builds, and gives the executable that cargo names.
fn built(package: &str) -> Result<PathBuf, String> {
    let command = format!("build {package} --message-format json-render-diagnostics");
    let output = output_of(&command)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`cargo build {package}` failed:\n{said}"));
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let executable = |line: &str| {
        let message: Value = serde_json::from_str(line).ok()?;
        message["executable"].as_str().map(PathBuf::from)
    };
    let last = messages.lines().filter_map(executable).next_back();
    last.ok_or_else(|| format!("`cargo build {package}` made no executable"))
}

fn output_of(arguments: &str) -> Result<std::process::Output, String> {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(program)
        .args(arguments.split_whitespace())
        .current_dir(workspace::root())
        .output()
        .map_err(|error| format!("`cargo {arguments}` cannot be started: {error}"))
}

/// Looks for other clouds' hosts, and for the cloud's own, without which the look would mean nothing.
fn holds_no_other(cloud: &Cloud, binary: &Path) -> Result<(), String> {
    let bytes = fs::read(binary).map_err(|error| format!("{}: {error}", binary.display()))?;
    for own in [cloud.graph, cloud.login] {
        if places(&bytes, own).next().is_none() {
            return Err(format!("{} does not hold {own}", binary.display()));
        }
    }
    let own: Vec<&str> = cloud.hosts().collect();
    for foreign in cloud.foreign_hosts() {
        if stands_by_itself(&bytes, foreign, &own) {
            return Err(format!(
                "{}, built for {} alone, holds {foreign}",
                binary.display(),
                cloud.name
            ));
        }
    }
    Ok(())
}

/// Whether `host` stands somewhere in `bytes` other than as a part of one of the `own` hosts, as
/// `graph.microsoft.us` does in `dod-graph.microsoft.us`. Literals stand side by side in a binary, so
/// what comes before and after says nothing else.
fn stands_by_itself(bytes: &[u8], host: &str, own: &[&str]) -> bool {
    places(bytes, host).any(|at| {
        !own.iter().any(|longer| {
            longer.match_indices(host).any(|(offset, _)| {
                let start = at.checked_sub(offset);
                start.is_some_and(|start| bytes[start..].starts_with(longer.as_bytes()))
            })
        })
    })
}

fn places<'a>(bytes: &'a [u8], text: &'a str) -> impl Iterator<Item = usize> + 'a {
    let windows = bytes.windows(text.len()).enumerate();
    windows
        .filter(|(_, window)| *window == text.as_bytes())
        .map(|(at, _)| at)
}

/// Runs the binary with the name of another cloud.
fn refuses(cloud: &Cloud, other: &Cloud, binary: &Path, what: &str) -> Result<(), String> {
    let mut command = Command::new(binary);
    if what == "the program" {
        command.args([
            "export",
            "--from",
            "2019-11-01",
            "--to",
            "2019-11-02",
            "--cloud",
        ]);
    }
    let output = command
        .arg(other.name)
        .output()
        .map_err(|error| format!("{}: {error}", binary.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let wanted = format!(
        "this build has no cloud `{}`; it has {}",
        other.name, cloud.name
    );
    if output.status.code() == Some(2) && said.contains(&wanted) {
        Ok(())
    } else {
        Err(format!(
            "{what} for {} does not refuse {} with exit code 2 and {wanted:?} but ends with {} and says:\n{said}",
            cloud.name, other.name, output.status
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_within_an_own_host_is_no_host_of_its_own() {
        let own = ["dod-graph.microsoft.us"];
        let found = |text: &str| stands_by_itself(text.as_bytes(), "graph.microsoft.us", &own);
        assert!(!found("…dod-graph.microsoft.us…"));
        assert!(!found("dod-graph.microsoft.us"));
        assert!(!found("nothing"));
        assert!(found("graph.microsoft.us"));
        assert!(found("dod-graph.microsoft.usgraph.microsoft.us"));
        assert!(found("-graph.microsoft.us and dod-graph.microsoft.us"));
    }

    #[test]
    fn l4_and_l5_share_their_login_host_and_nothing_else() {
        let foreign: Vec<&str> = CLOUDS[2].foreign_hosts().collect();
        assert!(foreign.contains(&"graph.microsoft.us"));
        assert!(!foreign.contains(&"login.microsoftonline.us"));
        assert!(foreign.contains(&"login.chinacloudapi.cn"));
        assert_eq!(foreign.len(), 9);
    }
}
