use std::{
    error::Error as StdError,
    future::poll_fn,
    pin::pin,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use http::Response;
use http_body::Body;
use tower_service::Service;

use crate::{BoxFuture, Error, ErrorKind};

/// The service of [`CollectBodyLayer`](super::CollectBodyLayer).
#[derive(Clone, Debug)]
pub struct CollectBody<S> {
    inner: S,
    limit: usize,
}

impl<S> CollectBody<S> {
    /// Collects the bodies of `inner` up to `limit` bytes.
    pub fn new(inner: S, limit: usize) -> Self {
        Self { inner, limit }
    }
}

impl<S, R, B> Service<R> for CollectBody<S>
where
    S: Service<R, Response = Response<B>>,
    S::Error: Into<Error>,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let response = self.inner.call(request);
        let limit = self.limit;
        Box::pin(async move {
            let (parts, body) = response.await.map_err(Into::into)?.into_parts();
            let body = collect(body, limit)
                .await
                .map_err(|error| error.with_status(parts.status))?;
            Ok(Response::from_parts(parts, body))
        })
    }
}

async fn collect<B>(body: B, limit: usize) -> Result<Bytes, Error>
where
    B: Body,
    B::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    use bytes::Buf as _;

    let mut body = pin!(body);
    // The length is a claim of the server's; a page that is announced is worth one allocation.
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let mut whole = BytesMut::with_capacity(announced.min(limit).min(1 << 20));
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(broken)?;
        let Ok(mut data) = frame.into_data() else {
            continue; // trailers
        };
        if data.remaining() > limit.saturating_sub(whole.len()) {
            return Err(Error::new(
                ErrorKind::BodyTooLarge,
                format!("the response's body has more than {limit} bytes"),
            ));
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            whole.extend_from_slice(chunk);
            let read = chunk.len();
            data.advance(read);
        }
    }
    Ok(whole.freeze())
}

fn broken(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    match Error::from_boxed(error.into()) {
        error if error.kind() == ErrorKind::Other => {
            Error::new(ErrorKind::Interrupted, "the response's body broke off").with_source(error)
        }
        ours => ours,
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, io, pin::Pin};

    use http_body::Frame;
    use tower::{ServiceExt as _, service_fn};

    use super::*;

    struct Parts(VecDeque<Result<&'static str, io::Error>>);

    impl Body for Parts {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            let next = self.0.pop_front();
            Poll::Ready(next.map(|part| part.map(|text| Frame::data(Bytes::from(text)))))
        }
    }

    async fn collected(
        parts: impl IntoIterator<Item = Result<&'static str, io::Error>>,
        limit: usize,
    ) -> Result<Bytes, Error> {
        let body = Parts(parts.into_iter().collect());
        let mut body = Some(body);
        let service = service_fn(move |()| {
            let body = body.take().unwrap();
            async move { Ok::<_, Error>(Response::new(body)) }
        });
        let response = CollectBody::new(service, limit).oneshot(()).await?;
        Ok(response.into_body())
    }

    #[tokio::test]
    async fn parts_become_one() {
        let body = collected([Ok("half a page, "), Ok("the other half")], 100).await;
        assert_eq!(body.unwrap(), "half a page, the other half");
        assert_eq!(collected([], 0).await.unwrap(), "");
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_an_interruption() {
        let cut = io::Error::from(io::ErrorKind::UnexpectedEof);
        let error = collected([Ok("half"), Err(cut)], 100).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        assert_eq!(error.status(), Some(http::StatusCode::OK));
    }

    #[tokio::test]
    async fn the_limit_holds_to_the_byte() {
        assert!(collected([Ok("12"), Ok("34")], 4).await.is_ok());
        let error = collected([Ok("12"), Ok("345")], 4).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::BodyTooLarge);
    }
}
