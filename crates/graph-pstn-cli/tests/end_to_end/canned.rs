//! A server with answers that the emulator does not give.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// An answer: its status, its content type, its body.
pub(crate) type Answer<B = &'static str> = (&'static str, &'static str, B);

/// Starts a server that answers by the line that a request starts with. Gives its origin.
pub(crate) fn serve(by: impl Fn(&str) -> Answer + Send + 'static) -> String {
    serve_whole(move |request| by(request.lines().next().unwrap_or_default()))
}

/// The same by the whole request, with its headers and its body.
pub(crate) fn serve_whole<B: AsRef<str>>(
    by: impl Fn(&str) -> Answer<B> + Send + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            // A client that goes away in the middle is no business of this server.
            let _ = answer(stream.unwrap(), &by);
        }
    });
    origin
}

fn answer<B: AsRef<str>>(mut stream: TcpStream, by: impl Fn(&str) -> Answer<B>) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        request.push_str(&line);
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    reader.take(length).read_to_string(&mut request)?;
    let (status, kind, body) = by(&request);
    let body = body.as_ref();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
