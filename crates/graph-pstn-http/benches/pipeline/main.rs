//! What the whole stack costs over what reading must cost, on loopback against the emulator.
//!
//! `cargo xtask bench pipeline`. The floor is hyper alone, which downloads the same pages and looks for
//! the next link; decoding is `Collection::from_slice` over the same bodies, as `bench decode` does it. The
//! measures: reading one page after the other takes at most the floor and 1.15 × the decoding; with 50 ms a page
//! eight windows are at least six times as fast as one; memory is the same, within a fifth, at ten times the rows.
//!
//! The server is a process of its own with one thread and keeps its pages rendered. Rounds are interleaved,
//! and medians of each way compared; memory and processor time are measured in processes of their own.
#![allow(clippy::unwrap_used, reason = "a bench stops at the first surprise")]
#![expect(
    clippy::disallowed_methods,
    reason = "it is the clock that is asked for"
)]

mod floor;
mod server;
mod usage;

use std::{
    env,
    error::Error,
    process::Command,
    time::{Duration, Instant},
};

use bytes::Bytes;
use graph_pstn_http::{
    AccessToken, Endpoints, GraphClient, GraphClientBuilder, HyperTransport, Proxy, Quota,
    ReadOptions, StaticToken,
};
use graph_pstn_model::{BadRow, CallLog, Collection, PstnCallLogRow, TimeRange};
use serde_json::{Value, json};

use crate::{
    floor::Floor,
    server::{SERVE, Server, Serving},
};

const ROUNDS: usize = 41;
/// Rows on a work day: a month has some 130 pages.
const ROWS_PER_DAY: u32 = 6_000;
/// The argument that makes this program read a range once and say what that took.
const READ: &str = "--read";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.first().map(String::as_str) {
        Some(SERVE) => return server::serve(&arguments[1..]),
        Some(READ) => return read_once(&arguments[1..]),
        _ => {}
    }
    let mut held = true;
    println!("seconds for the pages of a month, medians of {ROUNDS} interleaved rounds");
    println!(
        "{:10} {:>6} {:>8} {:>8} {:>10} {:>24}",
        "", "pages", "floor", "decode", "sequential", "(sequential-floor)/decode"
    );
    let plain = Serving {
        rows_per_day: ROWS_PER_DAY,
        ..Serving::default()
    };
    let gzip = Serving {
        gzip: true,
        ..plain
    };
    let tls = Serving { tls: true, ..plain };
    for (name, serving) in [("plain", plain), ("gzip", gzip), ("TLS", tls)] {
        let ratio = runtime()?.block_on(compare(name, serving))?;
        // The measure is of the plain line; the others are there to be seen.
        if name == "plain" {
            held &= verdict(ratio <= 1.15, "at most 1.15");
        }
    }
    held &= windows()?;
    held &= memory()?;
    if held {
        Ok(())
    } else {
        Err("a measure was missed".into())
    }
}

fn verdict(holds: bool, measure: &str) -> bool {
    println!("  {}: {measure}", if holds { "held" } else { "MISSED" });
    holds
}

fn runtime() -> Outcome<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

fn month() -> TimeRange {
    TimeRange::new(day("2019-11-01"), day("2019-12-01")).unwrap()
}

/// As much as one request may ask for.
fn quarter() -> TimeRange {
    TimeRange::new(day("2019-09-02"), day("2019-12-01")).unwrap()
}

fn day(text: &str) -> time::OffsetDateTime {
    TimeRange::parse_instant(text).unwrap()
}

/// The whole default stack over real connections, with a token that is there already.
fn stack(origin: &str, authority: Option<&[u8]>, token: &str) -> Outcome<GraphClientBuilder> {
    let mut transport = HyperTransport::builder().proxy(Proxy::Direct);
    if let Some(pem) = authority {
        transport = transport.add_ca_certificate_pem(pem)?;
    }
    Ok(
        GraphClient::builder(Endpoints::custom(origin.parse()?, origin.parse()?))
            .token_provider(StaticToken::new(AccessToken::new(token)?))
            .transport(transport.build()?)
            .quota(Quota::unlimited()),
    )
}

fn client(server: &Server, token: &str, options: ReadOptions) -> Outcome<GraphClient> {
    let stack = stack(&server.origin, server.authority.as_deref(), token)?;
    Ok(stack.read_options(options).build()?)
}

/// One chain of links, from the first page to the last.
fn sequential() -> ReadOptions {
    ReadOptions::default()
        .with_parallel(1)
        .with_window_pages(u32::MAX)
}

/// Reads a range and drops the rows; gives how many there were, and how many pages.
async fn read(client: &GraphClient, range: TimeRange) -> Outcome<(u64, u64)> {
    let mut reader = client.read::<PstnCallLogRow>(CallLog::Pstn, range);
    while reader.next_batch().await?.is_some() {}
    Ok((reader.progress().rows, reader.progress().pages))
}

fn decode(pages: &[Bytes]) -> Outcome<()> {
    for page in pages {
        let page = Collection::<PstnCallLogRow>::from_slice(page, BadRow::SetAside)?;
        assert!(!std::hint::black_box(page).rows.is_empty());
    }
    Ok(())
}

