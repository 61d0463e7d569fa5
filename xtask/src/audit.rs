//! `cargo xtask audit`: committed fixtures and snapshots hold no secret and nobody's data.
//!
//! Recordings are redacted while they are made. This is the second look, and it errs on the side of
//! finding too much: what looks like a token, a key, a real number, host or GUID is an error, and
//! the few that are known to be harmless are listed in [`reserved`].

mod fixture;
pub(crate) mod planted;
mod reserved;
mod text;

use std::{fmt, fs, path::PathBuf};

use crate::workspace;

/// Something that must not be published.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Leak {
    /// Where in the file.
    place: String,
    what: &'static str,
    /// The beginning of it, so that the message does not repeat a whole secret.
    hint: String,
}

impl Leak {
    fn new(what: &'static str, found: &str) -> Self {
        const SHOWN: usize = 12;
        let mut hint: String = found.chars().take(SHOWN).collect();
        if hint.len() < found.len() {
            hint.push('…');
        }
        Self {
            place: String::new(),
            what,
            hint,
        }
    }

    fn at(self, place: impl Into<String>) -> Self {
        Self {
            place: place.into(),
            ..self
        }
    }
}

impl fmt::Display for Leak {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: `{}`", self.place, self.what, self.hint)
    }
}

pub(crate) fn run() -> Result<(), String> {
    let files = files()?;
    let mut leaks = 0;
    for path in &files {
        let shown = workspace::shown(path);
        let bytes = fs::read(path).map_err(|error| format!("{shown}: {error}"))?;
        for leak in in_file(&shown, &bytes) {
            leaks += 1;
            eprintln!("{shown}: {leak}");
        }
    }
    if leaks > 0 {
        return Err(format!(
            "{leaks} places look like a secret or somebody's data; replace them by reserved values \
             (fixtures/README.md lists them)"
        ));
    }
    eprintln!(
        "{} files hold nothing that looks secret or personal",
        files.len()
    );
    Ok(())
}

/// Everything in `fixtures/`, and every snapshot of the crates.
fn files() -> Result<Vec<PathBuf>, String> {
    let below = |folder: &str| {
        workspace::files_below(&workspace::root().join(folder)).map_err(|error| error.to_string())
    };
    let mut files = below("fixtures")?;
    files.extend(below("crates")?.into_iter().filter(|path| {
        path.extension()
            .is_some_and(|extension| extension == "snap")
    }));
    Ok(files)
}

pub(crate) fn in_file(name: &str, bytes: &[u8]) -> Vec<Leak> {
    let Ok(text) = str::from_utf8(bytes) else {
        return vec![Leak::new("bytes that cannot be read as text", "").at("the file")];
    };
    if name.ends_with(".json") {
        match serde_json::from_str(text) {
            Ok(value) => fixture::leaks(&value),
            Err(error) => vec![Leak::new("not JSON", &error.to_string()).at("the file")],
        }
    } else {
        let lines = text.lines().enumerate();
        lines
            .flat_map(|(index, line)| {
                let leaks = text::leaks(line).into_iter();
                leaks.map(move |leak| leak.at(format!("line {}", index + 1)))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leak_in_a_snapshot_is_told_with_its_line() {
        let snapshot = "sent\nBearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhYmNkZWYifQ.c2lnbmF0dXJl\n";
        let leaks = in_file("a.snap", snapshot.as_bytes());
        assert_eq!(leaks.len(), 1, "{leaks:?}");
        assert_eq!(leaks[0].place, "line 2");
        assert_eq!(leaks[0].hint, "eyJhbGciOiJu…");
    }

    #[test]
    fn what_cannot_be_read_is_no_pass() {
        assert_eq!(in_file("a.json", b"{").len(), 1);
        assert_eq!(in_file("a.bin", &[0xff, 0xfe]).len(), 1);
    }
}
