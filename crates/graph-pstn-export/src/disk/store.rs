//! An object store in the place of a file system: Azure Blob Storage, S3 or Google Cloud Storage.
//!
//! Objects can be put as a whole, not added to, so files are made on the machine's own disk, and what would be a
//! renaming there is an upload. A store has no locks either: who writes to a folder of it holds a
//! [lease](super::lease), and an object that was read is replaced only if it is still what was read, by its ETag. So two
//! runs at once do no harm even where a lease has failed. Not all stores can remove an object on such a condition: what is removed,
//! or replaced whatever it is, is so right after the lease was renewed. Harm is done only where the store takes longer to do it than the lease
//! lasts, or clocks are farther apart than that.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Cursor};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use object_store::path::Path as Name;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt as _, PutMode, UpdateVersion};

use super::lease::{Lease, Outcome};
use super::place::{Place, version};
use super::{Disk, DiskFile, Input, Lock, Locked};
use crate::error::folder_of;
use crate::{Error, Existing};

/// A folder of an object store, and a disk for all that is not in it.
#[derive(Clone)]
pub(crate) struct StoreDisk(Arc<Inner>);

struct Inner {
    place: Place,
    /// What the folder is called: names below it are names in the store.
    root: PathBuf,
    local: Arc<dyn Disk>,
    /// Where files are made.
    stage: PathBuf,
    /// Who holds the lease: the same from run to run, so that one that was killed is gone on with at once.
    holder: String,
    /// The lease, while the folder is locked.
    lease: Mutex<Weak<Lease>>,
    /// What was seen of the objects that are about to be replaced.
    seen: Mutex<HashMap<Name, Seen>>,
}

enum Seen {
    Absent,
    As(UpdateVersion),
}

impl StoreDisk {
    /// The folder `folder` of the store, which persons know as `root`. Files are made in `stage`.
    pub(crate) fn new(
        store: Arc<dyn ObjectStore>,
        folder: Name,
        root: PathBuf,
        (local, stage): (Arc<dyn Disk>, PathBuf),
        holder: String,
    ) -> io::Result<Self> {
        Ok(Self(Arc::new(Inner {
            place: Place::new(store, folder)?,
            root,
            local,
            stage,
            holder,
            lease: Mutex::default(),
            seen: Mutex::default(),
        })))
    }

    /// The object of that path; `None` if it is one of the local disk.
    fn object(&self, path: &Path) -> Option<Name> {
        let below = path.strip_prefix(&self.0.root).ok()?;
        let mut name = self.0.place.folder.clone();
        for component in below.components() {
            if let Component::Normal(part) = component {
                name = name.join(part.to_str()?);
            }
        }
        Some(name)
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<Name, Seen>> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lease(&self) -> MutexGuard<'_, Weak<Lease>> {
        self.0.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a run that has lost the lease from changing what no condition guards.
    fn confirm_lease(&self) -> io::Result<()> {
        let lease = self.lease().upgrade();
        lease.map_or(Ok(()), |lease| lease.confirm())
    }

    fn head(&self, name: &Name) -> io::Result<Option<ObjectMeta>> {
        let of = name.clone();
        let found = self
            .0
            .place
            .wait(|store| async move { store.head(&of).await });
        match found {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            found => found.map(Some),
        }
    }

    fn upload(&self, from: &Path, name: Name, existing: Existing) -> io::Result<()> {
        let mut content = Vec::new();
        self.0.local.read(from)?.read_to_end(&mut content)?;
        let mode = match (existing, self.seen().remove(&name)) {
            (Existing::Refuse, _) | (_, Some(Seen::Absent)) => PutMode::Create,
            (Existing::Replace, Some(Seen::As(version))) => PutMode::Update(version),
            (Existing::Replace, None) => {
                self.confirm_lease()?;
                PutMode::Overwrite
            }
        };
        let put = self
            .0
            .place
            .wait(|store| async move { store.put_opts(&name, content.into(), mode.into()).await });
        match (existing, put) {
            // It was not there, or was another, a moment ago.
            (Existing::Replace, Err(error)) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(io::ErrorKind::ResourceBusy.into())
            }
            (_, put) => put.map(drop),
        }
    }
}

impl Disk for StoreDisk {
    fn stage(&self, _: PathBuf) -> PathBuf {
        self.0.stage.clone()
    }

    fn check_target(&self, target: &Path, existing: Existing) -> Result<(), Error> {
        let Some(name) = self.object(target) else {
            return self.0.local.check_target(target, existing);
        };
        let there = self.head(&name).map_err(|error| Error::at(target, error))?;
        match (existing, there) {
            (Existing::Refuse, Some(_)) => {
                Err(Error::at(target, io::ErrorKind::AlreadyExists.into()))
            }
            _ => Ok(()),
        }
    }

