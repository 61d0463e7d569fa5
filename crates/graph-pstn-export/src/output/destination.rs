//! Rows on their way into the files of a stage.

use std::fmt;

use crate::output::layout::ROWS;
use crate::staging::checkpoint::FileMark;
use crate::staging::part::Part;
use crate::staging::stage::Stage;
use crate::{Error, ErrorKind, RowWriter, WriterOptions};

use graph_pstn_model::Tabular;
use serde::Serialize;

/// Takes rows into one or more files.
pub(crate) trait Destination<T>: Send + fmt::Debug {
    fn write(&mut self, row: &T) -> Result<(), Error>;

    /// Brings what was written to the files, in such a form that it can be gone on with, and says how much they hold.
    /// Where rows wait for others, and those are less than `enough` bytes, they go on waiting, and nothing is said.
    fn pause(&mut self, enough: usize) -> Result<Option<Vec<FileMark>>, Error>;

    /// Brings what is in the files to the disk.
    fn sync(&mut self) -> Result<(), Error>;

    /// Ends the files, brings them to the disk and says how much they hold.
    fn finish(&mut self) -> Result<Vec<FileMark>, Error>;
}

/// All rows in one file.
pub(crate) struct OneFile<T> {
    stage: Stage,
    part: Part,
    /// `None` once it has finished.
    rows: Option<Box<dyn RowWriter<T>>>,
}

impl<T: Tabular + Serialize> OneFile<T> {
    pub(crate) fn create(stage: &Stage, options: &WriterOptions) -> Result<Self, Error> {
        let part = stage.create(ROWS)?;
        let rows = options.writer(part.clone())?;
        Ok(Self {
            stage: stage.clone(),
            part,
            rows: Some(rows),
        })
    }

    pub(crate) fn go_on(
        stage: &Stage,
        options: &WriterOptions,
        marks: &[FileMark],
    ) -> Result<Self, Error> {
        let Some(mark) = marks
            .iter()
            .find(|mark| mark.name == ROWS && mark.bytes > 0)
        else {
            return Self::create(stage, options);
        };
        let part = stage.go_on(mark.clone())?;
        let rows = options.continuing_writer(part.clone(), stage.read(ROWS)?)?;
        Ok(Self {
            stage: stage.clone(),
            part,
            rows: Some(rows),
        })
    }
}

impl<T> Destination<T> for OneFile<T> {
    fn write(&mut self, row: &T) -> Result<(), Error> {
        self.rows.as_mut().ok_or_else(ended)?.write(row)
    }

    fn pause(&mut self, enough: usize) -> Result<Option<Vec<FileMark>>, Error> {
        let rows = self.rows.as_mut().ok_or_else(ended)?;
        if must_wait(rows.waiting(), enough) {
            return Ok(None);
        }
        rows.pause()?;
        Ok(Some(vec![self.part.mark()]))
    }

    fn sync(&mut self) -> Result<(), Error> {
        self.part.sync().map_err(|error| self.stage.failed(error))
    }

    fn finish(&mut self) -> Result<Vec<FileMark>, Error> {
        self.rows.take().ok_or_else(ended)?.finish()?;
        self.sync()?;
        Ok(vec![self.part.mark()])
    }
}

impl<T> fmt::Debug for OneFile<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OneFile").field(&self.part).finish()
    }
}

/// Rows came after the last.
pub(crate) fn ended() -> Error {
    Error::new(ErrorKind::Abandoned, "the export has its rows already")
}

/// Whether so many bytes go on waiting for other rows.
pub(crate) fn must_wait(waiting: usize, enough: usize) -> bool {
    waiting > 0 && waiting < enough
}
