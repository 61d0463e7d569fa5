//! Asking for a secret on the terminal, without showing what is typed.

use std::io;

use crate::exit::{Exit, Failure};

/// Asks on the terminal, whatever standard input and output are.
pub(super) fn ask(prompt: &str, instead: &str) -> Result<String, Failure> {
    let typed = typed(prompt).map_err(|error| match error.kind() {
        io::ErrorKind::Interrupted => Failure::new(Exit::Interrupted, "interrupted"),
        _ => Failure::usage(
            format!("there is no terminal to ask on: {error}"),
            format!("use {instead}, or the environment"),
        ),
    })?;
    match typed.trim() {
        "" => Err(Failure::usage(
            "nothing was typed in",
            "paste it at the prompt; it is not shown",
        )),
        typed => Ok(typed.to_owned()),
    }
}

#[cfg(not(unix))]
fn typed(prompt: &str) -> io::Result<String> {
    rpassword::prompt_password(prompt)
}

/// Key by key, since at this time the program listens for the signal of Ctrl-C, which would then interrupt no reading.
#[cfg(unix)]
fn typed(prompt: &str) -> io::Result<String> {
    use std::fs::OpenOptions;
    use std::io::{BufReader, Read as _, Write as _};

    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    terminal.write_all(prompt.as_bytes())?;
    let quiet = unix::Quiet::new(&terminal)?;
    let mut bytes = BufReader::new(terminal.try_clone()?).bytes();
    let line = read(|| bytes.next().transpose());
    drop(quiet);
    // The line end that was not shown either.
    terminal.write_all(b"\n")?;
    line
}

/// Reads a line of keys.
#[cfg(unix)]
fn read(mut key: impl FnMut() -> io::Result<Option<u8>>) -> io::Result<String> {
    const CTRL_C: u8 = 0x03;
    const CTRL_D: u8 = 0x04;
    const CTRL_U: u8 = 0x15;
    const BACKSPACES: [u8; 2] = [0x08, 0x7f];

    let mut line = Vec::new();
    while let Some(key) = key()? {
        match key {
            b'\r' | b'\n' | CTRL_D => break,
            CTRL_C => return Err(io::ErrorKind::Interrupted.into()),
            CTRL_U => line.clear(),
            key if BACKSPACES.contains(&key) => {
                // A letter outside ASCII is several bytes, of which the later ones begin with the bits 10.
                while line.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
            }
            key => line.push(key),
        }
    }
    String::from_utf8(line)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "what was typed is not UTF-8"))
}

#[cfg(unix)]
mod unix {
    use std::fs::File;
    use std::io;

    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
    };

    /// A terminal that shows no keys, and gives each as it is typed. Dropped, it is as it was.
    pub(super) struct Quiet<'a> {
        terminal: &'a File,
        before: Termios,
    }

    impl<'a> Quiet<'a> {
        pub(super) fn new(terminal: &'a File) -> io::Result<Self> {
            let before = tcgetattr(terminal)?;
            let mut quiet = before.clone();
            quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
            quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
            quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
            tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
            Ok(Self { terminal, before })
        }
    }

    impl Drop for Quiet<'_> {
        fn drop(&mut self) {
            // A terminal that is gone needs nothing any more.
            let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn keys(keys: &[u8]) -> io::Result<String> {
        let mut keys = keys.iter().copied();
        read(move || Ok(keys.next()))
    }

    #[test]
    fn keys_make_a_line() {
        assert_eq!(keys(b"a~b\rmore").unwrap(), "a~b");
        assert_eq!(keys(b"ab\x7fc\n").unwrap(), "ac");
        assert_eq!(keys("a\u{e9}\u{7f}b\n".as_bytes()).unwrap(), "ab");
        assert_eq!(keys(b"wrong\x15right\x04").unwrap(), "right");
        assert_eq!(keys(b"\x7f\n").unwrap(), "");
        assert_eq!(
            keys(b"ab\x03\n").unwrap_err().kind(),
            io::ErrorKind::Interrupted
        );
        assert_eq!(
            keys(b"\xff\n").unwrap_err().kind(),
            io::ErrorKind::InvalidData
        );
    }
}
