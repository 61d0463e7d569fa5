//! Where rows go that were set aside.

mod complete;
mod earlier;

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

use graph_pstn_model::{RejectedRow, TimeRange};
use serde::Serialize;
use serde_json::value::RawValue;

use self::complete::{Complete, old_stays};
use crate::choice::selection::WITHHELD;
use crate::disk::Disk;
use crate::error::folder_of;
use crate::formats::ndjson_writer::write_line;
use crate::output::layout::{self, in_a_name};
use crate::staging::checkpoint::FileMark;
use crate::staging::part::Part;
use crate::staging::stage::Stage;
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
        /// What an old file of that name has stays in it.
        keeps_old: bool,
        /// Where it is made; without one it is a temporary neighbour of its target.
        stage: Option<Stage>,
        open: Option<Open>,
    },
    Told(Box<dyn FnMut(&SetAside<'_>) + Send>),
}

enum Open {
    Own(OutputFile, BufWriter<File>),
    Staged(Part, BufWriter<Part>),
}

/// The file, while it is in the making with those of the rows.
pub(crate) const REJECTS: &str = "rejects";

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
        Self::at(target.into(), existing, false)
    }

    /// Adds them to `target`, in one step. A row that it has already, from an earlier run that has read the same again, is in
    /// it once. This is for exports that are [merged](crate::Export::merge_days): one to a stream replaces the file.
    pub fn added_to_file(target: impl Into<PathBuf>) -> Self {
        Self::at(target.into(), Existing::Replace, true)
    }

    fn at(target: PathBuf, existing: Existing, keeps_old: bool) -> Self {
        Self(Place::File {
            target,
            existing,
            keeps_old,
            stage: None,
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

    /// The name in a folder of days: `_rejects-2019-11-01_2019-12-01.ndjson`. What begins with an underscore is
    /// passed over by readers of such folders, and another range has another file.
    #[must_use]
    pub fn within(folder: &Path, range: TimeRange) -> PathBuf {
        folder.join(format!("_rejects-{}.ndjson", in_a_name(range)))
    }

    /// The name in a folder of days that is [merged](crate::Export::merge_days) with, whatever the range.
    #[must_use]
    pub fn of_all(folder: &Path) -> PathBuf {
        folder.join("_rejects.ndjson")
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

    /// Has the file made together with those of the rows: goes on with it after the mark.
    pub(crate) fn stage_in(&mut self, on: &Stage, mark: Option<FileMark>) -> Result<(), Error> {
        match &mut self.0 {
            Place::File { stage, open, .. } => {
                *stage = Some(on.clone());
                *open = mark
                    .map(|mark| on.go_on(mark).map(Open::staged))
                    .transpose()?;
                Ok(())
            }
            Place::Told(_) if mark.is_some() => Err(Error::new(
                ErrorKind::OtherJob,
                "the unfinished export has set rows aside, and there is no file for them now",
            )),
            Place::Told(_) => Ok(()),
        }
    }

    /// Brings what was written to the file of the stage, and says how much it holds.
    pub(crate) fn flush(&mut self) -> Result<Option<FileMark>, Error> {
        match &mut self.0 {
            Place::File {
                target,
                open: Some(Open::Staged(part, out)),
                ..
            } => {
                out.flush().map_err(|error| Error::at(target, error))?;
                Ok(Some(part.mark()))
            }
            _ => Ok(None),
        }
    }

    /// Brings the file of the stage to the disk.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        match &self.0 {
            Place::File {
                target,
                open: Some(Open::Staged(part, _)),
                ..
            } => part.sync().map_err(|error| Error::at(target, error)),
            _ => Ok(()),
        }
    }

    /// Writes no more.
    pub(crate) fn let_go(&mut self) {
        if let Place::File { open, .. } = &mut self.0 {
            *open = None;
        }
    }

    /// As [`check`](Self::check), before the file is made in a stage.
    pub(crate) fn try_on(&self, disk: &dyn Disk) -> Result<(), Error> {
        match &self.0 {
            Place::File {
                target, existing, ..
            } => disk.try_target(target, *existing),
            Place::Told(_) => Ok(()),
        }
    }

    /// Whether the file of the stage could get its name.
    pub(crate) fn check_staged(&self, disk: &dyn Disk) -> Result<(), Error> {
        match &self.0 {
            Place::File {
                target, existing, ..
            } => disk.check_target(target, *existing),
            Place::Told(_) => Ok(()),
        }
    }

    /// Gives the file of the stage its name; without one, an old file of that name goes away where it was to be
    /// replaced.
    pub(crate) fn publish(&self, on: &Stage, mark: Option<&FileMark>) -> Result<(), Error> {
        let Place::File {
            target,
            existing,
            keeps_old,
            ..
        } = &self.0
        else {
            return Ok(());
        };
        if *keeps_old {
            return match mark {
                Some(mark) => earlier::add(on, mark, target),
                None => Ok(()),
            };
        }
        match (mark, existing) {
            (Some(mark), existing) => {
                layout::publish(on, mark, target, *existing).map_err(|error| {
                    let place = on.path(REJECTS);
                    let message =
                        format!("{error}; what was to go there is in {}", place.display());
                    error.with_message(message)
                })?;
            }
            (None, Existing::Replace) => on
                .disk()
                .remove(target)
                .map_err(|error| old_stays(target, error))?,
            (None, Existing::Refuse) => return Ok(()),
        }
        on.disk().sync_folder(folder_of(target));
        Ok(())
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
                stage,
                open,
                ..
            } => {
                let open = match (open.take(), stage) {
                    (Some(there), _) => open.insert(there),
                    (None, Some(stage)) => open.insert(Open::staged(stage.create(REJECTS)?)),
                    (None, None) => {
                        let file = OutputFile::create(target.as_path(), *existing)?;
                        let out = BufWriter::new(file.handle()?);
                        open.insert(Open::Own(file, out))
                    }
                };
                let line = Line {
                    reason: note.reason,
                    index: note.index,
                    path: note.path,
                    row,
                };
                match open {
                    Open::Own(_, out) => write_line(out, &line),
                    Open::Staged(_, out) => write_line(out, &line),
                }
                .map_err(|error| error.in_file(target))
            }
        }
    }

    /// Brings the file to the disk, if there is one; it has yet to get its name.
    pub(crate) fn complete(self) -> Result<Complete, Error> {
        let Place::File {
            target,
            existing,
            open,
            ..
        } = self.0
        else {
            return Ok(Complete::None);
        };
        match (open, existing) {
            (Some(Open::Own(file, mut out)), _) => {
                out.flush().map_err(|error| Error::at(&target, error))?;
                drop(out);
                file.complete()?;
                Ok(Complete::Written(file))
            }
            (None, Existing::Replace) => Ok(Complete::Stale(target)),
            (Some(Open::Staged(..)), _) | (None, Existing::Refuse) => Ok(Complete::None),
        }
    }
}

impl Open {
    fn staged(part: Part) -> Self {
        Self::Staged(part.clone(), BufWriter::new(part))
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
