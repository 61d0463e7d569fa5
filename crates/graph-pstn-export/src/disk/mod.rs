//! What an export asks of a file system.
//!
//! Few enough operations that tests can put a disk in its place which fills up, or which loses in a crash
//! what was not synced.

#[cfg(feature = "object-store")]
mod lease;
mod local;
#[cfg(feature = "object-store")]
mod place;
#[cfg(test)]
mod simulated;
#[cfg(feature = "object-store")]
mod store;

use std::fmt;
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::{Error, Existing};

pub(crate) use local::LocalDisk;
#[cfg(feature = "object-store")]
pub(crate) use place::without_queries;
#[cfg(test)]
pub(crate) use simulated::SimulatedDisk;
#[cfg(feature = "object-store")]
pub(crate) use store::StoreDisk;

/// A file system.
pub(crate) trait Disk: fmt::Debug + Send + Sync {
    /// The folder in which files are made, of which `within` is the place beside their output or in it.
    fn stage(&self, within: PathBuf) -> PathBuf {
        within
    }

    /// Whether a file could take this name, as far as can be seen without trying.
    fn check_target(&self, target: &Path, existing: Existing) -> Result<(), Error>;

    /// Whether a file of this name can be made, by trying.
    fn try_target(&self, target: &Path, existing: Existing) -> Result<(), Error>;

    /// Makes a folder for its owner only; one that is there already is as good.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;

    /// Whether there is a folder of that name.
    fn is_folder(&self, path: &Path) -> bool;

    /// Locks a file, which it makes if need be, until the lock is dropped.
    fn lock(&self, file: &Path) -> io::Result<Locked>;

    /// Makes an empty file for its owner only; one of that name is removed first.
    fn create(&self, file: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file to write on after its first `bytes`, and cuts off all that follows them.
    fn go_on(&self, file: &Path, bytes: u64) -> io::Result<Box<dyn DiskFile>>;

    fn read(&self, file: &Path) -> io::Result<Box<dyn Input>>;

    /// How many bytes a file has; `None` when there is no file of that name.
    fn length(&self, file: &Path) -> io::Result<Option<u64>>;

    /// The names in a folder, none when there is no such folder.
    fn names(&self, folder: &Path) -> io::Result<Vec<String>>;

    /// Gives a file another name, in one step where both are on one file system.
    fn rename(&self, from: &Path, to: &Path, existing: Existing) -> io::Result<()>;

    /// Removes a file, if there is one.
    fn remove(&self, file: &Path) -> io::Result<()>;

    /// Removes a folder if it is empty.
    fn remove_folder(&self, folder: &Path);

    /// Brings what was written to a file that is not open any more to the disk.
    fn sync(&self, file: &Path) -> io::Result<()>;

    /// Makes new, changed and removed names in a folder last.
    fn sync_folder(&self, folder: &Path);
}

/// A file that is read.
pub(crate) trait Input: Read + Seek {}

impl<R: Read + Seek> Input for R {}

/// An open file, without a buffer.
pub(crate) trait DiskFile: Write + Send {
    /// Brings what was written to the disk.
    fn sync(&self) -> io::Result<()>;
}

/// What came of a try to lock a file.
pub(crate) enum Locked {
    Here(Box<dyn Lock>),
    /// Another process has it locked, or another part of this one.
    Elsewhere {
        /// What may be told of that.
        told: Option<String>,
    },
}

impl Locked {
    /// Locked elsewhere, of which nothing is known.
    const ELSEWHERE: Self = Self::Elsewhere { told: None };
}

/// A lock that is let go when it is dropped.
pub(crate) trait Lock: fmt::Debug + Send + Sync {}
