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
    let tls = chain(&error)
        .find_map(tls_error)
        .filter(|tls| is_lasting(tls));
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

/// Whether the next handshake would end the same way, until somebody changes something: trust, or what one of the
/// two sides can do. A record that arrives damaged, or a server that has trouble of its own, is a connection that
/// could not be made, or that broke.
fn is_lasting(error: &rustls::Error) -> bool {
    use rustls::{AlertDescription as Alert, Error as Tls};

    match error {
        Tls::InvalidCertificate(_)
        | Tls::InvalidCertRevocationList(_)
        | Tls::NoCertificatesPresented
        | Tls::UnsupportedNameType
        | Tls::PeerIncompatible(_)
        | Tls::NoApplicationProtocol
        | Tls::InconsistentKeys(_)
        | Tls::BadMaxFragmentSize => true,
        // RFC 8446, section 6.2: those by which a server turns down what it was offered.
        Tls::AlertReceived(alert) => matches!(
            alert,
            Alert::HandshakeFailure
                | Alert::NoCertificate
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::CertificateRequired
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::IllegalParameter
                | Alert::ProtocolVersion
                | Alert::InsufficientSecurity
                | Alert::InappropriateFallback
                | Alert::MissingExtension
                | Alert::UnsupportedExtension
                | Alert::UnrecognisedName
                | Alert::NoApplicationProtocol
        ),
        _ => false,
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

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
