//! What becomes of connections, over real sockets: which ones the transport uses again, which ones it gives up,
//! and which failures they are that befall a body on its way.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

use std::{
    io::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use graph_pstn_http::{ErrorKind, HyperTransport, HyperTransportBuilder, Proxy};
use http::{Request, StatusCode};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tower::{Service as _, ServiceExt as _};

/// Answers each request of a connection with the number of the connection; `/503` and `/302` with that status.
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
        let status = match head.get(..8) {
            Some(b"GET /503") => "503 X",
            Some(b"GET /302") => "302 X\r\nlocation: /elsewhere",
            _ => "200 X",
        };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 1\r\n\r\n{number}");
        stream.write_all(answer.as_bytes()).await.unwrap();
        head.clear();
    }
}

fn transport() -> HyperTransportBuilder {
    HyperTransport::builder().proxy(Proxy::Direct)
}

#[tokio::test]
async fn a_connection_that_brought_a_503_is_not_used_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(serve(listener));
    let transport = transport().build().unwrap();
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

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(serve(listener));
    let transport = transport().build().unwrap();
    let service = transport.into_http_service(100, Duration::from_secs(10));
    let request = Request::get(format!("{origin}/302")).body(Bytes::new());
    let response = service.oneshot(request.unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::FOUND);
    assert_eq!(response.headers()["location"], "/elsewhere");
    server.abort();
}

/// The server accepts connections and says nothing on them.
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

#[tokio::test]
async fn a_connection_that_was_idle_for_too_long_is_closed_and_not_used_again() {
    const IDLE: Duration = Duration::from_secs(1);

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (closed, mut closing) = tokio::sync::mpsc::unbounded_channel();
    let server = tokio::spawn(async move {
        for number in 1.. {
            let (stream, _) = listener.accept().await.unwrap();
            let closed = closed.clone();
            tokio::spawn(async move {
                answer(stream, number).await;
                closed.send(number).unwrap();
            });
        }
    });
    let transport = transport().idle_timeout(IDLE).build().unwrap();
    let service = transport.into_http_service(100, Duration::from_secs(10));
    let connection = async || {
        let request = Request::get(&origin).body(Bytes::new()).unwrap();
        service.clone().oneshot(request).await.unwrap().into_body()
    };
    assert_eq!(connection().await, "1");
    tokio::time::sleep(IDLE / 20).await;
    assert_eq!(connection().await, "1");
    // Nobody has to ask for it to be closed.
    let first = tokio::time::timeout(10 * IDLE, closing.recv()).await;
    assert_eq!(first.unwrap(), Some(1));
    assert_eq!(connection().await, "2");
    server.abort();
}

const PAGE: &str = r#"{"value":[{"id":"a"}]}"#;

/// What befalls the body of an answer.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    /// The connection ends before the announced length.
    Cut,
    /// The connection ends before the last chunk.
    CutChunks,
    /// The length is right, but not all of the compressed data is there.
    CutGzip,
    /// Nothing more comes, and the connection stays.
    Still,
}

impl Trouble {
    fn answer(self) -> Vec<u8> {
        let half = &PAGE.as_bytes()[..PAGE.len() / 2];
        let (header, body) = match self {
            Self::Cut | Self::Still => (format!("content-length: {}", PAGE.len()), half.to_vec()),
            Self::CutChunks => {
                let mut body = format!("{:x}\r\n", half.len()).into_bytes();
                body.extend_from_slice(half);
                body.extend_from_slice(b"\r\n");
                ("transfer-encoding: chunked".to_owned(), body)
            }
            Self::CutGzip => {
                let mut body = gzipped(PAGE);
                body.truncate(body.len() - 12);
                let length = body.len();
                (
                    format!("content-encoding: gzip\r\ncontent-length: {length}"),
                    body,
                )
            }
        };
        let mut answer = format!("HTTP/1.1 200 OK\r\n{header}\r\n\r\n").into_bytes();
        answer.extend(body);
        answer
    }
}

fn gzipped(text: &str) -> Vec<u8> {
    let level = flate2::Compression::default();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), level);
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

