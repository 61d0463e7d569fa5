//! Requests through a proxy on a socket: what it is asked for, and what it must not see.
#![cfg(all(feature = "transport", any(feature = "aws-lc-rs", feature = "ring")))]
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

mod tls_server;

use std::{
    env, fs,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use graph_pstn_http::{Error, ErrorKind, HyperTransport, HyperTransportBuilder, Proxy};
use http::{Request, Version};
use tls_server::{PAGE, TlsServer};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tower::ServiceExt as _;

/// Takes what comes from one connection after the other, heads and all. Asked for a tunnel it makes one to
/// `port` of this machine, whatever the host, or refuses with this status.
struct Tunnels {
    addr: String,
    came: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Tunnels {
    async fn start(port: u16, status: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tunnels = Self {
            addr: listener.local_addr().unwrap().to_string(),
            came: Arc::default(),
        };
        let came = tunnels.came.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let number = came.lock().unwrap().len();
                came.lock().unwrap().push(Vec::new());
                let came = came.clone();
                let note = move |bytes: &[u8]| came.lock().unwrap()[number].extend(bytes);
                tokio::spawn(tunnel(stream, port, status, note));
            }
        });
        tunnels
    }

    /// What came on each connection, the head and the bytes after it.
    fn came(&self) -> Vec<(String, Vec<u8>)> {
        let came = self.came.lock().unwrap();
        let parts = came.iter().map(|bytes| {
            let mut ends = bytes.windows(4);
            let head = ends.position(|end| end == b"\r\n\r\n").unwrap() + 4;
            let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
            (text, bytes[head..].to_vec())
        });
        parts.collect()
    }
}

async fn tunnel(mut client: TcpStream, port: u16, status: &str, note: impl Fn(&[u8])) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await.unwrap());
    }
    note(&head);
    let answer = format!("HTTP/1.1 {status}\r\n\r\n");
    client.write_all(answer.as_bytes()).await.unwrap();
    if !status.starts_with("200") {
        return;
    }
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut up, mut down) = (vec![0; 1 << 14], vec![0; 1 << 14]);
    loop {
        tokio::select! {
            read = client.read(&mut up) => match read {
                Ok(0) | Err(_) => return,
                Ok(read) => {
                    note(&up[..read]);
                    server.write_all(&up[..read]).await.unwrap();
                }
            },
            read = server.read(&mut down) => match read {
                Ok(0) | Err(_) => return,
                Ok(read) => client.write_all(&down[..read]).await.unwrap(),
            },
        }
    }
}

/// Sends a signed request.
async fn get(transport: HyperTransportBuilder, uri: &str) -> Result<Version, Error> {
    let service = transport
        .build()?
        .into_http_service(1 << 20, Duration::from_secs(30));
    let request = Request::get(uri)
        .header("authorization", "Bearer made-up-token")
        .body(Bytes::new());
    let response = service.oneshot(request.unwrap()).await?;
    assert_eq!(response.body(), PAGE);
    Ok(response.version())
}

fn trusting(server: &TlsServer) -> HyperTransportBuilder {
    let transport = HyperTransport::builder();
    let authority = server.authority.as_bytes();
    transport.add_ca_certificate_pem(authority).unwrap()
}

fn asserts_a_tunnel(tunnels: &Tunnels, target: &str) {
    let came = tunnels.came();
    assert_eq!(came.len(), 1);
    let (head, rest) = &came[0];
    // That of "user:pass word".
    assert_eq!(
        *head,
        format!(
            "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nProxy-Authorization: Basic dXNlcjpwYXNzIHdvcmQ=\r\n\r\n"
        )
    );
    // What follows is TLS from its first byte on: a handshake record.
    assert_eq!(rest[0], 22);
    for secret in ["Bearer", "made-up-token", "authorization"] {
        let seen = rest
            .windows(secret.len())
            .any(|bytes| bytes.eq_ignore_ascii_case(secret.as_bytes()));
        assert!(!seen, "{secret}");
    }
}

