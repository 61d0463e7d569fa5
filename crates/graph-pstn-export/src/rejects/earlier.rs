//! New rejects into the file that there is already.
//!
//! A data set that is kept up to date reads the same days again and again, and what cannot be read comes each time. It is to
//! be in the file once, and still when its day is not read any more.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::error::folder_of;
use crate::staging::checkpoint::FileMark;
use crate::staging::stage::Stage;
use crate::{Error, Existing};

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    row: &'a RawValue,
}

/// Puts the file of the stage in the place of the one that is there, with what only that one has. Doing it again changes
/// nothing.
pub(crate) fn add(stage: &Stage, file: &FileMark, target: &Path) -> Result<(), Error> {
    if stage.length(&file.name)?.is_none() {
        // It was done before: nothing else takes it away.
        return Ok(());
    }
    let disk = stage.disk();
    let made = stage.path(&file.name);
    let failed = |error: io::Error| Error::at(target, error);
    let there = disk.length(target).map_err(failed)?;
    if there.is_some() {
        let hasher = RandomState::new();
        let mut rows = HashSet::new();
        let new = disk.read(&made).map_err(failed)?.take(file.bytes);
        each_line(new, |line| {
            rows.insert(hasher.hash_one(row(line)));
            Ok(())
        })
        .map_err(failed)?;
        // This cuts off what a run added that did not come to its end.
        let mut part = io::BufWriter::new(stage.go_on(file.clone())?);
        let old = disk.read(target).map_err(failed)?;
        each_line(old, |line| {
            if rows.contains(&hasher.hash_one(row(line))) {
                return Ok(());
            }
            part.write_all(line)?;
            part.write_all(b"\n")
        })
        .and_then(|()| part.flush())
        .and_then(|()| part.get_ref().sync())
        .map_err(failed)?;
    }
    disk.rename(&made, target, Existing::Replace)
        .map_err(failed)?;
    disk.sync_folder(folder_of(target));
    Ok(())
}

/// The row that a line is about; the reason and the place on its page may be others the next time. A line that is none of ours
/// is a row of its own.
fn row(line: &[u8]) -> &[u8] {
    match serde_json::from_slice::<Line<'_>>(line) {
        Ok(line) => line.row.get().as_bytes(),
        Err(_) => line,
    }
}

fn each_line(file: impl Read, mut visit: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut file = BufReader::with_capacity(crate::BUFFER, file);
    let mut line = Vec::new();
    while file.read_until(b'\n', &mut line)? > 0 {
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        visit(&line)?;
        line.clear();
    }
    Ok(())
}
