//! What stands in a file after row groups: where they are.
//!
//! At the end of a file that is the footer that Parquet's [page] wants, of all its row groups. Before that, each time that
//! an export pauses, there is a *note* in the same form: of the row groups since the note before, and where that one
//! ends. Readers of Parquet go by the last footer and pass over notes. Who goes on with a file finds by its notes
//! what is there, without a word elsewhere.
//!
//! [page]: https://parquet.apache.org/docs/file-format/

use std::io::{Read, Seek, SeekFrom};

use parquet::errors::ParquetError;
use parquet::file::metadata::{
    FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataReader, ParquetMetaDataWriter,
    RowGroupMetaData,
};
use parquet::file::properties::WriterProperties;
use parquet::schema::types::SchemaDescPtr;

/// By this a note says where the one before ends, 0 if there is none. It says nothing else, and a footer always
/// says more.
const BEFORE: &str = "graph-pstn.note-before";

/// The length of the metadata, and `PAR1`.
const TAIL: u64 = 8;

/// What a file has up to where it is gone on with.
#[derive(Default)]
pub(super) struct Earlier {
    /// How long it is.
    pub(super) bytes: u64,
    pub(super) groups: Vec<RowGroupMetaData>,
    /// What its columns are; `None` if there is nothing.
    pub(super) schema: Option<SchemaDescPtr>,
    /// What the footer says of the file, if there is one.
    pub(super) says: Vec<KeyValue>,
    /// It ends with the footer of all its row groups.
    pub(super) is_whole: bool,
}

impl Earlier {
    /// Reads what a file has that ends with a note or a footer.
    pub(super) fn read(mut file: impl Read + Seek) -> Result<Self, ParquetError> {
        let bytes = file.seek(SeekFrom::End(0))?;
        let mut latest_first = Vec::new();
        let mut end = bytes;
        let mut is_whole = true;
        let mut says = Vec::new();
        let mut schema;
        loop {
            let footer = read_one(&mut file, end)?;
            let before = before(&footer);
            if before.is_some() {
                is_whole = false;
            } else if let Some(metadata) = footer.file_metadata().key_value_metadata() {
                says.clone_from(metadata);
            }
            schema = Some(footer.file_metadata().schema_descr_ptr());
            latest_first.push(footer.row_groups().to_vec());
            match before.transpose()? {
                None | Some(0) => break,
                Some(before) if before < end => end = before,
                Some(_) => return Err(unreadable("its notes are out of order")),
            }
        }
        Ok(Self {
            bytes,
            groups: latest_first.into_iter().rev().flatten().collect(),
            schema,
            says,
            is_whole,
        })
    }
}

/// Where the note before this one ends; `None` of a footer.
fn before(footer: &ParquetMetaData) -> Option<Result<u64, ParquetError>> {
    match footer.file_metadata().key_value_metadata()?.as_slice() {
        [only] if only.key == BEFORE => {
            let place = only.value.as_deref().and_then(|text| text.parse().ok());
            Some(place.ok_or_else(|| unreadable("a note of it does not say what is before")))
        }
        _ => None,
    }
}

/// The note or footer that ends there.
fn read_one(file: &mut (impl Read + Seek), end: u64) -> Result<ParquetMetaData, ParquetError> {
    let tail = end
        .checked_sub(TAIL)
        .ok_or_else(|| unreadable("it is too short"))?;
    file.seek(SeekFrom::Start(tail))?;
    let mut length = [0; 4];
    file.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length).into();
    let start = tail.checked_sub(length);
    file.seek(SeekFrom::Start(
        start.ok_or_else(|| unreadable("its footer is longer than it"))?,
    ))?;
    let mut text = Vec::new();
    file.take(length).read_to_end(&mut text)?;
    ParquetMetaDataReader::decode_metadata(&text)
}

fn unreadable(why: &str) -> ParquetError {
    ParquetError::General(why.to_owned())
}

/// What to write in a place where a note says where the one before ends.
pub(super) fn note(
    schema: &SchemaDescPtr,
    properties: &WriterProperties,
    groups: &[RowGroupMetaData],
    before: u64,
) -> Result<Vec<u8>, ParquetError> {
    let says = vec![KeyValue::new(BEFORE.to_owned(), before.to_string())];
    write(schema, properties, groups, Some(says))
}

/// What to write at the end.
pub(super) fn footer(
    schema: &SchemaDescPtr,
    properties: &WriterProperties,
    groups: &[RowGroupMetaData],
) -> Result<Vec<u8>, ParquetError> {
    let says = properties.key_value_metadata().cloned();
    write(schema, properties, groups, says)
}

fn write(
    schema: &SchemaDescPtr,
    properties: &WriterProperties,
    groups: &[RowGroupMetaData],
    says: Option<Vec<KeyValue>>,
) -> Result<Vec<u8>, ParquetError> {
    let file = FileMetaData::new(
        properties.writer_version().as_num(),
        groups.iter().map(RowGroupMetaData::num_rows).sum(),
        Some(properties.created_by().to_owned()),
        says,
        schema.clone(),
        // The writer sees to the order of each column itself.
        None,
    );
    let mut text = Vec::new();
    let metadata = ParquetMetaData::new(file, groups.to_vec());
    ParquetMetaDataWriter::new(&mut text, &metadata).finish()?;
    Ok(text)
}
