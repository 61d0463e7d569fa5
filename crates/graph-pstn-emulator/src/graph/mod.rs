//! What Graph does with a call: it reads it, counts it, and answers with a page of rows.

pub(crate) mod endpoint;
pub(crate) mod function_call;
pub(crate) mod page;
pub(crate) mod quota;
pub(crate) mod skip_token;
pub(crate) mod version;
