//! Connections that break, or are slow.

use std::io::ErrorKind;
use std::time::Duration;

use bytes::Bytes;
use graph_pstn_emulator::{Fault, Faults, RunningEmulator};
use http::{Request, Version};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::client::token;
use crate::{DAY, emulator, served, with};

/// The bytes of an answer, and how the connection ended.
struct Seen {
    bytes: Vec<u8>,
    end: Result<(), ErrorKind>,
}

impl Seen {
    fn head_and_body(&self) -> (String, &[u8]) {
        let bytes = &self.bytes;
        let at = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let (head, body) = bytes.split_at(at.unwrap_or(bytes.len()));
        let head = String::from_utf8_lossy(head).to_ascii_lowercase();
        (head, body.get(4..).unwrap_or_default())
    }

    fn announced(&self) -> Option<usize> {
        let (head, _) = self.head_and_body();
        let rest = head.split("content-length: ").nth(1)?;
        rest.lines().next()?.parse().ok()
    }
}

/// Asks for the day over a bare socket.
async fn look(emulator: &RunningEmulator, token: &str) -> Seen {
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let request = format!(
        "GET /v1.0/communications/callRecords/{DAY} HTTP/1.1\r\nHost: {}\r\n\
         Authorization: Bearer {token}\r\nConnection: close\r\n\r\n",
        emulator.addr()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await;
    Seen {
        bytes,
        end: end.map(|_| ()).map_err(|error| error.kind()),
    }
}

#[tokio::test]
async fn connections_break_where_they_should() {
    const RESET: Result<(), ErrorKind> = Err(ErrorKind::ConnectionReset);
    for (fault, end) in [
        (Fault::ResetBeforeAnswer, RESET),
        (Fault::ResetInHeaders, RESET),
        (Fault::ResetInBody, RESET),
        (Fault::TruncatedBody, Ok(())),
        (Fault::TruncatedChunks, Ok(())),
    ] {
        let emulator = emulator(&format!("graph 1 {fault}")).await;
        let token = token(&emulator, &[]).await;
        let broken = look(&emulator, &token).await;
        let whole = look(&emulator, &token).await;
        assert_eq!(whole.end, Ok(()));
        let (_, page) = whole.head_and_body();
        assert_eq!(whole.announced(), Some(page.len()));

        assert_eq!(broken.end, end, "{fault}");
        let (head, body) = broken.head_and_body();
        match fault {
            Fault::ResetBeforeAnswer => assert_eq!(broken.bytes, b""),
            Fault::ResetInHeaders => {
                assert!(head.starts_with("http/1.1 200 ok"), "{head}");
                assert_eq!(body, b"");
            }
            Fault::TruncatedChunks => {
                assert!(head.contains("transfer-encoding: chunked"), "{head}");
                assert!((page.len() / 2..page.len()).contains(&body.len()));
                assert!(!body.ends_with(b"0\r\n\r\n"));
            }
            _ => {
                assert_eq!(broken.announced(), Some(page.len()));
                assert_eq!(body, &page[..page.len() / 2]);
            }
        }
        assert_eq!(served(&emulator, fault), 1);
        let stats = emulator.stats();
        assert_eq!((stats.requests, stats.pages, stats.faults), (3, 1, 1));
    }
}

#[tokio::test]
async fn slow_answers_take_the_time_that_was_set() {
    const LENGTH: Duration = Duration::from_millis(300);
    for (fault, end) in [
        (Fault::Trickle, Ok(())),
        (Fault::Hang, Err(ErrorKind::ConnectionReset)),
    ] {
        let faults = Faults::none().script(&format!("graph 1 {fault}")).unwrap();
        let emulator = with(faults.hang(LENGTH).trickle(LENGTH)).await;
        let token = token(&emulator, &[]).await;
        let begun = Instant::now();
        let slow = look(&emulator, &token).await;
        assert!(begun.elapsed() >= LENGTH, "{fault}: {:?}", begun.elapsed());
        assert_eq!(slow.end, end, "{fault}");
        if fault == Fault::Trickle {
            let whole = look(&emulator, &token).await;
            assert_eq!(slow.head_and_body().1, whole.head_and_body().1);
        } else {
            assert_eq!(slow.bytes, b"");
        }
    }
}

#[tokio::test]
async fn over_http2_one_stream_is_reset_and_the_others_go_on() {
    let emulator = emulator("path $skip=7 reset-in-body\npath $skip=8 hang").await;
    let token = token(&emulator, &[]).await;
    let stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    let get = async |skip: u32| -> Result<Bytes, hyper::Error> {
        let request = Request::get(format!(
            "{}/v1.0/communications/callRecords/{DAY}?$skip={skip}",
            emulator.graph_endpoint()
        ))
        .version(Version::HTTP_2)
        .header("authorization", format!("Bearer {token}"))
        .body(Full::<Bytes>::default())
        .unwrap();
        let answer = sender.clone().send_request(request).await?;
        Ok(answer.into_body().collect().await?.to_bytes())
    };
    let (reset, silent, good) = tokio::join!(get(7), get(8), get(9));
    assert!(reset.is_err() && silent.is_err());
    assert!(good.unwrap().starts_with(b"{"));
    assert!(get(7).await.is_ok(), "the connection is still there");
}
