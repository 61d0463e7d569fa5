//! How an export begins: where its rows go, and what may stand in the way.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use graph_pstn_model::{CallLog, TimeRange};

use crate::disk::{Disk, LocalDisk};
use crate::export::Rows;
use crate::output::days::Days;
use crate::output::destination::{Destination, OneFile};
use crate::output::layout::{Fill, Layout};
use crate::staging::stage::Stage;
use crate::staging::staged::Staged;
use crate::{
    Error, ErrorKind, Existing, Export, ExportRow, Folder, Rejects, Summary, WriterOptions,
};

impl<T: ExportRow> Export<T> {
    /// An export to a file. It is made in a folder beside it, `calls.csv.partial` for `calls.csv`, so that
    /// the last step is a mere renaming.
    ///
    /// # Errors
    ///
    /// The target is there already and is not to be replaced, is no regular file, or its folder is missing or
    /// cannot be written; the same of the file of rejects; both are the same file
    /// ([`ErrorKind::SameFile`]). Another run writes to it
    /// ([`ErrorKind::Busy`]), or has left an unfinished export that is not to be replaced ([`ErrorKind::Unfinished`]).
    pub fn to_file(
        target: &Path,
        format: impl Into<WriterOptions>,
        existing: Existing,
        rejects: Rejects,
    ) -> Result<Self, Error> {
        Self::to_file_on(Arc::new(LocalDisk), target, format, existing, rejects)
    }

    pub(crate) fn to_file_on(
        disk: Arc<dyn Disk>,
        target: &Path,
        format: impl Into<WriterOptions>,
        existing: Existing,
        rejects: Rejects,
    ) -> Result<Self, Error> {
        rejects.check_beside(target)?;
        let options = format.into();
        let layout = Layout::file(target.to_owned());
        let fill = Fill::New(existing);
        Self::open(disk, layout, options, fill, rejects, |stage, options| {
            Ok(Box::new(OneFile::create(stage, options)?))
        })
    }

    /// An export to a folder with a file for each day ([of UTC](WriterOptions::with_calendar)) of the log's time property, as Hive and all who read its
    /// folders have it: `DIR/date=2019-11-01/part-00000.csv`. Rows without a time go to
    /// `date=__HIVE_DEFAULT_PARTITION__`. The folder is made if it is missing, but not those above it.
    ///
    /// With [`Existing::Replace`] the days that the range touches are replaced whole, also those that have no rows
    /// any more, and no others: a range that ends within a day takes the rest of that day away.
    ///
    /// # Errors
    ///
    /// As for [`to_file`](Self::to_file), where a day of the range that is there already is refused unless it is
    /// to be replaced; or the log has no days ([`ErrorKind::NoDays`]).
    pub fn to_days(
        folder: impl Into<Folder>,
        (log, range): (CallLog, TimeRange),
        format: impl Into<WriterOptions>,
        existing: Existing,
        rejects: Rejects,
    ) -> Result<Self, Error> {
        let fill = Fill::New(existing);
        Self::to_folder(folder.into(), (log, range), format, fill, rejects)
    }

    /// Merges rows into such a folder, so that it is kept up to date by reading the latest days again and again. A row
    /// that was there before, as its `id` tells, is replaced; one that does not come any more stays, since a service on a bad
    /// day leaves rows out. With `may_shrink` it goes: then the days of the range hold what has come now, and those
    /// for which nothing has come are removed.
    ///
    /// Each day that changes is replaced in one step at the end; a day that does not is not touched.
    /// [`Summary::changes`] says what was done. Rows without a time are all in one file, whatever the range, which
    /// never shrinks.
    ///
    /// # Errors
    ///
    /// As for [`to_days`](Self::to_days); or the `id` is not among the columns ([`ErrorKind::NoColumn`]); or a day has a file of
    /// another format or with other columns ([`ErrorKind::OtherJob`]), or one that cannot be read ([`ErrorKind::Damaged`]).
    pub fn merge_days(
        folder: impl Into<Folder>,
        (log, range): (CallLog, TimeRange),
        format: impl Into<WriterOptions>,
        may_shrink: bool,
        rejects: Rejects,
    ) -> Result<Self, Error> {
        let fill = Fill::Merge { may_shrink };
        Self::to_folder(folder.into(), (log, range), format, fill, rejects)
    }

    fn to_folder(
        Folder { disk, path }: Folder,
        (log, range): (CallLog, TimeRange),
        format: impl Into<WriterOptions>,
        fill: Fill,
        rejects: Rejects,
    ) -> Result<Self, Error> {
        check_has_days(log)?;
        let options = format.into();
        options.check::<T>()?;
        if let (Fill::Merge { .. }, Some(key)) = (fill, log.key())
            && !options.has_column(key)
        {
            let message = format!("rows are merged by their {key}, so that column is needed");
            return Err(Error::new(ErrorKind::NoColumn, message));
        }
        let layout = Layout::days(path, range, &options);
        Self::open(disk, layout, options, fill, rejects, |stage, options| {
            Ok(Box::new(Days::create(stage, options.clone())))
        })
    }

    fn open(
        disk: Arc<dyn Disk>,
        layout: Layout,
        options: WriterOptions,
        fill: Fill,
        mut rejects: Rejects,
        destination: impl FnOnce(&Stage, &WriterOptions) -> Result<Box<dyn Destination<T>>, Error>,
    ) -> Result<Self, Error> {
        layout.check(&*disk, fill)?;
        rejects.try_on(&*disk)?;
        let folder = disk.stage(layout.stage());
        let stage = Stage::open(disk, folder, layout.output())?;
        // What was to be merged is of use still, and may be of days that nobody asks for again.
        if fill != Fill::New(Existing::Replace) && stage.load()?.is_some() {
            let message = format!(
                "there is an unfinished export of {}, in {}",
                layout.output().display(),
                stage.folder().display()
            );
            return Err(Error::new(ErrorKind::Unfinished, message).with_path(stage.folder()));
        }
        stage.wipe()?;
        let opened = rejects
            .stage_in(&stage, None)
            .and_then(|()| destination(&stage, &options));
        let rows = opened.inspect_err(|_| {
            // The error is the news.
            let _ = stage.close();
        })?;
        let staged = Staged::new(stage, layout, fill);
        Ok(Self::new(
            Rows::Staged(rows),
            rejects,
            Summary::default(),
            options,
            Some(staged),
        ))
    }

    /// An export to a stream, such as standard output. Rows leave it batch by batch.
    ///
    /// # Errors
    ///
    /// As for [`OutputFile::create`](crate::OutputFile::create), for the file of rejects, or for
    /// [`WriterOptions::writer`].
    pub fn to_stream(
        out: impl Write + Send + 'static,
        format: impl Into<WriterOptions>,
        rejects: Rejects,
    ) -> Result<Self, Error> {
        rejects.check()?;
        let options = format.into();
        let rows = Rows::Stream(options.writer(out)?);
        Ok(Self::new(rows, rejects, Summary::default(), options, None))
    }
}

/// Refuses logs whose rows have no time by which they could be put.
pub(crate) fn check_has_days(log: CallLog) -> Result<(), Error> {
    match log.time_property() {
        Some(_) => Ok(()),
        None => Err(Error::new(
            ErrorKind::NoDays,
            format!("the rows of the {log} log have no time, so they cannot be put by days"),
        )),
    }
}
