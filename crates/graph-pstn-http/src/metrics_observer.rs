//! What the layers report, as metrics of the [`metrics`] crate.
//!
//! Names are OpenTelemetry's where it has one
//! (<https://opentelemetry.io/docs/specs/semconv/http/http-metrics/>), and begin with `graph.client.`
//! elsewhere. They are stable: one changes only with this crate's major version. Durations are in seconds.
//!
//! | name | kind | what | labels |
//! |---|---|---|---|
//! | `http.client.request.duration` | histogram, s | attempts, from sending to the whole body | `http.request.method`, `server.address`, `server.port`; `http.response.status_code` where there was a whole answer; `error.type` after a failure |
//! | `graph.client.requests` | counter | attempts; those of a minute are the quota used | the same |
//! | `graph.client.retries` | counter | attempts that failed and are made again | `error.type`, `graph.client.pause` |
//! | `graph.client.retry.pause` | histogram, s | the pauses before them | the same |
//! | `graph.client.waits` | counter | requests that had to wait before they left | `graph.client.wait` |
//! | `graph.client.wait.duration` | histogram, s | how long, as known when the wait began | the same |
//! | `graph.client.pages` | counter | pages read | |
//! | `graph.client.rows` | counter | rows on them | |
//! | `graph.client.rows.set_aside` | counter | rows that could not be read | |
//! | `graph.client.bytes` | counter, bytes | the pages' bodies, decompressed | |
//! | `graph.client.tokens` | counter | new tokens, and failures to get one | `graph.client.token`, and `error.type` after a failure |
//!
//! | label | values |
//! |---|---|
//! | `http.response.status_code` | `200`, `429`, … |
//! | `error.type` | [`ErrorKind::name`](crate::ErrorKind::name): `timeout`, `throttled`, …; of attempts that had an answer its status, from 400 on; `canceled` for an attempt that was given up since nobody wants its answer any more |
//! | `http.request.method` | `GET`, or what else the program sends of its own; `_OTHER` for methods that HTTP does not define |
//! | `server.address`, `server.port` | `graph.microsoft.com`, `443`: the Graph origin |
//! | `graph.client.pause` | `stated`: the server named the time; `drawn`: the client did |
//! | `graph.client.wait` | `quota`: the client's own count; `gate`: the server asked for it |
//! | `graph.client.token` | [`TokenReason::name`](crate::TokenReason::name): `needed`, `refused`, `challenged` |
//!
//! No label holds personal data, and none has many values.
//!
//! ```
//! # #[cfg(feature = "client")]
//! # fn client(endpoints: graph_pstn_http::Endpoints) {
//! use graph_pstn_http::{GraphClient, MetricsObserver, SharedObserver};
//!
//! let observer = SharedObserver::new(MetricsObserver::new().with_label("tenant", "contoso"));
//! let builder = GraphClient::builder(endpoints).observer(observer);
//! # }
//! ```

use metrics::{Label, SharedString, counter, describe_counter, describe_histogram, histogram};

use crate::{
    AttemptEnd, ErrorKind, Observer, PageEnd, QuotaWait, RetryPause, TokenEnd, observe::method_name,
};

const DURATION: &str = "http.client.request.duration";
const REQUESTS: &str = "graph.client.requests";
const RETRIES: &str = "graph.client.retries";
const PAUSE: &str = "graph.client.retry.pause";
const WAITS: &str = "graph.client.waits";
const WAIT: &str = "graph.client.wait.duration";
const PAGES: &str = "graph.client.pages";
const ROWS: &str = "graph.client.rows";
const SET_ASIDE: &str = "graph.client.rows.set_aside";
const BYTES: &str = "graph.client.bytes";
const TOKENS: &str = "graph.client.tokens";

/// Hands on what the layers report to the recorder that the program installed. See the
/// [module](self) for the names.
#[derive(Clone, Debug, Default)]
pub struct MetricsObserver {
    labels: Vec<Label>,
}

impl MetricsObserver {
    /// An observer without labels of the caller's.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a label to everything: the tenant, say, where a program reads several.
    #[must_use]
    pub fn with_label(
        mut self,
        key: impl Into<SharedString>,
        value: impl Into<SharedString>,
    ) -> Self {
        self.labels.push(Label::new(key, value));
        self
    }

    /// Tells the recorder what the metrics mean and what their units are; for once, after it was installed.
    pub fn describe() {
        use metrics::Unit::{Bytes, Count, Seconds};

        describe_histogram!(DURATION, Seconds, "Duration of attempts, body included");
        describe_counter!(REQUESTS, Count, "Attempts sent");
        describe_counter!(RETRIES, Count, "Attempts that failed and are made again");
        describe_histogram!(PAUSE, Seconds, "Pauses before attempts are made again");
        describe_counter!(WAITS, Count, "Requests that had to wait before they left");
        describe_histogram!(WAIT, Seconds, "Waits before requests leave");
        describe_counter!(PAGES, Count, "Pages read");
        describe_counter!(ROWS, Count, "Rows read");
        describe_counter!(SET_ASIDE, Count, "Rows that could not be read");
        describe_counter!(BYTES, Bytes, "Bodies of pages, decompressed");
        describe_counter!(TOKENS, Count, "New tokens, and failures to get one");
    }

    fn labels(&self, own: impl IntoIterator<Item = Label>) -> Vec<Label> {
        self.labels.iter().cloned().chain(own).collect()
    }
}

fn error_type(kind: ErrorKind) -> Label {
    Label::from_static_parts("error.type", kind.name())
}

impl Observer for MetricsObserver {
    fn attempt(&self, attempt: &AttemptEnd) {
        let method = Label::from_static_parts("http.request.method", method_name(&attempt.method));
        let server = attempt.server.iter().flat_map(|server| {
            [
                Label::new("server.address", server.host().to_owned()),
                Label::new("server.port", server.port().to_string()),
            ]
        });
        let status = attempt
            .outcome
            .ok()
            .map(|status| Label::new("http.response.status_code", status.as_str().to_owned()));
        let failure = attempt
            .error_type()
            .map(|failure| Label::new("error.type", failure));
        let own = std::iter::once(method)
            .chain(server)
            .chain(status)
            .chain(failure);
        let labels = self.labels(own);
        counter!(REQUESTS, labels.clone()).increment(1);
        histogram!(DURATION, labels).record(attempt.took);
    }

    fn retry(&self, retry: &RetryPause) {
        let pause = if retry.stated { "stated" } else { "drawn" };
        let pause = Label::from_static_parts("graph.client.pause", pause);
        let labels = self.labels([error_type(retry.kind), pause]);
        counter!(RETRIES, labels.clone()).increment(1);
        histogram!(PAUSE, labels).record(retry.pause);
    }

    fn wait(&self, wait: &QuotaWait) {
        let reason = if wait.gate { "gate" } else { "quota" };
        let labels = self.labels([Label::from_static_parts("graph.client.wait", reason)]);
        counter!(WAITS, labels.clone()).increment(1);
        histogram!(WAIT, labels).record(wait.wait);
    }

    fn page(&self, page: &PageEnd) {
        let count = |name: &'static str, number: usize| {
            counter!(name, self.labels([])).increment(number as u64);
        };
        count(PAGES, 1);
        count(ROWS, page.rows);
        count(SET_ASIDE, page.rejects);
        count(BYTES, page.bytes);
    }

    fn token(&self, token: &TokenEnd) {
        let reason = Label::from_static_parts("graph.client.token", token.reason.name());
        let failure = token.outcome.err().map(error_type);
        counter!(TOKENS, self.labels([reason].into_iter().chain(failure))).increment(1);
    }
}
