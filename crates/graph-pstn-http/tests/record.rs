//! A run against the emulator is recorded; replayed, the recording gives the same rows, and nothing
//! of the first run that must not be published.
#![cfg(all(feature = "client", feature = "record"))]
#![allow(
    clippy::unwrap_used,
    reason = "a test says what it expects by unwrapping"
)]

use std::time::Duration;

use graph_pstn_auth::ClientSecretCredential;
use graph_pstn_emulator::{Emulator, LinkForm};
use graph_pstn_http::{
    Endpoints, GraphClient, HttpService, HyperTransport,
    record::{RecordLayer, Recorder},
    replay::{Fixture, ReplayService, Scenario},
};
use graph_pstn_model::{CallLog, PstnCallLogRow, TimeRange};
use time::macros::datetime;
use tower::{Layer as _, util::BoxCloneSyncService};

struct App {
    tenant_id: String,
    client_id: String,
    secret: String,
}

async fn rows(endpoints: &Endpoints, app: &App, wire: HttpService) -> Vec<PstnCallLogRow> {
    let credential =
        ClientSecretCredential::builder(endpoints.clone(), &app.tenant_id, &app.client_id)
            .secret(app.secret.clone())
            .service(wire.clone())
            .build()
            .unwrap();
    let client = GraphClient::builder(endpoints.clone())
        .token_provider(credential)
        .service(wire)
        .build()
        .unwrap();
    let range = TimeRange::new(
        datetime!(2019-11-04 0:00 UTC),
        datetime!(2019-11-06 0:00 UTC),
    );
    let mut reader = client.read(CallLog::Pstn, range.unwrap());
    let mut rows = Vec::new();
    while let Some(batch) = reader.next_batch().await.unwrap() {
        rows.extend(batch.rows);
    }
    rows
}

#[tokio::test]
async fn a_recorded_run_replays_to_the_same_rows() {
    let emulator = Emulator::builder()
        .rows_per_day(1_200)
        .link_form(LinkForm::SkipToken)
        .start()
        .await
        .unwrap();
    let endpoints = Endpoints::custom(
        emulator.graph_endpoint().parse().unwrap(),
        emulator.authority_host().parse().unwrap(),
    );
    let recorder = Recorder::new();
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
    assert!(live.len() > 2_000, "{} rows", live.len());

    let scenario = Scenario::new("emulator", "pstn", "2019-11-04", "2019-11-06");
    let text = recorder
        .fixture(
            &scenario,
            "2026-11-25T00:00:00Z",
            "Two days",
            "The emulator",
        )
        .unwrap();
    let personal = live.iter().flat_map(|row| {
        let of_row = [&row.id, &row.user_principal_name, &row.caller_number];
        of_row.into_iter().flatten()
    });
    for value in personal.take(100) {
        assert!(!text.contains(&**value), "{value} was recorded");
    }
    assert!(!text.contains(&app.secret) && !text.contains(&app.tenant_id));

    let replay = ReplayService::new(&Fixture::from_slice(text.as_bytes()).unwrap());
    let app = App {
        tenant_id: "00000000-0000-4000-8000-000000000001".to_owned(),
        client_id: "00000000-0000-4000-8000-000000000002".to_owned(),
        secret: "another".to_owned(),
    };
    let replayed = rows(&endpoints, &app, BoxCloneSyncService::new(replay.clone())).await;
    replay.finish().unwrap();
    let kept = |rows: &[PstnCallLogRow]| -> Vec<_> {
        rows.iter()
            .map(|row| {
                (
                    row.start_date_time,
                    row.duration,
                    row.charge,
                    row.call_type.clone(),
                )
            })
            .collect()
    };
    assert_eq!(kept(&replayed), kept(&live));
}
