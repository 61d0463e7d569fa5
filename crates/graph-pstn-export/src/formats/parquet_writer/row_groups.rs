//! The file as Parquet sees it: row groups one after the other, from its beginning or after those that are there. Rows are
//! collected until they make one.

use std::io::{self, Read as _, Write};
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::metadata::{KeyValue, RowGroupMetaData};
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::writer::{SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor, TypePtr};

use super::buffer::Buffer;
use super::footer::{self, Earlier};
use super::schema;

const MAGIC: &[u8] = b"PAR1";

/// A row group is written when its values take so many bytes, or when it has so many rows.
pub(super) const GROUP_BYTES: usize = 8 << 20;
const GROUP_ROWS: usize = 128 * 1024;

/// A file that takes rows.
pub(super) struct RowGroups<W: Write> {
    /// Of the rows that are being collected, by columns.
    buffers: Vec<Buffer>,
    rows: usize,
    bytes: usize,
    out: TrackedWrite<After<W>>,
    schema: SchemaDescPtr,
    properties: WriterPropertiesPtr,
    groups: Vec<RowGroupMetaData>,
    /// So many of them are in notes.
    noted: usize,
    /// Where the last note ends, 0 without one.
    note: u64,
    /// There is nothing to add to it but further row groups.
    is_whole: bool,
}

impl<W: Write + Send> RowGroups<W> {
    /// Begins a file of that schema, or goes on with one.
    pub(super) fn new(
        out: W,
        schema: TypePtr,
        says: Vec<KeyValue>,
        earlier: Earlier,
    ) -> Result<Self, ParquetError> {
        let schema = SchemaDescriptor::new(schema);
        let Some(kinds) = schema::kinds(schema.root_schema()) else {
            return Err(other_columns());
        };
        if earlier
            .schema
            .as_ref()
            .is_some_and(|there| there.root_schema() != schema.root_schema())
        {
            return Err(other_columns());
        }
        let names = schema.root_schema().get_fields().iter();
        let columns = names.map(|field| field.name()).zip(kinds.iter().copied());
        let properties = Arc::new(schema::properties(columns, says)?);
        let mut out = TrackedWrite::new(After {
            skip: earlier.bytes,
            out,
        });
        match earlier.bytes {
            0 => out.write_all(MAGIC)?,
            // So that it counts from the beginning of the file. None of these arrives.
            bytes => io::copy(&mut io::repeat(0).take(bytes), &mut out).map(drop)?,
        }
        Ok(Self {
            buffers: kinds.into_iter().map(Buffer::new).collect(),
            rows: 0,
            bytes: 0,
            out,
            schema: Arc::new(schema),
            properties,
            noted: earlier.groups.len(),
            groups: earlier.groups,
            note: earlier.bytes,
            is_whole: earlier.is_whole,
        })
    }

    /// Takes a row, of which `push` puts one value into each buffer and says how many bytes those take.
    pub(super) fn add(
        &mut self,
        push: impl FnOnce(&mut [Buffer]) -> usize,
    ) -> Result<(), ParquetError> {
        self.bytes += push(&mut self.buffers);
        self.rows += 1;
        match self.bytes >= GROUP_BYTES || self.rows >= GROUP_ROWS {
            true => self.write(),
            false => Ok(()),
        }
    }

    /// How many bytes the rows take that are in no row group yet.
    pub(super) fn waiting(&self) -> usize {
        self.bytes
    }

    /// Writes what has been collected as a row group.
    fn write(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let place = i32::try_from(self.groups.len()).map_err(|_| {
            ParquetError::General("more row groups than a file of Parquet has".to_owned())
        })?;
        let (schema, properties) = (self.schema.clone(), self.properties.clone());
        let mut group =
            SerializedRowGroupWriter::new(schema, properties, &mut self.out, place, None);
        for buffer in &mut self.buffers {
            let Some(mut column) = group.next_column()? else {
                return Err(ParquetError::General("a column too many".to_owned()));
            };
            buffer.write(&mut column)?;
            column.close()?;
        }
        self.groups.push(Arc::unwrap_or_clone(group.close()?));
        self.is_whole = false;
        (self.rows, self.bytes) = (0, 0);
        Ok(())
    }

    /// Brings all rows to the output, and a note of the row groups that are in none. A file that has no rows yet, as
    /// when all were refused, gets one too: without any it could not be gone on with.
    pub(super) fn pause(&mut self) -> Result<(), ParquetError> {
        self.write()?;
        let new = self.groups.get(self.noted..).unwrap_or_default();
        if !new.is_empty() || self.note == 0 {
            let note = footer::note(&self.schema, &self.properties, new, self.note)?;
            self.out.write_all(&note)?;
            self.noted = self.groups.len();
            self.note = self.out.bytes_written() as u64;
        }
        self.out.flush()?;
        Ok(())
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> Result<(), ParquetError> {
        self.write()?;
        if !self.is_whole {
            let footer = footer::footer(&self.schema, &self.properties, &self.groups)?;
            self.out.write_all(&footer)?;
        }
        self.out.flush()?;
        Ok(())
    }
}

fn other_columns() -> ParquetError {
    ParquetError::General("the file that was begun has other columns".to_owned())
}

/// Lets go by what is there already.
struct After<W> {
    skip: u64,
    out: W,
}

impl<W: Write> Write for After<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.skip == 0 {
            return self.out.write(bytes);
        }
        let skipped = usize::try_from(self.skip).map_or(bytes.len(), |skip| skip.min(bytes.len()));
        self.skip -= skipped as u64;
        Ok(skipped)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
