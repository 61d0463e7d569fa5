//! How much of the quota a range is read with: in virtual time, against a service that counts arrivals.
//!
//! `cargo xtask bench pacing`. For each latency: 500 pages of rows over 90 days, with weekends and nights, a
//! jitter of ± 1 s on the way to the service, 50 requests in any 60 s. The measure is no 429, at least
//! 95 % of 50,000 rows a minute once the first minute is over, and at most 1.05 requests for 1,000 rows.
#![allow(clippy::unwrap_used, reason = "a bench stops at the first surprise")]

mod log;
mod service;

use std::time::Duration;

use graph_pstn_http::{AccessToken, CallLimits, Endpoints, GraphClient, StaticToken};
use graph_pstn_model::{CallLog, TimeRange};
use serde::Deserialize;
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::{log::Log, service::Service};

const ROWS: u64 = 500_000;

/// No more of a row than the reader needs: this bench is about requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
struct Row {
    id: String,
    #[serde(rename = "startDateTime")]
    start: String,
}

impl graph_pstn_model::LogRow for Row {
    fn id(&self) -> Option<&str> {
        Some(&self.id)
    }

    fn time(&self) -> Option<OffsetDateTime> {
        TimeRange::parse_instant(&self.start).ok()
    }
}

struct Outcome {
    requests: u64,
    throttled: u64,
    took: Duration,
    rows: u64,
    in_first_minute: u64,
}

impl Outcome {
    fn rows_per_minute(&self) -> f64 {
        let minutes = (self.took.as_secs_f64() - 60.0) / 60.0;
        (self.rows - self.in_first_minute) as f64 / minutes
    }

    fn requests_per_1000(&self) -> f64 {
        self.requests as f64 * 1_000.0 / self.rows as f64
    }

    fn holds(&self) -> bool {
        self.throttled == 0
            && self.rows == ROWS
            && self.rows_per_minute() >= 0.95 * 50_000.0
            && self.requests_per_1000() <= 1.05
    }
}

async fn run(latency: Duration, seed: u64) -> Outcome {
    let log = Log::new(ROWS);
    let service = Service::new(log.clone(), latency, seed);
    let graph = "https://graph.example".parse().unwrap();
    let client = GraphClient::builder(Endpoints::custom(
        graph,
        "https://login.example".parse().unwrap(),
    ))
    .token_provider(StaticToken::new(AccessToken::new("token").unwrap()))
    .service(service.clone())
    .call_limits(CallLimits::new(
        Duration::from_secs(180),
        Duration::from_secs(3_600),
    ))
    .build()
    .unwrap();
    let begun = Instant::now();
    let mut reader = client.read::<Row>(CallLog::Pstn, log.range());
    let (mut rows, mut in_first_minute) = (0, 0);
    while let Some(batch) = reader.next_batch().await.unwrap() {
        rows += batch.rows.len() as u64;
        if begun.elapsed() <= Duration::from_secs(60) {
            in_first_minute = rows;
        }
    }
    let (requests, throttled) = service.counts();
    Outcome {
        requests,
        throttled,
        took: begun.elapsed(),
        rows,
        in_first_minute,
    }
}

fn main() {
    println!("latency   requests  429s  minutes  rows/minute  of 50,000  requests/1,000 rows");
    let mut all_hold = true;
    for (millis, seed) in [200, 1_000, 2_000, 5_000]
        .into_iter()
        .flat_map(|l| [(l, 1), (l, 2)])
    {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let outcome = runtime.block_on(run(Duration::from_millis(millis), seed));
        all_hold &= outcome.holds();
        println!(
            "{:>5.1} s  {:>9}  {:>4}  {:>7.2}  {:>11.0}  {:>8.1} %  {:>19.3}{}",
            millis as f64 / 1_000.0,
            outcome.requests,
            outcome.throttled,
            outcome.took.as_secs_f64() / 60.0,
            outcome.rows_per_minute(),
            outcome.rows_per_minute() / 500.0,
            outcome.requests_per_1000(),
            if outcome.holds() { "" } else { "  MISSED" },
        );
    }
    if !all_hold {
        std::process::exit(1);
    }
}
