//! The configuration file: TOML, whose keys are the names of options.
//!
//! A key at the top counts for every command that asks a tenant and knows the option; one in a table named like a command, for that
//! command alone, and goes before the other. What no command knows is refused, and so is what is secret.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Command;
use toml::{Table, Value};

use super::Place;
use super::names::{commands, is_secret, is_stand_alone, keys, nearest, shared_keys};
use crate::exit::Failure;
use crate::text_file;

/// What stands in it.
#[derive(Debug, Default)]
pub(super) struct File {
    path: PathBuf,
    is_there: bool,
    top: Values,
    of_command: BTreeMap<String, Values>,
}

/// The values of each key.
pub(super) type Values = BTreeMap<String, Vec<OsString>>;

impl File {
    pub(super) fn read(place: Option<&Place>, command: &Command) -> Result<Self, Failure> {
        let Some(place) = place else {
            return Ok(Self::default());
        };
        let path = place.path();
        let is_missing = || {
            let found = fs::metadata(path);
            found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        };
        if matches!(place, Place::Usual(_)) && is_missing() {
            return Ok(Self::at(path));
        }
        let option = "--config or GRAPH_PSTN_CONFIG";
        let text = text_file::read(path, "the configuration file", option)?;
        Self::of(path, &text, command)
    }

    /// One of that name, with nothing in it yet.
    pub(super) fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            ..Self::default()
        }
    }

    pub(super) fn of(path: &Path, text: &str, command: &Command) -> Result<Self, Failure> {
        let table = table(path, text)?;
        let mut file = Self {
            path: path.to_owned(),
            is_there: true,
            ..Self::default()
        };
        let shared = shared_keys(command);
        for (key, value) in &table {
            let of_command = commands(command).find(|command| command.get_name() == key);
            match (of_command, value) {
                (Some(command), Value::Table(table)) => {
                    let known: Vec<String> = keys(command).collect();
                    let values = file.values_of(table, Some(key), &known)?;
                    file.of_command.insert(key.clone(), values);
                }
                (Some(_), _) => {
                    return Err(Failure::usage(
                        format!("`{key}` in {} is no table", path.display()),
                        format!("write [{key}], and below it the options of that command"),
                    ));
                }
                (None, _) => {
                    let known = [
                        shared.clone(),
                        commands(command).map(|c| c.get_name().to_owned()).collect(),
                    ]
                    .concat();
                    let one = [(key.clone(), value.clone())].into_iter().collect();
                    let values = file.values_of(&one, None, &known)?;
                    file.top.extend(values);
                }
            }
        }
        Ok(file)
    }

    /// The values of a table; `known` are the keys that it may have.
    pub(super) fn values_of(
        &self,
        table: &Table,
        command: Option<&str>,
        known: &[String],
    ) -> Result<Values, Failure> {
        let mut values = Values::new();
        for (key, value) in table {
            if !known.contains(key) {
                return Err(self.unknown(key, command, known));
            }
            let shown = shown(command, key);
            let wrong = || {
                Failure::usage(
                    format!(
                        "{shown} in {} is no value of an option",
                        self.path.display()
                    ),
                    "give it text, a number, a date, true or false, or a list of those",
                )
            };
            let found: Option<Vec<OsString>> = match value {
                Value::Array(items) => items.iter().map(word).collect(),
                one => word(one).map(|word| vec![word]),
            };
            values.insert(key.clone(), found.ok_or_else(wrong)?);
        }
        Ok(values)
    }

    fn unknown(&self, key: &str, command: Option<&str>, known: &[String]) -> Failure {
        let (shown, path) = (shown(command, key), self.path.display());
        let near = nearest(key, known);
        let same = near.is_some_and(|near| near == key.replace('_', "-"));
        if is_secret(key) && !same {
            return Failure::usage(
                format!("{path} holds {shown}, and nothing secret belongs into it"),
                "put the secret into a file of its own that only this user may read, and name that by \
                 client-secret-file; or set AZURE_CLIENT_SECRET",
            );
        }
        let message = format!("{path} holds {shown}, which is no option");
        match near {
            Some(near) => Failure::usage(message, format!("is `{near}` meant?")),
            None => Failure::usage(
                message,
                "keys are the long names of options, without dashes in front",
            ),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn is_there(&self) -> bool {
        self.is_there
    }

    /// The values of an option for a command, and how their key is to be called.
    pub(super) fn values(&self, command: &str, key: &str) -> Option<(String, &[OsString])> {
        let own = self
            .of_command
            .get(command)
            .and_then(|values| values.get(key));
        if let Some(values) = own {
            return Some((shown(Some(command), key), values));
        }
        // Those of the command that stands alone are in its own table only.
        let top = self.top.get(key).filter(|_| !is_stand_alone(command));
        top.map(|values| (shown(None, key), values.as_slice()))
    }
}

/// What a file in TOML holds.
pub(super) fn table(path: &Path, text: &str) -> Result<Table, Failure> {
    text.parse().map_err(|error: toml::de::Error| {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let before = text.as_bytes().get(..at).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        // The parser's own words only: the line itself may hold what is nobody's business.
        Failure::usage(
            format!(
                "{} is no TOML, in line {line}: {}",
                path.display(),
                error.message()
            ),
            "write it as `max-wait = \"2h\"`, a key and a value a line",
        )
    })
}

fn shown(command: Option<&str>, key: &str) -> String {
    match command {
        Some(command) => format!("`{command}.{key}`"),
        None => format!("`{key}`"),
    }
}

/// A value as it would be typed.
fn word(value: &Value) -> Option<OsString> {
    match value {
        Value::String(text) => Some(text.into()),
        Value::Integer(number) => Some(number.to_string().into()),
        Value::Float(number) => Some(number.to_string().into()),
        Value::Boolean(yes) => Some(yes.to_string().into()),
        Value::Datetime(time) => Some(time.to_string().into()),
        Value::Array(_) | Value::Table(_) => None,
    }
}
