//! Text files that options name.

use std::fs;
use std::io;
use std::path::Path;

use crate::exit::Failure;

/// The text of a file. A byte order mark, as editors on Windows put it before, is no part of it. `what` says what the
/// file is, with an article.
pub(crate) fn read(file: &Path, what: &str, option: &str) -> Result<String, Failure> {
    let text = fs::read_to_string(file).map_err(|error| unreadable(file, what, option, &error))?;
    Ok(match text.strip_prefix('\u{feff}') {
        Some(text) => text.to_owned(),
        None => text,
    })
}

/// Why a file that an option names cannot be read.
pub(crate) fn unreadable(file: &Path, what: &str, option: &str, error: &io::Error) -> Failure {
    let doing = format!("{what} {} cannot be read", file.display());
    Failure::other(&doing, error).with_hint(match error.kind() {
        io::ErrorKind::InvalidData => "save it as text in UTF-8".to_owned(),
        _ => format!("check the path of {option}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_an_editor_is_no_part_of_the_text_and_another_encoding_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let read = |bytes: &[u8]| {
            fs::write(&file, bytes).unwrap();
            super::read(&file, "the file", "--file")
        };
        assert_eq!(read(b"\xef\xbb\xbftext\r\n"), Ok("text\r\n".to_owned()));
        assert_eq!(read(b"text"), Ok("text".to_owned()));
        let failure = read(b"\xff\xfet\0e\0x\0t\0").unwrap_err();
        assert_eq!(failure.hint(), Some("save it as text in UTF-8"));
        fs::remove_file(&file).unwrap();
        let failure = super::read(&file, "the file", "--file").unwrap_err();
        assert_eq!(failure.hint(), Some("check the path of --file"));
    }
}
