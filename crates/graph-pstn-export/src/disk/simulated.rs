//! A disk in memory that loses power, fills up, or sees its process killed.
//!
//! It is as bad as POSIX allows: what was written to a file may be lost in any part until the file is synced, and
//! names that were made, changed or removed may each be lost until their folder is. Folders themselves are simply there.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Disk, DiskFile, Input, Lock, Locked};
use crate::error::folder_of;
use crate::{Error, Existing};

/// Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct SimulatedDisk(Arc<Mutex<State>>);

#[derive(Clone, Debug, Default)]
struct State {
    files: Vec<Content>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    /// Changes of names that are not durable yet.
    pending: Vec<Change>,
    locked: BTreeSet<PathBuf>,
    /// Changes of any kind so far, and how many there may be before the power fails.
    steps: usize,
    last_step: Option<usize>,
    /// How many bytes may be written before the disk is full.
    room: Option<usize>,
}

#[derive(Clone, Debug, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
}

#[derive(Clone, Debug)]
enum Change {
    Made(PathBuf, usize),
    Renamed(PathBuf, PathBuf, usize),
    Removed(PathBuf),
}

impl Change {
    fn folder(&self) -> &Path {
        let (Self::Made(path, _) | Self::Renamed(_, path, _) | Self::Removed(path)) = self;
        folder_of(path)
    }

    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Self::Made(path, file) => drop(names.insert(path.clone(), *file)),
            Self::Renamed(from, to, file) => {
                names.remove(from);
                names.insert(to.clone(), *file);
            }
            Self::Removed(path) => drop(names.remove(path)),
        }
    }
}

/// What survives is drawn in pieces of so many bytes.
const PIECE: usize = 64;

impl SimulatedDisk {
    /// The power fails after so many more changes.
    pub(crate) fn fail_after(&self, steps: usize) {
        let mut state = self.state();
        state.last_step = Some(state.steps + steps);
    }

    /// So many more bytes fit.
    pub(crate) fn leave_room(&self, bytes: Option<usize>) {
        self.state().room = bytes;
    }

    /// How many bytes of the room are taken.
    pub(crate) fn used(&self) -> usize {
        self.state().room.map_or(0, |room| usize::MAX - room)
    }

    /// How many changes there have been.
    pub(crate) fn steps(&self) -> usize {
        self.state().steps
    }

    /// What another process finds after this one was killed: all that was written, and no lock.
    pub(crate) fn after_kill(&self) -> Self {
        let mut state = self.state().clone();
        state.locked.clear();
        state.last_step = None;
        Self(Arc::new(Mutex::new(state)))
    }

    /// What is there when the power is back.
    pub(crate) fn after_power_cut(&self, random: &mut fastrand::Rng) -> Self {
        let mut state = self.state().clone();
        state.locked.clear();
        state.last_step = None;
        for change in std::mem::take(&mut state.pending) {
            if random.bool() {
                change.apply(&mut state.durable_names);
            }
        }
        state.names = state.durable_names.clone();
        for file in &mut state.files {
            file.now = survivor(file, random);
            file.durable = file.now.clone();
        }
        Self(Arc::new(Mutex::new(state)))
    }

    pub(crate) fn content(&self, path: &Path) -> Option<Vec<u8>> {
        let state = self.state();
        state
            .names
            .get(path)
            .map(|file| state.files[*file].now.clone())
    }

    /// Exchanges what a file holds, as somebody else may.
    pub(crate) fn put(&self, path: &Path, content: &[u8]) {
        let mut state = self.state();
        let file = state.files.len();
        state.files.push(Content {
            now: content.to_vec(),
            durable: content.to_vec(),
        });
        state.names.insert(path.to_owned(), file);
        state.durable_names.insert(path.to_owned(), file);
    }

