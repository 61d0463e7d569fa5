//! One pass over a range: what Graph has of it, merged with the days that are there.

use std::pin::Pin;

use graph_pstn_export::{
    Export, ExportRow, Folder, Job, Rejects, Summary, Unfinished, WriterOptions,
};
use graph_pstn_model::{CallLog, TimeRange};
use serde::de::DeserializeOwned;

use super::output_failure;
use crate::connection::Connection;
use crate::exit::Failure;
use crate::export::board::Board;
use crate::export::row_type::ForRows;
use crate::export::transfer::{Left, Stopped, Transfer};
use crate::interrupts::Interrupts;
use crate::ui::Ui;

/// A pass that is to be started, once the type of its rows is known.
pub(super) struct Pass<'a> {
    pub(super) folder: &'a Folder,
    pub(super) log: CallLog,
    pub(super) form: WriterOptions,
    pub(super) allow_shrink: bool,
    pub(super) job: Job,
    pub(super) rejects: Rejects,
    pub(super) range: TimeRange,
    pub(super) unfinished: Option<Unfinished>,
    pub(super) board: &'a Board,
    pub(super) ui: &'a Ui,
    pub(super) interrupts: &'a mut Interrupts,
    pub(super) connection: &'a Connection,
}

type Outcome = Result<Summary, (Stopped, Left)>;

impl<'a> ForRows for Pass<'a> {
    type Output = Result<Pin<Box<dyn Future<Output = Outcome> + 'a>>, Failure>;

    fn of<T: ExportRow + DeserializeOwned>(self) -> Self::Output {
        let version = self.log.version();
        let mut reader = self
            .connection
            .read::<T>(self.log, version, self.range, |bytes| bytes);
        let export = match self.unfinished {
            Some(unfinished) => {
                reader = reader.resume(unfinished.position()).map_err(|error| {
                    Failure::usage(
                        format!("what was begun in this folder is of another log: {error}"),
                        "give that log, or delete the folder .partial in it to begin anew",
                    )
                })?;
                unfinished.resume_merge(
                    self.log,
                    self.form,
                    self.allow_shrink,
                    self.rejects,
                    self.job,
                )
            }
            None => {
                let part = (self.log, self.range);
                Export::merge_days(
                    self.folder,
                    part,
                    self.form,
                    self.allow_shrink,
                    self.rejects,
                )
                .and_then(|export| export.resumable(self.job, reader.checkpoint()))
            }
        };
        let export = export.map_err(|error| output_failure(self.folder, &error))?;
        let transfer = Transfer {
            to_file: true,
            ui: self.ui,
            board: (self.board, 0),
            interrupts: self.interrupts,
        };
        Ok(Box::pin(transfer.run(self.connection, reader, export)))
    }
}
