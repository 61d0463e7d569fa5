//! The rows of files that are there, for those that merge.

use std::io::{self, Read, Seek, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use parquet::schema::printer::print_schema;

use super::footer::Earlier;
use super::row_groups::RowGroups;

/// The rows of a file, one after the other. The file is in memory meanwhile, compressed as it is.
pub(crate) struct FileRows {
    columns: String,
    rows: RowIter<'static>,
    row: Option<Row>,
}

impl FileRows {
    pub(crate) fn new(mut file: impl Read) -> io::Result<Self> {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let reader = unless_it_panics(|| SerializedFileReader::new(Bytes::from(bytes)))?;
        let mut columns = Vec::new();
        print_schema(&mut columns, reader.metadata().file_metadata().schema());
        Ok(Self {
            columns: String::from_utf8_lossy(&columns).into_owned(),
            rows: RowIter::from_file_into(Box::new(reader)),
            row: None,
        })
    }

    /// The columns and their types. Only a file of those that [`schema`](super::schema) knows should be read on.
    pub(crate) fn columns(&self) -> &str {
        &self.columns
    }

    /// Goes to the next row, and says whether there is one.
    pub(crate) fn advance(&mut self) -> io::Result<bool> {
        self.row = unless_it_panics(|| self.rows.next().transpose())?;
        Ok(self.row.is_some())
    }

    pub(crate) fn id(&self) -> Option<&str> {
        let mut columns = self.row.as_ref()?.get_column_iter();
        match columns.find(|(name, _)| name.as_str() == "id") {
            Some((_, Field::Str(id))) => Some(id),
            _ => None,
        }
    }

    /// All that the row holds, without ambiguity.
    pub(crate) fn content(&self) -> Vec<u8> {
        let mut content = Vec::new();
        let columns = self.row.iter().flat_map(Row::get_column_iter);
        for (_, field) in columns {
            put(field, &mut content);
        }
        content
    }
}

fn put(field: &Field, out: &mut Vec<u8>) {
    let mut put_bytes = |kind: u8, bytes: &[u8]| {
        out.push(kind);
        out.extend((bytes.len() as u64).to_le_bytes());
        out.extend_from_slice(bytes);
    };
    match field {
        Field::Null => out.push(0),
        Field::Str(text) => put_bytes(1, text.as_bytes()),
        Field::Decimal(number) => put_bytes(2, number.data()),
        Field::ListInternal(list) => {
            put_bytes(3, &(list.len() as u64).to_le_bytes());
            for element in list.elements() {
                put(element, out);
            }
        }
        number => put_bytes(4, number.to_string().as_bytes()),
    }
}

/// Puts rows of other files after those of one.
pub(crate) struct RowAppender<W: Write>(RowGroups<W>);

impl<W: Write + Send> RowAppender<W> {
    /// `written` reads the file, and what goes to `out` belongs right after that.
    pub(crate) fn new(out: W, written: impl Read + Seek) -> io::Result<Self> {
        let mut earlier = Earlier::read(written).map_err(as_io)?;
        let Some(schema) = &earlier.schema else {
            return Err(io::Error::other("the file says no columns"));
        };
        let schema = schema.root_schema_ptr();
        let says = std::mem::take(&mut earlier.says);
        let file = RowGroups::new(out, schema, says, earlier);
        file.map(Self).map_err(as_io)
    }

    /// Adds the row at which the other file is, which has the same columns.
    pub(crate) fn push(&mut self, rows: &FileRows) -> io::Result<()> {
        let Some(row) = &rows.row else {
            return Ok(());
        };
        self.0
            .add(|buffers| {
                let fields = buffers.iter_mut().zip(row.get_column_iter());
                fields
                    .map(|(buffer, (_, field))| buffer.push_field(field))
                    .sum()
            })
            .map_err(as_io)
    }

    pub(crate) fn finish(self) -> io::Result<()> {
        self.0.finish().map_err(as_io)
    }
}

/// What the parquet crate reads of a file that may be anything: damaged in some ways, it makes that crate panic. Nothing is read
/// after that.
fn unless_it_panics<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> io::Result<T> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(read) => read.map_err(as_io),
        Err(_) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is damaged, or no Parquet file",
        )),
    }
}

/// The error of the file itself, if it is one.
fn as_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(source) => *source,
            Err(source) => io::Error::other(source),
        },
        error => io::Error::other(error),
    }
}
