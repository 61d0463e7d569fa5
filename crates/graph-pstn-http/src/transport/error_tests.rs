use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use hyper_util::{
    client::legacy::{
        Client,
        connect::{Connected, Connection},
    },
    rt::{TokioExecutor, TokioIo},
};
use rustls::{
    AlertDescription as Alert, CertificateError, Error as Tls, InvalidMessage, PeerIncompatible,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tower::service_fn;

use super::*;

/// Where TLS fails.
#[derive(Clone, Copy)]
enum At {
    Handshake,
    Answer,
}

/// A connection from which nothing can be read.
struct Broken(Tls);

impl AsyncRead for Broken {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(Err(wrapped(&self.0)))
    }
}

impl AsyncWrite for Broken {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl Connection for Broken {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

/// As tokio-rustls wraps it.
fn wrapped(error: &Tls) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.clone())
}

/// The error of a request whose TLS fails so.
async fn failed(tls: &Tls, at: At) -> Error {
    let tls = tls.clone();
    connected_by(move || match at {
        At::Handshake => Err(wrapped(&tls)),
        At::Answer => Ok(Broken(tls.clone())),
    })
    .await
}

/// The error of a request whose connection is made so.
async fn connected_by(
    connect: impl Fn() -> io::Result<Broken> + Clone + Send + Sync + 'static,
) -> Error {
    let connector = service_fn(move |_: Uri| std::future::ready(connect().map(TokioIo::new)));
    let client = Client::builder(TokioExecutor::new()).build(connector);
    let uri = Uri::from_static("http://graph.example/");
    let mut request = Request::new(Full::new(Bytes::new()));
    *request.uri_mut() = uri.clone();
    of_client(client.request(request).await.unwrap_err(), &uri)
}

#[tokio::test]
async fn what_the_next_handshake_would_meet_again_is_final() {
    let alerts = [
        Alert::BadCertificate,
        Alert::UnsupportedCertificate,
        Alert::CertificateRevoked,
        Alert::CertificateExpired,
        Alert::CertificateUnknown,
        Alert::CertificateRequired,
        Alert::UnknownCA,
        Alert::AccessDenied,
        Alert::HandshakeFailure,
        Alert::ProtocolVersion,
        Alert::InsufficientSecurity,
        Alert::IllegalParameter,
        Alert::MissingExtension,
        Alert::UnsupportedExtension,
        Alert::UnrecognisedName,
        Alert::NoApplicationProtocol,
    ];
    let lasting = [
        Tls::InvalidCertificate(CertificateError::UnknownIssuer),
        Tls::InvalidCertificate(CertificateError::Expired),
        Tls::PeerIncompatible(PeerIncompatible::Tls12NotOffered),
        Tls::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
        Tls::NoCertificatesPresented,
        Tls::NoApplicationProtocol,
    ];
    for tls in lasting.into_iter().chain(alerts.map(Tls::AlertReceived)) {
        for at in [At::Handshake, At::Answer] {
            let error = failed(&tls, at).await;
            assert_eq!(error.kind(), ErrorKind::Tls, "{tls:?}");
            assert!(!error.is_transient(), "{tls:?}");
            assert!(error.to_string().contains("graph.example"), "{error}");
        }
    }
}

#[tokio::test]
async fn what_broke_a_handshake_for_once_is_a_missing_connection_and_after_it_a_broken_one() {
    let alerts = [
        Alert::InternalError,
        Alert::UnexpectedMessage,
        Alert::BadRecordMac,
        Alert::DecodeError,
        Alert::DecryptError,
        Alert::RecordOverflow,
        Alert::UserCanceled,
        Alert::Unknown(0xee),
    ];
    let fleeting = [
        Tls::InvalidMessage(InvalidMessage::InvalidContentType),
        Tls::DecryptError,
        Tls::PeerSentOversizedRecord,
        Tls::FailedToGetRandomBytes,
        Tls::General("it did not work out".to_owned()),
    ];
    for tls in fleeting.into_iter().chain(alerts.map(Tls::AlertReceived)) {
        for (at, kind) in [
            (At::Handshake, ErrorKind::Connect),
            (At::Answer, ErrorKind::Interrupted),
        ] {
            let error = failed(&tls, at).await;
            assert_eq!(error.kind(), kind, "{tls:?}");
            assert!(error.is_transient(), "{tls:?}");
            let cause = chain(&error).find_map(tls_error);
            assert_eq!(cause, Some(&tls), "it stays the source");
        }
    }
}

#[tokio::test]
async fn a_server_that_hangs_up_during_the_handshake_is_a_missing_connection() {
    // As tokio-rustls says it.
    let eof = || io::Error::new(io::ErrorKind::UnexpectedEof, "tls handshake eof");
    let error = connected_by(move || Err(eof())).await;
    assert_eq!(
        (error.kind(), error.is_transient()),
        (ErrorKind::Connect, true)
    );
    let message = "no connection to graph.example: tls handshake eof";
    assert_eq!(error.to_string(), message);
}
