//! `cargo xtask record`: an export of a tenant or of the emulator becomes a fixture.
//!
//! The recording is made by `crates/graph-pstn-http/examples/fixture`, which redacts while it records and replays
//! what it recorded. This task looks the result through before it puts it into `fixtures/`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{audit, cargo::cargo, har, workspace};

/// The example that makes fixtures.
pub(crate) const EXAMPLE: &str = "run --quiet --package graph-pstn-http --features client,har,all-clouds \
                       --example fixture --";

/// Records an export as fixtures/NAME.json. Of a tenant: with the AZURE_* variables that the program reads too.
/// Tokens and secrets are not kept; ids, names, numbers and addresses become made-up ones while recording.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    fixture: NewFixture,
    /// Record the emulator, with so many rows on a work day, and no tenant
    #[arg(long, value_name = "ROWS", num_args = 0..=1, default_missing_value = "1000")]
    emulator: Option<u32>,
    /// With --emulator: which rows there are
    #[arg(long, value_name = "N", requires = "emulator")]
    seed: Option<u64>,
    /// With --emulator: how links look: faithful, documented, skip-token
    #[arg(long, value_name = "FORM", requires = "emulator")]
    links: Option<String>,
    /// The tenant's cloud, which the fixture shows: global, us-gov-l4, us-gov-l5, china
    #[arg(long, required_unless_present = "emulator")]
    cloud: Option<String>,
    /// pstn, direct-routing, sms, blocked-users, dial-out
    #[arg(long, default_value = "pstn")]
    log: String,
    /// The first moment of the range, a date or RFC 3339
    #[arg(long, value_name = "TIME")]
    from: String,
    /// The first moment after it
    #[arg(long, value_name = "TIME")]
    to: String,
    /// Graph's origin, in place of the cloud's own; not shown in the fixture
    #[arg(long, value_name = "URL", conflicts_with = "emulator")]
    graph_endpoint: Option<String>,
    /// Entra's origin, in place of the cloud's own; not shown in the fixture
    #[arg(long, value_name = "URL", conflicts_with = "emulator")]
    authority_host: Option<String>,
    /// A PEM file with certificate authorities to trust besides the system's own
    #[arg(long, value_name = "FILE")]
    ca_certificate: Option<PathBuf>,
    /// Keep the recording although the export fails: the failure is what is to be seen
    #[arg(long)]
    failure: bool,
}

/// What a fixture needs besides its exchanges.
#[derive(clap::Args)]
pub(crate) struct NewFixture {
    /// The name of the fixture
    #[arg(long, value_parser = name)]
    pub(crate) name: String,
    /// What is to be seen, in a sentence
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Where it comes from. Names nobody: `a tenant with Operator Connect in Germany`
    #[arg(long, value_name = "TEXT")]
    pub(crate) provenance: Option<String>,
    /// Keep so many rows of each page: a page has a thousand, which nobody reviews
    #[arg(long, value_name = "N")]
    pub(crate) rows: Option<u32>,
    /// Replace the fixture if there is one of this name
    #[arg(long)]
    pub(crate) overwrite: bool,
}

/// The name of a file, and no way to somewhere else.
fn name(text: &str) -> Result<String, String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !text.is_empty() && text.chars().all(is_name) {
        Ok(text.to_owned())
    } else {
        Err("lower-case letters, digits and hyphens, please".to_owned())
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    let source = if arguments.emulator.is_some() {
        "the emulator"
    } else {
        "a tenant"
    };
    let mut options = Vec::new();
    let mut option = |name: &str, value: Option<String>| {
        options.extend(
            value
                .map(|value| [format!("--{name}"), value])
                .into_iter()
                .flatten(),
        );
    };
    option("emulator", arguments.emulator.map(|rows| rows.to_string()));
    option("seed", arguments.seed.map(|seed| seed.to_string()));
    option("links", arguments.links.clone());
    option(
        "cloud",
        Some(arguments.cloud.clone().unwrap_or("global".to_owned())),
    );
    option("log", Some(arguments.log.clone()));
    option("from", Some(arguments.from.clone()));
    option("to", Some(arguments.to.clone()));
    option("graph-endpoint", arguments.graph_endpoint.clone());
    option("authority-host", arguments.authority_host.clone());
    let ca_certificate = arguments.ca_certificate.as_deref().map(har::absolute);
    option("ca-certificate", ca_certificate.transpose()?);
    option("failure", arguments.failure.then(|| "yes".to_owned()));
    let description = format!(
        "{} from {} to {} of {source}",
        arguments.log, arguments.from, arguments.to
    );
    make(
        &arguments.fixture,
        "record",
        options,
        &description,
        &format!("Recorded from {source}"),
    )
}

