//! Everything together, over real sockets: a credential, the whole stack, and a reader.
//!
//! The emulator stands for Graph and Entra, so that the program runs anywhere. For a tenant, the endpoints are
//! `Cloud::Global.endpoints()` (with the feature `cloud-global`), the ids and the secret are those of an app
//! registration, and nothing else changes.

use std::{collections::BTreeMap, error::Error, time::Duration};

use graph_pstn_auth::ClientSecretCredential;
use graph_pstn_emulator::{Emulator, Truth};
use graph_pstn_http::{Endpoints, GraphClient, HyperTransport, Quota};
use graph_pstn_model::{CallLog, Decimal, PstnCallLogRow, TimeRange};
use time::macros::datetime;

const SEED: u64 = 7;
const ROWS_PER_DAY: u32 = 400;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let emulator = Emulator::builder()
        .seed(SEED)
        .rows_per_day(ROWS_PER_DAY)
        .start()
        .await?;
    let endpoints = Endpoints::custom(
        emulator.graph_endpoint().parse()?,
        emulator.authority_host().parse()?,
    );

    // One transport for both: tokens and pages go over the same connections.
    let transport = HyperTransport::builder().build()?;
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
    .build()?;
    let client = GraphClient::builder(endpoints)
        .token_provider(credential)
        .transport(transport)
        // The emulator has none; the default is the quota that Microsoft documents.
        .quota(Quota::unlimited())
        .build()?;

    // Longer than the 90 days that Graph gives at a time.
    let (from, until) = (
        datetime!(2019-09-01 0:00 UTC),
        datetime!(2020-01-01 0:00 UTC),
    );
    let mut reader = client.read::<PstnCallLogRow>(CallLog::Pstn, TimeRange::new(from, until)?);
    let mut charges = BTreeMap::<String, Decimal>::new();
    while let Some(batch) = reader.next_batch().await? {
        for row in batch.rows {
            if let (Some(currency), Some(charge)) = (row.currency, row.charge) {
                *charges.entry(currency.to_string()).or_default() += charge;
            }
        }
    }

    let progress = reader.progress();
    println!(
        "{} rows on {} pages: {charges:?}",
        progress.rows, progress.pages
    );
    // What must come out is known without HTTP, JSON and the client's code.
    let truth = Truth::compute(SEED, ROWS_PER_DAY, from, until);
    assert_eq!(progress.rows, truth.rows());
    let charges = charges
        .iter()
        .map(|(currency, sum)| (currency.as_str(), sum.to_string()));
    assert!(charges.eq(truth.charges()));
    emulator.shutdown().await;
    Ok(())
}
