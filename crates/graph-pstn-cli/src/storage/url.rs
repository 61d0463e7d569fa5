//! How an object store is told from a folder of the machine.

use std::path::Path;

/// Whether the output is named by a URL.
pub(crate) fn is_url(output: &Path) -> bool {
    output.to_str().is_some_and(|name| name.contains("://"))
}
