//! Where the files of an export go when they are whole: one file, or a folder with one for each day.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use graph_pstn_model::{OffsetDateTime, TimeRange};
use time::{Date, Month};

use crate::disk::Disk;
use crate::error::folder_of;
use crate::formats::records::count;
use crate::output::merge::Day;
use crate::output::output_file::unusable_folder;
use crate::staging::checkpoint::FileMark;
use crate::staging::stage::Stage;
use crate::sums::changes::Changes;
use crate::{Calendar, Error, ErrorKind, Existing, Format, WriterOptions};

/// The rows of a single file, while it is in the making.
pub(crate) const ROWS: &str = "rows";

/// The day of rows that have no time, as Hive and all that read its folders call it.
const NO_DAY: &str = "__HIVE_DEFAULT_PARTITION__";
/// How the folder of a day begins.
const DAY: &str = "date=";
/// How the files in it begin.
const PART: &str = "part-";

/// An output on a disk.
#[derive(Clone, Debug)]
pub(crate) enum Layout {
    File {
        target: PathBuf,
    },
    /// Hive's way: `DIR/date=2019-11-01/part-00000.csv`.
    Days {
        folder: PathBuf,
        range: TimeRange,
        format: Format,
        calendar: Calendar,
    },
}

/// What becomes of what is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fill {
    New(Existing),
    /// The days are merged with what they have; see [`merge`](crate::output::merge).
    Merge {
        may_shrink: bool,
    },
}

impl Layout {
    pub(crate) fn file(target: PathBuf) -> Self {
        Self::File { target }
    }

    pub(crate) fn days(folder: PathBuf, range: TimeRange, options: &WriterOptions) -> Self {
        Self::Days {
            folder,
            range,
            format: options.format(),
            calendar: options.calendar().clone(),
        }
    }

    /// The folder in which the file is made.
    pub(crate) fn stage_of_file(target: &Path) -> PathBuf {
        let mut name = OsString::from(target);
        name.push(".partial");
        name.into()
    }

    /// The folder in which the days are made. It is within the output, so that giving the files their
    /// names is a mere renaming, and begins with a dot, so that readers of the output pass it over.
    pub(crate) fn stage_of_days(folder: &Path) -> PathBuf {
        folder.join(".partial")
    }

    pub(crate) fn stage(&self) -> PathBuf {
        match self {
            Self::File { target } => Self::stage_of_file(target),
            Self::Days { folder, .. } => Self::stage_of_days(folder),
        }
    }

    pub(crate) fn output(&self) -> &Path {
        match self {
            Self::File { target } => target,
            Self::Days { folder, .. } => folder,
        }
    }

    /// Whether the files could take their names, to be known now and not after hours.
    pub(crate) fn check(&self, disk: &dyn Disk, fill: Fill) -> Result<(), Error> {
        match self {
            Self::File { target } => {
                if target.file_name().is_none() {
                    let message = format!("{} is no name for a file", target.display());
                    return Err(Error::new(ErrorKind::NotAFile, message).with_path(target));
                }
                let existing = match fill {
                    Fill::New(existing) => existing,
                    Fill::Merge { .. } => Existing::Replace,
                };
                disk.check_target(target, existing)
            }
            Self::Days { folder, range, .. } => {
                if !disk.is_folder(folder) {
                    if disk.length(folder).is_ok_and(|file| file.is_some()) {
                        let message = format!("{} is a file, not a folder", folder.display());
                        return Err(Error::new(ErrorKind::FolderMissing, message).with_path(folder));
                    }
                    return disk
                        .make_folder(folder)
                        .map_err(|error| unusable_folder(folder, folder_of(folder), error));
                }
                if fill == Fill::New(Existing::Replace) {
                    return Ok(());
                }
                for part in self.parts_of_range(disk, folder, *range, fill)? {
                    let day = folder_of(&part);
                    if fill == Fill::New(Existing::Refuse) {
                        return Err(Error::at(day, io::ErrorKind::AlreadyExists.into()));
                    }
                    let name = day.file_name().and_then(|name| name.to_str());
                    if part != self.target_of(name.unwrap_or_default(), fill) {
                        let message =
                            format!("{} is there, which is not merged with", part.display());
                        return Err(Error::new(ErrorKind::OtherJob, message).with_path(&part));
                    }
                }
                Ok(())
            }
        }
    }

    /// The name that a file in the making will have.
    fn target_of(&self, name: &str, fill: Fill) -> PathBuf {
        match self {
            Self::File { target } => target.clone(),
            Self::Days {
                folder,
                range,
                format,
                ..
            } => {
                let part = if name == day_name(None) && matches!(fill, Fill::New(_)) {
                    // It is of no day, so another range does not replace it.
                    in_a_name(*range)
                } else {
                    "00000".to_owned()
                };
                folder.join(name).join(format!("{PART}{part}.{format}"))
            }
        }
    }

