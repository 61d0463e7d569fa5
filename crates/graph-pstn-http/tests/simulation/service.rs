//! Graph and the token endpoint in one service, in the transport's place: it draws what goes wrong
//! from the seed, and notes what must never happen.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use bytes::Bytes;
use fastrand::Rng;
use graph_pstn_http::{CLIENT_REQUEST_ID, Error, ErrorKind, HttpService};
use http::{Request, Response, StatusCode, header};
use tokio::time::{Instant, sleep};
use tower::{service_fn, util::BoxCloneSyncService};

use crate::{
    answer::{self, Answer},
    faults::{Failure, Fatal, SLOWEST},
    page::{self, Asked},
    quota::Arrivals,
    scenario::Scenario,
};

pub(crate) const GRAPH: &str = "https://graph.example";
pub(crate) const LOGIN: &str = "https://login.example";
pub(crate) const SECRET: &str = "made-up-secret";
/// Other requests than the one that was told stay away for no longer than this.
const LONGEST_QUIET: Duration = Duration::from_secs(600);
/// No run needs more.
const MOST_REQUESTS: u32 = 30_000;
/// What a claims challenge asks for, and how its request is known again.
const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;

/// The world that a seed makes, for all processes of its run.
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    began: Instant,
    state: Mutex<State>,
    /// Everything that happens is printed.
    is_told: bool,
}

/// What there is to tell when the run is over.
#[derive(Default)]
pub(crate) struct State {
    rng: Rng,
    /// What is left to go wrong with each URL.
    failures: HashMap<String, VecDeque<Failure>>,
    tokens: Vec<Token>,
    token_requests: u32,
    token_requests_under_way: HashMap<(u32, bool), u32>,
    claims_met: bool,
    /// For each process, until when it was told to leave Graph alone.
    gates: HashMap<u32, Instant>,
    ids: std::collections::HashSet<String>,
    /// When requests left each process, and when they arrived.
    pub(crate) left: HashMap<u32, Vec<Instant>>,
    pub(crate) arrived: HashMap<u32, Vec<Instant>>,
    quota: Arrivals,
    graph_requests: u32,
    pub(crate) fatal_met: bool,
    fatal_removed: bool,
    /// What happened, and how often.
    pub(crate) counts: BTreeMap<&'static str, u64>,
    pub(crate) violations: Vec<String>,
    /// The whole course of the run in a number.
    pub(crate) trace: u64,
}

struct Token {
    issued: Duration,
    expires: Duration,
    with_claims: bool,
}

impl World {
    pub(crate) fn new(scenario: Scenario, is_told: bool) -> Arc<Self> {
        let quota = Arrivals::new(scenario.client.per_minute as usize);
        let state = State {
            rng: scenario.generator("service", 0),
            quota,
            ..State::default()
        };
        Arc::new(Self {
            scenario,
            began: Instant::now(),
            state: Mutex::new(state),
            is_told,
        })
    }

    /// The service as a process sees it.
    pub(crate) fn service(self: &Arc<Self>, process: u32) -> HttpService {
        let world = self.clone();
        BoxCloneSyncService::new(service_fn(move |request: Request<Bytes>| {
            let world = world.clone();
            async move { world.request(process, request).await }
        }))
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Prints what happens, if that is wanted.
    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        if self.is_told {
            eprintln!("{:>12.3}  {}", self.now().as_secs_f64(), what());
        }
    }

    pub(crate) fn count(&self, what: &'static str) {
        *self.state().counts.entry(what).or_default() += 1;
    }

    pub(crate) fn violation(&self, what: String) {
        self.tell(|| format!("WRONG: {what}"));
        let now = self.now().as_secs_f64();
        self.state()
            .violations
            .push(format!("at {now:.3} s: {what}"));
    }

    /// Somebody has done something about the fatal fault.
    pub(crate) fn remove_fatal(&self) {
        self.state().fatal_removed = true;
    }

