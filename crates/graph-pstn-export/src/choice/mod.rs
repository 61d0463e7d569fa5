//! Which rows are wanted, and how much of them.

pub(crate) mod filter;
pub(crate) mod number_mask;
pub(crate) mod selection;
