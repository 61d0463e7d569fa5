//! Which value of an option counts: the command line's, the environment's or the file's.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::Variables;
use super::file::File;
use super::names::{is_setting, key, variable};
use crate::credentials;
use crate::exit::Failure;

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    CommandLine,
    Variable(String),
    File(PathBuf, String),
}

impl Origin {
    pub(super) fn words(&self) -> String {
        match self {
            Self::CommandLine => "the command line".into(),
            Self::Variable(name) => format!("the environment's {name}"),
            Self::File(path, key) => format!("{key} in {}", path.display()),
        }
    }
}

/// A value that an option has.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    /// The option's name on the command line, without dashes.
    pub(super) option: String,
    pub(super) origin: Origin,
    /// What is put behind the command line for it.
    pub(super) words: Vec<OsString>,
}

/// What to do about an option that is in both places.
pub(super) const TWICE: &str =
    "what stands in a tenant's table does not stand on the command line too";

/// What counts of the layers for a command. `given` is what was typed, and what a tenant's table has of its own, which
/// counts as if it had been.
pub(super) fn settings(
    command: &Command,
    given: (&ArgMatches, &[Setting]),
    variables: &Variables,
    file: &File,
) -> Result<Vec<Setting>, Failure> {
    let mut layers = Layers {
        command,
        args: command
            .get_arguments()
            .filter(|arg| is_setting(arg))
            .collect(),
        settings: Vec::new(),
        taken: Vec::new(),
    };
    layers.add_typed(given)?;
    layers.add_environment(variables)?;
    layers.add_file(file, variables)?;
    Ok(layers.settings)
}

/// The settings so far, from the highest layer down.
struct Layers<'a> {
    command: &'a Command,
    args: Vec<&'a Arg>,
    settings: Vec<Setting>,
    /// The options that have one, and whether they are turned on or have a value.
    taken: Vec<(&'a Arg, bool)>,
}

impl<'a> Layers<'a> {
    fn add_typed(&mut self, (given, own): (&ArgMatches, &[Setting])) -> Result<(), Failure> {
        for arg in self.args.clone() {
            let id = arg.get_id().as_str();
            let is_given = given.value_source(id) == Some(ValueSource::CommandLine);
            if let Some(setting) = own.iter().find(|setting| setting.option == key(arg)) {
                if is_given && setting.words.is_empty() {
                    // Clap has seen but one of the two.
                    let (option, place) = (&setting.option, setting.origin.words());
                    return Err(Failure::usage(
                        format!("--{option} is given, and {place} says otherwise"),
                        TWICE,
                    ));
                }
                self.add(arg, setting.clone());
            } else if is_given {
                let raw = given.get_raw(id).into_iter().flatten();
                let words = match arg.get_action().takes_values() {
                    true => raw.map(|value| word(&key(arg), value)).collect(),
                    false => vec![format!("--{}", key(arg)).into()],
                };
                let setting = Setting {
                    option: key(arg),
                    origin: Origin::CommandLine,
                    words,
                };
                self.add(arg, setting);
            }
        }
        Ok(())
    }

    fn add_environment(&mut self, variables: &Variables) -> Result<(), Failure> {
        for arg in self.free() {
            let name = variable(self.command.get_name(), arg);
            if let Some(value) = variables.value(&name) {
                self.add_layered(arg, Origin::Variable(name), &[value.to_owned()])?;
            }
        }
        Ok(())
    }

    fn add_file(&mut self, file: &File, variables: &Variables) -> Result<(), Failure> {
        for arg in self.free() {
            // The variables of Microsoft's libraries are environment too, and go before the file.
            let same = credentials::variables_instead_of(arg.get_id().as_str());
            if same.iter().any(|name| variables.value(name).is_some()) {
                continue;
            }
            if let Some((place, values)) = file.values(self.command.get_name(), &key(arg)) {
                self.add_layered(arg, Origin::File(file.path().to_owned(), place), values)?;
            }
        }
        Ok(())
    }

    /// The options that no layer so far has, nor one that they cannot be used with.
    fn free(&self) -> Vec<&'a Arg> {
        let excludes = |one: &Arg, other: &Arg| {
            let conflicts = self.command.get_arg_conflicts_with(one);
            conflicts
                .iter()
                .any(|conflict| conflict.get_id() == other.get_id())
        };
        let is_free = |arg: &&&Arg| {
            !self.taken.iter().any(|(other, is_on)| {
                other.get_id() == arg.get_id()
                    || *is_on && (excludes(arg, other) || excludes(other, arg))
            })
        };
        self.args.iter().filter(is_free).copied().collect()
    }

    fn add_layered(
        &mut self,
        arg: &'a Arg,
        origin: Origin,
        values: &[OsString],
    ) -> Result<(), Failure> {
        let words = words(arg, &origin, values)?;
        let setting = Setting {
            option: key(arg),
            origin,
            words,
        };
        self.add(arg, setting);
        Ok(())
    }

    fn add(&mut self, arg: &'a Arg, setting: Setting) {
        self.taken.push((arg, !setting.words.is_empty()));
        self.settings.push(setting);
    }
}

/// What would be typed to give an option these values.
pub(super) fn words(
    arg: &Arg,
    origin: &Origin,
    values: &[OsString],
) -> Result<Vec<OsString>, Failure> {
    let option = key(arg);
    if let ArgAction::SetTrue = arg.get_action() {
        let [value] = values else {
            return Err(one_value(origin));
        };
        return match value.to_string_lossy().to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Ok(vec![format!("--{option}").into()]),
            "0" | "false" | "no" | "off" => Ok(Vec::new()),
            _ => Err(Failure::usage(
                format!("{} is neither true nor false", origin.words()),
                format!("--{option} takes no value, so set it to true or false"),
            )),
        };
    }
    match (arg.get_action(), arg.get_value_delimiter(), values) {
        (ArgAction::Append, _, values) => {
            Ok(values.iter().map(|value| word(&option, value)).collect())
        }
        (_, _, [value]) => Ok(vec![word(&option, value)]),
        (_, Some(delimiter), [_, _, ..]) => {
            let delimiter = delimiter.to_string();
            Ok(vec![word(&option, &values.join(OsStr::new(&delimiter)))])
        }
        _ => Err(one_value(origin)),
    }
}

/// An option and its value in one word, so that a value may begin with a dash.
fn word(option: &str, value: &OsStr) -> OsString {
    let mut word = OsString::from(format!("--{option}="));
    word.push(value);
    word
}

fn one_value(origin: &Origin) -> Failure {
    Failure::usage(
        format!("{} takes one value", origin.words()),
        "leave out the others",
    )
}
