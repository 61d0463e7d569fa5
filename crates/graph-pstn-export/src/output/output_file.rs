//! A file that appears under its name only when it is complete.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, PathPersistError, PersistError, TempPath};

use crate::error::folder_of;
use crate::{Error, ErrorKind};

/// What to do with a file that has the wanted name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Existing {
    /// It stays, and the export is refused: at the start, and at the end too should it appear meanwhile.
    Refuse,
    /// It is replaced in one step when the new file is complete, and stays as it is until then.
    Replace,
}

/// A file in the making: a temporary neighbour of its target, which takes the target's name when it
/// is complete and is removed when it is dropped before that.
///
/// On Unix only its owner may read it: the rows are personal data.
#[derive(Debug)]
#[must_use = "a file that is dropped is removed"]
pub struct OutputFile {
    temporary: NamedTempFile,
    target: PathBuf,
    existing: Existing,
}

/// Names up to this long become part of the temporary file's name; most file systems end at 255.
const LONGEST_PREFIX: usize = 200;

impl OutputFile {
    /// Makes the temporary file, in the target's folder so that the last step is a mere rename.
    ///
    /// # Errors
    ///
    /// The target is there already and is not to be replaced, is no regular file, or its folder is
    /// missing or cannot be written.
    pub fn create(target: impl Into<PathBuf>, existing: Existing) -> Result<Self, Error> {
        let target = target.into();
        check_target(&target, existing)?;
        let Some(name) = target.file_name() else {
            return Err(no_file(&target, "is no name for a file"));
        };
        let mut prefix = OsString::from(".");
        if name.len() <= LONGEST_PREFIX {
            prefix.push(name);
        } else {
            prefix.push("graph-pstn");
        }
        prefix.push(".");
        let folder = folder_of(&target);
        // Made with `create_new`, and on Unix with mode 0600: nobody else can have put it there,
        // and at no time can anybody else read it.
        let temporary = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(".partial")
            .tempfile_in(folder)
            .map_err(|error| unusable_folder(&target, folder, error))?;
        Ok(Self {
            temporary,
            target,
            existing,
        })
    }

    /// The name that the file will have.
    #[must_use]
    pub fn target(&self) -> &Path {
        &self.target
    }

    /// A handle to write with, unbuffered. All handles share one position.
    ///
    /// # Errors
    ///
    /// The system has no file handle left.
    pub fn handle(&self) -> Result<File, Error> {
        self.temporary
            .as_file()
            .try_clone()
            .map_err(|error| Error::at(&self.target, error))
    }

    /// Gives the file its name, after all that was written has reached the disk.
    ///
    /// # Errors
    ///
    /// The disk is full or failing, or the target appeared meanwhile and is not to be replaced. The
    /// temporary file is removed then.
    pub fn commit(self) -> Result<(), Error> {
        self.sync()?;
        self.persist().map_err(|(error, _)| error)
    }

    /// Does all of [`commit`](Self::commit) that can be done before the last step.
    pub(crate) fn complete(&self) -> Result<(), Error> {
        self.sync()?;
        check_target(&self.target, self.existing)
    }

    /// As [`commit`](Self::commit), but a file that does not get its name keeps the temporary one, and the
    /// error says which that is.
    pub(crate) fn commit_or_keep(self) -> Result<(), Error> {
        self.sync()?;
        self.persist().map_err(|(error, temporary)| {
            let place = temporary.path().display().to_string();
            match temporary.keep() {
                Ok(_) => {
                    let message = format!("{error}; what was to go there is in {place}");
                    error.with_message(message)
                }
                Err(_) => error,
            }
        })
    }

    fn sync(&self) -> Result<(), Error> {
        self.temporary
            .as_file()
            .sync_all()
            .map_err(|error| Error::at(&self.target, error))
    }

    /// The last step. A failure hands the temporary file back.
    fn persist(self) -> Result<(), (Error, NamedTempFile)> {
        let Self {
            temporary,
            target,
            existing,
        } = self;
        match existing {
            Existing::Replace => temporary.persist(&target).map(drop),
            Existing::Refuse => persist_new(temporary, &target),
        }
        .map_err(|failed| (Error::at(&target, failed.error), failed.file))?;
        sync_folder(folder_of(&target));
        Ok(())
    }
}

pub(crate) fn check_target(target: &Path, existing: Existing) -> Result<(), Error> {
    // Of the name itself, so that a link to nowhere counts as being there.
    let Ok(link) = fs::symlink_metadata(target) else {
        return Ok(());
    };
    let metadata = fs::metadata(target).unwrap_or(link);
    if metadata.is_dir() {
        return Err(no_file(target, "is a folder"));
    }
    // A rename would put a plain file in the place of, say, /dev/null.
    if !metadata.is_file() && !metadata.is_symlink() {
        return Err(no_file(target, "is no regular file"));
    }
    match existing {
        Existing::Replace => Ok(()),
        Existing::Refuse => Err(Error::at(target, io::ErrorKind::AlreadyExists.into())),
    }
}

fn no_file(target: &Path, what: &str) -> Error {
    Error::new(ErrorKind::NotAFile, format!("{} {what}", target.display())).with_path(target)
}

pub(crate) fn unusable_folder(target: &Path, folder: &Path, error: io::Error) -> Error {
    let error = Error::at(target, error);
    let not_writable = || format!("the folder {} cannot be written to", folder.display());
    match error.kind() {
        // A file system that makes its files itself knows no better word, as that of /proc.
        ErrorKind::FolderMissing if folder.is_dir() => {
            Error::new(ErrorKind::NotWritable, not_writable()).with_path(target)
        }
        ErrorKind::FolderMissing if folder.exists() => {
            error.with_message(format!("{} is a file, not a folder", folder.display()))
        }
        ErrorKind::NotWritable => error.with_message(not_writable()),
        _ => error,
    }
}

