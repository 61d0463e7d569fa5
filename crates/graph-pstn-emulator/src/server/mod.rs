//! What both stand on: sockets, TLS, answers, and what connections share.

pub(crate) mod connections;
pub(crate) mod control;
pub(crate) mod foreign;
pub(crate) mod reply;
pub(crate) mod state;
pub(crate) mod stats;
pub(crate) mod tls;
pub(crate) mod wire;
