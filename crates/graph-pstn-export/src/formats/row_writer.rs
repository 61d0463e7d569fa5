//! What every format is to an export.

use crate::Error;

/// Writes rows in some format.
///
/// Writers buffer: what they were given has reached the output only after [`flush`](Self::flush) or
/// [`finish`](Self::finish).
pub trait RowWriter<T>: Send {
    /// Adds a row.
    ///
    /// # Errors
    ///
    /// The row has no form in this format ([`ErrorKind::Unwritable`](crate::ErrorKind::Unwritable)): nothing of
    /// it was written, and others may follow. Or the output failed.
    fn write(&mut self, row: &T) -> Result<(), Error>;

    /// Brings what was written so far to the output, as far as the format lets rows go one by one.
    ///
    /// # Errors
    ///
    /// The output failed.
    fn flush(&mut self) -> Result<(), Error>;

    /// Of what was written, how many bytes wait for more rows, so that [`flush`](Self::flush) leaves them; 0 for
    /// formats that let rows go one by one.
    fn waiting(&self) -> usize {
        0
    }

    /// Brings all that was written so far to the output, whatever that costs, in such a form that
    /// [another writer](crate::WriterOptions::continuing_writer) can go on after it.
    ///
    /// # Errors
    ///
    /// The output failed.
    fn pause(&mut self) -> Result<(), Error> {
        self.flush()
    }

    /// Writes what a format has after its last row, flushes, and lets the output go.
    ///
    /// # Errors
    ///
    /// The output failed.
    fn finish(self: Box<Self>) -> Result<(), Error>;
}
