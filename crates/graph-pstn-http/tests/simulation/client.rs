//! The stack under test: the default one, or one built by hand with a part exchanged for a broken one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use graph_pstn_auth::ClientSecretCredential;
use graph_pstn_http::{
    AttemptSpanLayer, AttemptTimeoutLayer, AuthorizeLayer, Backoff, CallLayer, CallLimits,
    CallSpanLayer, DecodePageLayer, Endpoints, GraphClient, HttpService, Origin, PageService,
    PageSource, Quota, RateLimitLayer, RateLimits, RequestHeadersLayer, RetryPolicy,
    SharedObserver,
};
use graph_pstn_model::BadRow;
use http::{Request, Response, StatusCode, Uri, header};
use tower::{Layer as _, Service, ServiceBuilder, ServiceExt as _, util::BoxCloneSyncService};

use crate::{
    rows::Known,
    service::{GRAPH, LOGIN, SECRET, World},
};

/// What is exchanged for something broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Broken {
    /// Rows have no `id`, so that none is known again. See [`Anonymous`](crate::rows::Anonymous).
    Dedup,
    /// No attempt is made twice.
    Retry,
    /// A 429 is one request's own affair.
    Gate,
    /// Nothing is counted.
    Quota,
    /// Links are followed wherever they lead, with a token.
    Origin,
}

/// How the stack comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stack {
    Default,
    ByHand(Option<Broken>),
}

/// What a process has of its own.
pub(crate) struct Process {
    limits: RateLimits,
    tokens: ClientSecretCredential,
    service: HttpService,
    headers: RequestHeadersLayer,
    retry: RetryPolicy,
    max_wait: Option<Duration>,
    stack: Stack,
}

impl Process {
    pub(crate) fn begin(world: &Arc<World>, number: u32, stack: Stack) -> Self {
        let scenario = &world.scenario;
        let random = |purpose: u64| {
            let rng = scenario.generator("process", purpose << 16 | u64::from(number));
            let rng = std::sync::Mutex::new(rng);
            move || rng.lock().unwrap().f64()
        };
        let ids = |what: &'static str| {
            let next = AtomicU64::new(0);
            move || format!("{what}-{number}-{}", next.fetch_add(1, Ordering::Relaxed))
        };
        let service = world.service(number);
        let tokens = ClientSecretCredential::builder(endpoints(), "contoso.example", "app")
            .secret(SECRET.to_owned())
            .service(service.clone())
            .random(random(3))
            .ids(ids("entra"))
            .build()
            .unwrap();
        let quota = match stack {
            Stack::ByHand(Some(Broken::Quota)) => Quota::unlimited(),
            _ => scenario.client.quota(),
        };
        Self {
            limits: RateLimits::new(quota),
            tokens,
            service,
            headers: RequestHeadersLayer::new("simulation")
                .unwrap()
                .with_ids(ids("call")),
            retry: RetryPolicy::builder()
                .backoff(Backoff::default().with_random(random(4)))
                .build(),
            max_wait: scenario.client.max_wait,
            stack,
        }
    }

    /// How much of the retries' budget is left.
    pub(crate) fn budget(&self) -> u32 {
        self.retry.budget().available()
    }

    pub(crate) fn page_source<T: Known>(&self) -> PageSource<T> {
        match self.stack {
            Stack::Default => self.default_stack(),
            Stack::ByHand(broken) => self.by_hand(broken),
        }
    }

    fn default_stack<T: Known>(&self) -> PageSource<T> {
        let client = GraphClient::builder(endpoints())
            .token_provider(self.tokens.clone())
            .service(self.service.clone())
            .rate_limits(self.limits.clone())
            .request_headers(self.headers.clone())
            .retry(self.retry.clone());
        let client = match self.max_wait {
            Some(wait) => client.max_wait(wait),
            None => client,
        };
        client.build().unwrap().page_source()
    }

    fn by_hand<T: Known>(&self, broken: Option<Broken>) -> PageSource<T> {
        let graph: Origin = GRAPH.parse().unwrap();
        let mut service =
            boxed(AttemptTimeoutLayer::new(Duration::from_secs(60)).layer(self.service.clone()));
        service = boxed(AttemptSpanLayer::new(SharedObserver::default()).layer(service));
        service = boxed(self.headers.layer(service));
        let limit = RateLimitLayer::new(self.limits.clone());
        service = if broken == Some(Broken::Gate) {
            boxed(
                limit
                    .layer(service.map_response(hidden))
                    .map_response(shown),
            )
        } else {
            boxed(limit.layer(service))
        };
        if broken == Some(Broken::Origin) {
            service = boxed(service.map_request(astray));
        }
        service = boxed(AuthorizeLayer::new(graph.clone(), self.tokens.clone()).layer(service));
        if broken == Some(Broken::Origin) {
            service = boxed(service.map_response(disguised));
        }

        let mut limits = CallLimits::default();
        limits.max_wait = self.max_wait.unwrap_or(limits.max_wait);
        let call = ServiceBuilder::new()
            .layer(CallLayer::new(limits))
            .layer(CallSpanLayer);
        let decoded = DecodePageLayer::<T>::new(graph.clone(), BadRow::SetAside).layer(service);
        if broken == Some(Broken::Retry) {
            BoxCloneSyncService::new(PageService::new(call.service(decoded), graph))
        } else {
            let pages = call.retry(self.retry.clone()).service(decoded);
            BoxCloneSyncService::new(PageService::new(pages, graph))
        }
    }
}

