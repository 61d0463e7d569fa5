//! Every scenario of `fixtures/` through the whole stack, credential included, in virtual time: what
//! was sent and when, and what came out, compared with what was accepted.
//!
//! `cargo xtask snapshots --accept` takes over what comes out now.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

use std::{
    error::Error as StdError,
    fmt::Write as _,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use graph_pstn_auth::ClientSecretCredential;
use graph_pstn_http::{
    Backoff, Batch, Cloud, Error, GraphClient, Progress, RangeReader, ReadOptions,
    RequestHeadersLayer, RetryPolicy,
    replay::{Fixture, ReplayService, Scenario},
};
use graph_pstn_model::{CallLog, PstnCallLogRow, TimeRange, format_time};
use insta::{Settings, assert_snapshot};
use tokio::{runtime, time::Instant};

const TENANT_ID: &str = "00000000-0000-4000-8000-00000000a001";
const CLIENT_ID: &str = "00000000-0000-4000-8000-00000000c001";
const CLIENT_SECRET: &str = "only~for~the~replay";

#[test]
fn replay() {
    let mut settings = Settings::clone_current();
    settings.set_omit_expression(true);
    settings.set_prepend_module_to_snapshot(false);
    settings.add_filter(r"(graph-pstn-auth)/[0-9.]+", "$1/<version>");
    // A course that left its fixture is no snapshot to accept.
    let mut strayed = Vec::new();
    settings.bind(|| {
        insta::glob!("../../../fixtures", "*.json", |path| {
            match replayed(path) {
                Ok(course) => assert_snapshot!(course),
                Err(course) => {
                    println!("\n{}: {course}\n", path.display());
                    strayed.push(path.to_owned());
                }
            }
        });
    });
    assert!(strayed.is_empty(), "not as the fixture has it: {strayed:?}");
}

/// The scenario's course as text; an error when a request was not the expected one, or did not come.
fn replayed(path: &Path) -> Result<String, String> {
    let fixture = Fixture::load(path).unwrap();
    // For the token cache, whose pauses are drawn from this thread's generator.
    fastrand::seed(1);
    let runtime = runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let course = runtime.block_on(course(&fixture));
    course.map(|course| without_random_ids(&course))
}

async fn course(fixture: &Fixture) -> Result<String, String> {
    let replay = ReplayService::new(fixture);
    let start = Instant::now();
    let mut delivered = String::new();
    let end = match reader(fixture.scenario(), &replay) {
        Ok(mut reader) => {
            let end = read_all(&mut reader, &mut delivered).await;
            end.map(|()| reader.progress())
        }
        Err(error) => Err(error),
    };
    let end = match end {
        Ok(progress) => show_progress(&progress),
        Err(error) => show_error(&error),
    };
    let took = start.elapsed();

    let mut course = format!("{}\n\n# sent\n", fixture.description());
    for request in replay.requests() {
        write!(course, "\n{request}\n").unwrap();
    }
    write!(course, "\n# delivered\n{delivered}").unwrap();
    write!(course, "\n# ended after {} s\n\n{end}", seconds(took)).unwrap();
    match replay.finish() {
        Ok(()) => Ok(course),
        Err(error) => Err(format!("{}\n\n{course}", chain(&error))),
    }
}

/// A reader over the default stack, with the replay in the transport's place. What is random in the
/// stack is injected.
fn reader(
    scenario: &Scenario,
    replay: &ReplayService,
) -> Result<RangeReader<PstnCallLogRow>, Error> {
    let endpoints = scenario.cloud.parse::<Cloud>().unwrap().endpoints();
    let log: CallLog = scenario.log.parse().unwrap();
    let [from, to] =
        [&scenario.from, &scenario.to].map(|time| TimeRange::parse_instant(time).unwrap());
    let range = TimeRange::new(from, to).unwrap();

    let credential = ClientSecretCredential::builder(endpoints.clone(), TENANT_ID, CLIENT_ID)
        .secret(CLIENT_SECRET)
        .service(replay.clone())
        .build()?;
    let ids = AtomicU64::new(1);
    let next_id = move || {
        let number = ids.fetch_add(1, Ordering::Relaxed);
        format!("00000000-0000-4000-8000-0000000c{number:04}")
    };
    let client = GraphClient::builder(endpoints)
        .token_provider(credential)
        .service(replay.clone())
        .request_headers(RequestHeadersLayer::new("graph-pstn-snapshots")?.with_ids(next_id))
        .retry(
            RetryPolicy::builder()
                .backoff(Backoff::default().with_random(|| 0.5))
                .build(),
        )
        .build()?;
    // One window at a time, so that there is one order of the requests. None is cut anew for being too
    // dense: pages have a few rows here, which says nothing of their number in a day.
    let options = ReadOptions::default()
        .with_parallel(1)
        .with_window_pages(u32::MAX);
    Ok(client.read(log, range).with_options(options))
}

async fn read_all(
    reader: &mut RangeReader<PstnCallLogRow>,
    delivered: &mut String,
) -> Result<(), Error> {
    while let Some(batch) = reader.next_batch().await? {
        show_batch(&batch, delivered);
    }
    Ok(())
}

fn show_batch(batch: &Batch<PstnCallLogRow>, to: &mut String) {
    writeln!(to, "\nbatch of {} rows", batch.rows.len()).unwrap();
    let mut show = |what, row| {
        let json = serde_json::to_string_pretty(row).unwrap();
        writeln!(to, "{what}{json}").unwrap();
    };
    batch.rows.iter().for_each(|row| show("", row));
    batch
        .conflicts
        .iter()
        .for_each(|row| show("conflict: ", row));
    for reject in &batch.rejects {
        writeln!(
            to,
            "set aside: row {}, {}: {}",
            reject.index, reject.path, reject.reason
        )
        .unwrap();
    }
}

fn show_progress(progress: &Progress) -> String {
    let position = progress.position.map(|time| format_time(time).to_string());
    format!(
        "done: {} pages, {} rows, {} duplicates, {} conflicts, {} strays, {} rejects, position {}",
        progress.pages,
        progress.rows,
        progress.duplicates,
        progress.conflicts,
        progress.strays,
        progress.rejects,
        position.as_deref().unwrap_or("none"),
    )
}

fn show_error(error: &Error) -> String {
    let transient = if error.is_transient() {
        "transient"
    } else {
        "permanent"
    };
    let wait = match error.retry_after() {
        Some(wait) => format!(", to be left alone for {} s", seconds(wait)),
        None => String::new(),
    };
    format!("{:?}, {transient}{wait}: {}", error.kind(), chain(error))
}

/// The message and, a line each, those of what caused it.
fn chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        write!(text, "\n  caused by: {error}").unwrap();
        cause = error.source();
    }
    text
}

fn seconds(duration: Duration) -> String {
    format!("{}.{:03}", duration.as_secs(), duration.subsec_millis())
}

/// The text with `<random id>` for every GUID that is not made up: the token request's own id, which
/// cannot be injected.
fn without_random_ids(text: &str) -> String {
    let is_guid_byte = |c: char| c.is_ascii_hexdigit() || c == '-';
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(|c| !is_guid_byte(c)) {
        let word = part.trim_end_matches(|c| !is_guid_byte(c));
        let is_guid = word.len() == 36 && word.matches('-').count() == 4;
        if is_guid && !word.starts_with("00000000-") {
            shown.push_str("<random id>");
            shown.push_str(&part[word.len()..]);
        } else {
            shown.push_str(part);
        }
    }
    shown
}
