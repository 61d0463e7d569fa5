use std::fmt;

use graph_pstn_model::{CallLog, LogRow, TimeRange};
use serde::de::DeserializeOwned;
use tower::{Layer as _, ServiceBuilder, util::BoxCloneSyncService};

use super::GraphClientBuilder;
use crate::{
    Endpoints, Error, HttpService, PageRequest, PageService, PageSource, Pages, RangeReader,
};

/// A client of one Graph origin. Clones share connections, quota, tokens and retry budget.
#[derive(Clone)]
pub struct GraphClient {
    /// From Authorize down.
    signed: HttpService,
    /// Hands out the layers above.
    upper: GraphClientBuilder,
}

impl GraphClientBuilder {
    /// Assembles the stack of the layers, each as this builder hands it out. The upper half, from
    /// the typed edge to the retry, depends on the type of the rows and is laid over it by
    /// [`GraphClient::page_source`].
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) when there is no token source, or the default transport cannot be built.
    pub fn build(self) -> Result<GraphClient, Error> {
        let signed = ServiceBuilder::new()
            .layer(self.authorize_layer()?)
            .layer(self.rate_limit_layer())
            .layer(self.request_headers_layer())
            .layer(self.attempt_span_layer())
            .layer(self.attempt_timeout_layer())
            .service(self.bottom_service()?);
        Ok(GraphClient {
            signed: BoxCloneSyncService::new(signed),
            upper: self,
        })
    }
}

impl GraphClient {
    /// Starts setting a client up.
    pub fn builder(endpoints: Endpoints) -> GraphClientBuilder {
        GraphClientBuilder::new(endpoints)
    }

    /// Reads a range of a log, however long: see [`RangeReader`].
    pub fn read<T>(&self, log: CallLog, range: TimeRange) -> RangeReader<T>
    where
        T: LogRow + DeserializeOwned,
    {
        RangeReader::new(self.page_source(), log, range).with_options(self.upper.reader_options())
    }

    /// Follows the pages from this one on: see [`Pages`].
    pub fn pages<T>(&self, first: PageRequest) -> Pages<PageSource<T>>
    where
        T: DeserializeOwned + Send + 'static,
    {
        Pages::new(self.page_source(), first)
    }

    /// The upper half of the stack, from the typed edge to the retry, over the lower.
    #[must_use]
    pub fn page_source<T>(&self) -> PageSource<T>
    where
        T: DeserializeOwned + Send + 'static,
    {
        let pages = ServiceBuilder::new()
            .layer(self.upper.call_layer())
            .layer(self.upper.call_span_layer())
            .retry(self.upper.retry_policy())
            .layer(self.upper.decode_page_layer::<T>())
            .service(self.signed.clone());
        BoxCloneSyncService::new(PageService::new(pages, self.upper.graph().clone()))
    }

    /// The lower half of the stack, for requests of the caller's own: signed, within the quota, bounded in
    /// time; not retried.
    ///
    /// Each request has the client's [`CallLimits`](crate::CallLimits) to itself: for its token, its wait and
    /// its attempt, or two after a 401. One that brings a [`CallClock`](crate::CallClock) of its own in its extensions
    /// keeps that.
    #[must_use]
    pub fn http_service(&self) -> HttpService {
        BoxCloneSyncService::new(self.upper.call_layer().layer(self.signed.clone()))
    }
}

impl fmt::Debug for GraphClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("GraphClient").field(&self.upper).finish()
    }
}
