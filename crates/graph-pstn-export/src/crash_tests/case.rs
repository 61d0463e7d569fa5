//! What is exported, to where, and how it is gone on with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use graph_pstn_model::{CallLog, Decimal, OffsetDateTime, PstnCallLogRow, RejectedRow, TimeRange};
use time::Duration;

use crate::disk::{Disk, SimulatedDisk};
use crate::output::layout::Layout;
use crate::staging::checkpoint::tests::position;
use crate::{
    Error, Existing, Export, Folder, Format, Job, Rejects, Summary, Unfinished, WriterOptions,
};

pub(super) const DAYS: u8 = 6;

#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) format: Format,
    pub(super) by_day: bool,
    pub(super) existing: Existing,
    /// Merged with what is there.
    pub(super) is_merged: bool,
    /// Each mark goes to the disk, and not only those a second apart, of which there are none here.
    pub(super) every_mark: bool,
}

pub(super) const CASES: &[Case] = &[
    Case {
        format: Format::Csv,
        by_day: false,
        existing: Existing::Refuse,
        is_merged: false,
        every_mark: true,
    },
    Case {
        format: Format::Ndjson,
        by_day: false,
        existing: Existing::Replace,
        is_merged: false,
        every_mark: true,
    },
    Case {
        format: Format::Csv,
        by_day: true,
        existing: Existing::Replace,
        is_merged: false,
        every_mark: true,
    },
    Case {
        format: Format::Ndjson,
        by_day: true,
        existing: Existing::Refuse,
        is_merged: false,
        every_mark: true,
    },
    Case {
        format: Format::Csv,
        by_day: false,
        existing: Existing::Replace,
        is_merged: false,
        every_mark: false,
    },
    Case {
        format: Format::Ndjson,
        by_day: true,
        existing: Existing::Replace,
        is_merged: false,
        every_mark: false,
    },
    Case {
        format: Format::Csv,
        by_day: true,
        existing: Existing::Replace,
        is_merged: true,
        every_mark: true,
    },
    Case {
        format: Format::Ndjson,
        by_day: true,
        existing: Existing::Replace,
        is_merged: true,
        every_mark: false,
    },
    #[cfg(feature = "parquet")]
    Case {
        format: Format::Parquet,
        by_day: false,
        existing: Existing::Refuse,
        is_merged: false,
        every_mark: true,
    },
    #[cfg(feature = "parquet")]
    Case {
        format: Format::Parquet,
        by_day: true,
        existing: Existing::Replace,
        is_merged: false,
        every_mark: true,
    },
    #[cfg(feature = "parquet")]
    Case {
        format: Format::Parquet,
        by_day: true,
        existing: Existing::Refuse,
        is_merged: false,
        every_mark: false,
    },
    #[cfg(feature = "parquet")]
    Case {
        format: Format::Parquet,
        by_day: true,
        existing: Existing::Replace,
        is_merged: true,
        every_mark: true,
    },
];

impl Case {
    pub(super) fn output(self) -> &'static Path {
        Path::new("out/calls")
    }

    pub(super) fn range() -> TimeRange {
        position("2019-11-01T00:00:00Z").range().unwrap()
    }

    pub(super) fn rejects(self) -> Rejects {
        if self.is_merged {
            return Rejects::added_to_file(Rejects::of_all(self.output()));
        }
        let target = if self.by_day {
            Rejects::within(self.output(), Self::range())
        } else {
            Rejects::beside(self.output())
        };
        Rejects::to_file(target, self.existing)
    }

    pub(super) fn job() -> Job {
        Job::new().with("tenant", "contoso.example")
    }

    pub(super) fn begin(self, disk: &SimulatedDisk) -> Result<Export<PstnCallLogRow>, Error> {
        self.begin_on(Arc::new(disk.clone()))
    }

    fn begin_on(self, disk: Arc<dyn Disk>) -> Result<Export<PstnCallLogRow>, Error> {
        let output = self.output();
        let (format, existing, rejects) = (self.format, self.existing, self.rejects());
        let part = (CallLog::Pstn, Self::range());
        let folder = Folder {
            disk: disk.clone(),
            path: output.to_owned(),
        };
        let export = if self.is_merged {
            Export::merge_days(folder, part, format, false, rejects)?
        } else if self.by_day {
            Export::to_days(folder, part, format, existing, rejects)?
        } else {
            Export::to_file_on(disk, output, format, existing, rejects)?
        };
        export.resumable(Self::job(), position("2019-11-01T00:00:00Z"))
    }

    pub(super) fn find(self, disk: &SimulatedDisk) -> Result<Option<Unfinished>, Error> {
        self.find_on(Arc::new(disk.clone()))
    }

    fn find_on(self, disk: Arc<dyn Disk>) -> Result<Option<Unfinished>, Error> {
        let stage = if self.by_day {
            Layout::stage_of_days(self.output())
        } else {
            Layout::stage_of_file(self.output())
        };
        let stage = disk.stage(stage);
        Unfinished::find(disk, stage, self.output())
    }

    /// Exports, or goes on with what is there.
    pub(super) fn run(self, disk: &SimulatedDisk) -> Result<Summary, Error> {
        self.run_on(&(Arc::new(disk.clone()) as _))
    }

    pub(super) fn run_on(self, disk: &Arc<dyn Disk>) -> Result<Summary, Error> {
        let (mut export, done) = match self.find_on(disk.clone())? {
            None => (self.begin_on(disk.clone())?, None),
            Some(unfinished) => {
                let done = unfinished.position().done_until().unwrap();
                let (format, existing, rejects) = (self.format, self.existing, self.rejects());
                let log = CallLog::Pstn;
                let export = if self.is_merged {
                    unfinished.resume_merge(log, format, false, rejects, Self::job())?
                } else if self.by_day {
                    unfinished.resume_days(log, format, existing, rejects, Self::job())?
                } else {
                    unfinished.resume_file(format, existing, rejects, Self::job())?
                };
                (export, Some(done))
            }
        };
        if self.every_mark {
            export.save_always();
        }
        match write_from(&mut export, done).and_then(|()| export.complete()) {
            Ok(summary) => Ok(summary),
            Err(error) => {
                export.suspend();
                Err(error)
            }
        }
    }

    /// What is there before the first run.
    pub(super) fn disk(self) -> SimulatedDisk {
        let disk = SimulatedDisk::default();
        if self.is_merged {
            put_old_days(&disk, self);
        }
        disk
    }

    /// How many moments to pass over for each one that is tried.
    pub(super) fn stride(self) -> usize {
        match self.format {
            #[cfg(feature = "parquet")]
            Format::Parquet => 13,
            _ => 1,
        }
    }

    /// Whether two files that are not the same hold the same rows all the same.
    pub(super) fn has_same_rows(self, content: &[u8], expected: &[u8]) -> bool {
        match self.format {
            #[cfg(feature = "parquet")]
            Format::Parquet => {
                let rows = crate::formats::parquet_writer::tests::rows;
                rows(content) == rows(expected)
            }
            _ => content == expected,
        }
    }

    /// A file of these rows.
    pub(super) fn content(self, rows: &[PstnCallLogRow]) -> Vec<u8> {
        let (disk, name) = (SimulatedDisk::default(), Path::new("rows"));
        let file = disk.create(name).unwrap();
        let mut writer = WriterOptions::new(self.format).writer(file).unwrap();
        for row in rows {
            writer.write(row).unwrap();
        }
        writer.finish().unwrap();
        disk.content(name).unwrap()
    }

    /// A file's rows, to search them.
    pub(super) fn text(self, content: &[u8]) -> String {
        match self.format {
            #[cfg(feature = "parquet")]
            Format::Parquet => {
                format!("{:?}", crate::formats::parquet_writer::tests::rows(content))
            }
            _ => String::from_utf8(content.to_vec()).unwrap(),
        }
    }

    /// Files and their contents, as they should be in the end.
    pub(super) fn whole(self) -> (Vec<(PathBuf, Vec<u8>)>, Summary) {
        let disk = self.disk();
        let summary = self.run(&disk).unwrap();
        (files(&disk), summary)
    }
}

