//! Rows by day, each day in a file of its own.

use std::collections::BTreeMap;
use std::fmt;

use graph_pstn_model::{LogRow, Tabular};
use serde::Serialize;
use time::Date;

use crate::output::destination::{Destination, ended, must_wait};
use crate::output::layout::{day_name, day_of};
use crate::rejects::REJECTS;
use crate::staging::checkpoint::FileMark;
use crate::staging::part::Part;
use crate::staging::stage::Stage;
use crate::{Error, RowWriter, WriterOptions};

/// So many files are open at a time. Rows come nearly in the order of time, so that more than two are rarely needed.
const MOST_OPEN: usize = 16;

/// A file for each day, and one for the rows that have no time.
pub(crate) struct Days<T> {
    stage: Stage,
    options: WriterOptions,
    days: BTreeMap<Option<Date>, Day<T>>,
    open: usize,
    /// Counts the times that another day than before was written to.
    turn: u64,
    last: Option<Option<Date>>,
}

struct Day<T> {
    /// What the file held when it was let go of.
    mark: FileMark,
    file: Option<(Part, Box<dyn RowWriter<T>>)>,
    /// The latest turn at which it was written to.
    used: u64,
    /// There may be more in the file than on the disk.
    unsynced: bool,
    /// It has what a format has after the last row.
    is_ended: bool,
}

impl<T> Days<T> {
    pub(crate) fn create(stage: &Stage, options: WriterOptions) -> Self {
        Self {
            stage: stage.clone(),
            options,
            days: BTreeMap::new(),
            open: 0,
            turn: 0,
            last: None,
        }
    }

    pub(crate) fn go_on(
        stage: &Stage,
        options: WriterOptions,
        marks: &[FileMark],
    ) -> Result<Self, Error> {
        let mut this = Self::create(stage, options);
        let of_rows = |mark: &&FileMark| mark.bytes > 0 && mark.name != REJECTS;
        for mark in marks.iter().filter(of_rows) {
            let day = day_of(&mark.name)
                .ok_or_else(|| stage.damaged(&mark.name, "is the file of no day"))?;
            let mark = mark.clone();
            let day_file = Day {
                mark,
                file: None,
                used: 0,
                unsynced: false,
                // As far as is known.
                is_ended: false,
            };
            this.days.insert(day, day_file);
        }
        Ok(this)
    }

    /// Lets go of the file that was not written to for the longest time.
    fn close_one(&mut self) -> Result<(), Error> {
        let open = self.days.values_mut().filter(|day| day.file.is_some());
        if let Some(day) = open.min_by_key(|day| day.used) {
            day.close()?;
            self.open -= 1;
        }
        Ok(())
    }
}

impl<T> Day<T> {
    fn close(&mut self) -> Result<(), Error> {
        if let Some((part, rows)) = self.file.take() {
            rows.finish()?;
            self.mark = part.mark();
            self.is_ended = true;
        }
        Ok(())
    }
}

impl<T: Tabular + Serialize> Days<T> {
    /// The writer of a day.
    fn writer(&mut self, date: Option<Date>) -> Result<&mut dyn RowWriter<T>, Error> {
        let is_open = self.days.get(&date).is_some_and(|day| day.file.is_some());
        if !is_open && self.open >= MOST_OPEN {
            self.close_one()?;
        }
        if self.last != Some(date) {
            self.last = Some(date);
            self.turn += 1;
        }
        let day = self.days.entry(date).or_insert_with(|| Day {
            mark: FileMark {
                name: day_name(date),
                bytes: 0,
                crc32: 0,
            },
            file: None,
            used: 0,
            unsynced: false,
            is_ended: false,
        });
        day.used = self.turn;
        (day.unsynced, day.is_ended) = (true, false);
        if day.file.is_none() {
            let file: (Part, Box<dyn RowWriter<T>>) = if day.mark.bytes == 0 {
                let part = self.stage.create(&day.mark.name)?;
                (part.clone(), self.options.writer(part)?)
            } else {
                let part = self.stage.go_on(day.mark.clone())?;
                let written = self.stage.read(&day.mark.name)?;
                (part.clone(), self.options.continuing_writer(part, written)?)
            };
            day.file = Some(file);
            self.open += 1;
        }
        match &mut day.file {
            Some((_, rows)) => Ok(&mut **rows),
            None => Err(ended()),
        }
    }
}

impl<T: LogRow + Tabular + Serialize> Destination<T> for Days<T> {
    fn write(&mut self, row: &T) -> Result<(), Error> {
        let day = row.time().map(|time| self.options.calendar().date(time));
        self.writer(day)?.write(row)
    }

    fn pause(&mut self, enough: usize) -> Result<Option<Vec<FileMark>>, Error> {
        let open = self.days.values().filter_map(|day| day.file.as_ref());
        if must_wait(open.map(|(_, rows)| rows.waiting()).sum(), enough) {
            return Ok(None);
        }
        let mut marks = Vec::with_capacity(self.days.len());
        for day in self.days.values_mut() {
            if let Some((part, rows)) = &mut day.file {
                rows.pause()?;
                day.mark = part.mark();
            }
            marks.push(day.mark.clone());
        }
        Ok(Some(marks))
    }

    fn sync(&mut self) -> Result<(), Error> {
        for day in self.days.values_mut().filter(|day| day.unsynced) {
            match &day.file {
                Some((part, _)) => part.sync().map_err(|error| self.stage.failed(error))?,
                None => self.stage.sync(&day.mark.name)?,
            }
            // A file that is open will be written to again.
            day.unsynced = day.file.is_some();
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<Vec<FileMark>, Error> {
        for day in self.days.values_mut() {
            day.close()?;
        }
        self.open = 0;
        if self.options.format().has_end() {
            // What an earlier run has left, and this one had no rows for.
            let left = self.days.iter().filter(|(_, day)| !day.is_ended);
            let left: Vec<Option<Date>> = left.map(|(date, _)| *date).collect();
            for date in left {
                self.writer(date)?;
                self.close_one()?;
            }
        }
        self.sync()?;
        Ok(self.days.values().map(|day| day.mark.clone()).collect())
    }
}

impl<T> fmt::Debug for Days<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Days")
            .field("days", &self.days.len())
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}