/// Has the example make a fixture, and takes it over when the audit passes it.
pub(crate) fn make(
    fixture: &NewFixture,
    task: &str,
    mut options: Vec<String>,
    description: &str,
    provenance: &str,
) -> Result<(), String> {
    let path = workspace::root().join(format!("fixtures/{}.json", fixture.name));
    let shown = workspace::shown(&path);
    if path.exists() && !fixture.overwrite {
        return Err(format!("{shown} exists; --overwrite replaces it"));
    }
    let provenance = fixture.provenance.as_deref().unwrap_or(provenance);
    let kept = fixture
        .rows
        .map(|rows| format!("; {rows} rows of each page are kept"));
    let provenance = format!("{provenance}{}.", kept.unwrap_or_default());
    let description = fixture.description.as_deref().unwrap_or(description);
    let output = unaudited()?;
    let named = [
        ("description", description.to_owned()),
        ("provenance", provenance),
        ("output", output.display().to_string()),
    ];
    let rows = fixture.rows.map(|rows| ("rows", rows.to_string()));
    for (name, value) in named.into_iter().chain(rows) {
        options.extend([format!("--{name}"), value]);
    }
    let example = cargo(EXAMPLE).with([task.to_owned()]).with(options);
    let made = example.run();
    let audited = made.and_then(|()| audited(&output));
    let taken = audited
        .and_then(|()| fs::copy(&output, &path).map_err(|error| format!("{shown}: {error}")));
    // Whatever it holds, it is not left lying about.
    let removed = fs::remove_file(&output);
    taken?;
    removed.map_err(|error| format!("{}: {error}", output.display()))?;
    eprintln!(
        "{shown} is there, and the audit finds nothing in it that looks secret or personal. Now:\n  \
         read it\n  \
         cargo xtask snapshots --accept, and read the snapshot\n  \
         add a line to fixtures/README.md"
    );
    Ok(())
}

/// Where a fixture is until it has been looked through: beside this program, in the target folder.
fn unaudited() -> Result<PathBuf, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    Ok(program.with_file_name(format!("unaudited-{}.json", std::process::id())))
}

fn audited(path: &Path) -> Result<(), String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let leaks = audit::in_file("the new fixture.json", &bytes);
    if leaks.is_empty() {
        return Ok(());
    }
    for leak in &leaks {
        eprintln!("{leak}");
    }
    Err(format!(
        "{} places of the new fixture look like a secret or somebody's data, so it was thrown away; the \
         rules of redaction are in crates/graph-pstn-http/src/record",
        leaks.len()
    ))
}

/// A step of `cargo xtask test`: what is recorded of the emulator now passes the audit, and with something
/// planted in it does not.
pub(crate) fn check() -> Result<(), String> {
    // As the tests build it, so that nothing is compiled twice.
    cargo("build --quiet --workspace --all-features --example fixture").run()?;
    let output = unaudited()?;
    let example = output.with_file_name(format!("examples/fixture{}", env::consts::EXE_SUFFIX));
    let options = "record --emulator 1200 --links skip-token --cloud global --from 2019-11-04 --to 2019-11-06 \
                   --description check --provenance emulator --output";
    let made = Command::new(&example)
        .args(options.split_whitespace())
        .arg(&output)
        .status();
    let made = match made {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{} failed: {status}", example.display())),
        Err(error) => Err(format!("{} cannot be started: {error}", example.display())),
    };
    let checked = made.and_then(|()| {
        audited(&output)?;
        let text = fs::read_to_string(&output).map_err(|error| error.to_string())?;
        audit::planted::check(&text)
    });
    let removed = fs::remove_file(&output);
    let planted = checked?;
    removed.map_err(|error| error.to_string())?;
    eprintln!("a recording passes the audit, and with each of {planted} planted leaks it does not");
    Ok(())
}
