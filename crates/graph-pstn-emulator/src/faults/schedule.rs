//! Which request gets which fault.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::fault::Fault;
use super::plan::Faults;

/// By rate no token becomes worthless so soon after the last one did, or after the last was asked for. A client may take a
/// second 401 of a call as final, and all calls under way come at once with the new token.
const BETWEEN_WORTHLESS: Duration = Duration::from_secs(2);
/// By rate no token request fails so soon after the last one that did, since all calls under way need it.
const BETWEEN_FAILURES: Duration = Duration::from_secs(5);
/// Requests that failed and never came again are forgotten beyond so many.
const REMEMBERED: usize = 100_000;

/// A fault for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Drawn {
    pub(crate) fault: Fault,
    /// What its details are drawn from.
    pub(crate) dice: u64,
    pub(crate) longest_wait: u32,
    pub(crate) hang: Duration,
    pub(crate) trickle: Duration,
}

/// The faults of an emulator that runs. They can be exchanged.
#[derive(Debug)]
pub(crate) struct Schedule {
    /// Without faults no request takes the lock.
    armed: AtomicBool,
    progress: Mutex<Progress>,
}

#[derive(Debug)]
struct Progress {
    plan: Faults,
    graph_requests: u64,
    token_requests: u64,
    /// How often the requests that are failing have failed in a row, by a hash of path and query.
    in_a_row: HashMap<u64, u32>,
    last_worthless: Option<Instant>,
    last_token: Option<Instant>,
    last_failure: Option<Instant>,
}

impl Schedule {
    pub(crate) fn new(plan: Faults) -> Self {
        Self {
            armed: AtomicBool::new(!plan.is_none()),
            progress: Mutex::new(Progress::new(plan)),
        }
    }

    /// Exchanges the faults, and counts requests from 1 again.
    pub(crate) fn set(&self, plan: Faults) {
        let armed = !plan.is_none();
        *self.progress() = Progress::new(plan);
        self.armed.store(armed, Ordering::Relaxed);
    }

    /// What befalls this request to Graph.
    pub(crate) fn of_graph(&self, path_and_query: &str) -> Option<Drawn> {
        if !self.armed.load(Ordering::Relaxed) {
            return None;
        }
        self.progress().of_graph(path_and_query)
    }

    /// Notes that this request to Graph has got what it asked for.
    pub(crate) fn succeeded(&self, path_and_query: &str) {
        if self.armed.load(Ordering::Relaxed) {
            let identity = hashed(path_and_query.bytes());
            self.progress().in_a_row.remove(&identity);
        }
    }

