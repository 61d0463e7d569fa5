//! The folder in which an export is made, beside or in its output.
//!
//! It has a name of its own for each output, so that a later run finds it: `calls.csv.partial` for `calls.csv`. In
//! it are the files in the making, a checkpoint that says how much of them counts, and a file that whoever
//! works here has locked. With its last file in place the folder goes away.
//!
//! The order on the disk is what makes a checkpoint worth having. Files are synced before it, so that
//! what it counts is there; it takes the place of the last one in one step and is synced itself; and files get
//! their names only after a checkpoint that says that they are whole. Whenever the power fails, the checkpoint that is found
//! goes together with the files.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::disk::{Disk, Input, Lock, Locked};
use crate::output::output_file::unusable_folder;
use crate::staging::checkpoint::{Checkpoint, FileMark};
use crate::staging::part::Part;
use crate::{Error, ErrorKind, Existing};

const LOCK: &str = "lock";
const CHECKPOINT: &str = "checkpoint.json";
/// The next checkpoint, until it takes the last one's place.
const NEXT: &str = "checkpoint.json.next";

/// The folder of an unfinished export, which nobody else works in. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Stage {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    /// What the person knows it by.
    output: PathBuf,
    _lock: Arc<dyn Lock>,
}

impl Stage {
    /// Makes the folder, or takes over the one that is there.
    pub(crate) fn open(disk: Arc<dyn Disk>, folder: PathBuf, output: &Path) -> Result<Self, Error> {
        let mut tries = 0;
        let lock = loop {
            disk.make_folder(&folder)
                .map_err(|error| match error.kind() {
                    io::ErrorKind::AlreadyExists => in_the_way(&folder, error),
                    io::ErrorKind::PermissionDenied if disk.is_folder(&folder) => {
                        let message = format!(
                            "{} belongs to somebody else, or may not be written to",
                            folder.display()
                        );
                        Error::new(ErrorKind::NotWritable, message).with_path(&folder)
                    }
                    _ => unusable_folder(output, crate::error::folder_of(&folder), error),
                })?;
            match disk.lock(&folder.join(LOCK)) {
                // Another export has just ended, and taken the folder away.
                Err(error) if error.kind() == io::ErrorKind::NotFound && tries < 3 => tries += 1,
                lock => break lock.map_err(|error| Error::at(output, error))?,
            }
        };
        let lock = match lock {
            Locked::Here(lock) => lock,
            Locked::Elsewhere { told } => {
                let mut message = format!("{} is being written by another run", output.display());
                if let Some(told) = told {
                    message.push_str("; ");
                    message.push_str(&told);
                }
                return Err(Error::new(ErrorKind::Busy, message).with_path(output));
            }
        };
        Ok(Self {
            disk,
            folder,
            output: output.to_owned(),
            _lock: lock.into(),
        })
    }

    /// As above, if the folder is there already.
    pub(crate) fn find(
        disk: Arc<dyn Disk>,
        folder: PathBuf,
        output: &Path,
    ) -> Result<Option<Self>, Error> {
        let names = disk.names(&folder).map_err(|error| match error.kind() {
            io::ErrorKind::NotADirectory => in_the_way(&folder, error),
            _ => Error::at(&folder, error),
        })?;
        if names.is_empty() {
            return Ok(None);
        }
        Self::open(disk, folder, output).map(Some)
    }

    pub(crate) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The checkpoint that is there.
    pub(crate) fn load(&self) -> Result<Option<Checkpoint>, Error> {
        let path = self.path(CHECKPOINT);
        if self.length(CHECKPOINT)?.is_none() {
            return Ok(None);
        }
        let mut text = String::new();
        self.disk
            .read(&path)
            .and_then(|mut file| file.read_to_string(&mut text))
            .map_err(|error| {
                self.damaged(CHECKPOINT, "cannot be read")
                    .with_source(error)
            })?;
        Checkpoint::from_text(&text)
            .map(Some)
            .map_err(|why| self.damaged(CHECKPOINT, &format!("cannot be used: {why}")))
    }

    /// Puts a checkpoint in the last one's place. The files must have been synced.
    pub(crate) fn save(&self, checkpoint: &Checkpoint) -> Result<(), Error> {
        let text = checkpoint.to_text()?;
        let next = self.path(NEXT);
        let write = || {
            let mut file = self.disk.create(&next)?;
            file.write_all(text.as_bytes())?;
            file.sync()?;
            // New files have to be there when the checkpoint that counts them is.
            self.disk.sync_folder(&self.folder);
            self.disk
                .rename(&next, &self.path(CHECKPOINT), Existing::Replace)?;
            self.disk.sync_folder(&self.folder);
            Ok(())
        };
        write().map_err(|error| self.failed(error))
    }

    /// The files in the making that are there.
    pub(crate) fn files(&self) -> Result<Vec<String>, Error> {
        let mut names = self
            .disk
            .names(&self.folder)
            .map_err(|error| self.failed(error))?;
        names.retain(|name| ![LOCK, CHECKPOINT, NEXT].contains(&name.as_str()));
        Ok(names)
    }

    pub(crate) fn length(&self, name: &str) -> Result<Option<u64>, Error> {
        let path = self.path(name);
        self.disk
            .length(&path)
            .map_err(|error| self.damaged(name, "cannot be used").with_source(error))
    }

