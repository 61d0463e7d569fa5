//! Options that are not on the command line: from the environment and from a configuration file.
//!
//! Nothing here knows a single option. What there is, clap's own definitions say: an option `--max-wait` is the variable
//! `GRAPH_PSTN_MAX_WAIT` and the key `max-wait`. The command line is read once to see what it gives; what other
//! layers add is put behind it as if it had been typed, and the whole is read again. So an option's checks,
//! conflicts and errors are the same wherever it comes from.
//!
//! Command line > environment > file > default. A value of a lower layer gives way to one of a higher layer that it
//! cannot be used with: with `--from` on the command line, `last = "30d"` in the file does not count.

mod file;
mod layers;
mod names;
mod shown;
mod tenants;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _, Parser as _, ValueEnum as _};

use crate::args::Cli;
use crate::exit::Failure;
use crate::ui::LogFormat;
use file::File;
use layers::{Origin, Setting};
use names::{takes_settings, unknown_variables};
pub(crate) use tenants::{Tenant, tenants};

/// The command line with all that was added to it.
#[derive(Debug)]
pub(crate) struct Parsed {
    pub(crate) cli: Cli,
    /// What the person should know, a line each.
    pub(crate) warnings: Vec<String>,
    /// What `--show-config` prints.
    pub(crate) shown: String,
}

/// Why there is no command line to act on.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Clap has the words for it, which may be the help that was asked for.
    Clap(Box<clap::Error>),
    Failure(Failure),
}

impl From<clap::Error> for Refused {
    fn from(error: clap::Error) -> Self {
        Self::Clap(Box::new(error))
    }
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Variables of the environment.
#[derive(Debug)]
pub(crate) struct Variables(BTreeMap<OsString, OsString>);

impl Variables {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        Self(std::env::vars_os().collect())
    }

    /// A variable that is set; an empty one is not.
    fn value(&self, name: &str) -> Option<&OsStr> {
        let value = self.0.get(OsStr::new(name))?;
        (!value.is_empty()).then_some(value)
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        let set = self.0.iter().filter(|(_, value)| !value.is_empty());
        set.filter_map(|(name, _)| name.to_str())
    }
}

/// Reads the command line, the environment and the configuration file.
pub(crate) fn parse(args: Vec<OsString>, variables: &Variables) -> Result<Parsed, Refused> {
    parse_with(args, &[], variables)
}

/// The same, with settings of a tenant's own, which count as if they had been typed.
fn parse_with(
    args: Vec<OsString>,
    own: &[Setting],
    variables: &Variables,
) -> Result<Parsed, Refused> {
    let mut command = Cli::command();
    command.build();
    let words = own.iter().flat_map(|setting| setting.words.clone());
    let given = first_reading(&args.iter().cloned().chain(words).collect::<Vec<_>>())?;
    let found = given.subcommand().filter(|(name, _)| takes_settings(name));
    let found = found.and_then(|(name, given)| Some((command.find_subcommand(name)?, given)));
    let Some((subcommand, given)) = found else {
        return Ok(without_layers(Cli::try_parse_from(&args)?));
    };
    let file = File::read(place(given, variables).as_ref(), &command)?;
    let settings = layers::settings(subcommand, (given, own), variables, &file)?;

    let not_typed = settings
        .iter()
        .filter(|setting| setting.origin != Origin::CommandLine);
    let added = not_typed.flat_map(|setting| setting.words.clone());
    let line: Vec<OsString> = args.into_iter().chain(added).collect();
    let cli = Cli::command()
        .try_get_matches_from(line)
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|error| with_origin(error, &settings))?;
    Ok(Parsed {
        cli,
        warnings: unknown_variables(&command, variables.names()),
        shown: shown::settings(subcommand, &settings, &file, variables),
    })
}

fn without_layers(cli: Cli) -> Parsed {
    Parsed {
        cli,
        warnings: Vec::new(),
        shown: "this command takes no settings\n".into(),
    }
}

