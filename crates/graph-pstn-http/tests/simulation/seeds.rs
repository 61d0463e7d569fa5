//! Many seeds, on all cores, and what to say about them.

use std::{
    any::Any,
    collections::BTreeMap,
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use crate::{
    client::Stack,
    run::{self, Outcome},
    scenario::Scenario,
};

/// How many seeds `cargo test` runs.
const SEEDS: u64 = 500;
/// So many failed seeds are shown.
const MOST_SHOWN: usize = 10;
/// A seed that takes longer, in our time, goes round in a circle.
const LONGEST: Duration = Duration::from_secs(120);

#[derive(Default)]
struct Summary {
    runs: u64,
    recoverable: u64,
    rows: u64,
    virtual_time: Duration,
    counts: BTreeMap<&'static str, u64>,
    failed: BTreeMap<u64, Vec<String>>,
}

impl Summary {
    fn add(&mut self, seed: u64, outcome: Result<Outcome, Box<dyn Any + Send>>) {
        self.runs += 1;
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(panic) => {
                let message = said(&*panic);
                self.failed
                    .insert(seed, vec![format!("it panicked: {message}")]);
                return;
            }
        };
        self.recoverable += u64::from(outcome.world.scenario.fatal.is_none());
        self.rows += outcome.delivered as u64;
        self.virtual_time += outcome.took;
        let mut state = outcome.world.state();
        for (what, count) in &state.counts {
            *self.counts.entry(what).or_default() += count;
        }
        if !state.violations.is_empty() {
            self.failed
                .insert(seed, std::mem::take(&mut state.violations));
        }
    }

    fn print(&self) {
        for (seed, violations) in self.failed.iter().take(MOST_SHOWN) {
            eprintln!("seed {seed} failed; `cargo xtask simulate --seed {seed}` repeats it");
            for violation in violations.iter().take(MOST_SHOWN) {
                eprintln!("  {violation}");
            }
        }
        for (what, count) in &self.counts {
            eprintln!("{count:>12}  {what}");
        }
        eprintln!(
            "{} seeds, {:.1} % of them recoverable: {} failed; {} rows, {:.0} hours of virtual time",
            self.runs,
            self.share() * 100.0,
            self.failed.len(),
            self.rows,
            self.virtual_time.as_secs_f64() / 3_600.0
        );
    }

    #[expect(clippy::cast_precision_loss, reason = "a share, for people")]
    fn share(&self) -> f64 {
        self.recoverable as f64 / self.runs.max(1) as f64
    }
}

/// What a panic says: text as it was written, or that was put together.
fn said(panic: &(dyn Any + Send)) -> &str {
    let written = panic.downcast_ref::<&str>().copied();
    let made = panic.downcast_ref::<String>().map(String::as_str);
    written.or(made).unwrap_or("nothing that is text")
}

/// Runs these seeds on all cores.
fn run_all(first: u64, count: u64, is_told: bool) -> Summary {
    let next = Arc::new(AtomicU64::new(first));
    let summary = Arc::new(Mutex::new(Summary::default()));
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let workers: Vec<_> = (0..cores)
        .map(|_| {
            let (next, summary) = (next.clone(), summary.clone());
            let at_work = Arc::new(AtomicU64::new(u64::MAX));
            let of_worker = at_work.clone();
            let thread = thread::spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first.saturating_add(count) {
                        return;
                    }
                    of_worker.store(seed, Ordering::Relaxed);
                    let outcome = catch_unwind(AssertUnwindSafe(|| {
                        run::told(seed, Stack::Default, is_told)
                    }));
                    summary.lock().unwrap().add(seed, outcome);
                }
            });
            (thread, at_work)
        })
        .collect();
    for (worker, at_work) in workers {
        wait_for(&worker, &at_work);
        worker.join().unwrap();
    }
    Arc::try_unwrap(summary).ok().unwrap().into_inner().unwrap()
}

/// Waits until a worker is done, and fails when it gets stuck.
#[expect(
    clippy::disallowed_methods,
    reason = "it watches threads, in real time"
)]
fn wait_for(worker: &thread::JoinHandle<()>, at_work: &AtomicU64) {
    let (mut seed, mut since) = (u64::MAX, Duration::ZERO);
    let tick = Duration::from_millis(20);
    while !worker.is_finished() {
        thread::sleep(tick);
        let now = at_work.load(Ordering::Relaxed);
        since = if now == seed {
            since + tick
        } else {
            Duration::ZERO
        };
        seed = now;
        assert!(since < LONGEST, "seed {seed} goes on for ever");
    }
}

fn number(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is not a number: {text}")),
    )
}

/// `SIMULATE_SEEDS` says how many, `SIMULATE_FROM` from which on, `SIMULATE_SEED` the only one.
#[test]
fn seeds() {
    if let Some(seed) = number("SIMULATE_SEED") {
        let scenario = Scenario::draw(seed);
        eprintln!(
            "seed {seed}: {}, {} rows",
            scenario.range,
            scenario.rows.len()
        );
        eprintln!(
            "pages of {} rows, {:?}",
            scenario.page_rows, scenario.disorder
        );
        eprintln!(
            "ways of {:?} and {:?}",
            scenario.way_there, scenario.way_back
        );
        eprintln!(
            "at most {} days; links: {:?}",
            scenario.longest_days, scenario.links
        );
        eprintln!(
            "{:?}\n{:?}\nfatal: {:?}",
            scenario.passing, scenario.tokens, scenario.fatal
        );
        eprintln!("{:?}\n{:?}\n", scenario.client, scenario.caller);
    }
    let summary = match number("SIMULATE_SEED") {
        Some(seed) => run_all(seed, 1, true),
        None => run_all(
            number("SIMULATE_FROM").unwrap_or(0),
            number("SIMULATE_SEEDS").unwrap_or(SEEDS),
            false,
        ),
    };
    summary.print();
    assert!(
        summary.failed.is_empty(),
        "seeds failed: {:?}",
        summary.failed.keys()
    );
    assert!(
        summary.runs < 100 || summary.share() >= 0.8,
        "too few seeds are recoverable"
    );
}

#[test]
fn a_seed_always_takes_the_same_course() {
    for seed in 0..25 {
        let course = || {
            let outcome = run::seed(seed, Stack::Default);
            let trace = outcome.world.state().trace;
            (trace, outcome.delivered, outcome.took)
        };
        assert_eq!(course(), course(), "seed {seed}");
    }
}
