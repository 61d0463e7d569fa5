//! What a row must be so that it can be exported.

pub(crate) mod billed;
pub(crate) mod export_row;
pub(crate) mod raw_record;
