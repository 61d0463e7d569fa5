//! A second origin, where no token must ever be seen.
//!
//! Links and redirects of some faults lead here. Who follows them finds an empty last page, so that a
//! careless client believes that all is well; what it brought along is counted.

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};

use crate::server::reply::{self, Reply};
use crate::server::state::State;

/// Answers any request, and notes whether it bore a token.
pub(crate) fn answer(state: &State, headers: &HeaderMap) -> Reply {
    state.counters.foreign_requests.one();
    if headers.contains_key(AUTHORIZATION) {
        state.counters.foreign_tokens.one();
    }
    reply::typed(
        StatusCode::OK,
        "application/json",
        Bytes::from_static(br#"{"value":[]}"#),
    )
}
