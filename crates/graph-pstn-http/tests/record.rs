//! A run against the emulator is recorded; replayed, the recording gives the same rows but for their
//! pseudonyms, and holds nothing of the first run that must not be published.
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use graph_pstn_auth::ClientSecretCredential;
use graph_pstn_emulator::{Emulator, LinkForm, Truth};
use graph_pstn_http::{
    Cloud, Endpoints, GraphClient, HttpService, HyperTransport, ReadOptions,
    record::{RecordLayer, Recorder},
    replay::{Fixture, ReplayService, Scenario},
};
use graph_pstn_model::{CallLog, PstnCallLogRow, TimeRange};
use serde_json::Value;
use time::{OffsetDateTime, macros::datetime};
use tower::{Layer as _, util::BoxCloneSyncService};

const FROM: OffsetDateTime = datetime!(2019-11-04 0:00 UTC);
const UNTIL: OffsetDateTime = datetime!(2019-11-06 0:00 UTC);
const SEED: u64 = 1;
const ROWS_PER_DAY: u32 = 1_200;
/// Members of a row that tell of somebody.
const PERSONAL: [&str; 8] = [
    "id",
    "callId",
    "userId",
    "userPrincipalName",
    "userDisplayName",
    "callerNumber",
    "calleeNumber",
    "conferenceId",
];

struct App {
    tenant_id: String,
    client_id: String,
    secret: String,
}

/// Every row as JSON, in the order of delivery.
async fn rows(endpoints: &Endpoints, app: &App, wire: HttpService) -> Vec<Value> {
    let credential =
        ClientSecretCredential::builder(endpoints.clone(), &app.tenant_id, &app.client_id)
            .secret(app.secret.clone())
            .service(wire.clone())
            .build()
            .unwrap();
    let client = GraphClient::builder(endpoints.clone())
        .token_provider(credential)
        .service(wire)
        // One request after the other: a recording is replayed in its order.
        .read_options(ReadOptions::default().with_parallel(1))
        .build()
        .unwrap();
    let range = TimeRange::new(FROM, UNTIL).unwrap();
    let mut reader = client.read::<PstnCallLogRow>(CallLog::Pstn, range);
    let mut rows = Vec::new();
    while let Some(batch) = reader.next_batch().await.unwrap() {
        let json = batch.rows.iter().map(serde_json::to_value);
        rows.extend(json.map(Result::unwrap));
    }
    rows
}

struct Recorded {
    live: Vec<Value>,
    recorder: Recorder,
    fixture: String,
    app: App,
}

async fn recorded(links: LinkForm) -> Recorded {
    let emulator = Emulator::builder()
        .seed(SEED)
        .rows_per_day(ROWS_PER_DAY)
        .link_form(links)
        .tenant_id("12345678-1234-4321-8765-1234567890ab")
        .client_id("12345678-1234-4321-8765-1234567890cd")
        .start()
        .await
        .unwrap();
    let endpoints = Endpoints::custom(
        emulator.graph_endpoint().parse().unwrap(),
        emulator.authority_host().parse().unwrap(),
    );
    let recorder = Recorder::new().shown_as(&endpoints, &Cloud::Global.endpoints());
    let transport = HyperTransport::builder().build().unwrap();
    let transport = transport.into_http_service(64 << 20, Duration::from_secs(60));
    let recording = RecordLayer::new(recorder.clone()).layer(transport);
    let app = App {
        tenant_id: emulator.tenant_id().to_owned(),
        client_id: emulator.client_id().to_owned(),
        secret: emulator.client_secret().to_owned(),
    };
    let live = rows(&endpoints, &app, BoxCloneSyncService::new(recording)).await;
    emulator.shutdown().await;
    let scenario = Scenario::new("global", "pstn", "2019-11-04", "2019-11-06");
    let fixture = recorder
        .fixture(
            &scenario,
            "2026-11-25T00:00:00Z",
            "Two days",
            "The emulator",
        )
        .unwrap();
    Recorded {
        live,
        recorder,
        fixture,
        app,
    }
}

