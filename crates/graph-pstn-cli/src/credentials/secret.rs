//! Files that hold what is secret.

use std::fs;
use std::path::Path;

use crate::exit::Failure;
use crate::text_file;

/// A file that holds something secret and no more.
pub(super) struct SecretFile {
    pub(super) what: &'static str,
    pub(super) option: &'static str,
    pub(super) remedy: &'static str,
}

impl SecretFile {
    /// Its text, without the line end that editors put there.
    pub(super) fn read(&self, file: &Path) -> Result<String, Failure> {
        let what = format!("the {} file", self.what);
        let text = text_file::read(file, &what, self.option)?;
        let text = text.trim();
        if text.is_empty() {
            return Err(Failure::usage(
                format!("the {} file {} is empty", self.what, file.display()),
                self.remedy,
            ));
        }
        Ok(text.to_owned())
    }
}

/// Refuses a file that cannot be opened; what is in it is for later.
pub(super) fn readable(file: &Path, what: &str, option: &str) -> Result<(), Failure> {
    match fs::File::open(file) {
        Ok(_) => Ok(()),
        Err(error) => {
            let what = format!("the {what} file");
            Err(text_file::unreadable(file, &what, option, &error))
        }
    }
}
