//! The file as Parquet sees it: row groups one after the other, from its beginning or after those that are there.

use std::io::{self, Read as _, Write};
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::WriterPropertiesPtr;
use parquet::file::writer::{SerializedRowGroupWriter, TrackedWrite};
use parquet::schema::types::{SchemaDescPtr, SchemaDescriptor};

use super::buffer::Buffer;
use super::footer::{self, Earlier};

const MAGIC: &[u8] = b"PAR1";

/// A file that takes row groups.
pub(super) struct RowGroups<W: Write> {
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
    /// Begins a file, or goes on with one.
    pub(super) fn new(
        out: W,
        schema: SchemaDescriptor,
        properties: WriterPropertiesPtr,
        earlier: Earlier,
    ) -> Result<Self, ParquetError> {
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
            out,
            schema: Arc::new(schema),
            properties,
            noted: earlier.groups.len(),
            groups: earlier.groups,
            note: earlier.bytes,
            is_whole: earlier.is_whole,
        })
    }

    /// Writes a row group, and leaves the buffers empty.
    pub(super) fn write(&mut self, buffers: &mut [Buffer]) -> Result<(), ParquetError> {
        let place = i32::try_from(self.groups.len()).map_err(|_| {
            ParquetError::General("more row groups than a file of Parquet has".to_owned())
        })?;
        let (schema, properties) = (self.schema.clone(), self.properties.clone());
        let mut group =
            SerializedRowGroupWriter::new(schema, properties, &mut self.out, place, None);
        for buffer in buffers {
            let Some(mut column) = group.next_column()? else {
                return Err(ParquetError::General("a column too many".to_owned()));
            };
            buffer.write(&mut column)?;
            column.close()?;
        }
        self.groups.push(Arc::unwrap_or_clone(group.close()?));
        self.is_whole = false;
        Ok(())
    }

    /// Brings the row groups to the output, and a note of those that are in none.
    pub(super) fn pause(&mut self) -> Result<(), ParquetError> {
        let new = self.groups.get(self.noted..).unwrap_or_default();
        if !new.is_empty() {
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
        if !self.is_whole {
            let footer = footer::footer(&self.schema, &self.properties, &self.groups)?;
            self.out.write_all(&footer)?;
        }
        self.out.flush()?;
        Ok(())
    }
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
