//! The terminal that the progress bar is drawn on.

use std::io;

use console::Term;
use indicatif::TermLike;

/// Standard error, a little narrower than it is. The bar is padded to the full width, and the `^C` that a terminal
/// shows when it is typed would go to the next line, from where the bar could not be taken away any more.
#[derive(Debug)]
pub(crate) struct Terminal(Term);

/// The columns of `^C`, and one in which the cursor can stand.
const SPARE: u16 = 3;

/// The columns of a terminal that does not tell.
const COLUMNS: u16 = 80;

impl Terminal {
    pub(crate) fn stderr() -> Self {
        Self(Term::buffered_stderr())
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        let size = self.0.size_checked();
        let columns = size.map_or(COLUMNS, |(_, columns)| columns);
        columns.saturating_sub(SPARE).max(1)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}
