//! A file in the making that knows how much was written to it.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::disk::DiskFile;
use crate::staging::checkpoint::FileMark;

/// A file of an unfinished export. Clones write to the same file.
#[derive(Clone)]
pub(crate) struct Part {
    name: Arc<str>,
    inner: Arc<Mutex<Inner>>,
}

struct Inner {
    file: Box<dyn DiskFile>,
    bytes: u64,
    sum: crc32fast::Hasher,
}

impl Part {
    /// Goes on with a file that is open after the marked bytes.
    pub(crate) fn new(mark: FileMark, file: Box<dyn DiskFile>) -> Self {
        Self {
            name: mark.name.into(),
            inner: Arc::new(Mutex::new(Inner {
                file,
                bytes: mark.bytes,
                sum: crc32fast::Hasher::new_with_initial_len(mark.crc32, mark.bytes),
            })),
        }
    }

    /// What has reached the file so far; what a writer still buffers has not.
    pub(crate) fn mark(&self) -> FileMark {
        let inner = self.inner();
        FileMark {
            name: self.name.to_string(),
            bytes: inner.bytes,
            crc32: inner.sum.clone().finalize(),
        }
    }

    /// Brings it to the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.inner().file.sync()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing here panics half-way.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for Part {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut inner = self.inner();
        let written = inner.file.write(bytes)?;
        inner.bytes += written as u64;
        inner.sum.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Part").field(&self.mark()).finish()
    }
}
