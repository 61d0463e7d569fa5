//! The socket of a connection, which can be made to break.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// No end is set.
const SOUND: u64 = u64::MAX;

/// The hand on a connection, for those who answer its requests.
#[derive(Clone, Debug)]
pub(crate) struct Wire(Arc<AtomicU64>);

impl Wire {
    pub(crate) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(SOUND)))
    }

    /// Lets so many bytes out, and then resets the connection.
    pub(crate) fn reset_after(&self, bytes: u64) {
        self.0.store(bytes, Ordering::Relaxed);
    }

    fn left(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A socket that its [`Wire`] can reset.
#[derive(Debug)]
pub(crate) struct Breakable {
    stream: TcpStream,
    wire: Wire,
}

impl Breakable {
    pub(crate) fn new(stream: TcpStream, wire: Wire) -> Self {
        Self { stream, wire }
    }
}

fn reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "reset on purpose")
}

impl Drop for Breakable {
    fn drop(&mut self) {
        if self.wire.left() != SOUND {
            // Closed so, a socket sends RST. One that cannot be told breaks off with FIN, which a client must
            // survive as well.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Breakable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.wire.left() == 0 {
            return Poll::Ready(Err(reset()));
        }
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Breakable {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let left = self.wire.left();
        if left == SOUND {
            return Pin::new(&mut self.stream).poll_write(cx, buf);
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX);
        let some = buf.get(..most).unwrap_or(buf);
        if some.is_empty() && !buf.is_empty() {
            return Poll::Ready(Err(reset()));
        }
        let written = Pin::new(&mut self.stream).poll_write(cx, some);
        if let Poll::Ready(Ok(bytes)) = &written {
            self.wire.reset_after(left.saturating_sub(*bytes as u64));
        }
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.wire.left() == SOUND {
            return Pin::new(&mut self.stream).poll_write_vectored(cx, bufs);
        }
        let first = bufs.iter().find(|buf| !buf.is_empty());
        let first = first.map_or(&[][..], |buf| &**buf);
        self.poll_write(cx, first)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.wire.left() != SOUND {
            // A shutdown would send FIN before the reset.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn some_bytes_and_then_a_reset() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(addr).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let wire = Wire::new();
        let mut socket = Breakable::new(stream, wire.clone());
        socket.write_all(b"whole").await.unwrap();
        wire.reset_after(3);
        let error = socket.write_all(b"broken").await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
        let mut seen = [0; 8];
        client.read_exact(&mut seen).await.unwrap();
        assert_eq!(&seen, b"wholebro");
        drop(socket);
        let error = client.read(&mut seen).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }

    #[tokio::test]
    async fn a_sound_one_ends_in_order() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let mut client = TcpStream::connect(addr).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        let mut socket = Breakable::new(stream, Wire::new());
        socket.write_all(b"whole").await.unwrap();
        drop(socket);
        let mut seen = Vec::new();
        client.read_to_end(&mut seen).await.unwrap();
        assert_eq!(seen, b"whole");
    }
}
