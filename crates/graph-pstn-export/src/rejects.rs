//! Where rows go that were set aside.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use graph_pstn_model::RejectedRow;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::folder_of;
use crate::ndjson_writer::write_line;
use crate::selection::WITHHELD;
use crate::{Error, ErrorKind, Existing, OutputFile};

/// A row that was set aside, without what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SetAside<'a> {
    /// Its place on its page, from 0, where that is known.
    pub index: Option<usize>,
    /// What could not be read, as a JSON path such as `$.value[3].charge`; empty where that is not known.
    pub path: &'a str,
    /// Why it was set aside.
    pub reason: &'a str,
}

/// Takes the rows that were set aside.
///
/// A file of them is made when the first comes, and appears together with the export's own.
#[must_use]
pub struct Rejects(Place);

enum Place {
    File {
        target: PathBuf,
        existing: Existing,
        open: Option<(OutputFile, BufWriter<File>)>,
    },
    Told(Box<dyn FnMut(&SetAside<'_>) + Send>),
}

/// A line of the file of rejects.
#[derive(Serialize)]
struct Line<'a, T> {
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
    #[serde(skip_serializing_if = "str::is_empty")]
    path: &'a str,
    row: T,
}

const CONFLICT: &str = "a row with the same id and other content came before this one";

impl Rejects {
    /// Writes them to `target` as NDJSON: `reason`, `index`, `path`, and `row` as Graph sent it. On
    /// Unix only the owner may read that file.
    pub fn to_file(target: impl Into<PathBuf>, existing: Existing) -> Self {
        Self(Place::File {
            target: target.into(),
            existing,
            open: None,
        })
    }

    /// Tells of each what may be said aloud, and keeps none.
    pub fn told(tell: impl FnMut(&SetAside<'_>) + Send + 'static) -> Self {
        Self(Place::Told(Box::new(tell)))
    }

    /// The name beside an output: `calls.csv.rejects.ndjson` for `calls.csv`.
    #[must_use]
    pub fn beside(output: &Path) -> PathBuf {
        let mut name = OsString::from(output);
        name.push(".rejects.ndjson");
        name.into()
    }

    /// Whether the file could be made, to be known now and not after hours.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match &self.0 {
            Place::File {
                target, existing, ..
            } => OutputFile::create(target.as_path(), *existing).map(drop),
            Place::Told(_) => Ok(()),
        }
    }

    /// Whether they have a file of their own, also where its path is spelt in another way.
    pub(crate) fn check_beside(&self, output: &Path) -> Result<(), Error> {
        match &self.0 {
            Place::File { target, .. } if same_name(target, output) => Err(Error::new(
                ErrorKind::SameFile,
                format!(
                    "the rows and the rejects are to go to the same file, {}",
                    output.display()
                ),
            )
            .with_path(target)),
            _ => Ok(()),
        }
    }

    /// Takes a row that could not be read.
    pub(crate) fn add_unreadable(&mut self, rejected: &RejectedRow) -> Result<(), Error> {
        // Graph's own text. Outside of strings a line break means no more than a space, and in strings
        // JSON has none.
        let json = rejected.json.replace(['\n', '\r'], " ");
        let note = SetAside {
            index: Some(rejected.index),
            path: &rejected.path,
            reason: &rejected.reason,
        };
        match RawValue::from_string(json) {
            Ok(raw) => self.add(&note, &raw),
            Err(_) => self.add(&note, &rejected.json),
        }
    }

    /// Takes a row whose id had come before with other content.
    pub(crate) fn add_conflict(&mut self, row: &impl Serialize) -> Result<(), Error> {
        let note = SetAside {
            index: None,
            path: "",
            reason: CONFLICT,
        };
        self.add(&note, row)
    }

    /// Takes a row that was read, and that the format cannot hold.
    pub(crate) fn add_unwritable(
        &mut self,
        row: &impl Serialize,
        reason: &str,
    ) -> Result<(), Error> {
        let note = SetAside {
            index: None,
            path: "",
            reason,
        };
        self.add(&note, row)
    }

    /// Takes note of a row that may not be shown.
    pub(crate) fn add_withheld(&mut self) -> Result<(), Error> {
        self.add_unwritable(&(), WITHHELD)
    }

    fn add(&mut self, note: &SetAside<'_>, row: impl Serialize) -> Result<(), Error> {
        match &mut self.0 {
            Place::Told(tell) => {
                tell(note);
                Ok(())
            }
            Place::File {
                target,
                existing,
                open,
            } => {
                let (_, out) = match open {
                    Some(open) => open,
                    None => {
                        let file = OutputFile::create(target.as_path(), *existing)?;
                        let out = BufWriter::new(file.handle()?);
                        open.insert((file, out))
                    }
                };
                let line = Line {
                    reason: note.reason,
                    index: note.index,
                    path: note.path,
                    row,
                };
                write_line(out, &line).map_err(|error| error.in_file(target))
            }
        }
    }

    /// Brings the file to the disk, if there is one; it has yet to get its name.
    pub(crate) fn complete(self) -> Result<Complete, Error> {
        let Place::File {
            target,
            existing,
            open,
        } = self.0
        else {
            return Ok(Complete::None);
        };
        match (open, existing) {
            (Some((file, mut out)), _) => {
                out.flush().map_err(|error| Error::at(&target, error))?;
                drop(out);
                file.complete()?;
                Ok(Complete::Written(file))
            }
            (None, Existing::Replace) => Ok(Complete::Stale(target)),
            (None, Existing::Refuse) => Ok(Complete::None),
        }
    }
}

/// The file of rejects while the output gets its name. When it is dropped, what has the rejects' name
/// stays as it is.
#[must_use]
pub(crate) enum Complete {
    /// There is none, and was none to replace.
    None,
    /// It is on the disk.
    Written(OutputFile),
    /// None was needed; one of that name would belong to the export that is being replaced.
    Stale(PathBuf),
}

impl Complete {
    /// Gives the file its name. Should that fail it keeps the name that it has, and the error says which.
    pub(crate) fn commit(self) -> Result<(), Error> {
        match self {
            Self::None => Ok(()),
            Self::Written(file) => file.commit_or_keep(),
            Self::Stale(target) => match fs::remove_file(&target) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    let message = format!("the old {} cannot be removed", target.display());
                    Err(Error::at(&target, error).with_message(message))
                }
                _ => Ok(()),
            },
        }
    }
}

/// Whether both are the same name in the same folder. What a name that is a link leads to does not
/// matter, since the link itself is replaced.
fn same_name(one: &Path, other: &Path) -> bool {
    if one.file_name() != other.file_name() {
        return false;
    }
    let (one, other) = (folder_of(one), folder_of(other));
    match (fs::canonicalize(one), fs::canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => one == other,
    }
}

impl std::fmt::Debug for Rejects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Place::File { target, .. } => f.debug_tuple("Rejects").field(target).finish(),
            Place::Told(_) => f.write_str("Rejects(told)"),
        }
    }
}
