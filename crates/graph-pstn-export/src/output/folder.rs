//! Where a data set of days is.

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use graph_pstn_model::TimeRange;

#[cfg(doc)]
use crate::ErrorKind;
use crate::disk::{Disk, LocalDisk};
use crate::output::layout::{Fill, Layout};
use crate::{Error, Existing, WriterOptions};

/// A folder with a file for each day: one of the machine, or, with the feature `object-store`, one of an object store.
///
/// A path is such a folder too.
#[derive(Clone, Debug)]
pub struct Folder {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) path: PathBuf,
}

impl Folder {
    /// A folder of the machine.
    #[must_use]
    pub fn local(path: impl Into<PathBuf>) -> Self {
        Self {
            disk: Arc::new(LocalDisk),
            path: path.into(),
        }
    }

    /// What the folder is called. Names below it are names of its files, also where it is not one of the machine's.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where, on this machine, files are made, and where what is unfinished waits for whoever goes on with it.
    #[must_use]
    pub fn unfinished(&self) -> PathBuf {
        self.disk.stage(Layout::stage_of_days(&self.path))
    }

    /// Whether there are files of days that the range touches, of whichever format; `options` say whose days.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn has_days(&self, range: TimeRange, options: &WriterOptions) -> Result<bool, Error> {
        let layout = Layout::days(self.path.clone(), range, options);
        let fill = Fill::New(Existing::Refuse);
        let parts = layout.parts_of_range(&*self.disk, &self.path, range, fill)?;
        Ok(!parts.is_empty())
    }

    /// The text of a small file in the folder, `None` if there is none of that name.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is no text ([`ErrorKind::Damaged`]).
    pub fn read_text(&self, name: &str) -> Result<Option<String>, Error> {
        let path = self.path.join(name);
        let read = || {
            if self.disk.length(&path)?.is_none() {
                return Ok(None);
            }
            let mut text = String::new();
            self.disk.read(&path)?.read_to_string(&mut text)?;
            Ok(Some(text))
        };
        read().map_err(|error| Error::reading(&path, error))
    }

    /// Puts a small file in the folder, or another in its place, in one step. In an object store one that has changed
    /// since it was [read](Self::read_text) is left as it is.
    ///
    /// # Errors
    ///
    /// It has changed ([`ErrorKind::Busy`]), or cannot be written.
    pub fn replace_text(&self, name: &str, text: &str) -> Result<(), Error> {
        let path = self.path.join(name);
        // Beside the folder where files are made, which goes away when an export is done.
        let mut next = self.disk.stage(self.path.join(".next")).into_os_string();
        next.push(".");
        next.push(name);
        let next = PathBuf::from(next);
        let replace = || {
            let mut file = self.disk.create(&next)?;
            file.write_all(text.as_bytes())?;
            file.sync()?;
            drop(file);
            self.disk.rename(&next, &path, Existing::Replace)?;
            self.disk.sync_folder(&self.path);
            Ok(())
        };
        replace().map_err(|error| Error::at(&path, error))
    }
}

impl From<&Path> for Folder {
    fn from(path: &Path) -> Self {
        Self::local(path)
    }
}

impl From<&PathBuf> for Folder {
    fn from(path: &PathBuf) -> Self {
        Self::local(path)
    }
}

impl From<PathBuf> for Folder {
    fn from(path: PathBuf) -> Self {
        Self::local(path)
    }
}

impl From<&Self> for Folder {
    fn from(folder: &Self) -> Self {
        folder.clone()
    }
}
