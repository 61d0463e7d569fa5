//! Running the built program, in a folder of its own and without the caller's environment.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rust_decimal::Decimal;
use tempfile::TempDir;

/// A folder in which the program is run.
pub(crate) struct Workplace {
    folder: TempDir,
}

impl Workplace {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The names in the folder, sorted; temporary files count.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The program, without credentials or proxies from outside.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = self.command_of(env!("CARGO_BIN_EXE_graph-pstn"));
        command.args(args);
        command
    }

    /// Another program, in the same place and without the same things.
    pub(crate) fn command_of(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path());
        command.stdin(Stdio::null());
        for name in [
            "AZURE_TENANT_ID",
            "AZURE_CLIENT_ID",
            "AZURE_CLIENT_SECRET",
            "AZURE_CLIENT_CERTIFICATE_PATH",
            "AZURE_CLIENT_CERTIFICATE_PASSWORD",
            "AZURE_CLIENT_SEND_CERTIFICATE_CHAIN",
            "AZURE_FEDERATED_TOKEN_FILE",
            "AZURE_AUTHORITY_HOST",
            "HTTPS_PROXY",
            "https_proxy",
            "HTTP_PROXY",
            "http_proxy",
            "ALL_PROXY",
            "all_proxy",
        ] {
            command.env_remove(name);
        }
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("GRAPH_PSTN_") {
                command.env_remove(name);
            }
        }
        // Where a configuration file would be looked for.
        for name in ["HOME", "XDG_CONFIG_HOME", "APPDATA"] {
            command.env(name, self.folder.path());
        }
        command
    }

    /// Runs it to its end.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ended {
        Ended::of(&self.command(args).output().unwrap())
    }

    /// What the emulator says that a range holds.
    pub(crate) fn truth(&self, seed_and_rate: &[&str], from: &str, to: &str) -> String {
        let args = [
            &["emulate", "--truth", "--from", from, "--to", to],
            seed_and_rate,
        ]
        .concat();
        let ended = self.run(args);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        ended.stdout.trim_end().to_owned()
    }
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    /// The one line that says what is wrong. A second one may say what to do.
    pub(crate) fn error(&self) -> &str {
        let mut errors = self
            .stderr
            .lines()
            .filter(|line| line.starts_with("error: "));
        let error = errors
            .next()
            .unwrap_or_else(|| panic!("no error: {self:?}"));
        assert_eq!(errors.next(), None, "one error is enough");
        error
    }

    pub(crate) fn hint(&self) -> &str {
        self.stderr
            .lines()
            .find(|line| line.starts_with("hint: "))
            .unwrap_or_else(|| panic!("no hint: {self:?}"))
    }
}

/// A separately started `graph-pstn emulate`.
pub(crate) struct Served {
    child: Child,
    /// What it said to put into the environment.
    pub(crate) environment: Vec<(String, String)>,
    /// What it said to add to the command line.
    pub(crate) options: Vec<String>,
}

impl Served {
    pub(crate) fn start(workplace: &Workplace, args: &[&str]) -> Self {
        let mut command = workplace.command([&["emulate"], args].concat());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut environment = Vec::new();
        let mut options = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            if let Some(setting) = line.strip_prefix("export ") {
                let (name, value) = setting.split_once('=').unwrap();
                environment.push((name.to_owned(), value.trim_matches('\'').to_owned()));
            } else if let Some(at) = line.find("--graph-endpoint") {
                options = line[at..]
                    .split(' ')
                    .map(|word| word.trim_matches('\'').to_owned())
                    .collect();
                break;
            }
        }
        assert!(
            !options.is_empty(),
            "the emulator said nothing of its endpoints"
        );
        Self {
            child,
            environment,
            options,
        }
    }

    /// An export from it, with a variable of the environment exchanged if need be.
    pub(crate) fn export(
        &self,
        workplace: &Workplace,
        args: &[&str],
        exchanged: Option<(&str, &str)>,
    ) -> Ended {
        Ended::of(&self.command(workplace, args, exchanged).output().unwrap())
    }

    pub(crate) fn command(
        &self,
        workplace: &Workplace,
        args: &[&str],
        exchanged: Option<(&str, &str)>,
    ) -> Command {
        let mut command = workplace.command([&["export"], args].concat());
        command.args(&self.options);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.envs(exchanged);
        command
    }

    /// Ends it as Ctrl-C does.
    #[cfg(unix)]
    pub(crate) fn interrupt(mut self) -> Option<i32> {
        interrupt(&self.child);
        self.child.wait().unwrap().code()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "another process is waited for, not virtual time"
)]
pub(crate) fn pause(length: Duration) {
    std::thread::sleep(length);
}

/// Sends the signal of Ctrl-C.
#[cfg(unix)]
pub(crate) fn interrupt(child: &Child) {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
}

/// What a file holds, as far as the truth speaks of it, in the truth's own words.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    rows: u64,
    duration: u64,
    charge: BTreeMap<String, Decimal>,
    ids: HashSet<String>,
}

impl Totals {
    pub(crate) fn of_csv(text: &[u8]) -> Self {
        let mut reader = csv::Reader::from_reader(text);
        let header = reader.headers().unwrap().clone();
        let column = |name| header.iter().position(|column| column == name).unwrap();
        let [id, duration, charge, currency] = ["id", "duration", "charge", "currency"].map(column);
        let mut totals = Self::default();
        for record in reader.records() {
            let record = record.unwrap();
            totals.add(
                &record[id],
                &record[duration],
                &record[charge],
                &record[currency],
            );
        }
        totals
    }

    pub(crate) fn of_ndjson(text: &str) -> Self {
        let mut totals = Self::default();
        for line in text.lines() {
            let row: BTreeMap<String, Box<serde_json::value::RawValue>> =
                serde_json::from_str(line).unwrap();
            let cell = |name| {
                row.get(name)
                    .map(|value| value.get().trim_matches('"'))
                    .filter(|value| *value != "null")
                    .unwrap_or_default()
            };
            totals.add(
                cell("id"),
                cell("duration"),
                cell("charge"),
                cell("currency"),
            );
        }
        totals
    }

    pub(crate) fn of_file(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        match path.extension().and_then(OsStr::to_str) {
            Some("ndjson") => Self::of_ndjson(&text),
            _ => Self::of_csv(text.as_bytes()),
        }
    }

    fn add(&mut self, id: &str, duration: &str, charge: &str, currency: &str) {
        assert!(self.ids.insert(id.to_owned()), "{id} stands twice");
        self.rows += 1;
        if !duration.is_empty() {
            self.duration += duration.parse::<u64>().unwrap();
        }
        if !charge.is_empty() {
            let amount = Decimal::from_str_exact(charge).unwrap();
            let total = self.charge.entry(currency.to_owned()).or_default();
            // Adding to zero would take the other's scale.
            let scale = total.scale().max(amount.scale());
            *total += amount;
            total.rescale(scale);
        }
    }

    /// The line that `emulate --truth` prints.
    pub(crate) fn line(&self) -> String {
        let charge: BTreeMap<&str, String> = self
            .charge
            .iter()
            .map(|(currency, total)| (currency.as_str(), total.to_string()))
            .collect();
        format!(
            r#"{{"rows":{},"duration":{},"charge":{}}}"#,
            self.rows,
            self.duration,
            serde_json::to_string(&charge).unwrap()
        )
    }
}
