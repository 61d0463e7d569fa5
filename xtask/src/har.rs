//! `cargo xtask har`: captures of browsers, mitmproxy or Fiddler as fixtures, and fixtures as captures.

use std::{
    env,
    path::{Path, PathBuf},
};

use crate::{
    cargo::cargo,
    record::{self, EXAMPLE, NewFixture},
    workspace,
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    direction: Direction,
}

#[derive(clap::Subcommand)]
enum Direction {
    /// Make fixtures/NAME.json of a capture. It is redacted as a recording is, and audited, before it is there;
    /// requests that are none to Graph's call logs or for a token are left out
    Import {
        /// The capture
        file: PathBuf,
        #[command(flatten)]
        fixture: NewFixture,
        /// The cloud to name, if Graph's host is none of a cloud's
        #[arg(long)]
        cloud: Option<String>,
        /// The capture was exported from a fixture: give that back, and redact nothing. The audit still looks
        #[arg(long)]
        as_it_is: bool,
    },
    /// Write a fixture as a HAR file, for the viewers of browsers and proxies
    Export {
        /// The fixture's name
        name: String,
        /// Where to; default: NAME.har
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
    match &arguments.direction {
        Direction::Import {
            file,
            fixture,
            cloud,
            as_it_is,
        } => {
            let mut options = vec!["--har".to_owned(), absolute(file)?];
            for (name, value) in [
                ("cloud", cloud.clone()),
                ("as-it-is", as_it_is.then(|| "yes".to_owned())),
            ] {
                options.extend(
                    value
                        .map(|value| [format!("--{name}"), value])
                        .into_iter()
                        .flatten(),
                );
            }
            let description = "What a capture shows";
            record::make(
                fixture,
                "import",
                options,
                description,
                "Imported from a capture",
            )
        }
        Direction::Export { name, output } => {
            let fixture = workspace::root().join(format!("fixtures/{name}.json"));
            let output = output
                .clone()
                .unwrap_or_else(|| format!("{name}.har").into());
            let options = [
                "export".to_owned(),
                "--fixture".to_owned(),
                fixture.display().to_string(),
                "--output".to_owned(),
                absolute(&output)?,
            ];
            cargo(EXAMPLE).with(options).run()?;
            eprintln!("{} is there", output.display());
            Ok(())
        }
    }
}

/// Cargo runs at the workspace's root, which need not be where the task was called.
pub(crate) fn absolute(path: &Path) -> Result<String, String> {
    let folder = env::current_dir().map_err(|error| error.to_string())?;
    Ok(folder.join(path).display().to_string())
}
