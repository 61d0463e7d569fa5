//! The file system of the machine.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, SeekFrom};
use std::path::Path;

use tempfile::TempPath;

use super::{Disk, DiskFile, Input, Lock, Locked};
use crate::output::output_file::{check_target, name_new, sync_folder};
use crate::{Error, Existing, OutputFile};

/// The file system of the machine, through the standard library.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalDisk;

/// How often a lock is tried for when the file vanishes before it is held: each time another export has just
/// ended.
const LOCK_TRIES: usize = 16;

impl Disk for LocalDisk {
    fn check_target(&self, target: &Path, existing: Existing) -> Result<(), Error> {
        check_target(target, existing)
    }

    fn try_target(&self, target: &Path, existing: Existing) -> Result<(), Error> {
        OutputFile::create(target, existing).map(drop)
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(false);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(folder) {
            // A link would lead rows to where somebody else may have wanted them.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                let there = fs::symlink_metadata(folder)?;
                if there.is_dir() {
                    check_owner(folder, &there)
                } else {
                    Err(error)
                }
            }
            made => made,
        }
    }

    fn is_folder(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn lock(&self, path: &Path) -> io::Result<Locked> {
        for _ in 0..LOCK_TRIES {
            let file = private()
                .read(true)
                .create(true)
                .truncate(false)
                .open(path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Locked::ELSEWHERE),
                // A file system without locks: some network ones. An export is possible all the same, and
                // only two at once would harm each other.
                Err(TryLockError::Error(_)) => {}
            }
            if is_at(&file, path) {
                return Ok(Locked::Here(Box::new(HeldFile { _file: file })));
            }
        }
        Ok(Locked::ELSEWHERE)
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.remove(path)?;
        Ok(Box::new(private().create_new(true).open(path)?))
    }

    fn go_on(&self, path: &Path, bytes: u64) -> io::Result<Box<dyn DiskFile>> {
        let mut file = OpenOptions::new().write(true).open(path)?;
        file.set_len(bytes)?;
        file.seek(SeekFrom::Start(bytes))?;
        Ok(Box::new(file))
    }

    fn read(&self, path: &Path) -> io::Result<Box<dyn Input>> {
        Ok(Box::new(File::open(path)?))
    }

    fn length(&self, path: &Path) -> io::Result<Option<u64>> {
        match fs::symlink_metadata(path) {
            Ok(metadata) if metadata.is_file() => Ok(Some(metadata.len())),
            Ok(_) => Err(io::Error::other("it is no regular file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            // A name that is no text is none of ours.
            names.extend(entry?.file_name().into_string());
        }
        names.sort();
        Ok(names)
    }

    fn rename(&self, from: &Path, to: &Path, existing: Existing) -> io::Result<()> {
        let renamed = match existing {
            Existing::Replace => fs::rename(from, to),
            Existing::Refuse => rename_new(from, to),
        };
        match renamed {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                copy(from, to, existing)?;
                self.remove(from)
            }
            renamed => renamed,
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn remove_folder(&self, folder: &Path) {
        // One that is not empty stays, and that is all right.
        let _ = fs::remove_dir(folder);
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        // Windows asks for the right to write.
        OpenOptions::new().write(true).open(path)?.sync_all()
    }

    fn sync_folder(&self, folder: &Path) {
        sync_folder(folder);
    }
}

impl DiskFile for File {
    fn sync(&self) -> io::Result<()> {
        self.sync_all()
    }
}

/// The lock goes with the file's handle.
#[derive(Debug)]
struct HeldFile {
    _file: File,
}

impl Lock for HeldFile {}

/// A file that, on Unix, only its owner may read: the rows are personal data.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Refuses a folder of somebody else, who could exchange the files in it: as in a folder that all may write to.
#[cfg(unix)]
fn check_owner(folder: &Path, there: &fs::Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt as _;

    if tempfile::tempfile_in(folder)?.metadata()?.uid() == there.uid() {
        Ok(())
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

#[cfg(not(unix))]
fn check_owner(_: &Path, _: &fs::Metadata) -> io::Result<()> {
    Ok(())
}

/// Whether the file still has this name. Whoever holds a lock removes the file at the end, so that a lock may
/// be had of a file that is not there any more.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// As above; here the standard library cannot tell two files of one name apart.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    name_new(TempPath::try_from_path(from)?, to).map_err(|failed| {
        // It stays where it is.
        let _ = failed.path.keep();
        failed.error
    })
}

/// To another file system there is no renaming: the copy is what appears in one step.
fn copy(from: &Path, to: &Path, existing: Existing) -> io::Result<()> {
    let copy = OutputFile::create(to, existing).map_err(Error::into_io)?;
    let mut handle = copy.handle().map_err(Error::into_io)?;
    io::copy(&mut File::open(from)?, &mut handle)?;
    copy.commit().map_err(Error::into_io)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_held_once_and_not_of_a_file_that_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = LocalDisk.lock(&path).unwrap();
        assert!(matches!(held, Locked::Here(_)));
        let again = LocalDisk.lock(&path).unwrap();
        assert!(matches!(again, Locked::Elsewhere { told: None }));
        let other = File::open(&path).unwrap();
        assert!(is_at(&other, &path));
        fs::remove_file(&path).unwrap();
        assert!(!is_at(&other, &path));
        drop(held);
        assert!(matches!(LocalDisk.lock(&path).unwrap(), Locked::Here(_)));
    }

    #[test]
    fn a_name_that_is_taken_is_kept_or_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::write(&from, "new").unwrap();
        fs::write(&to, "old").unwrap();
        let refused = LocalDisk.rename(&from, &to, Existing::Refuse).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&from).unwrap(), b"new");
        LocalDisk.rename(&from, &to, Existing::Replace).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"new");
        assert_eq!(LocalDisk.length(&from).unwrap(), None);
    }

    #[test]
    fn a_copy_takes_the_place_of_a_rename() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        fs::write(&from, "rows").unwrap();
        copy(&from, &to, Existing::Refuse).unwrap();
        assert_eq!(fs::read(&to).unwrap(), b"rows");
        let refused = copy(&from, &to, Existing::Refuse).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed_to_another_folder() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        let error = LocalDisk.make_folder(&link).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        LocalDisk.make_folder(folder.path()).unwrap();
    }
}
