//! `--show-config`: what counts, and where it comes from.

use std::ffi::OsString;

use clap::{Arg, Command};

use super::Variables;
use super::file::File;
use super::layers::Setting;
use super::names::{is_secret, is_setting, key};

/// Variables that this program reads besides its own; of some only whether they are set may be told.
const FOREIGN: [(&str, bool); 11] = [
    ("AZURE_TENANT_ID", true),
    ("AZURE_CLIENT_ID", true),
    ("AZURE_CLIENT_SECRET", false),
    ("AZURE_CLIENT_CERTIFICATE_PATH", true),
    ("AZURE_CLIENT_CERTIFICATE_PASSWORD", false),
    ("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", true),
    ("AZURE_FEDERATED_TOKEN_FILE", true),
    ("AZURE_AUTHORITY_HOST", true),
    // Proxies may have passwords in them.
    ("HTTPS_PROXY", false),
    ("ALL_PROXY", false),
    ("NO_PROXY", true),
];

/// One line for each option.
pub(super) fn settings(
    command: &Command,
    settings: &[Setting],
    file: &File,
    variables: &Variables,
) -> String {
    let mut text = format!(
        "# Settings of graph-pstn {}, and where they come from.\n",
        command.get_name()
    );
    let there = if file.is_there() {
        ""
    } else {
        ", which is not there"
    };
    text.push_str(&match file.path().as_os_str().is_empty() {
        true => "# No configuration file.\n".to_owned(),
        false => format!("# Configuration file: {}{there}\n", file.path().display()),
    });
    for arg in command
        .get_arguments()
        .filter(|arg| is_setting(arg) && !arg.is_hide_set())
    {
        let key = key(arg);
        let setting = settings.iter().find(|setting| setting.option == key);
        text.push_str(&match setting {
            Some(setting) => format!(
                "{key}{}  # {}\n",
                value(arg, setting),
                setting.origin.words()
            ),
            None => match defaults(arg) {
                Some(default) => format!("{key} = {default}  # the default\n"),
                None => format!("# {key} is not set\n"),
            },
        });
    }
    for (name, may_be_shown) in FOREIGN {
        if let Some(value) = variables.value(name) {
            text.push_str(&match may_be_shown {
                true => format!("# {name} is {} in the environment\n", value.display()),
                false => format!("# {name} is set in the environment; its value is not shown\n"),
            });
        }
    }
    text
}

/// ` = "value"` as the configuration file would have it.
fn value(arg: &Arg, setting: &Setting) -> String {
    let quoted = |word: &OsString| {
        let word = word.to_string_lossy();
        match word.split_once('=') {
            Some((_, value)) => format!("{value:?}"),
            None => "true".to_owned(),
        }
    };
    match setting.words.as_slice() {
        [] if arg.get_action().takes_values() => " = []".into(),
        [] => " = false".into(),
        [one] => format!(" = {}", quoted(one)),
        several => format!(
            " = [{}]",
            several.iter().map(quoted).collect::<Vec<_>>().join(", ")
        ),
    }
}

fn defaults(arg: &Arg) -> Option<String> {
    let defaults = arg.get_default_values();
    let shown: Vec<String> = defaults
        .iter()
        .map(|value| format!("{:?}", value.to_string_lossy()))
        .collect();
    (arg.get_action().takes_values() && !shown.is_empty() && !is_secret(arg.get_id().as_str()))
        .then(|| shown.join(", "))
}