    /// What merging will change in each day that it was not done with before, and in all. Touches nothing.
    pub(crate) fn plan(
        &self,
        stage: &Stage,
        files: &[FileMark],
        fill: Fill,
    ) -> Result<Option<Plan>, Error> {
        let (
            Fill::Merge { may_shrink },
            Self::Days {
                folder,
                range,
                format,
                ..
            },
        ) = (fill, self)
        else {
            return Ok(None);
        };
        let mut plan = Plan::default();
        let mut targets = Vec::with_capacity(files.len());
        for file in files {
            let target = self.target_of(&file.name, fill);
            // Of no day, so that other ranges may have brought what it has.
            let may_shrink = may_shrink && file.name != day_name(None);
            if let Some(changes) = day(stage, file, &target, *format).examine(may_shrink)? {
                plan.all.add(&changes);
                plan.days.insert(file.name.clone(), changes);
            }
            targets.push(target);
        }
        if may_shrink {
            let disk = stage.disk();
            for part in self.parts_of_range(disk, folder, *range, fill)? {
                if !targets.contains(&part) {
                    let old = disk.read(&part).and_then(|old| count(old, *format));
                    plan.all.removed += old.map_err(|error| Error::reading(&part, error))?;
                    plan.all.days += 1;
                }
            }
        }
        Ok(Some(plan))
    }

    /// Gives the files their names, those that have not got them yet. With [`Existing::Replace`], and where
    /// merging may make a day shrink, what the range had before and has no more goes away. What is merged goes by the
    /// [plan](Self::plan).
    pub(crate) fn publish(
        &self,
        stage: &Stage,
        files: &[FileMark],
        fill: Fill,
        plan: Option<&Plan>,
    ) -> Result<(), Error> {
        let disk = stage.disk();
        let mut targets = Vec::with_capacity(files.len());
        for file in files {
            let target = self.target_of(&file.name, fill);
            if let Self::Days { .. } = self {
                let day = folder_of(&target);
                disk.make_folder(day)
                    .map_err(|error| Error::at(day, error))?;
            }
            match (plan, fill, self) {
                (Some(plan), _, Self::Days { format, .. }) => {
                    if let Some(changes) = plan.days.get(&file.name) {
                        day(stage, file, &target, *format).merge(changes)?;
                    }
                }
                (None, Fill::New(existing), _) => publish(stage, file, &target, existing)?,
                _ => publish(stage, file, &target, Existing::Replace)?,
            }
            targets.push(target);
        }
        if let Self::Days { folder, range, .. } = self {
            if matches!(
                fill,
                Fill::New(Existing::Replace) | Fill::Merge { may_shrink: true }
            ) {
                for part in self.parts_of_range(disk, folder, *range, fill)? {
                    if targets.contains(&part) {
                        continue;
                    }
                    disk.remove(&part)
                        .map_err(|error| Error::at(&part, error))?;
                    disk.remove_folder(folder_of(&part));
                }
            }
            for target in &targets {
                disk.sync_folder(folder_of(target));
            }
            disk.sync_folder(folder);
        }
        // Files that went away there must not outlive the checkpoint.
        disk.sync_folder(stage.folder());
        disk.sync_folder(folder_of(self.output()));
        Ok(())
    }

    /// The files that the days of the range have, and where it is not merged that of this range without a day.
    pub(crate) fn parts_of_range(
        &self,
        disk: &dyn Disk,
        folder: &Path,
        range: TimeRange,
        fill: Fill,
    ) -> Result<Vec<PathBuf>, Error> {
        let names_in = |folder: &Path| {
            let names = disk.names(folder);
            names.map_err(|error| Error::reading(folder, error))
        };
        let utc = Calendar::utc();
        let calendar = match self {
            Self::Days { calendar, .. } => calendar,
            Self::File { .. } => &utc,
        };
        let (first, last) = (calendar.date(range.from()), last_day(range, calendar));
        let mut parts = Vec::new();
        for name in names_in(folder)? {
            match day_of(&name) {
                Some(None) if matches!(fill, Fill::New(_)) => {
                    let part = self.target_of(&name, fill);
                    let there = disk
                        .length(&part)
                        .map_err(|error| Error::at(&part, error))?;
                    parts.extend(there.map(|_| part));
                }
                Some(Some(day)) if (first..=last).contains(&day) => {
                    let day_folder = folder.join(&name);
                    let names = names_in(&day_folder)?;
                    let ours = names.iter().filter(|name| name.starts_with(PART));
                    parts.extend(ours.map(|name| day_folder.join(name)));
                }
                _ => {}
            }
        }
        Ok(parts)
    }
}

/// What merging will change.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    days: BTreeMap<String, Changes>,
    pub(crate) all: Changes,
}