    /// What befalls this request to the token endpoint.
    pub(crate) fn of_token(&self) -> Option<Drawn> {
        if !self.armed.load(Ordering::Relaxed) {
            return None;
        }
        self.progress().of_token()
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Progress {
    fn new(plan: Faults) -> Self {
        Self {
            plan,
            graph_requests: 0,
            token_requests: 0,
            in_a_row: HashMap::new(),
            last_worthless: None,
            last_token: None,
            last_failure: None,
        }
    }

    fn of_graph(&mut self, path_and_query: &str) -> Option<Drawn> {
        self.graph_requests += 1;
        let number = self.graph_requests;
        let identity = hashed(path_and_query.bytes());
        let failures = self.in_a_row.get(&identity).copied().unwrap_or_default();
        let dice = dice(&[self.plan.seed, identity, failures.into()]);
        let scripted = self.plan.rules.iter_mut().find_map(|rule| {
            rule.befalls_graph(number, path_and_query)
                .then_some(rule.fault)
        });
        let fault = scripted.or_else(|| {
            (failures < self.plan.most_in_a_row)
                .then(|| self.plan.by_rate(dice, |_| true))
                .flatten()
                .map(|fault| self.fair(fault, failures))
        });
        if fault.is_some_and(Fault::fails) {
            if self.in_a_row.len() >= REMEMBERED {
                self.in_a_row.clear();
            }
            self.in_a_row.insert(identity, failures + 1);
        }
        self.drawn(fault?, dice)
    }

    fn of_token(&mut self) -> Option<Drawn> {
        self.token_requests += 1;
        let number = self.token_requests;
        let dice = dice(&[self.plan.seed, u64::MAX, number]);
        let mut rules = self.plan.rules.iter();
        let scripted = rules.find(|rule| rule.befalls_token(number));
        self.last_token = Some(Instant::now());
        let fault = scripted.map(|rule| rule.fault).or_else(|| {
            let drawn = self.plan.by_rate(dice, Fault::befalls_token_requests);
            drawn.filter(|fault| !fault.fails() || !recent(self.last_failure, BETWEEN_FAILURES))
        });
        if fault.is_some_and(Fault::fails) {
            self.last_failure = Some(Instant::now());
        }
        self.drawn(fault?, dice)
    }

    /// A drawn fault, or another one if this would leave the client no way out.
    fn fair(&mut self, fault: Fault, failures: u32) -> Fault {
        if !fault.costs_the_token() {
            return fault;
        }
        // A token may be on its way for as long as that.
        let pause = BETWEEN_WORTHLESS.saturating_add(self.plan.trickle);
        if failures > 0 || recent(self.last_worthless, pause) || recent(self.last_token, pause) {
            return Fault::Unavailable;
        }
        self.last_worthless = Some(Instant::now());
        fault
    }

    fn drawn(&self, fault: Fault, dice: u64) -> Option<Drawn> {
        Some(Drawn {
            fault,
            dice: mix(dice),
            longest_wait: self.plan.longest_wait,
            hang: self.plan.hang,
            trickle: self.plan.trickle,
        })
    }
}

fn recent(at: Option<Instant>, length: Duration) -> bool {
    at.is_some_and(|at| at.elapsed() < length)
}

impl Faults {
    /// The fault that these dice mean, if they mean one, of those that fit.
    fn by_rate(&self, dice: u64, fits: impl Fn(Fault) -> bool) -> Option<Fault> {
        if dice % 100 >= u64::from(self.percent) {
            return None;
        }
        let fitting = || self.kinds.iter().copied().filter(|fault| fits(*fault));
        let count = u64::try_from(fitting().count())
            .ok()
            .filter(|count| *count > 0)?;
        let chosen = usize::try_from(dice / 100 % count).ok()?;
        fitting().nth(chosen)
    }
}

/// FNV-1a: the same on every machine and in every version.
fn hashed(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// SplitMix64's finaliser (Steele, Lea and Flood, "Fast splittable pseudorandom number generators").
const fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn dice(key: &[u64]) -> u64 {
    key.iter().fold(0, |state, part| mix(state ^ mix(*part)))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn schedule(percent: u8, seed: u64) -> Schedule {
        Schedule::new(Faults::none().percent(percent).seed(seed))
    }

    fn fault(schedule: &Schedule, path: &str) -> Option<Fault> {
        schedule.of_graph(path).map(|drawn| drawn.fault)
    }

    #[tokio::test(start_paused = true)]
    async fn the_share_is_the_rate_and_the_kinds_are_all_that_pass() {
        let schedule = schedule(30, 1);
        let mut seen = HashSet::new();
        let mut faults = 0;
        for n in 0..20_000 {
            tokio::time::advance(BETWEEN_FAILURES).await;
            if let Some(fault) = fault(&schedule, &format!("/{n}")) {
                faults += 1;
                seen.insert(fault);
            }
        }
        assert!((5_800..6_200).contains(&faults), "{faults}");
        let recoverable = Fault::ALL.iter().filter(|fault| fault.is_recoverable());
        assert_eq!(seen, recoverable.copied().collect());
    }

    #[test]
    fn the_order_of_arrival_does_not_matter_and_the_seed_does() {
        let outcomes =
            |seed, numbers: &mut dyn Iterator<Item = u32>| -> Vec<(u32, Option<Fault>)> {
                let plan = Faults::none().percent(30).seed(seed);
                let kinds = [Fault::Html, Fault::Hang, Fault::Trickle];
                let schedule = Schedule::new(plan.kinds(kinds));
                let mut outcomes: Vec<_> = numbers
                    .map(|n| (n, fault(&schedule, &format!("/{n}"))))
                    .collect();
                outcomes.sort_unstable();
                outcomes
            };
        let there = outcomes(5, &mut (0..500));
        assert_eq!(there, outcomes(5, &mut (0..500).rev()));
        assert_ne!(there, outcomes(6, &mut (0..500)));
    }

    #[test]
    fn a_request_does_not_fail_for_ever_and_not_twice_for_its_token() {
        let schedule = schedule(100, 3);
        for n in 0..300 {
            let path = format!("/{n}");
            let faults: Vec<Fault> = std::iter::from_fn(|| fault(&schedule, &path))
                .take(10)
                .take_while(|fault| fault.fails())
                .collect();
            assert!(faults.len() <= 3, "{faults:?}");
            assert!(faults.iter().skip(1).all(|fault| !fault.costs_the_token()));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn token_requests_fail_at_intervals() {
        let plan = Faults::none().percent(100).kinds([Fault::Html]);
        let schedule = Schedule::new(plan);
        let fails = || schedule.of_token().is_some();
        assert_eq!([fails(), fails(), fails()], [true, false, false]);
        tokio::time::advance(BETWEEN_FAILURES).await;
        assert_eq!([fails(), fails()], [true, false]);
    }

    #[tokio::test(start_paused = true)]
    async fn tokens_become_worthless_at_intervals() {
        let plan = Faults::none().percent(100).kinds([Fault::TokenRevoked]);
        let schedule = Schedule::new(plan.trickle(Duration::ZERO));
        assert_eq!(fault(&schedule, "/1"), Some(Fault::TokenRevoked));
        assert_eq!(fault(&schedule, "/2"), Some(Fault::Unavailable));
        tokio::time::advance(BETWEEN_WORTHLESS).await;
        schedule.of_token();
        assert_eq!(fault(&schedule, "/3"), Some(Fault::Unavailable));
        tokio::time::advance(BETWEEN_WORTHLESS).await;
        assert_eq!(fault(&schedule, "/4"), Some(Fault::TokenRevoked));
    }

    #[test]
    fn the_script_goes_first_and_is_not_bound_by_fairness() {
        let plan = Faults::none().percent(100).kinds([Fault::Html]);
        let schedule = Schedule::new(plan.script("graph 1-9 hang\ntoken 2 trickle").unwrap());
        for _ in 0..9 {
            assert_eq!(fault(&schedule, "/"), Some(Fault::Hang));
        }
        // It has failed often enough, until it has succeeded.
        assert_eq!(fault(&schedule, "/"), None);
        assert_eq!(fault(&schedule, "/"), None);
        schedule.succeeded("/");
        assert_eq!(fault(&schedule, "/"), Some(Fault::Html));
        let token = || schedule.of_token().map(|drawn| drawn.fault);
        assert_eq!(
            [token(), token()],
            [Some(Fault::Html), Some(Fault::Trickle)]
        );
        schedule.set(Faults::none());
        assert_eq!(fault(&schedule, "/"), None);
    }
}
