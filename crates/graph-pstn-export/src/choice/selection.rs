//! What of the rows an export takes: which of them, and with how much of their numbers.

use std::borrow::Cow;
use std::hash::Hash as _;

use graph_pstn_model::RejectedRow;

use crate::{ExportRow, Filter, NumberMask, Unmaskable};

/// Which rows are exported, and how their numbers are shown. By default all, and whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Selection {
    filter: Filter,
    mask: Option<NumberMask>,
}

impl Selection {
    /// Only the rows that the filter admits. Rows that cannot be read are set aside all the same: nobody knows
    /// whose they are.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// Only with the last digits of all numbers hidden, also of rows that are set aside. Filters see whole
    /// numbers.
    #[must_use]
    pub fn with_mask(mut self, mask: NumberMask) -> Self {
        self.mask = Some(mask);
        self
    }

    /// A number that stands for it, the same in every run, so that one who goes on with an export can be told apart
    /// from one who wants other rows, without a word of what is chosen. It is a checksum and hides nothing from somebody who
    /// tries all numbers there are.
    #[must_use]
    pub fn fingerprint(&self) -> u32 {
        let mut sum = crc32fast::Hasher::new();
        self.hash(&mut sum);
        sum.finalize()
    }

    /// Whether a row is wanted.
    pub(crate) fn admits<T: ExportRow>(&self, row: &T) -> bool {
        self.filter.is_empty() || self.filter.admits(row)
    }

    /// The row as it may be shown.
    pub(crate) fn shown<'a, T: ExportRow>(&self, row: &'a T) -> Result<Cow<'a, T>, Unmaskable> {
        let Some(mask) = self.mask else {
            return Ok(Cow::Borrowed(row));
        };
        let mut row = row.clone();
        row.mask_numbers(mask)?;
        Ok(Cow::Owned(row))
    }

    /// The row that could not be read as it may be shown: without its content if numbers may be in it that
    /// cannot be hidden.
    pub(crate) fn shown_reject<'a>(&self, rejected: &'a RejectedRow) -> Cow<'a, RejectedRow> {
        let Some(mask) = self.mask else {
            return Cow::Borrowed(rejected);
        };
        Cow::Owned(match mask.hide_in_json(&rejected.json) {
            Ok(json) => RejectedRow::new(rejected.index, &rejected.path, &rejected.reason, json),
            Err(Unmaskable) => RejectedRow::new(
                rejected.index,
                &rejected.path,
                format!("{}; {WITHHELD}", rejected.reason),
                "null",
            ),
        })
    }
}

/// What the rejects say of a row that is not shown.
pub(crate) const WITHHELD: &str = "its content is left out, since numbers in it cannot be masked";