fn day<'a>(stage: &'a Stage, file: &'a FileMark, target: &'a Path, format: Format) -> Day<'a> {
    Day {
        stage,
        file,
        target,
        format,
    }
}

/// Gives a file of the stage its name, unless an earlier run has done so.
pub(crate) fn publish(
    stage: &Stage,
    file: &FileMark,
    target: &Path,
    existing: Existing,
) -> Result<(), Error> {
    if stage.length(&file.name)?.is_some() {
        let made = stage.path(&file.name);
        return match stage.disk().rename(&made, target, existing) {
            // Where a rename takes two steps, an earlier run may have come to its end between them.
            Err(error)
                if error.kind() == io::ErrorKind::AlreadyExists && stage.is_at(target, file) =>
            {
                stage.disk().remove(&made)
            }
            renamed => renamed,
        }
        .map_err(|error| Error::at(target, error));
    }
    match stage.disk().length(target) {
        Ok(Some(bytes)) if bytes == file.bytes => Ok(()),
        _ => Err(stage.damaged(&file.name, "is missing")),
    }
}

/// The name of a day's folder.
pub(crate) fn day_name(day: Option<Date>) -> String {
    match day {
        Some(day) => format!("{DAY}{day}"),
        None => format!("{DAY}{NO_DAY}"),
    }
}

/// The day of a folder, or of a file in the making; `None` for a name that is not exactly one of [these](day_name).
pub(crate) fn day_of(name: &str) -> Option<Option<Date>> {
    if name == day_name(None) {
        return Some(None);
    }
    let (_, date) = name.split_once('=')?;
    let mut parts = date.rsplitn(3, '-');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?);
    Some(date.ok()).filter(|day| day.is_some() && day_name(*day) == name)
}

/// A range as a part of a file's name.
pub(crate) fn in_a_name(range: TimeRange) -> String {
    let bound = |at: OffsetDateTime| {
        if at == at.replace_time(time::Time::MIDNIGHT) {
            at.date().to_string()
        } else {
            graph_pstn_model::format_time(at)
                .to_string()
                .replace(':', "")
        }
    };
    format!("{}_{}", bound(range.from()), bound(range.until()))
}

/// The last day that the range touches.
fn last_day(range: TimeRange, calendar: &Calendar) -> Date {
    // The last moment of a range that is never empty.
    calendar.date(range.until() - time::Duration::NANOSECOND)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::{date, datetime};

    #[test]
    fn a_range_makes_a_name() {
        let range = |from, until| TimeRange::new(from, until).unwrap();
        let days = range(
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-12-01 0:00 UTC),
        );
        assert_eq!(in_a_name(days), "2019-11-01_2019-12-01");
        assert_eq!(last_day(days, &Calendar::utc()).to_string(), "2019-11-30");
        let now = range(
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-12-01 9:30 UTC),
        );
        assert_eq!(in_a_name(now), "2019-11-01_2019-12-01T093000Z");
        assert_eq!(last_day(now, &Calendar::utc()).to_string(), "2019-12-01");
        assert_eq!(day_name(None), "date=__HIVE_DEFAULT_PARTITION__");
    }

    #[test]
    fn folders_that_only_resemble_those_of_days_are_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        let (from, until) = (
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-12-01 0:00 UTC),
        );
        let range = TimeRange::new(from, until).unwrap();
        for name in [
            "date=2019-11-02",
            "date=2019-11-03T05:00:00Z",
            "date=2019-11-04 old",
            "2019-11-05",
        ] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
            std::fs::write(folder.path().join(name).join("part-00000.csv"), "").unwrap();
        }
        let layout = Layout::days(
            folder.path().to_owned(),
            range,
            &WriterOptions::new(Format::Csv),
        );
        let fill = Fill::New(Existing::Replace);
        let parts = layout.parts_of_range(&crate::disk::LocalDisk, folder.path(), range, fill);
        assert_eq!(
            parts.unwrap(),
            [folder.path().join("date=2019-11-02/part-00000.csv")]
        );
    }

    #[test]
    fn every_day_is_known_again_by_its_name() {
        for day in [
            date!(2019 - 11 - 01),
            date!(0001 - 01 - 01),
            // What the first hours of the year 1 are west of Greenwich.
            date!(0000 - 12 - 31),
            date!(-0001 - 02 - 28),
            Date::MIN,
            Date::MAX,
        ] {
            assert_eq!(day_of(&day_name(Some(day))), Some(Some(day)));
        }
        assert_eq!(day_of(&day_name(None)), Some(None));
        for other in [
            "rejects",
            "date=2019-11-1",
            "date=2019-11-31",
            "date=",
            "2019-11-01",
            "day=2019-11-01",
        ] {
            assert_eq!(day_of(other), None, "{other}");
        }
    }
}
