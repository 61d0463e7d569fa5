//! Each of the five logs, read through the whole stack from the emulator, is exactly what the emulator
//! says it holds.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    time::Duration,
};

use graph_pstn_auth::ClientSecretCredential;
use graph_pstn_emulator::{Emulator, LinkForm, Log, RunningEmulator, Truth};
use graph_pstn_http::{Endpoints, GraphClient, HyperTransport, Quota, ReadOptions};
use graph_pstn_model::{
    CallLog, Cell, Decimal, DirectRoutingLogRow, LogRow, OffsetDateTime, PstnBlockedUsersLogRow,
    PstnCallLogRow, PstnOnlineMeetingDialoutReport, SmsLogRow, Tabular, TimeRange,
};
use serde::de::DeserializeOwned;
use time::macros::datetime;

const FROM: OffsetDateTime = datetime!(2019-11-01 0:00 UTC);
const UNTIL: OffsetDateTime = datetime!(2019-12-01 0:00 UTC);

fn client(emulator: &RunningEmulator, options: ReadOptions) -> GraphClient {
    let endpoints = Endpoints::custom(
        emulator.graph_endpoint().parse().unwrap(),
        emulator.authority_host().parse().unwrap(),
    );
    let transport = HyperTransport::builder().build().unwrap();
    let login = transport
        .clone()
        .into_http_service(1 << 20, Duration::from_secs(30));
    let credential = ClientSecretCredential::builder(
        endpoints.clone(),
        emulator.tenant_id(),
        emulator.client_id(),
    )
    .secret(emulator.client_secret())
    .service(login)
    .build()
    .unwrap();
    GraphClient::builder(endpoints)
        .token_provider(credential)
        .transport(transport)
        .quota(Quota::unlimited())
        .read_options(options)
        .build()
        .unwrap()
}

/// Rows, ids, seconds and charges, as far as a log has them.
#[derive(Debug, Default, PartialEq)]
struct Sums {
    rows: u64,
    ids: u64,
    seconds: u64,
    charges: BTreeMap<String, Decimal>,
}

impl Sums {
    fn of<T: LogRow + Tabular>(rows: &[T]) -> Self {
        let mut sums = Self::default();
        let mut ids = HashSet::new();
        for row in rows {
            sums.rows += 1;
            ids.extend(row.id());
            let mut currency = None;
            let mut charge = None;
            for (at, column) in T::COLUMNS.iter().enumerate() {
                match (column.name(), row.cell(at)) {
                    ("duration" | "totalCallSeconds", Cell::Integer(seconds)) => {
                        sums.seconds += u64::try_from(seconds).unwrap();
                    }
                    ("charge" | "callCharge" | "totalCallCharge", Cell::Decimal(amount)) => {
                        charge = Some(amount);
                    }
                    ("currency", Cell::Text(text)) => currency = Some(text.to_owned()),
                    _ => {}
                }
            }
            if let (Some(currency), Some(charge)) = (currency, charge) {
                *sums.charges.entry(currency).or_default() += charge;
            }
        }
        sums.ids = u64::try_from(ids.len()).unwrap();
        sums
    }

    fn told(truth: &Truth) -> Self {
        let charges = truth
            .charges()
            .map(|(currency, sum)| (currency.to_owned(), sum.parse().unwrap()));
        Self {
            rows: truth.rows(),
            ids: truth.ids(),
            seconds: truth.duration(),
            charges: charges.collect(),
        }
    }
}

/// Reads it all; no row is set aside, and none comes twice with another content.
async fn read<T>(client: &GraphClient, log: CallLog, range: TimeRange) -> Vec<T>
where
    T: LogRow + DeserializeOwned,
{
    let mut reader = client.read::<T>(log, range);
    let mut rows = Vec::new();
    while let Some(batch) = reader.next_batch().await.unwrap() {
        assert!(batch.rejects.is_empty(), "{log}: {:?}", batch.rejects);
        assert!(batch.conflicts.is_empty(), "{log}");
        rows.extend(batch.rows);
    }
    rows
}

