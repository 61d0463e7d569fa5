//! Parquet, for programs that read columns.

mod buffer;
mod footer;
mod row_groups;
mod schema;
#[cfg(test)]
pub(crate) mod tests;

use std::io::{self, Read, Seek, Write};
use std::sync::Arc;

use graph_pstn_model::{Column, Tabular};
use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, RowGroupMetaData};
use parquet::schema::types::SchemaDescriptor;

use self::buffer::Buffer;
use self::footer::Earlier;
use self::row_groups::RowGroups;
pub use self::schema::{DECIMAL_PRECISION, DECIMAL_SCALE};
use crate::{Error, ErrorKind, RowWriter, columns};

/// The bytes of values that a row group collects, before compression.
const GROUP_BYTES: usize = 8 << 20;
/// The most rows of a row group.
const GROUP_ROWS: usize = 128 * 1024;

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
    buffers: Vec<Buffer>,
    rows: usize,
    bytes: usize,
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
            buffers: Vec::new(),
            rows: 0,
            bytes: 0,
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

    fn open<T: Tabular>(&mut self) -> Result<(), ParquetError> {
        let State::New(out) = &mut self.state else {
            return Ok(());
        };
        let Some((out, earlier)) = out.take() else {
            return Err(ParquetError::General("the file was not opened".to_owned()));
        };
        let places = self.places.get_or_insert_with(columns::all::<T>);
        let columns: Vec<Column> = places
            .iter()
            .filter_map(|place| T::COLUMNS.get(*place).copied())
            .collect();
        let properties = schema::properties(&columns, std::mem::take(&mut self.metadata))?;
        let schema = SchemaDescriptor::new(schema::schema(&columns)?);
        if earlier
            .groups
            .iter()
            .any(|group| !has_columns(group, &schema))
        {
            let message = "the file that was begun has other columns";
            return Err(ParquetError::General(message.to_owned()));
        }
        let file = RowGroups::new(out, schema, Arc::new(properties), earlier)?;
        self.buffers = columns.into_iter().map(Buffer::new).collect();
        self.state = State::Open(Box::new(file));
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let State::Open(file) = &mut self.state else {
            return Ok(());
        };
        if self.rows == 0 {
            return Ok(());
        }
        file.write(&mut self.buffers)?;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }
}

impl<W: Write + Send, T: Tabular> RowWriter<T> for ParquetWriter<W> {
    fn write(&mut self, row: &T) -> Result<(), Error> {
        self.open::<T>().map_err(failed)?;
        let places = self.places.as_deref().unwrap_or_default();
        // First all that can be refused, so that no column gets ahead of the others.
        for place in places {
            if let Some(why) = Buffer::refusal(&row.cell(*place)) {
                let name = T::COLUMNS.get(*place).map_or("", Column::name);
                let message = format!("Parquet cannot hold {name}: {why}");
                return Err(Error::new(ErrorKind::Unwritable, message));
            }
        }
        for (buffer, place) in self.buffers.iter_mut().zip(places) {
            self.bytes += buffer.push(row.cell(*place));
        }
        self.rows += 1;
        if self.bytes >= GROUP_BYTES || self.rows >= GROUP_ROWS {
            self.write_group().map_err(failed)?;
        }
        Ok(())
    }

    /// Does nothing: a row group is written when it is full.
    fn flush(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn waiting(&self) -> usize {
        self.bytes
    }

    fn pause(&mut self) -> Result<(), Error> {
        self.write_group().map_err(failed)?;
        match &mut self.state {
            State::New(_) => Ok(()),
            State::Open(file) => file.pause().map_err(failed),
        }
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.open::<T>().map_err(failed)?;
        self.write_group().map_err(failed)?;
        match self.state {
            State::New(_) => Ok(()),
            State::Open(file) => file.finish().map_err(failed),
        }
    }
}

impl<W: Write + Send> std::fmt::Debug for ParquetWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ParquetWriter")
            .field("rows", &self.rows)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// Whether a row group has these columns.
fn has_columns(group: &RowGroupMetaData, schema: &SchemaDescriptor) -> bool {
    let there = group.columns();
    there.len() == schema.num_columns()
        && there.iter().zip(schema.columns()).all(|(there, column)| {
            there.column_path() == column.path() && there.column_type() == column.physical_type()
        })
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
