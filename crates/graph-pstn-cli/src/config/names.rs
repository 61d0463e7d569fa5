//! How options are called outside the command line.

use clap::{Arg, Command};

/// The options whose values come from elsewhere than this mechanism.
pub(super) fn is_setting(arg: &Arg) -> bool {
    let special = ["help", "version", "config", "show_config"];
    arg.get_long().is_some() && !special.contains(&arg.get_id().as_str())
}

/// What all variables begin with.
const PREFIX: &str = "GRAPH_PSTN_";

/// Set for the assertion command by this program, and left over where that calls it again.
const OURS: [&str; 2] = ["GRAPH_PSTN_CONFIG", "GRAPH_PSTN_TOKEN_ENDPOINT"];

/// Whether a command has settings at all: those that print something of the program have not.
pub(super) fn takes_settings(command: &str) -> bool {
    !["help", "completions", "man"].contains(&command)
}

/// Whether a command's options are none of the others', though they may have the same names: it serves a tenant and
/// does not ask one.
pub(super) fn is_stand_alone(command: &str) -> bool {
    command == "emulate"
}

/// The key in the file: the option's name.
pub(super) fn key(arg: &Arg) -> String {
    arg.get_long().unwrap_or_default().to_owned()
}

/// The variable of the environment.
pub(super) fn variable(command: &str, arg: &Arg) -> String {
    let shared = arg.is_global_set() || !is_stand_alone(command);
    let option = upper(&key(arg));
    if shared {
        format!("{PREFIX}{option}")
    } else {
        format!("{PREFIX}{}_{option}", upper(command))
    }
}

fn upper(name: &str) -> String {
    name.to_ascii_uppercase().replace('-', "_")
}

/// All commands with settings.
pub(super) fn commands(command: &Command) -> impl Iterator<Item = &Command> {
    command
        .get_subcommands()
        .filter(|command| takes_settings(command.get_name()))
}

/// The keys of a command.
pub(super) fn keys(command: &Command) -> impl Iterator<Item = String> {
    command
        .get_arguments()
        .filter(|arg| is_setting(arg))
        .map(key)
}

/// The keys that count for all commands that ask a tenant.
pub(super) fn shared_keys(command: &Command) -> Vec<String> {
    let mut keys: Vec<String> = commands(command)
        .filter(|command| !is_stand_alone(command.get_name()))
        .flat_map(keys)
        .collect();
    keys.sort();
    keys.dedup();
    keys
}

/// A line for each variable that looks like one of this program's and is none.
pub(super) fn unknown_variables<'a>(
    command: &Command,
    names: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    let known: Vec<String> = commands(command)
        .flat_map(|command| {
            let settings = command.get_arguments().filter(|arg| is_setting(arg));
            settings.map(|arg| variable(command.get_name(), arg))
        })
        .chain(OURS.map(str::to_owned))
        .collect();
    names
        .filter(|name| name.starts_with(PREFIX) && !known.iter().any(|known| known == name))
        .map(|name| {
            if is_secret(name) {
                return format!(
                    "{name} names no option and is not read; the client secret is AZURE_CLIENT_SECRET"
                );
            }
            match nearest(name, &known) {
                Some(near) => format!("{name} names no option; is {near} meant?"),
                None => format!("{name} names no option"),
            }
        })
        .collect()
}

/// Whether a name promises something secret.
pub(super) fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["secret", "password", "passphrase", "token", "private"]
        .iter()
        .any(|word| name.contains(word))
}

/// The known name that is most like this one, if one is like it.
pub(super) fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let name = name.replace('_', "-").to_ascii_lowercase();
    let likeness =
        |known: &str| strsim::jaro_winkler(&name, &known.replace('_', "-").to_ascii_lowercase());
    let best = known
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
    (likeness(best) > 0.8).then_some(best)
}
