//! What hyper's errors mean to the layers above.

use std::{error::Error as StdError, io};

use http::Uri;
use hyper_util::client::legacy;

use crate::{Error, ErrorKind};

/// Reads an error of the client as one of ours.
pub(super) fn of_client(error: legacy::Error, to: &Uri) -> Error {
    let host = to
        .authority()
        .map_or("the server", |authority| authority.as_str());
    let config = chain(&error).find_map(|cause| cause.downcast_ref::<Error>());
    if let Some((kind, message)) = config.map(|config| (config.kind(), config.to_string())) {
        return Error::new(kind, message);
    }
    let tls = chain(&error).find_map(tls_error);
    if let Some(message) = tls.map(|tls| tls_message(host, tls)) {
        return Error::new(ErrorKind::Tls, message).with_source(error);
    }
    if error.is_connect() {
        let cause = chain(&error).last().map(ToString::to_string);
        let cause = cause.unwrap_or_default();
        let message = format!("no connection to {host}: {cause}");
        return Error::new(ErrorKind::Connect, message).with_source(error);
    }
    let message = format!("the connection to {host} broke before the answer was there");
    Error::new(ErrorKind::Interrupted, message).with_source(error)
}

fn tls_message(host: &str, error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => {
            format!("the certificate of {host} is not trusted: {why}")
        }
        other => format!("no TLS connection to {host}: {other}"),
    }
}

/// The error and all that caused it, those inside `io::Error`s included.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| cause(*error))
}

fn cause<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    let wrapped = error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref);
    match wrapped {
        Some(inside) => Some(inside),
        None => error.source(),
    }
}

fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    error.downcast_ref()
}
