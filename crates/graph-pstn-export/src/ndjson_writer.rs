//! NDJSON: one JSON object a line.

use std::io::{BufWriter, Write};

use serde::Serialize;

use crate::{Error, ErrorKind, RowWriter};

/// Writes rows as NDJSON: one object a line, with Graph's property names, in UTF-8.
#[derive(Debug)]
pub struct NdjsonWriter<W: Write> {
    out: BufWriter<W>,
}

impl<W: Write> NdjsonWriter<W> {
    /// Writes to `out`. There is no need to buffer it.
    pub fn new(out: W) -> Self {
        Self {
            out: BufWriter::with_capacity(crate::BUFFER, out),
        }
    }
}

impl<W: Write + Send, T: Serialize> RowWriter<T> for NdjsonWriter<W> {
    fn write(&mut self, row: &T) -> Result<(), Error> {
        write_line(&mut self.out, row)
    }

    fn flush(&mut self) -> Result<(), Error> {
        self.out.flush().map_err(Error::write)
    }

    fn finish(mut self: Box<Self>) -> Result<(), Error> {
        self.out.flush().map_err(Error::write)
    }
}

/// Writes a value as one line of JSON.
pub(crate) fn write_line(out: &mut impl Write, value: &impl Serialize) -> Result<(), Error> {
    serde_json::to_writer(&mut *out, value).map_err(|error| match error.io_error_kind() {
        Some(_) => Error::write(error.into()),
        None => Error::new(ErrorKind::Unwritable, "a row has no form in JSON").with_source(error),
    })?;
    out.write_all(b"\n").map_err(Error::write)
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph_pstn_model::{Decimal, PstnCallLogRow};

    #[test]
    fn a_row_is_a_line_and_money_keeps_its_digits() {
        let mut row = PstnCallLogRow::default();
        row.id = Some("a".into());
        row.user_display_name = Some("Ada\nLovelace".into());
        row.charge = Some(Decimal::from_str_exact("0.00").unwrap());
        let mut out = Vec::new();
        let mut writer = Box::new(NdjsonWriter::new(&mut out));
        writer.write(&row).unwrap();
        writer.write(&row).unwrap();
        RowWriter::<PstnCallLogRow>::finish(writer).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains(r#""charge":0.00"#), "{}", lines[0]);
        assert_eq!(
            serde_json::from_str::<PstnCallLogRow>(lines[1]).unwrap(),
            row
        );
    }
}