    /// Begins a file.
    pub(crate) fn create(&self, name: &str) -> Result<Part, Error> {
        let file = self
            .disk
            .create(&self.path(name))
            .map_err(|error| self.failed(error))?;
        Ok(Part::new(
            FileMark {
                name: name.to_owned(),
                bytes: 0,
                crc32: 0,
            },
            file,
        ))
    }

    /// Goes on with a file after its mark.
    pub(crate) fn go_on(&self, mark: FileMark) -> Result<Part, Error> {
        let file = self
            .disk
            .go_on(&self.path(&mark.name), mark.bytes)
            .map_err(|error| self.failed(error))?;
        Ok(Part::new(mark, file))
    }

    /// Reads a file in the making.
    pub(crate) fn read(&self, name: &str) -> Result<Box<dyn Input>, Error> {
        self.disk
            .read(&self.path(name))
            .map_err(|error| self.damaged(name, "cannot be read").with_source(error))
    }

    /// Brings a file to the disk that is not open any more.
    pub(crate) fn sync(&self, name: &str) -> Result<(), Error> {
        self.disk
            .sync(&self.path(name))
            .map_err(|error| self.failed(error))
    }

    /// Sees to it that the files hold what a checkpoint counts.
    pub(crate) fn verify(&self, marks: &[FileMark]) -> Result<(), Error> {
        for mark in marks {
            let Some(length) = self.length(&mark.name)? else {
                // Nothing counts of it, so nothing is missing.
                if mark.bytes == 0 {
                    continue;
                }
                return Err(self.damaged(&mark.name, "is missing"));
            };
            if length < mark.bytes {
                let message = format!(
                    "is shorter than its checkpoint says: {length} bytes, not {}",
                    mark.bytes
                );
                return Err(self.damaged(&mark.name, &message));
            }
            let sum = self
                .sum_of(&self.path(&mark.name), mark.bytes)
                .map_err(|error| {
                    self.damaged(&mark.name, "cannot be read")
                        .with_source(error)
                })?;
            if sum != mark.crc32 {
                return Err(self.damaged(&mark.name, "was changed since its checkpoint"));
            }
        }
        Ok(())
    }

    /// Whether a file elsewhere is this one as it is marked.
    pub(crate) fn is_at(&self, path: &Path, mark: &FileMark) -> bool {
        let length = self.disk.length(path).ok().flatten();
        length == Some(mark.bytes)
            && self
                .sum_of(path, mark.bytes)
                .is_ok_and(|sum| sum == mark.crc32)
    }

    fn sum_of(&self, path: &Path, bytes: u64) -> io::Result<u32> {
        sum_of(self.disk.read(path)?, bytes)
    }

    /// Cuts the files back to what counts of them, and removes those of which nothing does. Nobody may be
    /// writing to them.
    pub(crate) fn cut_back(&self, marks: &[FileMark]) -> Result<(), Error> {
        let counts = |name: &str| marks.iter().any(|mark| mark.name == name && mark.bytes > 0);
        for name in self.files()? {
            if !counts(&name) {
                self.disk
                    .remove(&self.path(&name))
                    .map_err(|error| self.failed(error))?;
            }
        }
        for mark in marks {
            if mark.bytes > 0 && self.length(&mark.name)? != Some(mark.bytes) {
                self.go_on(mark.clone())?
                    .sync()
                    .map_err(|error| self.failed(error))?;
            }
        }
        Ok(())
    }

    /// Removes what another export has left.
    pub(crate) fn wipe(&self) -> Result<(), Error> {
        // The checkpoint first: without it, what is left does not count.
        for name in [CHECKPOINT, NEXT] {
            self.disk
                .remove(&self.path(name))
                .map_err(|error| self.failed(error))?;
        }
        self.disk.sync_folder(&self.folder);
        self.cut_back(&[])
    }

    /// Takes the folder away, at the end.
    pub(crate) fn close(&self) -> Result<(), Error> {
        self.wipe()?;
        // While it is held, so that nobody gets it who has not seen that it is gone.
        self.disk
            .remove(&self.path(LOCK))
            .map_err(|error| self.failed(error))?;
        self.disk.remove_folder(&self.folder);
        Ok(())
    }

    /// A failure while the output was in the making.
    pub(crate) fn failed(&self, error: io::Error) -> Error {
        // The lock alone makes a name.
        let is_gone = || {
            self.disk
                .names(&self.folder)
                .is_ok_and(|names| names.is_empty())
        };
        if error.kind() == io::ErrorKind::NotFound && is_gone() {
            let message = format!(
                "{} was removed while files were made in it; run again",
                self.folder.display()
            );
            return Error::new(ErrorKind::Io, message).with_path(&self.folder);
        }
        Error::at(&self.output, error)
    }

    pub(crate) fn damaged(&self, name: &str, how: &str) -> Error {
        let path = self.path(name);
        Error::new(ErrorKind::Damaged, format!("{} {how}", path.display())).with_path(&path)
    }
}

/// What is there instead of the folder may be of use to somebody.
fn in_the_way(folder: &Path, error: io::Error) -> Error {
    let message = format!(
        "{} is in the way: files are made in a folder of that name, so move it",
        folder.display()
    );
    Error::new(ErrorKind::Io, message)
        .with_path(folder)
        .with_source(error)
}

/// The CRC-32 of a file's first bytes.
fn sum_of(file: impl Read, bytes: u64) -> io::Result<u32> {
    let mut file = file.take(bytes);
    let mut sum = crc32fast::Hasher::new();
    let mut buffer = vec![0; crate::BUFFER];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(sum.finalize()),
            Ok(read) => sum.update(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
