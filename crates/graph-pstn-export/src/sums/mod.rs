//! What an export came to.

pub(crate) mod changes;
pub(crate) mod summary;
pub(crate) mod total;
