//! One seed from beginning to end: a caller that reads, is slow, is killed, and goes on.

use std::{sync::Arc, time::Duration};

use fastrand::Rng;
use graph_pstn_http::{Batch, Checkpoint, Error, RangeReader};
use graph_pstn_model::{CallLog, PstnCallLogRow};
use time::OffsetDateTime;
use tokio::time::{sleep, timeout};

use crate::{
    check,
    client::{Broken, Process, Stack},
    faults::Fatal,
    rows::{Anonymous, Counted, Known, most_alive},
    scenario::{Kill, Scenario},
    service::World,
};

/// No run takes longer, in its own time.
const LONGEST: Duration = Duration::from_secs(14 * 24 * 3_600);

/// What came out of a seed.
pub(crate) struct Outcome {
    pub(crate) world: Arc<World>,
    pub(crate) delivered: usize,
    pub(crate) took: Duration,
}

/// What the caller has written down, which a kill cuts back to the last finished window.
#[derive(Default)]
pub(crate) struct Output {
    pub(crate) rows: Vec<Delivered>,
    /// The places in the log of the rows that were set aside.
    pub(crate) rejects: Vec<usize>,
    pub(crate) errors: Vec<Error>,
    pub(crate) most_alive: usize,
    /// When the fatal fault was removed.
    removed: Option<Duration>,
    /// The lengths at the last finished window, and its checkpoint.
    mark: (usize, usize),
    checkpoint: Option<Checkpoint>,
}

pub(crate) struct Delivered {
    pub(crate) index: usize,
    pub(crate) charge: String,
    pub(crate) time: Option<OffsetDateTime>,
    /// As a conflict with an earlier one.
    pub(crate) conflict: bool,
}

/// Runs a seed and checks what comes out.
pub(crate) fn seed(seed: u64, stack: Stack) -> Outcome {
    told(seed, stack, false)
}

/// The same, printing what happens if so wanted.
pub(crate) fn told(seed: u64, stack: Stack, is_told: bool) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let world = World::new(Scenario::draw(seed), is_told);
        most_alive();
        let mut output = Output::default();
        let anonymous = stack == Stack::ByHand(Some(Broken::Dedup));
        let done = if anonymous {
            timeout(LONGEST, caller::<Anonymous>(&world, stack, &mut output)).await
        } else if world.scenario.client.counted_rows {
            timeout(LONGEST, caller::<Counted>(&world, stack, &mut output)).await
        } else {
            timeout(
                LONGEST,
                caller::<PstnCallLogRow>(&world, stack, &mut output),
            )
            .await
        };
        if done.is_err() {
            world.violation(format!(
                "it hangs: not done within {LONGEST:?} of its own time"
            ));
        }
        check::run(&world, &output, done == Ok(true));
        let took = world.now();
        Outcome {
            world,
            delivered: output.rows.len(),
            took,
        }
    })
}

/// Reads the range, over all kills, up to its end. Gives `false` when it had to give up.
async fn caller<T: Known>(world: &Arc<World>, stack: Stack, output: &mut Output) -> bool {
    let scenario = &world.scenario;
    let mut rng = scenario.generator("caller", 0);
    let mut kills = scenario.caller.kills.iter();
    let mut process = Process::begin(world, 0, stack);
    let mut number = 0;
    let mut reader = reader::<T>(world, &process, output);
    let mut kill = kills.next();
    let mut batches = 0;
    loop {
        let due = kill.filter(|kill| batches >= kill.after_batches);
        match next(scenario, &mut rng, &mut reader, due).await {
            Next::Batch(batch) => {
                batches += 1;
                world.tell(|| format!("the caller gets {batch:?}"));
                take(world, output, &reader, batch);
                if rng.f64() < scenario.caller.slow {
                    sleep(scenario.caller.longest_pause.mul_f64(rng.f64())).await;
                }
            }
            Next::End => return true,
            Next::Killed(due) => {
                world.count("kills");
                world.tell(|| format!("killed: {due:?}"));
                if due.late_checkpoint && output.checkpoint.is_some() {
                    output.checkpoint = Some(reader.checkpoint());
                }
                drop(reader);
                sleep(due.down_for).await;
                if due.new_process {
                    number += 1;
                    process = Process::begin(world, number, stack);
                }
                reader = resume(world, &process, output);
                (kill, batches) = (kills.next(), 0);
            }
            Next::Failed(error) => {
                let (transient, wait) = (error.is_transient(), error.retry_after());
                if transient && output.removed.is_some() && is_echo(scenario, &process, &error) {
                    world.count("errors of calls that the fatal fault had hit");
                    sleep(wait.unwrap_or_default()).await;
                    continue;
                }
                world.tell(|| format!("the caller hears: {error}"));
                output.errors.push(error);
                if output.errors.len() > 1 || !world.state().fatal_met {
                    return false;
                }
                world.remove_fatal();
                output.removed = Some(world.now());
                // The wait that this one named is not over.
                let absurd = matches!(scenario.fatal, Some((Fatal::AbsurdWait, _)));
                if transient && scenario.caller.polls_again && !absurd {
                    world.count("readers polled again after an error");
                    sleep(wait.unwrap_or_default()).await;
                    continue;
                }
                if !transient && reader.next_batch().await.is_ok_and(|batch| batch.is_some()) {
                    world.violation("rows came after an error for good".to_owned());
                }
                drop(reader);
                number += 1;
                process = Process::begin(world, number, stack);
                reader = resume(world, &process, output);
                (kill, batches) = (None, 0);
            }
        }
        output.most_alive = output.most_alive.max(most_alive());
    }
}

