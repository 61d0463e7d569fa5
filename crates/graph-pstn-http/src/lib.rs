//! Tower layers for the PSTN call logs of Microsoft Graph: authorization, retry, rate limit, paging.
//!
//! With no feature this crate holds the vocabulary that its layers and the token sources share:
//! [`Error`], [`Endpoints`], [`Origin`], [`TokenProvider`]. Each layer is a feature and a module of
//! its own, usable under any `tower` service.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod cloud;
mod endpoints;
mod error;
#[cfg(feature = "replay")]
pub mod replay;
mod token;

pub use cloud::{Cloud, ParseCloudError};
pub use endpoints::{Endpoints, Origin, OriginError};
pub use error::{Error, ErrorKind};
pub use token::{AccessToken, BoxFuture, StaticToken, TokenProvider, TokenRequest};
