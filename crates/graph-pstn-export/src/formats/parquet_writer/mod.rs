//! Parquet, for programs that read columns.

mod buffer;
mod footer;
mod row_groups;
mod rows;
mod schema;
#[cfg(test)]
pub(crate) mod tests;

use std::io::{self, Read, Seek, Write};

use graph_pstn_model::{Column, Tabular};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;

use self::buffer::Buffer;
use self::footer::Earlier;
use self::row_groups::RowGroups;
pub(crate) use self::rows::{FileRows, RowAppender};
pub use self::schema::{DECIMAL_PRECISION, DECIMAL_SCALE};
use crate::formats::columns;
use crate::{Error, ErrorKind, RowWriter};

/// Writes rows as Parquet, with Graph's property names as columns, compressed by zstd.
///
/// - Money is a decimal of [`DECIMAL_PRECISION`] digits, [`DECIMAL_SCALE`] of them after the point. It is never
///   rounded: a row whose money has more is refused.
/// - Times are nanoseconds in UTC, which keep the 100 ns that Graph sends and reach from 1677 to 2262; a row
///   with another time is refused.
/// - What is absent is null. Administrative units are a list of their ids.
/// - The file's metadata has the crate's version as `graph-pstn.version`, and what was
///   [added](Self::with_metadata).
///
/// A refused row ([`ErrorKind::Unwritable`]) leaves nothing behind. Rows reach the output a row group at a
/// time, of some 8 MiB before compression; [`flush`](RowWriter::flush) cannot hurry them, and
/// [`pause`](RowWriter::pause) ends one early. A writer may [go on](Self::continuing) after that.
pub struct ParquetWriter<W: Write + Send> {
    state: State<W>,
    places: Option<Vec<usize>>,
    metadata: Vec<KeyValue>,
}

enum State<W: Write + Send> {
    /// Nothing has been written; `None` only while it is being opened.
    New(Option<(W, Earlier)>),
    Open(Box<RowGroups<W>>),
}

impl<W: Write + Send> ParquetWriter<W> {
    /// Writes to `out`. There is no need to buffer it.
    pub fn new(out: W) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self {
            state: State::New(Some((out, Earlier::default()))),
            places: None,
            metadata: vec![KeyValue::new("graph-pstn.version".to_owned(), version)],
        }
    }

    /// Only these columns, by their places in [`Tabular::COLUMNS`], in this order.
    #[must_use]
    pub fn with_columns(mut self, places: Vec<usize>) -> Self {
        self.places = Some(places);
        self
    }

    /// Has the file's metadata say this too.
    #[must_use]
    pub fn with_metadata(mut self, key: &str, value: &str) -> Self {
        self.metadata
            .push(KeyValue::new(key.to_owned(), value.to_owned()));
        self
    }

    /// Goes on after what another writer has written and [paused](RowWriter::pause) or finished after, which `written`
    /// reads. What goes to the output now belongs right after that. Rows and columns must be those of the other writer.
    ///
    /// # Errors
    ///
    /// It cannot be read, or was not written so ([`ErrorKind::Damaged`]).
    pub fn continuing(mut self, written: impl Read + Seek) -> Result<Self, Error> {
        let earlier = Earlier::read(written).map_err(|error| {
            let message = "the Parquet file that was begun cannot be gone on with";
            Error::new(ErrorKind::Damaged, message).with_source(error)
        })?;
        if let State::New(Some((_, nothing))) = &mut self.state {
            *nothing = earlier;
        }
        Ok(self)
    }

    /// Begins the file, once the rows say which columns there are.
    fn open<T: Tabular>(&mut self) -> Result<(&[usize], &mut RowGroups<W>), ParquetError> {
        let places = self.places.get_or_insert_with(columns::all::<T>);
        if let State::New(out) = &mut self.state {
            let (out, earlier) = out.take().ok_or_else(not_opened)?;
            let columns: Vec<Column> = places
                .iter()
                .filter_map(|place| T::COLUMNS.get(*place).copied())
                .collect();
            let says = std::mem::take(&mut self.metadata);
            let file = RowGroups::new(out, schema::schema(&columns)?, says, earlier)?;
            self.state = State::Open(Box::new(file));
        }
        match &mut self.state {
            State::Open(file) => Ok((places, file)),
            State::New(_) => Err(not_opened()),
        }
    }
}

impl<W: Write + Send, T: Tabular> RowWriter<T> for ParquetWriter<W> {
    fn write(&mut self, row: &T) -> Result<(), Error> {
        let (places, file) = self.open::<T>().map_err(failed)?;
        // First all that can be refused, so that no column gets ahead of the others.
        for place in places {
            if let Some(why) = Buffer::refusal(&row.cell(*place)) {
                let name = T::COLUMNS.get(*place).map_or("", Column::name);
                let message = format!("Parquet cannot hold {name}: {why}");
                return Err(Error::new(ErrorKind::Unwritable, message));
            }
        }
        let cells = places.iter().map(|place| row.cell(*place));
        file.add(|buffers| {
            let buffers = buffers.iter_mut().zip(cells);
            buffers.map(|(buffer, cell)| buffer.push(cell)).sum()
        })
        .map_err(failed)
    }

    /// Does nothing: a row group is written when it is full.
    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn waiting(&self) -> usize {
        match &self.state {
            State::New(_) => 0,
            State::Open(file) => file.waiting(),
        }
    }

    fn pause(&mut self) -> Result<(), Error> {
        match &mut self.state {
            State::New(_) => Ok(()),
            State::Open(file) => file.pause().map_err(failed),
        }
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.open::<T>().map_err(failed)?;
        match self.state {
            State::New(_) => Ok(()),
            State::Open(file) => file.finish().map_err(failed),
        }
    }
}

impl<W: Write + Send> std::fmt::Debug for ParquetWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetWriter")
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}

fn not_opened() -> ParquetError {
    ParquetError::General("the file was not opened".to_owned())
}

fn failed(error: ParquetError) -> Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => Error::write(*source),
            Err(source) => Error::new(ErrorKind::Io, "writing Parquet failed").with_source(source),
        },
        error => Error::new(ErrorKind::Io, "writing Parquet failed").with_source(error),
    }
}