/// Whether a reader that goes on after a fatal fault may still hear of it: other windows had used their
/// attempts up on it, or all calls together their budget, which successes fill again.
fn is_echo(scenario: &Scenario, process: &Process, error: &Error) -> bool {
    let hit = |(fatal, _): (Fatal, u32)| fatal.kinds().contains(&error.kind());
    scenario.fatal.is_some_and(hit) || process.budget() < 50 || error.attempts() > 1
}

enum Next<T> {
    Batch(Batch<T>),
    End,
    Failed(Error),
    Killed(Kill),
}

async fn next<T: Known>(
    scenario: &Scenario,
    rng: &mut Rng,
    reader: &mut RangeReader<T>,
    due: Option<&Kill>,
) -> Next<T> {
    let result = match due {
        Some(kill) => match kill.waiting {
            None => return Next::Killed(*kill),
            // What has come by then is lost with the process, so its checkpoint must not be asked for.
            Some(wait) => {
                let came = timeout(wait, reader.next_batch()).await.is_ok();
                return Next::Killed(Kill {
                    late_checkpoint: kill.late_checkpoint && !came,
                    ..*kill
                });
            }
        },
        None => loop {
            if rng.f64() >= scenario.caller.impatient {
                break reader.next_batch().await;
            }
            let patience = Duration::from_millis(rng.u64(0..3_000));
            if let Ok(result) = timeout(patience, reader.next_batch()).await {
                break result;
            }
        },
    };
    match result {
        Ok(Some(batch)) => Next::Batch(batch),
        Ok(None) => Next::End,
        Err(error) => Next::Failed(error),
    }
}

fn reader<T: Known>(world: &World, process: &Process, output: &Output) -> RangeReader<T> {
    let scenario = &world.scenario;
    let reader = RangeReader::new(process.page_source(), CallLog::Pstn, scenario.range);
    let reader = reader.with_options(scenario.client.options);
    match &output.checkpoint {
        Some(checkpoint) => {
            // As it is read back from a file.
            let json = serde_json::to_string(checkpoint).unwrap();
            reader
                .resume(&serde_json::from_str(&json).unwrap())
                .unwrap()
        }
        None => reader,
    }
}

/// What a new process does: cuts back what was written, and goes on.
fn resume<T: Known>(world: &World, process: &Process, output: &mut Output) -> RangeReader<T> {
    output.rows.truncate(output.mark.0);
    output.rejects.truncate(output.mark.1);
    reader(world, process, output)
}

fn take<T: Known>(world: &World, output: &mut Output, reader: &RangeReader<T>, batch: Batch<T>) {
    let delivered = |row: &T, conflict| {
        let row = row.row();
        Delivered {
            index: place(row.call_id.as_deref().unwrap_or_default()),
            charge: row
                .charge
                .map(|charge| charge.to_string())
                .unwrap_or_default(),
            time: row.start_date_time,
            conflict,
        }
    };
    output
        .rows
        .extend(batch.rows.iter().map(|row| delivered(row, false)));
    output
        .rows
        .extend(batch.conflicts.iter().map(|row| delivered(row, true)));
    for reject in &batch.rejects {
        let json: serde_json::Value = serde_json::from_str(&reject.json).unwrap();
        output
            .rejects
            .push(place(json["callId"].as_str().unwrap_or_default()));
    }
    if let Some(until) = batch.done_until {
        output.mark = (output.rows.len(), output.rejects.len());
        output.checkpoint = Some(reader.checkpoint());
        check::promise(world, output, until);
    }
}

/// The place in the log of the row whose `callId` this is.
fn place(call_id: &str) -> usize {
    call_id
        .strip_prefix('c')
        .and_then(|text| text.parse().ok())
        .unwrap_or(usize::MAX)
}
