use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
    vec,
};

use futures_core::Stream;
use graph_pstn_model::LogRow;

use super::RangeReader;
use crate::Error;

/// The rows of a [`RangeReader`] one by one, for those who want no batches.
///
/// Rows that could not be read, and those in conflict, are only counted:
/// [`progress`](RangeReader::progress) of the [`reader`](Self::reader) has their number.
///
/// # Panics
/// When it is polled outside a tokio runtime.
#[must_use = "a stream asks for nothing unless it is polled"]
pub struct Rows<T> {
    reader: RangeReader<T>,
    batch: vec::IntoIter<T>,
}

impl<T> RangeReader<T> {
    /// The rows one by one.
    pub fn into_rows(self) -> Rows<T> {
        Rows {
            reader: self,
            batch: Vec::new().into_iter(),
        }
    }
}

impl<T> Rows<T> {
    /// The reader they come from.
    pub fn reader(&self) -> &RangeReader<T> {
        &self.reader
    }
}

impl<T: LogRow + Unpin> Stream for Rows<T> {
    type Item = Result<T, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(row) = self.batch.next() {
                return Poll::Ready(Some(Ok(row)));
            }
            match ready!(Pin::new(&mut self.reader).poll_next(cx)) {
                Some(Ok(batch)) => self.batch = batch.rows.into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<T> fmt::Debug for Rows<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows")
            .field("reader", &self.reader)
            .field("left_of_batch", &self.batch.len())
            .finish()
    }
}