/// Times the three ways, prints a line, and gives what the stack costs in units of decoding.
async fn compare(name: &str, serving: Serving) -> Outcome<f64> {
    let server = Server::start(serving)?;
    let floor = Floor::new(&server, serving.gzip).await?;
    let client = client(&server, floor.token(), sequential())?;
    let mut pages = Vec::new();
    floor.read(month(), |page| pages.push(page)).await?;
    let mut times: [Vec<Duration>; 3] = Default::default();
    for round in 0..=ROUNDS {
        let mut lap = [Duration::ZERO; 3];
        let begun = Instant::now();
        let mut count = 0;
        floor.read(month(), |_| count += 1).await?;
        lap[0] = begun.elapsed();
        let begun = Instant::now();
        decode(&pages)?;
        lap[1] = begun.elapsed();
        let begun = Instant::now();
        let (_, read) = read(&client, month()).await?;
        lap[2] = begun.elapsed();
        assert_eq!((count, read), (pages.len(), pages.len() as u64));
        // The first round warms up.
        if round > 0 {
            times
                .iter_mut()
                .zip(lap)
                .for_each(|(times, lap)| times.push(lap));
        }
    }
    let [floor, decode, sequential] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64()
    });
    let ratio = (sequential - floor) / decode;
    println!(
        "{name:10} {:>6} {floor:>8.3} {decode:>8.3} {sequential:>10.3} {ratio:>24.2}",
        pages.len(),
    );
    Ok(ratio)
}

/// With 50 ms a page: eight windows at a time against one chain.
fn windows() -> Outcome<bool> {
    let server = Server::start(Serving {
        rows_per_day: ROWS_PER_DAY,
        latency_ms: 50,
        ..Serving::default()
    })?;
    let speed_up = runtime()?.block_on(async {
        let floor = Floor::new(&server, false).await?;
        let eight = ReadOptions::default().with_parallel(8).with_window_pages(8);
        let mut took = [Duration::ZERO; 2];
        for (options, took) in [sequential(), eight].into_iter().zip(&mut took) {
            let client = client(&server, floor.token(), options)?;
            let begun = Instant::now();
            let (rows, pages) = read(&client, quarter()).await?;
            *took = begun.elapsed();
            println!(
                "50 ms a page, {} at a time: {:.2} s, {pages} pages, {rows} rows",
                options.parallel(),
                took.as_secs_f64(),
            );
        }
        Outcome::Ok(took[0].as_secs_f64() / took[1].as_secs_f64())
    })?;
    println!("  {speed_up:.2} × as fast");
    Ok(verdict(speed_up >= 6.0, "at least 6"))
}

/// A peak is a matter of chance: how many pages wait at once for one that is late.
const MEMORY_ROUNDS: usize = 5;

/// Processor time and memory for a quarter and for ten, each in processes of its own. A quarter is long
/// enough for all windows to be under way.
fn memory() -> Outcome<bool> {
    let server = Server::start(Serving {
        rows_per_day: ROWS_PER_DAY,
        ..Serving::default()
    })?;
    let token = runtime()?
        .block_on(async { Outcome::Ok(Floor::new(&server, false).await?.token().to_owned()) })?;
    let mut medians = Vec::new();
    for (name, until) in [("90 days", "2019-12-01"), ("900 days", "2022-02-18")] {
        let mut peaks = Vec::new();
        for _ in 0..MEMORY_ROUNDS {
            let output = Command::new(env::current_exe()?)
                .args([READ, &server.origin, until])
                // Not an argument, as is due to tokens.
                .env("BENCH_TOKEN", &token)
                .output()?;
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into());
            }
            let said: Value = serde_json::from_slice(&output.stdout)?;
            let rows = said["rows"].as_f64().unwrap_or(f64::NAN);
            let cpu = said["cpu_seconds"].as_f64().unwrap_or(f64::NAN);
            let peak = said["peak_kb"].as_f64().unwrap_or(f64::NAN);
            println!(
                "{name}: {rows:.0} rows, {:.2} s, {:.2} CPU s a million rows, peak {peak:.0} kB",
                said["seconds"].as_f64().unwrap_or(f64::NAN),
                cpu * 1e6 / rows,
            );
            peaks.push(peak);
        }
        peaks.sort_by(f64::total_cmp);
        medians.push(peaks[peaks.len() / 2]);
    }
    let growth = medians[1] / medians[0];
    if growth.is_nan() {
        println!("  this system does not say how much memory a process holds");
        return Ok(true);
    }
    println!("  {growth:.2} × the memory, by medians");
    Ok(verdict(
        growth <= 1.2,
        "at most 1.2, for peaks of a longer run are somewhat higher by chance",
    ))
}

/// What a process of its own does: reads a range with the default windows, and says what it took.
fn read_once(arguments: &[String]) -> Outcome<()> {
    let [origin, until] = arguments else {
        return Err("an argument is missing".into());
    };
    let range = TimeRange::new(quarter().from(), day(until))?;
    let runtime = runtime()?;
    let begun = Instant::now();
    let (rows, _) = runtime.block_on(async {
        let graph = stack(origin, None, &env::var("BENCH_TOKEN")?)?.build()?;
        read(&graph, range).await
    })?;
    println!(
        "{}",
        json!({
            "rows": rows,
            "seconds": begun.elapsed().as_secs_f64(),
            "cpu_seconds": usage::cpu_seconds(),
            "peak_kb": usage::peak_kb(),
        })
    );
    Ok(())
}