fn persist_new(temporary: NamedTempFile, target: &Path) -> Result<(), PersistError> {
    let (file, path) = temporary.into_parts();
    name_new(path, target).map_err(|PathPersistError { error, path }| PersistError {
        error,
        file: NamedTempFile::from_parts(file, path),
    })
}

/// Renames without taking the place of a file that appeared meanwhile.
pub(crate) fn name_new(path: TempPath, target: &Path) -> Result<(), PathPersistError> {
    let refused = match path.persist_noclobber(target) {
        Ok(()) => return Ok(()),
        Err(refused) => refused,
    };
    // Some network and FUSE file systems know neither a rename that replaces nothing nor hard
    // links. There the name is taken with an empty file first, which fails if it is in use.
    let incapable = matches!(
        refused.error.kind(),
        io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput
    );
    if !incapable {
        return Err(refused);
    }
    let taken = OpenOptions::new().write(true).create_new(true).open(target);
    if let Err(error) = taken {
        return Err(PathPersistError { error, ..refused });
    }
    refused.path.persist(target).inspect_err(|_| {
        // The empty file is ours; should it not go away, the rename's failure is the news.
        let _ = fs::remove_file(target);
    })
}

/// Makes the rename itself last through a power cut. Only Unix can open a folder for that.
///
/// No error is worth one here: the file is complete, on the disk and in its place. A folder that may not be
/// listed cannot be opened, and some file systems cannot sync one.
#[cfg(unix)]
pub(crate) fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

#[cfg(not(unix))]
pub(crate) fn sync_folder(_: &Path) {}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::io::Write as _;

    /// What there is in a folder.
    pub(crate) fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_only_when_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("calls.csv");
        let file = OutputFile::create(&target, Existing::Refuse).unwrap();
        file.handle().unwrap().write_all(b"id\r\n").unwrap();
        assert!(!target.exists());
        let partial = names(folder.path());
        assert!(
            partial.len() == 1
                && partial[0].starts_with(".calls.csv.")
                && partial[0].ends_with(".partial"),
            "{partial:?}"
        );
        file.commit().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"id\r\n");
        assert_eq!(names(folder.path()), ["calls.csv"]);
    }

    #[test]
    fn a_file_that_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = OutputFile::create(folder.path().join("calls.csv"), Existing::Refuse).unwrap();
        file.handle().unwrap().write_all(b"half").unwrap();
        drop(file);
        assert!(names(folder.path()).is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("calls.csv");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let file = OutputFile::create(&target, Existing::Refuse).unwrap();
        assert_eq!(mode(file.temporary.path()), 0o600);
        file.commit().unwrap();
        assert_eq!(mode(&target), 0o600);
    }

    #[test]
    fn a_target_that_is_there_is_refused_at_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("calls.csv");
        fs::write(&target, "old").unwrap();
        let error = OutputFile::create(&target, Existing::Refuse).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TargetExists);
        assert_eq!(error.path(), Some(target.as_path()));
        assert_eq!(names(folder.path()), ["calls.csv"]);
    }

    #[test]
    fn a_target_that_appears_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("calls.csv");
        let file = OutputFile::create(&target, Existing::Refuse).unwrap();
        file.handle().unwrap().write_all(b"new").unwrap();
        fs::write(&target, "theirs").unwrap();
        assert_eq!(file.commit().unwrap_err().kind(), ErrorKind::TargetExists);
        assert_eq!(fs::read(&target).unwrap(), b"theirs");
        assert_eq!(names(folder.path()), ["calls.csv"]);
    }

    #[test]
    fn replacing_keeps_the_old_file_until_the_new_one_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("calls.csv");
        fs::write(&target, "old").unwrap();
        let file = OutputFile::create(&target, Existing::Replace).unwrap();
        file.handle().unwrap().write_all(b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"old");
        file.commit().unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["calls.csv"]);
    }

    #[test]
    fn what_cannot_become_a_file_is_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let kind = |path: PathBuf| {
            OutputFile::create(path, Existing::Replace)
                .unwrap_err()
                .kind()
        };
        assert_eq!(kind(folder.path().to_owned()), ErrorKind::NotAFile);
        assert_eq!(kind(folder.path().join("..")), ErrorKind::NotAFile);
        assert_eq!(
            kind(folder.path().join("missing/calls.csv")),
            ErrorKind::FolderMissing
        );
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = OutputFile::create(file.join("calls.csv"), Existing::Refuse).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FolderMissing);
        assert!(error.to_string().ends_with("is a file, not a folder"));
    }

    /// Not even root may, and the system says that there is no such file.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_takes_no_files_is_no_missing_one() {
        let error = OutputFile::create("/proc/calls.csv", Existing::Refuse).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotWritable);
        assert_eq!(error.to_string(), "the folder /proc cannot be written to");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_error_does_not_name_the_temporary_file() {
        use std::error::Error as _;

        // Not even root may make files there; what the reason is depends on how it is mounted.
        let error = OutputFile::create("/sys/calls.csv", Existing::Refuse).unwrap_err();
        assert_eq!(error.to_string(), "the folder /sys cannot be written to");
        let source = error.source().unwrap().to_string();
        assert!(!source.contains("partial"), "{source}");
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_never_replaced() {
        let error = OutputFile::create("/dev/null", Existing::Replace).unwrap_err();
        assert_eq!(error.to_string(), "/dev/null is no regular file");
    }

    #[test]
    fn a_very_long_name_still_gets_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("n".repeat(250));
        OutputFile::create(&target, Existing::Refuse)
            .unwrap()
            .commit()
            .unwrap();
        assert!(target.exists());
    }
}
