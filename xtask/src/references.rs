//! Which snapshots the tests compare with, and which lie about that no test asks for.

use std::{
    collections::BTreeSet,
    env, fs, io,
    path::{Path, PathBuf},
};

use crate::{cargo::Cargo, workspace};

/// The list that insta keeps of the snapshots it compared with; `cargo insta` goes by it too.
pub(crate) struct References {
    list: PathBuf,
}

impl References {
    /// An empty list.
    pub(crate) fn new() -> Result<Self, String> {
        // Beside this program, which is in the target folder, wherever that has been put.
        let program = env::current_exe().map_err(|error| error.to_string())?;
        let list = program.with_file_name("snapshots-asked-for.txt");
        match fs::remove_file(&list) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(format!("{}: {error}", workspace::shown(&list)))
            }
            _ => Ok(Self { list }),
        }
    }

    /// The command with insta told to keep the list.
    pub(crate) fn kept_by(&self, command: Cargo) -> Cargo {
        let list = self.list.display().to_string();
        command.unshown("INSTA_SNAPSHOT_REFERENCES_FILE", list)
    }

    /// The snapshots below `folder` that no test asked for, and how many there are altogether.
    pub(crate) fn unreferenced(&self, folder: &Path) -> Result<(Vec<PathBuf>, usize), String> {
        let list = fs::read_to_string(&self.list)
            .map_err(|error| format!("the tests compared with no snapshot: {error}"))?;
        let asked_for = list.lines().map(|path| canonical(Path::new(path)));
        let asked_for = asked_for.collect::<Result<BTreeSet<_>, _>>()?;
        let files = workspace::files_below(folder).map_err(|error| error.to_string())?;
        let is_snapshot = |path: &&PathBuf| path.extension().is_some_and(|kind| kind == "snap");
        let there = files.iter().filter(is_snapshot).map(|path| canonical(path));
        let there = there.collect::<Result<BTreeSet<_>, _>>()?;
        let unreferenced = there.difference(&asked_for).cloned().collect();
        Ok((unreferenced, there.len()))
    }
}

/// The error that names them.
pub(crate) fn complaint(unreferenced: &[PathBuf]) -> String {
    let mut message = "no test asks for these snapshots any more:".to_owned();
    for path in unreferenced {
        message.push_str("\n  ");
        message.push_str(&workspace::shown(path));
    }
    message
}

fn canonical(path: &Path) -> Result<PathBuf, String> {
    fs::canonicalize(path).map_err(|error| format!("{}: {error}", path.display()))
}
