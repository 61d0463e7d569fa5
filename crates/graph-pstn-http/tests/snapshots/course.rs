//! What happens in a scenario, as text.

use std::{
    fmt::Write as _,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
};

use graph_pstn_http::{
    Checkpoint, Cloud, Error, GraphClient, Progress, RangeReader, ReadOptions,
    replay::{Fixture, ReplayService, Scenario},
};
use graph_pstn_model::{
    CallLog, DirectRoutingLogRow, LogRow, PstnBlockedUsersLogRow, PstnCallLogRow,
    PstnOnlineMeetingDialoutReport, SmsLogRow, TimeRange,
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::{runtime, time::Instant};

use crate::{
    credential,
    exchanged::{Exchanged, Pruned},
    shown,
};

/// The scenario's course; an error when a request was not the expected one, or did not come.
pub(crate) fn replayed(path: &Path, exchanged: Exchanged) -> Result<String, String> {
    let fixture = Fixture::load(path).unwrap();
    let runtime = runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(course(&fixture, exchanged))
}

async fn course(fixture: &Fixture, exchanged: Exchanged) -> Result<String, String> {
    let replay = ReplayService::new(fixture);
    let start = Instant::now();
    let mut delivered = String::new();
    let log: CallLog = fixture.scenario().log.parse().unwrap();
    let run = Run {
        scenario: fixture.scenario(),
        log,
        replay: &replay,
        exchanged,
    };
    let to = &mut delivered;
    let end = match log {
        CallLog::Pstn if exchanged == Exchanged::Row => {
            run.read::<Pruned<PstnCallLogRow>>(to).await
        }
        CallLog::Pstn => run.read::<PstnCallLogRow>(to).await,
        CallLog::DirectRouting => run.read::<DirectRoutingLogRow>(to).await,
        CallLog::Sms => run.read::<SmsLogRow>(to).await,
        CallLog::BlockedUsers => run.read::<PstnBlockedUsersLogRow>(to).await,
        CallLog::DialOut => run.read::<PstnOnlineMeetingDialoutReport>(to).await,
        other => panic!("no rows are known of {other}"),
    };
    let end = match end {
        Ok(progress) => shown::progress(&progress),
        Err(error) => shown::error(&error),
    };
    let took = start.elapsed();

    let mut course = format!("{}\n\n# sent\n", fixture.description());
    for request in replay.requests() {
        write!(course, "\n{request}\n").unwrap();
    }
    write!(course, "\n# delivered\n{delivered}").unwrap();
    let took = shown::seconds(took);
    write!(course, "\n# ended after {took} s\n\n{end}").unwrap();
    match replay.finish() {
        Ok(()) => Ok(shown::without_version(&course)),
        Err(error) => Err(format!("{}\n\n{course}", shown::chain(&error))),
    }
}

/// A scenario, and the stack that it goes through.
struct Run<'a> {
    scenario: &'a Scenario,
    log: CallLog,
    replay: &'a ReplayService,
    exchanged: Exchanged,
}

impl Run<'_> {
    async fn read<T>(&self, delivered: &mut String) -> Result<Progress, Error>
    where
        T: LogRow + DeserializeOwned + Serialize,
    {
        let client = self.client()?;
        let mut reader = self.reader::<T>(&client);
        let mut batches = 0;
        while let Some(batch) = reader.next_batch().await? {
            shown::batch(&batch, delivered);
            batches += 1;
            if self.scenario.stop_after == Some(batches) {
                reader = self.resumed(reader, &client, delivered)?;
            }
        }
        Ok(reader.progress())
    }

    /// Another process's reader, which has of this one no more than what it wrote down.
    fn resumed<T>(
        &self,
        reader: RangeReader<T>,
        client: &GraphClient,
        delivered: &mut String,
    ) -> Result<RangeReader<T>, Error>
    where
        T: LogRow + DeserializeOwned,
    {
        let checkpoint = serde_json::to_string(&reader.checkpoint()).unwrap();
        drop(reader);
        writeln!(delivered, "\nstopped, and resumed from {checkpoint}").unwrap();
        let checkpoint: Checkpoint = serde_json::from_str(&checkpoint).unwrap();
        self.reader(client).resume(&checkpoint)
    }

    fn reader<T: LogRow + DeserializeOwned>(&self, client: &GraphClient) -> RangeReader<T> {
        let [from, to] = [&self.scenario.from, &self.scenario.to]
            .map(|time| TimeRange::parse_instant(time).unwrap());
        let range = TimeRange::new(from, to).unwrap();
        // No window is cut anew for being too dense: pages have a few rows here, which says nothing of their
        // number in a day.
        let options = ReadOptions::default()
            .with_parallel(usize::try_from(self.scenario.parallel.unwrap_or(1)).unwrap())
            .with_window_pages(u32::MAX);
        client.read(self.log, range).with_options(options)
    }

    /// The default stack, with the replay in the transport's place. What is random in it is injected.
    fn client(&self) -> Result<GraphClient, Error> {
        let endpoints = self.scenario.cloud.parse::<Cloud>().unwrap().endpoints();
        let kind = self.scenario.credential;
        let credential = credential::of(kind, &endpoints, self.replay.clone(), ids('d'))?;
        let ids = ids('c');
        GraphClient::builder(endpoints)
            .token_provider(self.exchanged.credential(credential))
            .service(self.exchanged.wire(self.replay.clone()))
            .request_headers(self.exchanged.request_headers()?.with_ids(ids))
            .retry(self.exchanged.retry())
            .build()
    }
}

/// `00000000-0000-4000-8000-0000000c0001` and so on.
fn ids(letter: char) -> impl Fn() -> String + Send + Sync + 'static {
    let ids = AtomicU64::new(1);
    move || {
        let number = ids.fetch_add(1, Ordering::Relaxed);
        format!("00000000-0000-4000-8000-0000000{letter}{number:04}")
    }
}
