//! What is said of rows at the end of a run, and of those that are set aside on the way.

use std::path::Path;

use clap::ValueEnum;
use graph_pstn_export::{SetAside, Summary};
use graph_pstn_model::CallLog;
use indicatif::HumanCount;
use serde::Serialize;

use crate::exit::{Exit, Failure};
use crate::ui::Ui;

/// How many rows that were set aside are named one by one when there is no file for them.
const NAMED: u64 = 20;

/// The form of the summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SummaryForm {
    /// For people; left out with --quiet.
    Text,
    /// One line of JSON, also with --quiet.
    Json,
}

/// The summary as JSON.
#[derive(Serialize)]
pub(crate) struct Line<'a> {
    #[serde(flatten)]
    pub(crate) summary: &'a Summary,
    pub(crate) log: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<String>,
}

/// Says what a run came to.
pub(crate) fn sum_up(
    ui: &Ui,
    form: SummaryForm,
    text: impl FnOnce() -> String,
    line: &Line<'_>,
) -> Result<(), Failure> {
    match form {
        SummaryForm::Text => {
            ui.note(&text());
            Ok(())
        }
        SummaryForm::Json => ui.object(line),
    }
}

/// Warns of rows that were set aside, if there are any; `of` names the log where there are several.
pub(crate) fn warn_of_set_aside(
    ui: &Ui,
    of: Option<CallLog>,
    summary: &Summary,
    file: Option<&Path>,
) -> Exit {
    if !summary.has_set_aside() {
        return Exit::Done;
    }
    let place = match file {
        Some(file) => format!("they are in {}", file.display()),
        None => "--rejects FILE would keep them".into(),
    };
    ui.warn(&format!(
        "{}{} rows could not be read or written and {} contradict an earlier row with the same id; \
         {place}",
        of.map(|log| format!("{log}: ")).unwrap_or_default(),
        HumanCount(summary.rejects),
        HumanCount(summary.conflicts),
    ));
    Exit::SetAside
}

/// Rows, seconds and charges in words.
pub(crate) fn totals(log: CallLog, summary: &Summary) -> String {
    let mut text = format!("{} rows", HumanCount(summary.rows));
    // Messages and blocks take no time.
    if !matches!(log, CallLog::Sms | CallLog::BlockedUsers) {
        let duration = u64::try_from(summary.duration).unwrap_or(0);
        text.push_str(&format!(", {} seconds", HumanCount(duration)));
    }
    for (index, (currency, total)) in summary.charge.iter().enumerate() {
        let currency = match currency.as_str() {
            "" => "without a currency",
            currency => currency,
        };
        text.push_str(if index == 0 { ", charged " } else { ", " });
        text.push_str(&format!("{total} {currency}"));
    }
    if summary.duplicates > 0 {
        let duplicates = HumanCount(summary.duplicates);
        text.push_str(&format!("; {duplicates} repeated rows left out"));
    }
    if summary.filtered > 0 {
        let filtered = HumanCount(summary.filtered);
        text.push_str(&format!("; {filtered} rows were not wanted"));
    }
    text
}

/// Names the first rows that are set aside, without what they hold.
pub(crate) fn teller(ui: Ui) -> impl FnMut(&SetAside<'_>) + Send {
    let mut named = 0;
    move |note| {
        named += 1;
        if named > NAMED {
            return;
        }
        let place = match (note.index, note.path) {
            (Some(index), "") => format!("row {index} of its page"),
            (Some(index), path) => format!("row {index} of its page, {path},"),
            (None, _) => "a row".into(),
        };
        ui.warn(&format!("{place} is set aside: {}", note.reason));
        if named == NAMED {
            ui.warn("further rows that are set aside are only counted");
        }
    }
}