/// A server whose first answer is in trouble, and whose others are a page; and how many it gave.
async fn troubled(trouble: Trouble) -> (String, Arc<AtomicUsize>) {
    answering(trouble.answer(), matches!(trouble, Trouble::Still)).await
}

/// A server whose first answer is this, after which the connection stays or not, and whose others are a page;
/// and how many it gave.
async fn answering(first: Vec<u8>, stays: bool) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let answered = Arc::new(AtomicUsize::new(0));
    let count = answered.clone();
    tokio::spawn(async move {
        let mut kept = Vec::new();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            let answer = if count.fetch_add(1, Ordering::Relaxed) == 0 {
                first.clone()
            } else {
                let length = PAGE.len();
                format!(
                    "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{PAGE}"
                )
                .into_bytes()
            };
            stream.write_all(&answer).await.unwrap();
            if stays {
                kept.push(stream);
            }
        }
    });
    (origin, answered)
}

#[tokio::test]
async fn a_compressed_body_is_limited_by_what_it_comes_to() {
    let text = "a".repeat(1 << 20);
    let body = gzipped(&text);
    assert!(body.len() < 10_000);
    let length = body.len();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n");
    let answer = [head.as_bytes(), &body].concat();
    for (limit, wanted) in [
        (text.len(), Ok(())),
        (text.len() - 1, Err(ErrorKind::BodyTooLarge)),
    ] {
        let (origin, _) = answering(answer.clone(), false).await;
        let transport = transport().build().unwrap();
        let service = transport.into_http_service(limit, Duration::from_secs(10));
        let request = Request::get(origin).body(Bytes::new()).unwrap();
        let body = service.oneshot(request).await;
        let outcome = body.map(|response| assert_eq!(response.body(), &text));
        assert_eq!(outcome.map_err(|error| error.kind()), wanted);
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_or_stands_still_is_a_failure_of_the_attempt() {
    for (trouble, kind) in [
        (Trouble::Cut, ErrorKind::Interrupted),
        (Trouble::CutChunks, ErrorKind::Interrupted),
        (Trouble::CutGzip, ErrorKind::Interrupted),
        (Trouble::Still, ErrorKind::Timeout),
    ] {
        let (origin, _) = troubled(trouble).await;
        let transport = transport().build().unwrap();
        // Time enough for what does not stand still, on a machine that is busy.
        let short = Duration::from_millis(if kind == ErrorKind::Timeout {
            200
        } else {
            10_000
        });
        let service = transport.into_http_service(100, short);
        let request = Request::get(origin).body(Bytes::new()).unwrap();
        let error = service.oneshot(request).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{trouble:?}: {error}");
        assert!(error.is_transient(), "{trouble:?}");
    }
}

#[cfg(feature = "client")]
#[tokio::test]
async fn after_a_body_that_breaks_off_or_stands_still_the_page_is_asked_for_again() {
    use graph_pstn_http::{AccessToken, Endpoints, GraphClient, PageRequest, StaticToken};
    use graph_pstn_model::{CallLog, PstnCallLogRow, TimeRange};
    use time::macros::datetime;

    for trouble in [
        Trouble::Cut,
        Trouble::CutChunks,
        Trouble::CutGzip,
        Trouble::Still,
    ] {
        let (origin, answered) = troubled(trouble).await;
        let graph = origin.parse().unwrap();
        let login = "https://login.example".parse().unwrap();
        let client = GraphClient::builder(Endpoints::custom(graph, login))
            .token_provider(StaticToken::new(AccessToken::new("opaque").unwrap()))
            .transport(transport().build().unwrap())
            .attempt_timeout(Duration::from_secs(2))
            .build()
            .unwrap();
        let range = TimeRange::new(
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-12-01 0:00 UTC),
        );
        let request = PageRequest::first(CallLog::Pstn, range.unwrap());
        let page = client
            .page_source::<PstnCallLogRow>()
            .oneshot(request)
            .await;
        assert_eq!(page.unwrap().rows.len(), 1, "{trouble:?}");
        assert_eq!(answered.load(Ordering::Relaxed), 2, "{trouble:?}");
    }
}
