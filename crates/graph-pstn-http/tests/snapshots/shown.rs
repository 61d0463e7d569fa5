//! What is delivered, as text.

use std::{error::Error as _, fmt::Write as _, time::Duration};

use graph_pstn_http::{Batch, Error, Progress};
use graph_pstn_model::format_time;
use serde::Serialize;

pub(crate) fn batch<T: Serialize>(batch: &Batch<T>, to: &mut String) {
    writeln!(to, "\nbatch of {} rows", batch.rows.len()).unwrap();
    let mut show = |what, row| {
        let json = serde_json::to_string_pretty(row).unwrap();
        writeln!(to, "{what}{json}").unwrap();
    };
    batch.rows.iter().for_each(|row| show("", row));
    batch
        .conflicts
        .iter()
        .for_each(|row| show("conflict: ", row));
    for reject in &batch.rejects {
        writeln!(
            to,
            "set aside: row {}, {}: {}",
            reject.index, reject.path, reject.reason
        )
        .unwrap();
    }
}

pub(crate) fn progress(progress: &Progress) -> String {
    let position = progress.position.map(|time| format_time(time).to_string());
    format!(
        "done: {} pages, {} rows, {} duplicates, {} conflicts, {} strays, {} rejects, position {}",
        progress.pages,
        progress.rows,
        progress.duplicates,
        progress.conflicts,
        progress.strays,
        progress.rejects,
        position.as_deref().unwrap_or("none"),
    )
}

pub(crate) fn error(error: &Error) -> String {
    let transient = if error.is_transient() {
        "transient"
    } else {
        "permanent"
    };
    let wait = match error.retry_after() {
        Some(wait) => format!(", to be left alone for {} s", seconds(wait)),
        None => String::new(),
    };
    format!("{:?}, {transient}{wait}: {}", error.kind(), chain(error))
}

/// The message and, a line each, those of what caused it.
pub(crate) fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(text, "\n  caused by: {error}").unwrap();
        cause = error.source();
    }
    text
}

pub(crate) fn seconds(duration: Duration) -> String {
    format!("{}.{:03}", duration.as_secs(), duration.subsec_millis())
}

/// The text without the crate's version, which is no change of the stack.
pub(crate) fn without_version(text: &str) -> String {
    let version = concat!("graph-pstn-auth/", env!("CARGO_PKG_VERSION"));
    text.replace(version, "graph-pstn-auth/<version>")
}