    fn try_target(&self, target: &Path, existing: Existing) -> Result<(), Error> {
        match self.object(target) {
            Some(_) => self.check_target(target, existing),
            None => self.0.local.try_target(target, existing),
        }
    }

    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        match self.object(folder) {
            // Folders of an object store are but parts of names.
            Some(_) => Ok(()),
            None => self.0.local.make_folder(folder),
        }
    }

    fn is_folder(&self, path: &Path) -> bool {
        self.object(path).is_some() || self.0.local.is_folder(path)
    }

    /// That of the machine's disk, and the lease of the folder.
    fn lock(&self, file: &Path) -> io::Result<Locked> {
        let local = match self.0.local.lock(file)? {
            Locked::Here(local) => local,
            elsewhere => return Ok(elsewhere),
        };
        let outcome = Lease::take(self.0.place.clone(), &self.0.holder);
        if !matches!(outcome, Ok(Outcome::Taken(_))) {
            // Nothing is left of what was not begun.
            let _ = self.0.local.remove(file);
            self.0.local.remove_folder(folder_of(file));
        }
        Ok(match outcome? {
            Outcome::Taken(lease) => {
                let lease = Arc::new(lease);
                *self.lease() = Arc::downgrade(&lease);
                Locked::Here(Box::new(Held {
                    _lease: lease,
                    _local: local,
                }))
            }
            Outcome::Anothers(told) => Locked::Elsewhere { told: Some(told) },
        })
    }

    fn create(&self, file: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.0.local.create(file)
    }

    fn go_on(&self, file: &Path, bytes: u64) -> io::Result<Box<dyn DiskFile>> {
        self.0.local.go_on(file, bytes)
    }

    fn read(&self, path: &Path) -> io::Result<Box<dyn Input>> {
        let Some(name) = self.object(path) else {
            return self.0.local.read(path);
        };
        let of = name.clone();
        let (version, content) = self.0.place.wait(|store| async move {
            let got = store.get(&of).await?;
            let version = version(&got.meta);
            Ok((version, got.bytes().await?))
        })?;
        self.seen().insert(name, Seen::As(version));
        Ok(Box::new(Cursor::new(content)))
    }

    fn length(&self, path: &Path) -> io::Result<Option<u64>> {
        let Some(name) = self.object(path) else {
            return self.0.local.length(path);
        };
        let Some(meta) = self.head(&name)? else {
            self.seen().insert(name, Seen::Absent);
            return Ok(None);
        };
        Ok(Some(meta.size))
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let Some(name) = self.object(folder) else {
            return self.0.local.names(folder);
        };
        let listed = self
            .0
            .place
            .wait(|store| async move { store.list_with_delimiter(Some(&name)).await })?;
        let objects = listed.objects.into_iter().map(|object| object.location);
        let all = listed.common_prefixes.into_iter().chain(objects);
        let mut names: Vec<String> = all
            .filter_map(|name| name.filename().map(str::to_owned))
            .collect();
        names.sort();
        Ok(names)
    }

    fn rename(&self, from: &Path, to: &Path, existing: Existing) -> io::Result<()> {
        match self.object(to) {
            Some(name) => {
                self.upload(from, name, existing)?;
                self.0.local.remove(from)
            }
            None => self.0.local.rename(from, to, existing),
        }
    }

    fn remove(&self, file: &Path) -> io::Result<()> {
        let Some(name) = self.object(file) else {
            return self.0.local.remove(file);
        };
        self.confirm_lease()?;
        // Stores have no conditional deletion that all of them share, so a last look has to do.
        let seen = self.seen().remove(&name);
        if let Some(Seen::As(seen)) = seen
            && let Some(there) = self.head(&name)?
            && version(&there).e_tag != seen.e_tag
        {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        let removed = self
            .0
            .place
            .wait(|store| async move { store.delete(&name).await });
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    fn remove_folder(&self, folder: &Path) {
        if self.object(folder).is_none() {
            self.0.local.remove_folder(folder);
        }
    }

    fn sync(&self, file: &Path) -> io::Result<()> {
        match self.object(file) {
            // It is there when the store has answered.
            Some(_) => Ok(()),
            None => self.0.local.sync(file),
        }
    }

    fn sync_folder(&self, folder: &Path) {
        if self.object(folder).is_none() {
            self.0.local.sync_folder(folder);
        }
    }
}

/// Without the store, whose own might show its credentials.
impl fmt::Debug for StoreDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreDisk")
            .field("root", &self.0.root)
            .field("stage", &self.0.stage)
            .finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct Held {
    /// The first to go: once the local lock is free, the next run has the same holder.
    _lease: Arc<Lease>,
    _local: Box<dyn Lock>,
}

impl Lock for Held {}
