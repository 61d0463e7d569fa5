//! The way of the rows: from the reader, batch by batch, to the thread that writes.

use std::time::Duration;

use graph_pstn_export::{Export, ExportRow, ExportThread, Kept, Summary};
use graph_pstn_http::{Batch, RangeReader};
use graph_pstn_model::LogRow;
use serde::de::DeserializeOwned;

use super::board::Board;
use super::patience::Patience;
use crate::connection::Connection;
use crate::exit::Failure;
use crate::hints::message;
use crate::interrupts::Interrupts;
use crate::ui::Ui;

/// How long to wait for the writing thread when an export to a stream is given up. It stops between two
/// batches, within milliseconds, unless it is stuck in a pipe that nobody reads. Files are waited for, since what
/// is in them has to be brought in order.
const GRACE: Duration = Duration::from_secs(2);

/// Why a transfer did not come to its end.
#[derive(Debug)]
pub(crate) enum Stopped {
    Interrupted,
    Reading(graph_pstn_http::Error),
    Writing(graph_pstn_export::Error),
    System(Failure),
}

/// What there is of an export that did not come to its end.
#[derive(Debug)]
pub(crate) enum Left {
    Nothing,
    Kept(Kept),
    /// It was not waited for.
    Unknown,
}

/// What a transfer needs besides its two ends.
#[derive(Debug)]
pub(crate) struct Transfer<'a> {
    pub(crate) to_file: bool,
    pub(crate) ui: &'a Ui,
    /// Where progress is shown, and as which log.
    pub(crate) board: (&'a Board, usize),
    pub(crate) interrupts: &'a mut Interrupts,
}

impl Transfer<'_> {
    /// Reads the range, or what is left of it, and writes it. Unless all of it was read and written, no file
    /// appears; then it says what is kept.
    pub(crate) async fn run<T: ExportRow + DeserializeOwned>(
        self,
        connection: &Connection,
        mut reader: RangeReader<T>,
        export: Export<T>,
    ) -> Result<Summary, (Stopped, Left)> {
        let has_all_rows = export.has_all_rows();
        let mut writer = ExportThread::start(export).map_err(|error| {
            let failure = Failure::other("no thread to write with", &error);
            (Stopped::System(failure), Left::Nothing)
        })?;
        let moved = tokio::select! {
            biased;
            () = self.interrupts.next() => Err(Stopped::Interrupted),
            moved = async {
                if has_all_rows {
                    return Ok(());
                }
                connection.first_contact().await.map_err(Stopped::Reading)?;
                let patience = Patience::new(connection.max_wait());
                move_all(&mut reader, &mut writer, patience, self.ui, self.board).await
            } => moved,
        };
        // No page is to be on its way any more.
        drop(reader);
        let stopped = match moved {
            Err(stopped) => stopped,
            Ok(()) => {
                let finished = tokio::select! {
                    finished = writer.finish() => finished,
                    () = interrupted_for_good(self.interrupts, self.to_file) => {
                        return Err((Stopped::Interrupted, Left::Unknown));
                    }
                };
                match finished {
                    Ok(summary) => return Ok(summary),
                    Err(error) => Stopped::Writing(error),
                }
            }
        };
        let left = tokio::select! {
            kept = writer.suspend() => kept.map_or(Left::Nothing, Left::Kept),
            () = self.interrupts.next() => Left::Unknown,
            () = tokio::time::sleep(GRACE), if !self.to_file => Left::Unknown,
        };
        Err((stopped, left))
    }
}

/// When all rows are there, a file is a moment from being complete: it takes a second interruption to
/// give it up. A pipe may be stuck.
async fn interrupted_for_good(interrupts: &mut Interrupts, to_file: bool) {
    interrupts.next().await;
    if to_file {
        interrupts.next().await;
    }
}

async fn move_all<T: ExportRow + DeserializeOwned>(
    reader: &mut RangeReader<T>,
    writer: &mut ExportThread<T>,
    mut patience: Patience,
    ui: &Ui,
    (board, place): (&Board, usize),
) -> Result<(), Stopped> {
    loop {
        // Both are cancel safe. A closed pipe is noticed while the next page is waited for.
        let batch = tokio::select! {
            biased;
            error = writer.failure() => return Err(Stopped::Writing(error)),
            batch = next_batch(reader, &mut patience, ui) => batch.map_err(Stopped::Reading)?,
        };
        // At the end too: the last windows may have been empty.
        board.show(ui, place, &reader.progress());
        let Some(batch) = batch else {
            return mark(reader, writer).await;
        };
        let is_at_end_of_window = batch.done_until.is_some();
        writer.write(batch).await.map_err(Stopped::Writing)?;
        if is_at_end_of_window {
            mark(reader, writer).await?;
        }
    }
}

/// What has been written and where the reader is go together now.
async fn mark<T: ExportRow>(
    reader: &RangeReader<T>,
    writer: &mut ExportThread<T>,
) -> Result<(), Stopped> {
    let duplicates = reader.progress().duplicates;
    writer
        .mark(reader.checkpoint(), duplicates)
        .await
        .map_err(Stopped::Writing)
}

/// The reader keeps its place after an error that may pass, so the page is asked for again.
async fn next_batch<T: LogRow + DeserializeOwned>(
    reader: &mut RangeReader<T>,
    patience: &mut Patience,
    ui: &Ui,
) -> Result<Option<Batch<T>>, graph_pstn_http::Error> {
    patience.begin();
    loop {
        let error = match reader.next_batch().await {
            Ok(batch) => {
                patience.progress();
                return Ok(batch);
            }
            Err(error) => error,
        };
        let Some(pause) = patience.pause(&error) else {
            return Err(error);
        };
        ui.warn(&format!(
            "{}; trying again in {} s",
            message(&error),
            pause.as_secs()
        ));
        tokio::time::sleep(pause).await;
    }
}
