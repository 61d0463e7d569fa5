//! Writing on a thread of its own.

use std::{io, thread};

use graph_pstn_http::{Batch, Checkpoint};
use tokio::sync::{mpsc, oneshot};

use crate::{Error, ErrorKind, Export, ExportRow, Kept, Summary};

/// An export that is written on a thread of its own, fed from async code.
///
/// Files and pipes block, and a pipe may block for as long as its reader likes. On a thread of its own
/// that neither holds up the runtime's other tasks nor makes the caller deaf to an interruption; and
/// pages are fetched while the last one is being written. One batch waits at most, so memory stays bounded.
///
/// When it is dropped, what is being written is [suspended](Export::suspend): no file appears.
#[derive(Debug)]
#[must_use = "an export that is dropped leaves nothing, or what can be resumed"]
pub struct ExportThread<T> {
    batches: mpsc::Sender<Message<T>>,
    /// `None` once it has been heard.
    outcome: Option<oneshot::Receiver<Outcome>>,
    kept: Option<Kept>,
}

enum Message<T> {
    Write(Batch<T>),
    Mark(Checkpoint, u64),
    Finish,
}

/// How the export ended; if it failed, what is kept of it.
type Outcome = (Result<Summary, Error>, Option<Kept>);

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
                let mut export = export;
                let ended = run(&mut export, incoming);
                let kept = match ended {
                    // What it holds has to be free when this is heard.
                    Ok(_) => {
                        drop(export);
                        None
                    }
                    Err(_) => export.suspend(),
                };
                // Nobody may be there to hear it.
                let _ = report.send((ended, kept));
            })?;
        Ok(Self {
            batches,
            outcome: Some(outcome),
            kept: None,
        })
    }

    /// Hands a batch over, as soon as the one before it has been taken.
    ///
    /// # Errors
    ///
    /// Writing failed, this batch or an earlier one.
    pub async fn write(&mut self, batch: Batch<T>) -> Result<(), Error> {
        self.send(Message::Write(batch)).await
    }

    /// [Marks](Export::mark) the place up to which all has been handed over.
    ///
    /// # Errors
    ///
    /// As for [`write`](Self::write).
    pub async fn mark(&mut self, position: Checkpoint, duplicates: u64) -> Result<(), Error> {
        self.send(Message::Mark(position, duplicates)).await
    }

    async fn send(&mut self, message: Message<T>) -> Result<(), Error> {
        match self.batches.send(message).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failure().await),
        }
    }

    /// Waits until writing fails, for ever if it does not. Lets a caller that waits for the next page know
    /// at once that nobody wants it. Cancel safe.
    pub async fn failure(&mut self) -> Error {
        match self.ending().await {
            Err(error) => error,
            Ok(_) => ended(),
        }
    }

    /// Has all that was handed over written, and the files named.
    ///
    /// # Errors
    ///
    /// Writing failed; then no file appears. [`suspend`](Self::suspend) says what is kept.
    pub async fn finish(&mut self) -> Result<Summary, Error> {
        // If this fails the outcome says why.
        let _ = self.batches.send(Message::Finish).await;
        self.ending().await
    }

    /// [Suspends](Export::suspend) the export, and waits until its files are in order or gone; says what is
    /// kept. The same after a failure.
    pub async fn suspend(self) -> Option<Kept> {
        let Self {
            batches,
            outcome,
            kept,
        } = self;
        drop(batches);
        match outcome {
            Some(outcome) => outcome.await.ok()?.1,
            None => kept,
        }
    }

    /// Hears how the export ends. Cancel safe.
    async fn ending(&mut self) -> Result<Summary, Error> {
        let Some(outcome) = &mut self.outcome else {
            return Err(ended());
        };
        let outcome = outcome.await;
        self.outcome = None;
        let (result, kept) = outcome.unwrap_or_else(|_| (Err(ended()), None));
        self.kept = kept;
        result
    }
}

fn run<T: ExportRow>(
    export: &mut Export<T>,
    mut incoming: mpsc::Receiver<Message<T>>,
) -> Result<Summary, Error> {
    loop {
        match incoming.blocking_recv() {
            Some(Message::Write(batch)) => export.write(&batch)?,
            Some(Message::Mark(position, duplicates)) => export.mark(position, duplicates)?,
            Some(Message::Finish) => return export.complete(),
            None => return Err(ended()),
        }
    }
}

fn ended() -> Error {
    Error::new(ErrorKind::Abandoned, "the export was given up")
}
