//! Trust in the emulator's certificate authority, whatever the cryptography and the roots.
//!
//! With each provider: `cargo test -p graph-pstn-http --no-default-features --features
//! client,ring,webpki-roots --test tls`.
#![cfg(all(feature = "transport", any(feature = "aws-lc-rs", feature = "ring")))]
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

use std::{fs, time::Duration};

use bytes::Bytes;
use graph_pstn_emulator::Emulator;
use graph_pstn_http::{Error, ErrorKind, HyperTransport, HyperTransportBuilder, Proxy};
use http::{Request, StatusCode};
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