pub(super) fn files(disk: &SimulatedDisk) -> Vec<(PathBuf, Vec<u8>)> {
    disk.all_names()
        .into_iter()
        .map(|name| {
            let content = disk.content(&name).unwrap();
            (name, content)
        })
        .collect()
}

/// Days as an earlier run may have left them: of the first, one call is as it will come, one has another charge, and one will
/// not come any more; of the second, all is as it will come; of the third there is nothing.
fn put_old_days(disk: &SimulatedDisk, case: Case) {
    let mut changed = call(0, 1);
    changed.charge = Some(Decimal::new(99, 2));
    let mut gone = call(0, 2);
    gone.id = Some("call gone".into());
    let days = [
        ("2019-11-01", [call(0, 0), changed, gone]),
        ("2019-11-02", [call(1, 0), call(1, 1), call(1, 2)]),
    ];
    for (day, rows) in days {
        let name = format!("date={day}/part-00000.{}", case.format);
        let target = case.output().join(name);
        disk.put(&target, &case.content(&rows));
    }
    // One is still there, though at another place of its page.
    let old = [
        r#"{"reason":"not a number","index":7,"path":"charge","row":{"id":"bad 0"}}"#,
        r#"{"reason":"not a number","index":7,"path":"charge","row":{"id":"bad before"}}"#,
    ];
    let old = old.map(|line| format!("{line}\n")).concat();
    disk.put(&Rejects::of_all(case.output()), old.as_bytes());
}

/// One of the four calls of a window.
pub(super) fn call(day: u8, call: u8) -> PstnCallLogRow {
    let day_from = Case::range().from() + Duration::days(day.into());
    let mut row = PstnCallLogRow::default();
    row.id = Some(format!("call {day}.{call}").as_str().into());
    row.start_date_time = (call != 3).then(|| day_from + Duration::hours(i64::from(call) * 11));
    row.duration = Some(60);
    row.charge = Some(Decimal::new(5 + i64::from(call), 2));
    row.currency = Some("USD".into());
    row
}

/// What a reader brings that goes on from there: windows of a day, in each of which rows spill over to the next, one
/// has no time and one cannot be read.
pub(super) fn write_from(
    export: &mut Export<PstnCallLogRow>,
    done: Option<OffsetDateTime>,
) -> Result<(), Error> {
    if export.has_all_rows() {
        return Ok(());
    }
    let from = Case::range().from();
    let mut left_out = 0;
    for day in 0..DAYS {
        let day_from = from + Duration::days(day.into());
        if done.is_some_and(|done| day_from < done) {
            continue;
        }
        for number in 0..4 {
            export.write_row(&call(day, number))?;
        }
        let unreadable = format!("{{\"id\":\"bad {day}\"}}");
        export.set_aside(&RejectedRow::new(4, "charge", "not a number", unreadable))?;
        left_out += 1;
        let done_until = graph_pstn_model::format_time(day_from + Duration::DAY).to_string();
        export.mark(position(&done_until), left_out)?;
    }
    let end = graph_pstn_model::format_time(Case::range().until()).to_string();
    export.mark(position(&end), left_out)
}
