use std::{
    collections::VecDeque,
    fmt::Write as _,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use graph_pstn_http::{BoxFuture, Error};
use graph_pstn_model::{TimeRange, format_time};
use http::{Request, Response};
use tokio::time::{Instant, sleep};

use crate::log::Log;

const QUOTA: usize = 50;
const SPAN: Duration = Duration::from_secs(60);

/// Graph, as far as counting goes: requests are counted when they arrive, refused ones too.
#[derive(Clone)]
pub(crate) struct Service {
    log: Log,
    latency: Duration,
    state: Arc<Mutex<State>>,
}

struct State {
    random: fastrand::Rng,
    arrivals: VecDeque<Instant>,
    requests: u64,
    throttled: u64,
}

impl Service {
    pub(crate) fn new(log: Log, latency: Duration, seed: u64) -> Self {
        let state = State {
            random: fastrand::Rng::with_seed(seed),
            arrivals: VecDeque::new(),
            requests: 0,
            throttled: 0,
        };
        Self {
            log,
            latency,
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Requests, and those refused.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let state = self.state.lock().unwrap();
        (state.requests, state.throttled)
    }

    /// Counts an arrival; false if it is one too many.
    fn arrive(&self) -> bool {
        let mut state = self.state.lock().unwrap();
        let now = Instant::now();
        while state.arrivals.front().is_some_and(|at| now - *at >= SPAN) {
            state.arrivals.pop_front();
        }
        state.requests += 1;
        state.arrivals.push_back(now);
        let fits = state.arrivals.len() <= QUOTA;
        state.throttled += u64::from(!fits);
        fits
    }

    /// A page by the URL: `…(fromDateTime=F,toDateTime=T)`, and `?$skip=N` for those that follow.
    fn page(&self, request: &Request<Bytes>) -> String {
        let path = request.uri().path();
        let bound = |name: &str| {
            let at = path.find(name).unwrap() + name.len();
            let text = &path[at..at + 20];
            (TimeRange::parse_instant(text).unwrap() - self.log.range().from()).whole_seconds()
        };
        let skip: u64 = request
            .uri()
            .query()
            .map_or(0, |query| query["$skip=".len()..].parse().unwrap());
        let first = self.log.first_at(bound("fromDateTime=")) + skip;
        let end = self.log.first_at(bound("toDateTime=") + 1);
        let mut body = String::from("{\"value\":[");
        for row in first..end.min(first + 1_000) {
            let comma = if row > first { "," } else { "" };
            let at = self.log.range().from() + time::Duration::seconds(self.log.at(row));
            write!(
                body,
                "{comma}{{\"id\":\"{row}\",\"startDateTime\":\"{}\"}}",
                format_time(at)
            )
            .unwrap();
        }
        body.push(']');
        if end > first + 1_000 {
            let skip = skip + 1_000;
            write!(
                body,
                ",\"@odata.nextLink\":\"https://graph.example{path}?$skip={skip}\""
            )
            .unwrap();
        }
        // As long as real rows are, since what waits is bounded in bytes.
        let padding = ((end.min(first + 1_000).saturating_sub(first)) as usize * 700)
            .saturating_sub(body.len());
        write!(body, ",\"padding\":\"{}\"}}", "-".repeat(padding)).unwrap();
        body
    }
}

impl tower::Service<Request<Bytes>> for Service {
    type Response = Response<Bytes>;
    type Error = Error;
    type Future = BoxFuture<'static, Result<Response<Bytes>, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let jitter = this.state.lock().unwrap().random.f64() * 2.0 - 1.0;
            let round_trip = (this.latency.as_secs_f64() + jitter).max(0.0);
            let way = Duration::from_secs_f64(round_trip / 2.0);
            sleep(way).await;
            let fits = this.arrive();
            sleep(way).await;
            let mut response = Response::new(Bytes::new());
            if fits {
                *response.body_mut() = this.page(&request).into();
            } else {
                *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
                response
                    .headers_mut()
                    .insert("retry-after", "10".parse().unwrap());
            }
            Ok(response)
        })
    }
}
