//! Ctrl-C, the signal by which service managers and containers end a program, and a terminal's end.

use std::io;
#[cfg(unix)]
use std::io::IsTerminal as _;

use crate::exit::Failure;

/// Interruptions from the moment it is made; one that comes while nobody waits is kept.
#[derive(Debug)]
pub(crate) struct Interrupts {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    /// `None` without a terminal: `nohup` has this signal ignored, and listening would undo that.
    #[cfg(unix)]
    hang_up: Option<tokio::signal::unix::Signal>,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
    has_come: bool,
}

impl Interrupts {
    pub(crate) fn listen() -> Result<Self, Failure> {
        Self::try_listen().map_err(|error| Failure::other("Ctrl-C cannot be listened for", &error))
    }

    #[cfg(unix)]
    fn try_listen() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: if io::stderr().is_terminal() {
                Some(signal(SignalKind::hangup())?)
            } else {
                None
            },
            has_come: false,
        })
    }

    #[cfg(windows)]
    fn try_listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: tokio::signal::windows::ctrl_c()?,
            has_come: false,
        })
    }

    /// Waits for the next one. Cancel safe.
    pub(crate) async fn next(&mut self) {
        self.wait().await;
        self.has_come = true;
    }

    /// Whether one was waited for and came, though what was under way may have come to its end first.
    pub(crate) fn has_come(&self) -> bool {
        self.has_come
    }

    #[cfg(unix)]
    async fn wait(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            Some(()) = async { self.hang_up.as_mut()?.recv().await } => {}
        }
    }

    #[cfg(windows)]
    async fn wait(&mut self) {
        self.interrupt.recv().await;
    }
}