    /// All names of files.
    pub(crate) fn all_names(&self) -> Vec<PathBuf> {
        self.state().names.keys().cloned().collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn change(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        if state.last_step.is_some_and(|last| state.steps >= last) {
            return Err(io::Error::other("the power is out"));
        }
        state.steps += 1;
        Ok(state)
    }

    fn open(&self, file: usize) -> Box<dyn DiskFile> {
        Box::new(Open {
            disk: self.clone(),
            file,
        })
    }
}

/// What a power cut leaves of a file: each piece is as it is now, as it was when it was synced, or of zeros where
/// nothing was synced.
fn survivor(file: &Content, random: &mut fastrand::Rng) -> Vec<u8> {
    let (now, durable) = (&file.now, &file.durable);
    let shorter = now.len().min(durable.len());
    let longer = now.len().max(durable.len());
    let length = random.usize(shorter..=longer);
    let mut left = vec![0; length];
    for (at, piece) in left.chunks_mut(PIECE).enumerate() {
        let from = if random.bool() { now } else { durable };
        for (index, byte) in piece.iter_mut().enumerate() {
            let at = at * PIECE + index;
            // What was synced is there, unless it was overwritten.
            let synced = durable.get(at).copied();
            *byte = from.get(at).copied().or(synced).unwrap_or(0);
        }
    }
    left
}

struct Open {
    disk: SimulatedDisk,
    file: usize,
}

impl Write for Open {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.disk.change()?;
        let fits = state.room.map_or(bytes.len(), |room| room.min(bytes.len()));
        if fits == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        state.room = state.room.map(|room| room - fits);
        state.files[self.file].now.extend_from_slice(&bytes[..fits]);
        Ok(fits)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for Open {
    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.change()?;
        let content = &mut state.files[self.file];
        content.durable = content.now.clone();
        Ok(())
    }
}

#[derive(Debug)]
struct Held(SimulatedDisk, PathBuf);

impl Lock for Held {}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.state().locked.remove(&self.1);
    }
}

impl Disk for SimulatedDisk {
    fn check_target(&self, target: &Path, existing: Existing) -> Result<(), Error> {
        if existing == Existing::Refuse && self.content(target).is_some() {
            return Err(Error::at(target, io::ErrorKind::AlreadyExists.into()));
        }
        Ok(())
    }

    fn try_target(&self, target: &Path, existing: Existing) -> Result<(), Error> {
        self.check_target(target, existing)
    }

    fn make_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }

    fn is_folder(&self, _: &Path) -> bool {
        true
    }

    fn lock(&self, path: &Path) -> io::Result<Locked> {
        if self.content(path).is_none() {
            self.create(path)?;
        }
        let taken = self.state().locked.insert(path.to_owned());
        Ok(match taken {
            true => Locked::Here(Box::new(Held(self.clone(), path.to_owned()))),
            false => Locked::ELSEWHERE,
        })
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.change()?;
        let file = state.files.len();
        state.files.push(Content::default());
        state.names.insert(path.to_owned(), file);
        state.pending.push(Change::Made(path.to_owned(), file));
        drop(state);
        Ok(self.open(file))
    }

    fn go_on(&self, path: &Path, bytes: u64) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.change()?;
        let file = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        let content = &mut state.files[file].now;
        let freed = content.len() - bytes as usize;
        content.truncate(bytes as usize);
        state.room = state.room.map(|room| room + freed);
        drop(state);
        Ok(self.open(file))
    }

    fn read(&self, path: &Path) -> io::Result<Box<dyn Input>> {
        let content = self.content(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Cursor::new(content)))
    }

    fn length(&self, path: &Path) -> io::Result<Option<u64>> {
        Ok(self.content(path).map(|content| content.len() as u64))
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut names = BTreeSet::new();
        for path in self.state().names.keys() {
            if let Ok(below) = path.strip_prefix(folder) {
                let first = below.components().next();
                names.extend(first.map(|name| name.as_os_str().to_str().unwrap().to_owned()));
            }
        }
        Ok(names.into_iter().collect())
    }

    fn rename(&self, from: &Path, to: &Path, existing: Existing) -> io::Result<()> {
        let mut state = self.change()?;
        if existing == Existing::Refuse && state.names.contains_key(to) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), file);
        state
            .pending
            .push(Change::Renamed(from.to_owned(), to.to_owned(), file));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.change()?;
        if state.names.remove(path).is_some() {
            state.pending.push(Change::Removed(path.to_owned()));
        }
        Ok(())
    }

    fn remove_folder(&self, _: &Path) {}

    fn sync(&self, path: &Path) -> io::Result<()> {
        let mut state = self.change()?;
        let file = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        let content = &mut state.files[file];
        content.durable = content.now.clone();
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) {
        let Ok(mut state) = self.change() else {
            return;
        };
        let (durable, pending) = std::mem::take(&mut state.pending)
            .into_iter()
            .partition::<Vec<_>, _>(|change| change.folder() == folder);
        state.pending = pending;
        for change in durable {
            change.apply(&mut state.durable_names);
        }
    }
}
