//! Running cargo.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::Value;

use crate::{features, workspace};

/// The packages of the workspace, as `cargo metadata` has them.
///
/// # Errors
/// When it does not tell.
pub(crate) fn packages() -> Result<Vec<Value>, String> {
    let metadata = metadata()?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    Ok(packages.cloned().collect())
}

/// The folder that cargo builds in, wherever its settings have it.
///
/// # Errors
/// When it does not tell.
pub(crate) fn target() -> Result<PathBuf, String> {
    let metadata = metadata()?;
    let folder = metadata["target_directory"].as_str();
    folder
        .map(PathBuf::from)
        .ok_or_else(|| "cargo metadata names no target folder".to_owned())
}

fn metadata() -> Result<Value, String> {
    let metadata = cargo("metadata --no-deps --format-version 1").output()?;
    serde_json::from_str(&metadata)
        .map_err(|error| format!("cargo metadata prints no JSON: {error}"))
}

/// A cargo command at the workspace's root, with what it takes to repeat it by hand.
pub(crate) struct Cargo {
    arguments: Vec<String>,
    variables: Vec<(&'static str, String)>,
    /// Of use to us only, so not worth typing again.
    unshown: Vec<(&'static str, String)>,
}

/// `cargo` with these arguments, split at white space. `--all-features` stands for all that need no more than
/// Rust and a C compiler: see [`features`].
pub(crate) fn cargo(arguments: &str) -> Cargo {
    let arguments = arguments.split_whitespace();
    Cargo {
        arguments: arguments
            .map(|argument| {
                // A workspace that cargo cannot read is for the command itself to complain of.
                let all = (argument == "--all-features").then(|| features::all().ok());
                let listed = all
                    .flatten()
                    .map(|all| format!("--features={}", all.join(",")));
                listed.unwrap_or_else(|| argument.to_owned())
            })
            .collect(),
        variables: Vec::new(),
        unshown: Vec::new(),
    }
}

impl Cargo {
    /// Adds arguments that may hold white space.
    pub(crate) fn with(mut self, arguments: impl IntoIterator<Item = String>) -> Self {
        self.arguments.extend(arguments);
        self
    }

    /// Sets a variable of the environment.
    pub(crate) fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// Sets a variable that a repetition by hand can do without.
    pub(crate) fn unshown(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.unshown.push((name, value.into()));
        self
    }

    /// Runs it, its output being ours.
    ///
    /// # Errors
    /// When it cannot be started or fails; the message holds the command.
    pub(crate) fn run(&self) -> Result<(), String> {
        let status = self
            .command()
            .status()
            .map_err(|error| format!("{} cannot be started: {error}", self.shown()))?;
        if status.success() {
            Ok(())
        } else {
            Err(format!(
                "this failed ({status}); to repeat it:\n  {}",
                self.shown()
            ))
        }
    }

    /// Runs it and gives what it printed.
    ///
    /// # Errors
    /// When it cannot be started or fails; the message holds the command and what it said.
    pub(crate) fn output(&self) -> Result<String, String> {
        let output = self
            .command()
            .output()
            .map_err(|error| format!("{} cannot be started: {error}", self.shown()))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            let said = String::from_utf8_lossy(&output.stderr);
            Err(format!("this failed:\n  {}\n{said}", self.shown()))
        }
    }

    /// Whether it runs and succeeds, its output thrown away.
    pub(crate) fn succeeds(&self) -> bool {
        self.command()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// The command as one would type it.
    pub(crate) fn shown(&self) -> String {
        let mut shown = String::new();
        for (name, value) in &self.variables {
            let quote = if value.contains(' ') { "'" } else { "" };
            shown.push_str(&format!("{name}={quote}{value}{quote} "));
        }
        shown.push_str("cargo");
        for argument in &self.arguments {
            let quote = if argument.contains(' ') { "'" } else { "" };
            shown.push_str(&format!(" {quote}{argument}{quote}"));
        }
        shown
    }

    fn command(&self) -> Command {
        // Set by the cargo that runs this; `cargo +nightly xtask` then stays with nightly.
        let program = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(program);
        command
            .args(&self.arguments)
            .envs(self.variables.iter().cloned())
            .envs(self.unshown.iter().cloned())
            .current_dir(workspace::root());
        command
    }
}
