//! Rows that were set aside.

use std::fmt;

/// What to do with a row that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BadRow {
    /// Set it aside and deliver the others.
    #[default]
    SetAside,
    /// Fail the page.
    Fail,
}

/// A row that was set aside, with all that is needed to look into it.
///
/// `Debug` and `Display` leave out [`json`](Self::json), which holds personal data.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RejectedRow {
    /// Where the row stood in the page, from 0.
    pub index: usize,
    /// What could not be read, as a JSON path: `$.value[3].charge`.
    pub path: String,
    /// Why, without the value.
    pub reason: String,
    /// The row as it came, byte for byte.
    pub json: String,
}

impl RejectedRow {
    /// A row set aside, for a layer that refuses rows for reasons of its own.
    #[must_use]
    pub fn new(
        index: usize,
        path: impl Into<String>,
        reason: impl Into<String>,
        json: impl Into<String>,
    ) -> Self {
        Self {
            index,
            path: path.into(),
            reason: reason.into(),
            json: json.into(),
        }
    }
}

impl fmt::Display for RejectedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.reason)
    }
}

impl fmt::Debug for RejectedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RejectedRow")
            .field("index", &self.index)
            .field("path", &self.path)
            .field("reason", &self.reason)
            .finish_non_exhaustive()
    }
}

/// Says why serde refused something, without the value that it refused and without a position.
pub(crate) fn reason(error: &serde_json::Error) -> String {
    let mut text = error.to_string();
    let position = format!(" at line {} column {}", error.line(), error.column());
    if let Some(stripped) = text.strip_suffix(&position) {
        text.truncate(stripped.len());
    }
    // serde's own messages quote the value: `invalid type: string "…", expected …`.
    let quotes_value = ["invalid type: ", "invalid value: ", "unknown variant "];
    if quotes_value.iter().any(|start| text.starts_with(start))
        && let Some(from) = text.find(['"', '`'])
        && let Some(until) = text.rfind(", expected")
        && from < until
    {
        let from = text.get(..from).map_or(0, |start| start.trim_end().len());
        text.replace_range(from..until, "");
    }
    text
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[test]
    fn keeps_personal_data_out_of_its_texts() {
        let row = RejectedRow::new(3, "$.value[3].charge", "not a number", "{\"secret\":1}");
        assert!(!format!("{row:?}").contains("secret"));
        assert_eq!(row.to_string(), "$.value[3].charge: not a number");
    }

    #[test]
    fn reasons_do_not_quote_values() {
        #[derive(Debug, Deserialize)]
        enum Choice {
            One,
        }
        let reason_of = |error: serde_json::Error| reason(&error);
        assert_eq!(
            reason_of(serde_json::from_str::<i32>("\"Ada, expected\"").unwrap_err()),
            "invalid type: string, expected i32"
        );
        assert_eq!(
            reason_of(serde_json::from_str::<String>("15550100").unwrap_err()),
            "invalid type: integer, expected a string"
        );
        assert_eq!(
            reason_of(serde_json::from_str::<u8>("15550100").unwrap_err()),
            "invalid value: integer, expected u8"
        );
        assert_eq!(
            reason_of(serde_json::from_str::<Choice>("\"Ada\"").unwrap_err()),
            "unknown variant, expected `One`"
        );
    }
}
