//! Bodies that come in pieces, and perhaps not to their end.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::server::wire::Wire;

/// How long after the last piece a body breaks off: long enough for the piece to be on its way.
const FLUSHED: Duration = Duration::from_millis(5);
/// The pieces of a body that trickles.
const PIECES: usize = 20;

/// What comes after the last piece.
#[derive(Debug)]
pub(crate) enum End {
    /// The end of the body.
    Whole,
    /// The connection is closed.
    Cut,
    /// The connection is reset.
    Reset(Wire),
}

/// A body in pieces with pauses between them.
#[derive(Debug)]
pub(crate) struct Pieces {
    pieces: VecDeque<Bytes>,
    gap: Duration,
    pause: Option<Pin<Box<Sleep>>>,
    /// The length that the headers announce; chunked encoding without it.
    announced: Option<u64>,
    end: End,
}

impl Pieces {
    /// All of the body, over this length of time.
    pub(crate) fn trickling(body: &Bytes, length: Duration) -> Self {
        let piece = body.len().div_ceil(PIECES).max(1);
        let starts = (0..body.len()).step_by(piece);
        let pieces = starts.map(|start| body.slice(start..body.len().min(start + piece)));
        Self {
            pieces: pieces.collect(),
            gap: length / u32::try_from(PIECES).unwrap_or(1),
            pause: None,
            announced: Some(body.len() as u64),
            end: End::Whole,
        }
    }

    /// The first half of the body, and then this end.
    pub(crate) fn half(body: &Bytes, announced: bool, end: End) -> Self {
        Self {
            pieces: VecDeque::from([body.slice(..body.len() / 2)]),
            gap: FLUSHED,
            pause: None,
            announced: announced.then_some(body.len() as u64),
            end,
        }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        if let Some(piece) = self.pieces.pop_front() {
            self.pause = Some(Box::pin(sleep(self.gap)));
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        match &self.end {
            End::Whole => return Poll::Ready(None),
            End::Cut => {}
            End::Reset(wire) => wire.reset_after(0),
        }
        Poll::Ready(Some(Err(io::Error::other("cut on purpose"))))
    }

    fn size_hint(&self) -> SizeHint {
        self.announced
            .map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_trickle_is_whole_and_takes_its_time() {
        let body = Bytes::from(vec![7; 1_001]);
        let length = Duration::from_secs(10);
        let begun = Instant::now();
        let whole = Pieces::trickling(&body, length).collect().await.unwrap();
        assert_eq!(whole.to_bytes(), body);
        assert!(begun.elapsed() > length / 2 && begun.elapsed() <= length + length / 10);
        let nothing = Pieces::trickling(&Bytes::new(), length);
        assert_eq!(nothing.collect().await.unwrap().to_bytes(), Bytes::new());
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_body_is_announced_as_a_whole_one() {
        let body = Bytes::from_static(b"0123456789");
        let mut half = Pieces::half(&body, true, End::Cut);
        assert_eq!(half.size_hint().exact(), Some(10));
        let piece = half.frame().await.unwrap().unwrap();
        assert_eq!(piece.into_data().unwrap(), &b"01234"[..]);
        assert!(half.frame().await.unwrap().is_err());
        assert_eq!(
            Pieces::half(&body, false, End::Cut).size_hint().exact(),
            None
        );
    }
}
