//! A server with answers that the emulator does not give.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

/// An answer: its status, its content type, its body.
pub(crate) type Answer = (&'static str, &'static str, &'static str);

/// Starts a server that answers by the line that a request starts with. Gives its origin.
pub(crate) fn serve(by: impl Fn(&str) -> Answer + Send + 'static) -> String {
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

fn answer(mut stream: TcpStream, by: impl Fn(&str) -> Answer) -> io::Result<()> {
    let mut request = BufReader::new(stream.try_clone()?);
    let mut first = String::new();
    request.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        request.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    request.take(length).read_to_end(&mut Vec::new())?;
    let (status, kind, body) = by(&first);
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
