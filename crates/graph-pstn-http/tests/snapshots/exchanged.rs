//! Parts of the stack exchanged for others, each as somebody might change it by mistake.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use graph_pstn_http::{
    AccessToken, Backoff, BoxFuture, Error, HttpService, RequestHeadersLayer, RetryPolicy,
    TokenProvider, TokenRequest, replay::ReplayService,
};
use graph_pstn_model::LogRow;
use http::{Request, Response, header};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};
use time::OffsetDateTime;
use tower::{ServiceExt as _, util::BoxCloneSyncService};

/// What is another than it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchanged {
    Nothing,
    /// The name that the client goes by.
    UserAgent,
    /// A header is not sent.
    Accept,
    /// Pauses between attempts are longer by a millisecond.
    Pause,
    /// The time that a server names is not heeded.
    ServersTime,
    /// One attempt fewer is made.
    Attempts,
    /// A token that was refused is used again.
    Token,
    /// Times in URLs have fractions of a second.
    TimeFormat,
    /// A row lacks a property.
    Row,
}

impl Exchanged {
    /// All but [`Nothing`](Self::Nothing).
    pub(crate) const ALL: [Self; 8] = [
        Self::UserAgent,
        Self::Accept,
        Self::Pause,
        Self::ServersTime,
        Self::Attempts,
        Self::Token,
        Self::TimeFormat,
        Self::Row,
    ];

    pub(crate) fn request_headers(self) -> Result<RequestHeadersLayer, Error> {
        RequestHeadersLayer::new(match self {
            Self::UserAgent => "graph-pstn-snapshot",
            _ => "graph-pstn-snapshots",
        })
    }

    pub(crate) fn retry(self) -> RetryPolicy {
        // But for a millisecond the default.
        let (base, cap) = (Duration::from_millis(501), Duration::from_secs(30));
        let backoff = match self {
            Self::Pause => Backoff::new(base, cap),
            _ => Backoff::default(),
        };
        let policy = RetryPolicy::builder().backoff(backoff.with_random(|| 0.5));
        match self {
            Self::Attempts => policy.max_attempts(4).build(),
            _ => policy.build(),
        }
    }

    pub(crate) fn credential(self, credential: Arc<dyn TokenProvider>) -> Arc<dyn TokenProvider> {
        match self {
            Self::Token => Arc::new(Stubborn(credential)),
            _ => credential,
        }
    }

    /// What stands in the transport's place.
    pub(crate) fn wire(self, replay: ReplayService) -> HttpService {
        match self {
            Self::Accept => BoxCloneSyncService::new(replay.map_request(without_accept)),
            Self::TimeFormat => BoxCloneSyncService::new(replay.map_request(with_fractions)),
            Self::ServersTime => BoxCloneSyncService::new(replay.map_response(without_time)),
            _ => BoxCloneSyncService::new(replay),
        }
    }
}

fn without_accept(mut request: Request<Bytes>) -> Request<Bytes> {
    request.headers_mut().remove(header::ACCEPT);
    request
}

fn with_fractions(mut request: Request<Bytes>) -> Request<Bytes> {
    let url = request.uri().to_string().replace("00Z", "00.000Z");
    *request.uri_mut() = url.parse().unwrap();
    request
}

fn without_time(mut response: Response<Bytes>) -> Response<Bytes> {
    response.headers_mut().remove(header::RETRY_AFTER);
    response
}

/// Gives the first token for ever.
struct Stubborn(Arc<dyn TokenProvider>);

impl TokenProvider for Stubborn {
    fn token(&self, _: TokenRequest) -> BoxFuture<'_, Result<AccessToken, Error>> {
        self.0.token(TokenRequest::default())
    }

    fn invalidate(&self, _: &AccessToken) {}
}

/// A row whose `operator` is not read.
#[derive(Hash, PartialEq, Serialize)]
#[serde(transparent)]
pub(crate) struct Pruned<T>(T);

impl<'de, T: DeserializeOwned> Deserialize<'de> for Pruned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut row = Box::<serde_json::value::RawValue>::deserialize(deserializer)?
            .get()
            .to_owned();
        // Numbers keep their text.
        row = row.replace("\"operator\":", "\"operatorName\":");
        let row = serde_json::from_str(&row).map_err(serde::de::Error::custom)?;
        Ok(Self(row))
    }
}

impl<T: LogRow> LogRow for Pruned<T> {
    fn id(&self) -> Option<&str> {
        self.0.id()
    }

    fn time(&self) -> Option<OffsetDateTime> {
        self.0.time()
    }
}