fn asserts_a_request(server: &TlsServer, version: Version) {
    let arrived = server.arrived();
    assert_eq!(arrived.len(), 1);
    let request = &arrived[0];
    assert_eq!((request.connection, request.version), (1, version));
    assert_eq!(request.headers["authorization"], "Bearer made-up-token");
    assert!(!request.headers.contains_key("proxy-authorization"));
}

#[tokio::test]
async fn a_proxy_makes_a_tunnel_and_sees_nothing_of_the_request() {
    for (protocols, version) in [
        (&["h2", "http/1.1"][..], Version::HTTP_2),
        (&["http/1.1"], Version::HTTP_11),
    ] {
        // The host is the proxy's to look up: nobody knows it here.
        for (authority, target) in [
            ("graph.example", "graph.example:443"),
            ("graph.example:8443", "graph.example:8443"),
        ] {
            let server = TlsServer::start("graph.example", protocols, &[]).await;
            let tunnels = Tunnels::start(server.port, "200 Connection established").await;
            let proxy = Proxy::Url(format!("http://user:pass%20word@{}", tunnels.addr));
            let uri = format!("https://{authority}/v1.0/?made=up");
            let spoken = get(trusting(&server).proxy(proxy), &uri).await.unwrap();
            assert_eq!(spoken, version);
            asserts_a_tunnel(&tunnels, target);
            asserts_a_request(&server, version);
        }
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_is_a_failure_to_connect() {
    for (status, why) in [
        (
            "407 Proxy Authentication Required",
            "authorization required",
        ),
        ("502 Bad Gateway", "unsuccessful"),
    ] {
        let tunnels = Tunnels::start(0, status).await;
        let proxy = Proxy::Url(format!("http://user:hidden@{}", tunnels.addr));
        let transport = HyperTransport::builder().proxy(proxy);
        let error = get(transport, "https://graph.example/").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(why), "{shown}");
        assert!(
            !shown.contains("hidden") && !shown.contains("aGlkZGVu"),
            "{shown}"
        );
    }
}

#[tokio::test]
async fn loopback_is_reached_without_the_proxy() {
    let server = TlsServer::start("localhost", &["h2"], &[]).await;
    let tunnels = Tunnels::start(server.port, "200 Connection established").await;
    let proxy = Proxy::Url(format!("http://{}", tunnels.addr));
    let uri = format!("https://localhost:{}/", server.port);
    get(trusting(&server).proxy(proxy), &uri).await.unwrap();
    asserts_a_request(&server, Version::HTTP_2);
    assert!(tunnels.came().is_empty());
}

/// The environment is that of a process of its own, since all tests of this one share theirs.
#[tokio::test]
async fn the_proxy_of_the_environment_is_used() {
    const AUTHORITY: &str = "GRAPH_PSTN_TEST_AUTHORITY";
    const URI: &str = "https://graph.example:8443/v1.0/";

    if let Ok(authority) = env::var(AUTHORITY) {
        let transport = HyperTransport::builder()
            .add_ca_certificate_pem(&fs::read(authority).unwrap())
            .unwrap();
        get(transport, URI).await.unwrap();
        return;
    }
    let server = TlsServer::start("graph.example", &["h2"], &[]).await;
    let tunnels = Tunnels::start(server.port, "200 Connection established").await;
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("ca.pem");
    fs::write(&authority, &server.authority).unwrap();
    let mut process = Command::new(env::current_exe().unwrap());
    process
        .args(["--exact", "the_proxy_of_the_environment_is_used"])
        .env(AUTHORITY, authority)
        .env(
            "HTTPS_PROXY",
            format!("http://user:pass%20word@{}", tunnels.addr),
        )
        .env("NO_PROXY", "login.example");
    let output = tokio::task::spawn_blocking(move || process.output().unwrap());
    let output = output.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
    asserts_a_tunnel(&tunnels, "graph.example:8443");
    asserts_a_request(&server, Version::HTTP_2);
}
