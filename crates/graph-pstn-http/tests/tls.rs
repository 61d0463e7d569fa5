//! Trust in a certificate authority, whatever the cryptography and the roots, and which HTTP is spoken over TLS.
//!
//! With each provider: `cargo test -p graph-pstn-http --no-default-features --features
//! client,ring,webpki-roots --test tls`.
#![cfg(all(feature = "transport", any(feature = "aws-lc-rs", feature = "ring")))]
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

mod tls_server;

use std::{fs, time::Duration};

use bytes::Bytes;
use graph_pstn_emulator::Emulator;
use graph_pstn_http::{
    Error, ErrorKind, HttpService, HyperTransport, HyperTransportBuilder, Proxy,
};
use http::{Request, StatusCode, Version};
use tls_server::{PAGE, TlsServer};
use tower::{Service as _, ServiceExt as _};

async fn status(origin: &str, transport: HyperTransportBuilder) -> Result<StatusCode, Error> {
    let transport = transport.proxy(Proxy::Direct).build()?;
    let mut service = transport.into_http_service(1 << 20, Duration::from_secs(10));
    let request = Request::get(format!("{origin}/v1.0/")).body(Bytes::new());
    let response = service.ready().await?.call(request.unwrap()).await?;
    Ok(response.status())
}

/// Each way to set roots up.
fn settings() -> Vec<HyperTransportBuilder> {
    vec![
        HyperTransport::builder(),
        HyperTransport::builder().http1_only(),
        #[cfg(feature = "webpki-roots")]
        HyperTransport::builder().bundled_roots(),
    ]
}

#[tokio::test]
async fn an_authority_is_trusted_when_it_is_added_and_only_then() {
    let folder = tempfile::tempdir().unwrap();
    let emulator = Emulator::builder()
        .tls_dir(folder.path())
        .start()
        .await
        .unwrap();
    let origin = emulator.graph_endpoint();
    assert!(origin.starts_with("https://"));
    let authority = fs::read(emulator.ca_certificate().unwrap()).unwrap();
    for transport in settings() {
        let error = status(origin, transport.clone()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
        let trusting = transport.add_ca_certificate_pem(&authority).unwrap();
        assert!(status(origin, trusting).await.is_ok());
    }
}

/// A service that trusts the server.
fn trusting(server: &TlsServer, transport: HyperTransportBuilder) -> HttpService {
    let transport = transport
        .proxy(Proxy::Direct)
        .add_ca_certificate_pem(server.authority.as_bytes())
        .unwrap();
    let transport = transport.build().unwrap();
    transport.into_http_service(1 << 20, Duration::from_secs(10))
}

async fn get(server: &TlsServer, service: &HttpService) -> Result<Version, Error> {
    let request = Request::get(format!("https://localhost:{}/", server.port))
        .body(Bytes::new())
        .unwrap();
    let response = service.clone().oneshot(request).await?;
    assert_eq!(response.body(), PAGE);
    // The client takes its connection back in a task of its own.
    tokio::time::sleep(Duration::from_millis(20)).await;
    Ok(response.version())
}

#[tokio::test]
async fn the_http_that_is_agreed_on_is_spoken() {
    let (any, old) = (HyperTransport::builder, || {
        HyperTransport::builder().http1_only()
    });
    for (protocols, transport, version) in [
        (&["h2", "http/1.1"][..], any(), Version::HTTP_2),
        (&["http/1.1", "h2"], any(), Version::HTTP_11),
        (&["h2"], any(), Version::HTTP_2),
        (&["http/1.1"], any(), Version::HTTP_11),
        // A server that knows nothing of the agreement.
        (&[], any(), Version::HTTP_11),
        (&["h2", "http/1.1"], old(), Version::HTTP_11),
    ] {
        let server = TlsServer::start("localhost", protocols, &[]).await;
        let service = trusting(&server, transport);
        assert_eq!(get(&server, &service).await.unwrap(), version);
        assert_eq!(get(&server, &service).await.unwrap(), version);
        let arrived = server.arrived();
        assert_eq!(arrived.len(), 2);
        for request in arrived {
            assert_eq!(request.version, version, "{protocols:?}");
            assert_eq!(request.connection, 1, "{protocols:?}");
            // HTTP/2 has it in `:authority`.
            let host = request.headers.contains_key("host");
            assert_eq!(host, version == Version::HTTP_11, "{protocols:?}");
        }
    }
}

#[tokio::test]
async fn no_http_in_common_is_a_failure_of_tls() {
    let server = TlsServer::start("localhost", &["made-up/1"], &[]).await;
    let service = trusting(&server, HyperTransport::builder());
    let error = get(&server, &service).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
    assert!(server.arrived().is_empty());
}

#[tokio::test]
async fn a_connection_of_http_2_that_was_idle_for_too_long_is_not_used_again() {
    const IDLE: Duration = Duration::from_millis(500);

    let server = TlsServer::start("localhost", &["h2"], &[]).await;
    let service = trusting(&server, HyperTransport::builder().idle_timeout(IDLE));
    get(&server, &service).await.unwrap();
    tokio::time::sleep(3 * IDLE).await;
    get(&server, &service).await.unwrap();
    let arrived = server.arrived();
    let connections: Vec<usize> = arrived.iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1, 2]);
}

#[cfg(feature = "client")]
#[tokio::test]
async fn after_a_503_over_http_2_the_retry_goes_over_a_fresh_connection() {
    use graph_pstn_http::{AccessToken, Endpoints, GraphClient, PageRequest, StaticToken};
    use graph_pstn_model::{CallLog, PstnCallLogRow, TimeRange};
    use time::macros::datetime;

    let server = TlsServer::start("localhost", &["h2", "http/1.1"], &[200, 503, 200, 200]).await;
    let graph = format!("https://localhost:{}", server.port);
    let login = "https://login.example".parse().unwrap();
    let client = GraphClient::builder(Endpoints::custom(graph.parse().unwrap(), login))
        .token_provider(StaticToken::new(AccessToken::new("opaque").unwrap()))
        .service(trusting(&server, HyperTransport::builder()))
        .build()
        .unwrap();
    let range = TimeRange::new(
        datetime!(2019-11-01 0:00 UTC),
        datetime!(2019-12-01 0:00 UTC),
    );
    let request = PageRequest::first(CallLog::Pstn, range.unwrap());
    for _ in 0..3 {
        let source = client.page_source::<PstnCallLogRow>();
        let page = source.oneshot(request.clone()).await.unwrap();
        assert_eq!(page.rows.len(), 1);
    }
    let arrived = server.arrived();
    let connections: Vec<usize> = arrived.iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1, 1, 2, 2]);
    for request in arrived {
        assert_eq!(request.version, Version::HTTP_2);
        assert_eq!(request.headers["authorization"], "Bearer opaque");
    }
}
