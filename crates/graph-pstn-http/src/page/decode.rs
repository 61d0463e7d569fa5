use std::{
    fmt,
    marker::PhantomData,
    task::{Context, Poll},
};

use bytes::Bytes;
use graph_pstn_model::{BadRow, Collection, CollectionError, RejectedRow};
use http::{Request, Response, StatusCode};
use serde::de::DeserializeOwned;
use tower_layer::Layer;
use tower_service::Service;

use super::{NextLink, refusal};
use crate::{BoxFuture, Error, ErrorKind, Origin, PageEnd, SharedObserver};

/// One page of rows.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Page<T> {
    /// The rows, in Graph's order.
    pub rows: Vec<T>,
    /// Rows that could not be read, each with its place and reason.
    pub rejects: Vec<RejectedRow>,
    /// Where the next page is; `None` on the last one. A page without rows may have one.
    pub next: Option<NextLink>,
    /// The `request-id` of the answer, for Microsoft's support.
    pub request_id: Option<String>,
    /// How many bytes the body had.
    pub bytes: usize,
}

impl<T> fmt::Debug for Page<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rows hold names and numbers, which have no place in a log.
        f.debug_struct("Page")
            .field("rows", &self.rows.len())
            .field("rejects", &self.rejects.len())
            .field("next", &self.next)
            .field("request_id", &self.request_id)
            .field("bytes", &self.bytes)
            .finish()
    }
}

/// Reads whole bodies as pages of `T`. Stands inside the retry: see the [module](super).
pub struct DecodePageLayer<T> {
    graph: Origin,
    bad_row: BadRow,
    observer: SharedObserver,
    rows: PhantomData<fn() -> T>,
}

impl<T> DecodePageLayer<T> {
    /// Pages that come from `graph`; rows that cannot be read are set aside or fail the page, as `bad_row`
    /// says.
    #[must_use]
    pub fn new(graph: Origin, bad_row: BadRow) -> Self {
        Self {
            graph,
            bad_row,
            observer: SharedObserver::default(),
            rows: PhantomData,
        }
    }

    /// Tells `observer` of each page.
    #[must_use]
    pub fn with_observer(mut self, observer: SharedObserver) -> Self {
        self.observer = observer;
        self
    }
}

impl<T> Clone for DecodePageLayer<T> {
    fn clone(&self) -> Self {
        Self {
            graph: self.graph.clone(),
            bad_row: self.bad_row,
            observer: self.observer.clone(),
            rows: PhantomData,
        }
    }
}

impl<T> fmt::Debug for DecodePageLayer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodePageLayer")
            .field("graph", &self.graph)
            .finish_non_exhaustive()
    }
}

impl<S, T> Layer<S> for DecodePageLayer<T> {
    type Service = DecodePage<S, T>;

    fn layer(&self, inner: S) -> Self::Service {
        DecodePage {
            inner,
            settings: self.clone(),
        }
    }
}

/// The service of [`DecodePageLayer`].
pub struct DecodePage<S, T> {
    inner: S,
    settings: DecodePageLayer<T>,
}

impl<S: Clone, T> Clone for DecodePage<S, T> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            settings: self.settings.clone(),
        }
    }
}

impl<S: fmt::Debug, T> fmt::Debug for DecodePage<S, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodePage")
            .field("inner", &self.inner)
            .field("settings", &self.settings)
            .finish()
    }
}

impl<S, B, T> Service<Request<B>> for DecodePage<S, T>
where
    S: Service<Request<B>, Response = Response<Bytes>>,
    S::Error: Into<Error>,
    S::Future: Send + 'static,
    T: DeserializeOwned + Send + 'static,
{
    type Response = Response<Page<T>>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Page<T>>, Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let response = self.inner.call(request);
        let settings = self.settings.clone();
        Box::pin(async move {
            let response = response.await.map_err(Into::into)?;
            if response.status() != StatusCode::OK {
                return Err(refusal::of(&response));
            }
            let page = settings.page(&response)?;
            settings.observer.page(&PageEnd::new(
                page.rows.len(),
                page.rejects.len(),
                page.bytes,
            ));
            Ok(response.map(|_| page))
        })
    }
}

impl<T: DeserializeOwned + 'static> DecodePageLayer<T> {
    fn page(&self, response: &Response<Bytes>) -> Result<Page<T>, Error> {
        let body = response.body();
        let request_id = refusal::header(response.headers(), "request-id");
        let client_request_id = refusal::header(response.headers(), "client-request-id");
        let with_id = |error: Error| {
            let error = error.with_status(response.status());
            let error = match client_request_id {
                Some(id) => error.with_client_request_id(id),
                None => error,
            };
            match request_id {
                Some(id) => error.with_request_id(id),
                None => error,
            }
        };
        let collection = Collection::<T>::from_slice(body, self.bad_row)
            .map_err(|error| with_id(unreadable(error)))?;
        let link = collection.next_link.as_deref();
        let next = link
            .map(|link| NextLink::parse(link, &self.graph))
            .transpose()
            .map_err(with_id)?;
        Ok(Page {
            rows: collection.rows,
            rejects: collection.rejects,
            next,
            request_id: request_id.map(str::to_owned),
            bytes: body.len(),
        })
    }
}

fn unreadable(error: CollectionError) -> Error {
    let message = format!("Graph's answer is not a page of rows: {error}");
    let code = error.code().and_then(refusal::said_in);
    let error = Error::new(ErrorKind::Decode, message).with_source(error);
    match code {
        Some(code) => error.with_code(code),
        None => error,
    }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
