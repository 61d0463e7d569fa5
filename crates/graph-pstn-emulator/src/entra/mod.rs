//! What Entra does for an app: it checks who asks, and gives out tokens.

pub(crate) mod app_state;
pub(crate) mod assertion;
pub(crate) mod refusal;
pub(crate) mod token_endpoint;
pub(crate) mod tokens;