/// What the command line alone gives. What it lacks another layer may have.
fn first_reading(args: &[OsString]) -> Result<ArgMatches, clap::Error> {
    match Cli::command().try_get_matches_from(args) {
        Err(error) if error.kind() == ErrorKind::MissingRequiredArgument => Cli::command()
            .ignore_errors(true)
            .try_get_matches_from(args),
        outcome => outcome,
    }
}

/// A file that was named must be there; the one in the usual place need not.
#[derive(Debug)]
enum Place {
    Named(PathBuf),
    Usual(PathBuf),
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::Named(path) | Self::Usual(path) => path,
        }
    }
}

fn place(given: &ArgMatches, variables: &Variables) -> Option<Place> {
    let named = given.try_get_one::<PathBuf>("config").ok().flatten();
    let named = named.cloned();
    let named = named.or_else(|| variables.value("GRAPH_PSTN_CONFIG").map(PathBuf::from));
    match named {
        Some(path) => Some(Place::Named(path)),
        None => usual_folder(variables).map(|folder| Place::Usual(folder.join("config.toml"))),
    }
}

/// Where programs keep their settings on this system.
fn usual_folder(variables: &Variables) -> Option<PathBuf> {
    let folder = |name: &str| variables.value(name).map(PathBuf::from);
    let parent = if cfg!(windows) {
        folder("APPDATA")
    } else if cfg!(target_os = "macos") {
        folder("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        // The XDG Base Directory Specification: a relative path counts as not set.
        let xdg = folder("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        xdg.or_else(|| folder("HOME").map(|home| home.join(".config")))
    };
    parent.map(|parent| parent.join("graph-pstn"))
}

/// Says where the value is that clap does not like, since the person has not typed it.
fn with_origin(error: clap::Error, settings: &[Setting]) -> Refused {
    let contexts = [ContextKind::InvalidArg, ContextKind::PriorArg];
    let named = contexts.into_iter().flat_map(|kind| match error.get(kind) {
        Some(ContextValue::String(shown)) => vec![shown.clone()],
        Some(ContextValue::Strings(all)) => all.clone(),
        _ => Vec::new(),
    });
    let origins: Vec<String> = named
        .filter_map(|shown| {
            let option = shown.trim_start_matches('-').split([' ', '=']).next()?;
            let setting = settings.iter().find(|setting| setting.option == option)?;
            match &setting.origin {
                Origin::CommandLine => None,
                other => Some(format!("--{option} comes from {}", other.words())),
            }
        })
        .collect();
    if origins.is_empty() {
        return error.into();
    }
    Failure::usage(what(&error), origins.join("; ")).into()
}

/// What clap does not like, without its advice, in one line: what it lists below the first line, with commas.
fn what(error: &clap::Error) -> String {
    let text = error.to_string();
    let mut lines = text.lines().take_while(|line| !line.trim().is_empty());
    let first = lines.next().unwrap_or_default();
    let first = first.strip_prefix("error: ").unwrap_or(first);
    let listed: Vec<&str> = lines.map(str::trim).collect();
    format!("{first} {}", listed.join(", "))
        .trim_end()
        .to_owned()
}

/// A wrong command line, as other failures are told.
pub(crate) fn misused(error: &clap::Error) -> Failure {
    Failure::usage(
        what(error),
        "`graph-pstn --help` lists the commands, and theirs the options",
    )
}

/// In which form messages are wanted, as far as that shows where the settings cannot be read.
pub(crate) fn log_format(args: &[OsString], variables: &Variables) -> LogFormat {
    let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let typed = words.iter().zip(words.iter().skip(1).chain([&""]));
    let typed = typed.filter_map(|(word, next)| match word.strip_prefix("--log-format")? {
        "" => Some(*next),
        rest => rest.strip_prefix('='),
    });
    let set = variables.value("GRAPH_PSTN_LOG_FORMAT");
    let form = typed.last().or_else(|| set?.to_str());
    form.and_then(|form| LogFormat::from_str(form, true).ok())
        .unwrap_or(LogFormat::Text)
}
