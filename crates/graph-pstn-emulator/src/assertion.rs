//! Credentials that are signed assertions.

use std::collections::HashMap;

use crate::state::State;
use crate::token_endpoint::Refusal;

/// Checks the assertion in the form; a form without one has no credential at all.
pub(crate) fn credential(_state: &State, _form: &HashMap<String, String>) -> Result<(), Refusal> {
    Err(Refusal::client(
        7_000_218,
        "The request body must contain the following parameter: 'client_assertion' or \
         'client_secret'.",
    ))
}
