//! Standard output, which somebody may have closed.

use std::io::{self, Write as _};

use crate::exit::Failure;

/// Prints a text. That nobody reads on is no failure, as with `graph-pstn … | head`.
pub(crate) fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::other("standard output cannot be written", &error))
        }
        _ => Ok(()),
    }
}
