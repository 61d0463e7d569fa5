//! Where things are.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// The path as a reader at the root would write it.
pub(crate) fn shown(path: &Path) -> String {
    let relative = path.strip_prefix(root()).unwrap_or(path);
    relative.display().to_string().replace('\\', "/")
}

/// Every file below `folder`, sorted. Folders named `target` and hidden ones are left out.
///
/// # Errors
/// A folder that cannot be read; the message names it.
pub(crate) fn files_below(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", shown(&folder)));
        for entry in fs::read_dir(&folder).map_err(named)? {
            let entry = entry.map_err(named)?;
            let name = entry.file_name();
            let is_folder = entry.file_type().map_err(named)?.is_dir();
            if !is_folder {
                files.push(entry.path());
            } else if name != "target" && !name.to_string_lossy().starts_with('.') {
                folders.push(entry.path());
            }
        }
    }
    files.sort();
    Ok(files)
}