    fn fatal(&self) -> Option<Fatal> {
        let (fatal, from) = self.scenario.fatal?;
        let mut state = self.state();
        let active = !state.fatal_removed && state.graph_requests >= from;
        if active && !state.fatal_met {
            state.fatal_met = true;
            *state.counts.entry(fatal.name()).or_default() += 1;
        }
        active.then_some(fatal)
    }

    fn way(&self, longest: Duration) -> Duration {
        let share = self.state().rng.f64();
        Duration::from_millis(1) + longest.mul_f64(share)
    }

    async fn request(
        &self,
        process: u32,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, Error> {
        let uri = request.uri().to_string();
        let requests = {
            let mut state = self.state();
            state.trace = mix(state.trace, &uri);
            state.trace = mix(state.trace, &format!("{:?}", self.began.elapsed()));
            *state.counts.entry("requests").or_default() += 1;
            state.counts["requests"]
        };
        if requests > u64::from(MOST_REQUESTS) {
            self.violation(format!("{MOST_REQUESTS} requests and no end"));
            // Nothing moves any more, and the time limit of the run ends it.
            std::future::pending::<()>().await;
        }
        self.tell(|| format!("#{requests} process {process} sends {uri}"));
        let result = self.answer(process, &request, &uri).await;
        self.tell(|| match &result {
            Ok(response) => {
                let status = response.status();
                format!("#{requests} {status}, {} bytes", response.body().len())
            }
            Err(error) => format!("#{requests} {error}"),
        });
        result
    }

    async fn answer(
        &self,
        process: u32,
        request: &Request<Bytes>,
        uri: &str,
    ) -> Result<Response<Bytes>, Error> {
        let of = |origin: &str| {
            uri.strip_prefix(origin)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        if of(LOGIN) {
            return self.token_request(process, request).await;
        }
        if !of(GRAPH) {
            let token = request.headers().contains_key(header::AUTHORIZATION);
            let what = if token {
                "a token left"
            } else {
                "a request left"
            };
            self.violation(format!("{what} the origin: {uri}"));
            return Ok(Response::new(Bytes::from_static(b"{\"value\":[]}")));
        }
        self.graph_request(process, request, uri).await
    }

    async fn graph_request(
        &self,
        process: u32,
        request: &Request<Bytes>,
        uri: &str,
    ) -> Result<Response<Bytes>, Error> {
        self.leaves(process, request);
        let fatal = self.fatal();
        sleep(self.way(self.scenario.way_there)).await;
        if fatal == Some(Fatal::NoConnection) {
            return Err(Error::new(ErrorKind::Connect, "no connection"));
        }
        let failure = if fatal.is_some() {
            None
        } else {
            self.next_failure(uri)
        };
        if failure == Some(Failure::NoConnection) {
            self.fails(uri);
            return Err(Error::new(ErrorKind::Connect, "no connection"));
        }

        let now = Instant::now();
        let refused = {
            let mut state = self.state();
            state.arrived.entry(process).or_default().push(now);
            state.quota.arrives(now)
        };
        let answer = if let Some(wait) = refused {
            self.count("429 of the quota");
            if process == 0 {
                self.violation("Graph's quota was exceeded".to_owned());
            }
            Ok(answer::status(429).wait(wait.as_secs() + 1))
        } else if let Some(refusal) = self.unauthorized(request, fatal) {
            Ok(refusal)
        } else if let Some(failure) = failure {
            self.fails(uri);
            self.failure(failure, || self.page(request, None)).await
        } else {
            self.healthy(request, fatal).await
        };
        sleep(self.way(self.scenario.way_back)).await;
        self.answers(process, answer)
    }

    /// Notes that a request leaves, and what must not be true of it.
    fn leaves(&self, process: u32, request: &Request<Bytes>) {
        let now = Instant::now();
        let mut state = self.state();
        state.graph_requests += 1;
        state.left.entry(process).or_default().push(now);
        let gate = state.gates.get(&process).copied();
        let id = request.headers().get(CLIENT_REQUEST_ID);
        let id = id
            .and_then(|id| id.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let is_new = state.ids.insert(id);
        drop(state);
        if let Some(gate) = gate.filter(|gate| now < *gate) {
            let early = (gate - now).as_secs_f64();
            self.violation(format!(
                "a request left {early:.3} s before the server's time"
            ));
        }
        if !is_new {
            self.violation("a client-request-id was used twice, or is missing".to_owned());
        }
    }

    fn answers(
        &self,
        process: u32,
        answer: Result<Answer, Error>,
    ) -> Result<Response<Bytes>, Error> {
        let answer = answer?;
        let mut state = self.state();
        state.trace = mix(state.trace, answer.status.as_str());
        // 408 names a time for its own request alone.
        if let Some(wait) = answer.wait.filter(|_| answer.status.as_u16() != 408) {
            let gate = Instant::now() + wait.min(LONGEST_QUIET);
            let known = state.gates.entry(process).or_insert(gate);
            *known = gate.max(*known);
        }
        drop(state);
        Ok(answer.response(self.now()))
    }

    fn next_failure(&self, uri: &str) -> Option<Failure> {
        let mut state = self.state();
        let failures = state.failures.entry(uri.to_owned()).or_insert_with(|| {
            let mut rng = self.scenario.generator(uri, 2);
            self.scenario.passing.of_url(&mut rng).into()
        });
        failures.front().copied()
    }

    /// The next failure of the URL takes place.
    fn fails(&self, uri: &str) {
        let mut state = self.state();
        if let Some(failure) = state.failures.get_mut(uri).and_then(VecDeque::pop_front) {
            *state.counts.entry(failure.name()).or_default() += 1;
        }
    }

    async fn failure(
        &self,
        failure: Failure,
        page: impl FnOnce() -> Answer,
    ) -> Result<Answer, Error> {
        let broken = |message| Err(Error::new(ErrorKind::Interrupted, message));
        sleep(self.way(SLOWEST)).await;
        match failure {
            Failure::NoConnection => Err(Error::new(ErrorKind::Connect, "no connection")),
            Failure::Reset => broken("the connection was reset"),
            Failure::ResetInBody => broken("the body broke off"),
            Failure::Silence => std::future::pending().await,
            Failure::Status(status, wait) => Ok(answer::status(status).with(wait)),
            Failure::Body(body) => Ok(answer::page(body.to_owned())),
            Failure::CutBody => {
                let whole = page().body;
                let length = self.state().rng.usize(1..whole.len());
                Ok(answer::page(whole[..length].to_owned()))
            }
        }
    }

    async fn healthy(
        &self,
        request: &Request<Bytes>,
        fatal: Option<Fatal>,
    ) -> Result<Answer, Error> {
        match fatal {
            Some(Fatal::Status(status)) => Ok(answer::status(status)),
            Some(Fatal::Silence) => std::future::pending().await,
            Some(Fatal::Html) => Ok(answer::page("<html>moved</html>".to_owned())),
            Some(Fatal::AbsurdWait) => Ok(answer::status(429).wait(100_000_000)),
            fatal => Ok(self.page(request, fatal)),
        }
    }

    fn page(&self, request: &Request<Bytes>, fatal: Option<Fatal>) -> Answer {
        let Some(asked) = Asked::read(request.uri()) else {
            self.violation(format!("no URL of Graph's: {}", request.uri()));
            return answer::status(400);
        };
        let longest = time::Duration::days(self.scenario.longest_days);
        if asked.is_first && asked.to - asked.from > longest {
            self.count("406");
            return answer::status(406);
        }
        let (body, has_link) = page::body(&self.scenario, asked, self.now(), fatal);
        self.count(if has_link {
            "pages with a link"
        } else {
            "last pages"
        });
        answer::page(body)
    }

    /// The refusal of a token that is no good.
    fn unauthorized(&self, request: &Request<Bytes>, fatal: Option<Fatal>) -> Option<Answer> {
        let now = self.now();
        let tokens = &self.scenario.tokens;
        let value = request.headers().get(header::AUTHORIZATION);
        let number: Option<usize> = value.and_then(|value| {
            value
                .to_str()
                .ok()?
                .strip_prefix("Bearer token-")?
                .parse()
                .ok()
        });
        let state = self.state();
        let Some(token) = number.and_then(|number| state.tokens.get(number)) else {
            drop(state);
            self.violation("a request bore no token of the token endpoint".to_owned());
            return Some(answer::status(401));
        };
        let revocation = tokens.revoked.iter().rev().find(|at| **at <= now);
        let gone = matches!(fatal, Some(Fatal::SecretExpired | Fatal::NoTokens));
        let what = if gone || revocation.is_some_and(|revoked| token.issued < *revoked) {
            "401: revoked"
        } else if token.expires <= now {
            "401: expired"
        } else if tokens.claims_from.is_some_and(|from| from <= now)
            && !state.claims_met
            && !token.with_claims
        {
            "401: claims challenge"
        } else if fatal == Some(Fatal::Status(401)) {
            "401: for good"
        } else {
            return None;
        };
        drop(state);
        self.count(what);
        let claims = what.ends_with("challenge").then_some(CLAIMS);
        Some(answer::status(401).challenge(claims))
    }

    async fn token_request(
        &self,
        process: u32,
        request: &Request<Bytes>,
    ) -> Result<Response<Bytes>, Error> {
        let form = String::from_utf8_lossy(request.body()).into_owned();
        if !form.contains(&format!("client_secret={SECRET}")) {
            self.violation("a token request without the secret".to_owned());
        }
        let with_claims = form.contains("nbf");
        let key = (process, with_claims);
        let (number, under_way) = {
            let mut state = self.state();
            let number = state.token_requests;
            state.token_requests += 1;
            let under_way = state.token_requests_under_way.entry(key).or_default();
            *under_way += 1;
            (number, *under_way)
        };
        if under_way > 1 {
            self.violation(format!("{under_way} token requests at the same time"));
        }
        let landing = Landing { world: self, key };
        sleep(self.way(Duration::from_secs(1))).await;
        let fatal = self.fatal();
        let tokens = &self.scenario.tokens;
        let (first, failing) = tokens.failing;
        let granted = || {
            let mut state = self.state();
            let number = state.tokens.len();
            state.tokens.push(Token {
                issued: self.now(),
                expires: self.now() + Duration::from_secs(tokens.expires_in),
                with_claims,
            });
            state.claims_met |= with_claims;
            answer::token(number, tokens.expires_in, tokens.refresh_in)
        };
        let answer = if fatal == Some(Fatal::SecretExpired) {
            Ok(answer::secret_expired())
        } else if fatal == Some(Fatal::NoTokens) {
            Err(Error::new(ErrorKind::Connect, "no connection"))
        } else if (first..first + failing).contains(&number) {
            self.count("token request that fails");
            let mut rng = self.scenario.generator("token", u64::from(number));
            let failure = match number == first && tokens.silence {
                true => Failure::Silence,
                false => Failure::of_token(&mut rng),
            };
            self.failure(failure, granted).await
        } else {
            Ok(granted())
        };
        drop(landing);
        answer.map(|answer| answer.response(self.now()))
    }
}

/// A token request under way, until it is answered or given up.
struct Landing<'a> {
    world: &'a World,
    key: (u32, bool),
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        let mut state = self.world.state();
        if let Some(under_way) = state.token_requests_under_way.get_mut(&self.key) {
            *under_way -= 1;
        }
    }
}

pub(crate) fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap()
}

fn mix(trace: u64, text: &str) -> u64 {
    text.bytes().fold(trace ^ 0x9e37, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
