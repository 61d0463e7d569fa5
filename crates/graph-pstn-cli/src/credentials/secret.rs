//! Files that hold what is secret.

use std::fs;
use std::path::Path;

use crate::exit::Failure;

/// A file that holds something secret and no more.
pub(super) struct SecretFile {
    pub(super) what: &'static str,
    pub(super) option: &'static str,
    pub(super) remedy: &'static str,
}

impl SecretFile {
    /// Its text, without the line end that editors put there.
    pub(super) fn read(&self, file: &Path) -> Result<String, Failure> {
        let text = fs::read_to_string(file)
            .map_err(|error| unreadable(file, self.what, self.option, &error))?;
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
        Err(error) => Err(unreadable(file, what, option, &error)),
    }
}

fn unreadable(file: &Path, what: &str, option: &str, error: &std::io::Error) -> Failure {
    let doing = format!("the {what} file {} cannot be read", file.display());
    Failure::other(&doing, error).with_hint(format!("check the path of {option}"))
}
