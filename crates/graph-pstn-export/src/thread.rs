//! Writing on a thread of its own.

use std::{io, thread};

use graph_pstn_http::Batch;
use tokio::sync::{mpsc, oneshot};

use crate::{Error, ErrorKind, Export, ExportRow, Summary};

/// An export that is written on a thread of its own, fed from async code.
///
/// Files and pipes block, and a pipe may block for as long as its reader likes. On a thread of its own
/// that neither holds up the runtime's other tasks nor makes the caller deaf to an interruption; and
/// pages are fetched while the last one is being written. One batch waits at most, so memory stays bounded.
///
/// When it is dropped, what is being written is given up: no file appears.
#[derive(Debug)]
#[must_use = "an export that is dropped leaves nothing"]
pub struct ExportThread<T> {
    batches: mpsc::Sender<Message<T>>,
    /// `None` once it has been heard.
    outcome: Option<oneshot::Receiver<Result<Summary, Error>>>,
}

enum Message<T> {
    Write(Batch<T>),
    Finish,
}

impl<T: ExportRow> ExportThread<T> {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// The system starts no more threads.
    pub fn start(export: Export<T>) -> io::Result<Self> {
        let (batches, incoming) = mpsc::channel(1);
        let (report, outcome) = oneshot::channel();
        thread::Builder::new()
            .name("graph-pstn-export".into())
            .spawn(move || {
                // Nobody may be there to hear it.
                let _ = report.send(run(export, incoming));
            })?;
        Ok(Self {
            batches,
            outcome: Some(outcome),
        })
    }

    /// Hands a batch over, as soon as the one before it has been taken.
    ///
    /// # Errors
    ///
    /// Writing failed, this batch or an earlier one.
    pub async fn write(&mut self, batch: Batch<T>) -> Result<(), Error> {
        match self.batches.send(Message::Write(batch)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failure().await),
        }
    }

    /// Waits until writing fails, for ever if it does not. Lets a caller that waits for the next page know
    /// at once that nobody wants it. Cancel safe.
    pub async fn failure(&mut self) -> Error {
        let Some(outcome) = &mut self.outcome else {
            return ended();
        };
        let outcome = outcome.await;
        self.outcome = None;
        match outcome {
            Ok(Err(error)) => error,
            Ok(Ok(_)) | Err(_) => ended(),
        }
    }

    /// Has all that was handed over written, and the files named.
    ///
    /// # Errors
    ///
    /// Writing failed; then no file appears.
    pub async fn finish(self) -> Result<Summary, Error> {
        // If this fails the outcome says why.
        let _ = self.batches.send(Message::Finish).await;
        match self.outcome {
            Some(outcome) => outcome.await.unwrap_or_else(|_| Err(ended())),
            None => Err(ended()),
        }
    }

    /// Gives the export up, and waits until its files are gone.
    pub async fn abandon(self) {
        drop(self.batches);
        if let Some(outcome) = self.outcome {
            let _ = outcome.await;
        }
    }
}

fn run<T: ExportRow>(
    mut export: Export<T>,
    mut incoming: mpsc::Receiver<Message<T>>,
) -> Result<Summary, Error> {
    loop {
        match incoming.blocking_recv() {
            Some(Message::Write(batch)) => export.write(&batch)?,
            Some(Message::Finish) => return export.finish(),
            None => return Err(ended()),
        }
    }
}

fn ended() -> Error {
    Error::new(ErrorKind::Abandoned, "the export was given up")
}
