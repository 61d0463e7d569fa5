//! Which connections the transport uses again, over a real socket.
#![cfg(feature = "transport")]
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

use std::time::Duration;

use bytes::Bytes;
use graph_pstn_http::{ErrorKind, HyperTransport, Proxy};
use http::Request;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tower::{Service as _, ServiceExt as _};

/// Answers each request of a connection with its number of the connection; `/503` with that status.
async fn serve(listener: TcpListener) {
    for number in 1.. {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(answer(stream, number));
    }
}

async fn answer(mut stream: TcpStream, number: u32) {
    let mut head = Vec::new();
    loop {
        let Ok(byte) = stream.read_u8().await else {
            return;
        };
        head.push(byte);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let status = if head.starts_with(b"GET /503") {
            503
        } else {
            200
        };
        let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: 1\r\n\r\n{number}");
        stream.write_all(answer.as_bytes()).await.unwrap();
        head.clear();
    }
}

#[tokio::test]
async fn a_connection_that_brought_a_503_is_not_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(serve(listener));
    let transport = HyperTransport::builder()
        .proxy(Proxy::Direct)
        .build()
        .unwrap();
    let mut service = transport.into_http_service(100, Duration::from_secs(10));
    let mut connections = Vec::new();
    for path in ["/a", "/b", "/503", "/c", "/d"] {
        let request = Request::get(format!("{origin}{path}"))
            .body(Bytes::new())
            .unwrap();
        let response = service.ready().await.unwrap().call(request).await.unwrap();
        connections.push(response.into_body());
        // The client takes its connection back in a task of its own.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(connections, ["1", "1", "1", "2", "2"]);
    server.abort();
}

/// Accepts connections and says nothing on them.
#[tokio::test]
async fn a_tls_handshake_or_a_tunnel_that_comes_to_nothing_ends_with_the_connect_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let mut silent = Vec::new();
        loop {
            silent.push(listener.accept().await.unwrap());
        }
    });
    let proxied = (
        Proxy::Url(format!("http://{addr}")),
        "https://graph.example/".to_owned(),
    );
    for (proxy, uri) in [(Proxy::Direct, format!("https://{addr}/")), proxied] {
        let transport = HyperTransport::builder()
            .proxy(proxy)
            .connect_timeout(Duration::from_millis(200))
            .build()
            .unwrap();
        let service = transport.into_http_service(100, Duration::from_secs(60));
        let request = Request::get(uri).body(Bytes::new()).unwrap();
        let error = service.oneshot(request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        let message = error.to_string();
        assert!(message.contains("longer than 0.2 s"), "{message}");
    }
    server.abort();
}