async fn replayed(fixture: &str) -> Vec<Value> {
    let replay = ReplayService::new(&Fixture::from_slice(fixture.as_bytes()).unwrap());
    let app = App {
        tenant_id: "00000000-0000-4000-8000-00000000a001".to_owned(),
        client_id: "00000000-0000-4000-8000-00000000c001".to_owned(),
        secret: "another".to_owned(),
    };
    let wire = BoxCloneSyncService::new(replay.clone());
    let rows = rows(&Cloud::Global.endpoints(), &app, wire).await;
    replay.finish().unwrap();
    rows
}

#[tokio::test]
async fn a_recorded_run_replays_to_the_rows_of_the_truth_under_pseudonyms() {
    for links in [
        LinkForm::Faithful,
        LinkForm::Documented,
        LinkForm::SkipToken,
    ] {
        let recorded = recorded(links).await;
        let truth = Truth::compute(SEED, ROWS_PER_DAY, FROM, UNTIL);
        assert_eq!(recorded.live.len() as u64, truth.rows());
        let pages = recorded.fixture.matches("@odata.count").count();
        assert!(pages > 2, "{pages} pages with {links:?}");

        let replayed = replayed(&recorded.fixture).await;
        let expected = recorded.live.iter().map(|row| {
            let row = recorded.recorder.redacted(row.to_string().as_bytes());
            serde_json::from_str::<Value>(&row.unwrap()).unwrap()
        });
        let expected: Vec<_> = expected.collect();
        assert_eq!(replayed.len(), expected.len());
        for (replayed, expected) in replayed.iter().zip(&expected) {
            assert_eq!(replayed, expected, "{links:?}");
        }
    }
}

/// Two rows have the same user, number or call in the recording if and only if they have it in truth; all
/// else is as it was.
#[tokio::test]
async fn joins_hold_and_what_is_not_personal_stays() {
    let recorded = recorded(LinkForm::Faithful).await;
    let replayed = replayed(&recorded.fixture).await;
    for name in PERSONAL {
        let (mut there, mut back) = (HashMap::new(), HashMap::new());
        for (real, shown) in recorded.live.iter().zip(&replayed) {
            let (real, shown) = (&real[name], &shown[name]);
            assert_eq!(real.is_null(), shown.is_null(), "{name}");
            assert_eq!(*there.entry(real).or_insert(shown), shown, "{name}");
            assert_eq!(*back.entry(shown).or_insert(real), real, "{name}");
        }
        assert!(there.len() > 1, "{name} is always the same");
    }
    let others = |rows: &[Value]| {
        let mut rows = rows.to_vec();
        for row in &mut rows {
            let row = row.as_object_mut().unwrap();
            row.retain(|name, _| !PERSONAL.contains(&name.as_str()));
        }
        rows
    };
    assert_eq!(others(&replayed), others(&recorded.live));
    let masks = |rows: &[Value]| -> Vec<_> {
        let numbers = rows.iter().filter_map(|row| row["calleeNumber"].as_str());
        numbers.map(|number| number.matches('*').count()).collect()
    };
    assert_eq!(masks(&replayed), masks(&recorded.live));
}

#[tokio::test]
async fn nothing_real_is_in_a_recording() {
    let recorded = recorded(LinkForm::SkipToken).await;
    let personal: HashSet<_> = recorded
        .live
        .iter()
        .flat_map(|row| PERSONAL.map(|name| &row[name]))
        .filter_map(Value::as_str)
        .collect();
    assert!(personal.len() > 1_000, "{} values", personal.len());
    let quoted: HashSet<_> = recorded.fixture.split('"').collect();
    for value in personal {
        assert!(!quoted.contains(value), "{value} was recorded");
    }
    for secret in [
        &recorded.app.secret,
        &recorded.app.tenant_id,
        &recorded.app.client_id,
    ] {
        assert!(!recorded.fixture.contains(secret.as_str()));
    }
    assert!(!recorded.fixture.contains("127.0.0.1"));
}