/// A month is read as the truth tells, and has something in every column.
async fn is_exact<T>(call_log: CallLog, log: Log, rows_per_day: u32)
where
    T: LogRow + DeserializeOwned + Tabular,
{
    let range = TimeRange::new(FROM, UNTIL).unwrap();
    let truth = Truth::of(log, 1, rows_per_day, FROM, UNTIL);
    assert!(truth.rows() > 1_000, "{log} has only {}", truth.rows());
    for form in [
        LinkForm::Faithful,
        LinkForm::SkipToken,
        LinkForm::Documented,
    ] {
        let emulator = Emulator::builder()
            .rows_per_day(rows_per_day)
            .link_form(form)
            .start()
            .await
            .unwrap();
        // Windows of few pages, so that there are seams.
        let options = ReadOptions::default().with_window_pages(1).with_parallel(3);
        let rows = read::<T>(&client(&emulator, options), call_log, range).await;
        assert_eq!(
            Sums::of(&rows),
            Sums::told(&truth),
            "{log} by {form:?} links"
        );
        let filled: BTreeSet<&str> = rows
            .iter()
            .flat_map(|row| {
                let columns = T::COLUMNS.iter().enumerate();
                columns.filter(|(at, _)| !matches!(row.cell(*at), Cell::Absent))
            })
            .map(|(_, column)| column.name())
            .collect();
        let columns: BTreeSet<&str> = T::COLUMNS.iter().map(|column| column.name()).collect();
        assert_eq!(filled, columns, "{log}");
    }
}

#[tokio::test]
async fn pstn_calls() {
    is_exact::<PstnCallLogRow>(CallLog::Pstn, Log::Pstn, 500).await;
}

#[tokio::test]
async fn direct_routing_calls() {
    is_exact::<DirectRoutingLogRow>(CallLog::DirectRouting, Log::DirectRouting, 800).await;
}

#[tokio::test]
async fn messages() {
    is_exact::<SmsLogRow>(CallLog::Sms, Log::Sms, 3_000).await;
}

#[tokio::test]
async fn blocked_users() {
    is_exact::<PstnBlockedUsersLogRow>(CallLog::BlockedUsers, Log::BlockedUsers, 50_000).await;
}

#[tokio::test]
async fn the_dial_out_report() {
    is_exact::<PstnOnlineMeetingDialoutReport>(CallLog::DialOut, Log::DialOut, 5_000).await;
}

/// Its rows are sums, of which a reader can drop nothing that a bound has let in.
#[tokio::test]
async fn the_dial_out_report_is_asked_for_to_the_tick() {
    const TICK: Duration = Duration::from_nanos(100);
    const RATE: u32 = 100;
    let calls_at = |seed, at| Truth::of(Log::DialOut, seed, RATE, at, at + TICK).rows();
    // A tenant with a call out of a meeting at either bound.
    let seed = (0..)
        .find(|seed| calls_at(*seed, FROM) > 0 && calls_at(*seed, UNTIL) > 0)
        .unwrap();
    let emulator = Emulator::builder()
        .seed(seed)
        .rows_per_day(RATE)
        .start()
        .await
        .unwrap();
    let client = client(&emulator, ReadOptions::default());
    for (from, until) in [
        (FROM, UNTIL),
        (FROM, UNTIL + TICK),
        (FROM + TICK, UNTIL),
        (FROM - TICK, UNTIL - TICK),
    ] {
        let range = TimeRange::new(from, until).unwrap();
        let rows = read::<PstnOnlineMeetingDialoutReport>(&client, CallLog::DialOut, range).await;
        let truth = Truth::of(Log::DialOut, seed, RATE, from, until);
        assert_eq!(Sums::of(&rows), Sums::told(&truth), "{range}");
    }
}

#[tokio::test]
async fn a_later_read_finds_the_rows_that_came_late() {
    let noon = datetime!(2019-11-20 12:00 UTC);
    let emulator = Emulator::builder()
        .rows_per_day(700)
        .lag(Duration::from_secs(48 * 3_600))
        .now(noon)
        .start()
        .await
        .unwrap();
    let client = client(&emulator, ReadOptions::default());
    let range = TimeRange::new(FROM, UNTIL).unwrap();
    let mut found = Vec::new();
    for days in [0, 1, 30] {
        emulator.set_now(noon + Duration::from_secs(days * 86_400));
        let rows = read::<PstnCallLogRow>(&client, CallLog::Pstn, range).await;
        let truth = emulator.truth(Log::Pstn, FROM, UNTIL);
        assert_eq!(Sums::of(&rows), Sums::told(&truth), "{days} days later");
        found.push(rows.len());
    }
    assert!(found[0] < found[1] && found[1] < found[2], "{found:?}");
    assert_eq!(
        Sums::told(&Truth::of(Log::Pstn, 1, 700, FROM, UNTIL)).rows,
        found[2] as u64
    );
}
