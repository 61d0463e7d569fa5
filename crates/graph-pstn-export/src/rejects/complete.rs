//! The last step of a file of rejects that has no stage: its name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Error, OutputFile};

pub(super) fn old_stays(target: &Path, error: io::Error) -> Error {
    let message = format!("the old {} cannot be removed", target.display());
    Error::at(target, error).with_message(message)
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
                    Err(old_stays(&target, error))
                }
                _ => Ok(()),
            },
        }
    }
}
