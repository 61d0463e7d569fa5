//! Whether what is there in the end is what an export without interruption had made.

use std::path::{Path, PathBuf};

use super::case::{Case, files};
use crate::disk::SimulatedDisk;
use crate::output::layout::Layout;
use crate::{ErrorKind, Summary};

/// Resumes until it is whole, and compares.
pub(super) fn assert_exact(
    case: Case,
    disk: &SimulatedDisk,
    whole: &(Vec<(PathBuf, Vec<u8>)>, Summary),
    at: &str,
) {
    let was_whole = case.is_merged && {
        let stage = Layout::stage_of_days(case.output());
        let mut output = files(disk);
        output.retain(|(name, _)| !name.starts_with(&stage));
        names(&output) == names(&whole.0) && different(case, &output, &whole.0).is_none()
    };
    match case.run(disk) {
        Ok(mut summary) => {
            // A run that had come to its very end is not gone on with, and the next finds nothing to change.
            let changes = summary.changes.as_mut();
            if let Some(changes) = changes.filter(|changes| was_whole && changes.days == 0) {
                *changes = whole.1.changes.unwrap();
            }
            assert_eq!(summary, whole.1, "{case:?} {at}");
        }
        // It had come to its end already.
        Err(error) => assert_eq!(
            error.kind(),
            ErrorKind::TargetExists,
            "{case:?} {at}: {error}"
        ),
    }
    let files = files(disk);
    assert_eq!(names(&files), names(&whole.0), "{case:?} {at}");
    let different = different(case, &files, &whole.0);
    assert_eq!(different, None, "{case:?} {at}");
}

fn names(files: &[(PathBuf, Vec<u8>)]) -> Vec<&Path> {
    files.iter().map(|(name, _)| name.as_path()).collect()
}

/// The first of the files that does not hold what it should. Where row groups end in it is of no account.
fn different<'a>(
    case: Case,
    files: &'a [(PathBuf, Vec<u8>)],
    expected: &[(PathBuf, Vec<u8>)],
) -> Option<&'a Path> {
    let pairs = files.iter().zip(expected);
    let mut different = pairs.filter(|((name, content), (_, expected))| {
        let extension = name.extension().and_then(|extension| extension.to_str());
        content != expected
            && (extension == Some("ndjson") || !case.has_same_rows(content, expected))
    });
    different.next().map(|((name, _), _)| name.as_path())
}