fn endpoints() -> Endpoints {
    Endpoints::custom(GRAPH.parse().unwrap(), LOGIN.parse().unwrap())
}

fn boxed<S>(service: S) -> HttpService
where
    S: Service<Request<Bytes>, Response = Response<Bytes>> + Clone + Send + Sync + 'static,
    S::Error: Into<graph_pstn_http::Error>,
    S::Future: Send + 'static,
{
    BoxCloneSyncService::new(service.map_err(Into::into))
}

/// A status that the gate does not know, in place of 429.
const HIDDEN: StatusCode = StatusCode::IM_A_TEAPOT;

/// Hides from the gate what would close it.
fn hidden(mut response: Response<Bytes>) -> Response<Bytes> {
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        *response.status_mut() = HIDDEN;
    }
    for wait in drain(&mut response, header::RETRY_AFTER) {
        response.headers_mut().append("x-hidden", wait);
    }
    response
}

/// Shows the retry what was hidden from the gate.
fn shown(mut response: Response<Bytes>) -> Response<Bytes> {
    if response.status() == HIDDEN {
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    }
    for wait in drain(&mut response, header::HeaderName::from_static("x-hidden")) {
        response.headers_mut().append(header::RETRY_AFTER, wait);
    }
    response
}

fn drain(response: &mut Response<Bytes>, name: header::HeaderName) -> Vec<header::HeaderValue> {
    let headers = response.headers_mut();
    let values = headers.get_all(&name).iter().cloned().collect();
    headers.remove(&name);
    values
}

/// Where links to elsewhere are sent through the checks.
const DISGUISE: &str = "https://graph.example/v1.0/elsewhere/";

/// Makes a link to elsewhere look like one of Graph's.
fn disguised(response: Response<Bytes>) -> Response<Bytes> {
    response.map(|body| {
        let text = String::from_utf8_lossy(&body);
        Bytes::from(text.replace("https://evil.example/", DISGUISE))
    })
}

/// Sends what looks like one of Graph's to elsewhere after all, with the token that it bears by now.
fn astray(mut request: Request<Bytes>) -> Request<Bytes> {
    let uri = request.uri().to_string();
    if let Some(rest) = uri.strip_prefix(DISGUISE) {
        let elsewhere: Uri = format!("https://evil.example/{rest}").parse().unwrap();
        *request.uri_mut() = elsewhere;
    }
    request
}
