//! The simulation can fail: each part in turn is exchanged for a broken one, and must be missed.

use crate::{
    client::{Broken, Stack},
    faults::Fatal,
    run,
    scenario::Scenario,
};

/// So many seeds are looked at for one that a broken part makes fail.
const SEEDS: usize = 150;
/// So many are looked through for those that a part has to do with.
const MOST_SEEDS: u64 = 5_000;

/// What the seeds complain of with this stack.
fn complaints(stack: Stack, seeds: u64) -> Vec<String> {
    let runs = (0..seeds).map(|seed| run::seed(seed, stack));
    let complaints = runs.flat_map(|run| std::mem::take(&mut run.world.state().violations));
    complaints.collect()
}

#[track_caller]
fn is_caught(broken: Broken, complaint: &str) {
    is_caught_by(broken, complaint, |_| true);
}

/// Looks at seeds of this sort only.
#[track_caller]
fn is_caught_by(broken: Broken, complaint: &str, sort: impl Fn(&Scenario) -> bool) {
    let seeds = (0..MOST_SEEDS).filter(|seed| sort(&Scenario::draw(*seed)));
    for seed in seeds.take(SEEDS) {
        let run = run::seed(seed, Stack::ByHand(Some(broken)));
        let violations = std::mem::take(&mut run.world.state().violations);
        let caught = |violation: &String| violation.contains(complaint);
        if violations.iter().any(caught) {
            return;
        }
    }
    panic!("{SEEDS} seeds pass with {broken:?} broken");
}

#[test]
fn a_stack_built_by_hand_with_nothing_broken_passes() {
    assert_eq!(complaints(Stack::ByHand(None), 60), Vec::<String>::new());
}

#[test]
fn a_broken_dedup_is_caught() {
    is_caught(Broken::Dedup, "was delivered 2 times");
}

#[test]
fn a_broken_retry_is_caught() {
    is_caught(Broken::Retry, "1 errors, with nothing fatal");
}

#[test]
fn a_broken_gate_is_caught() {
    is_caught(Broken::Gate, "before the server's time");
}

#[test]
fn a_broken_count_of_requests_is_caught() {
    is_caught(Broken::Quota, "requests left in 60 s");
}

#[test]
fn a_broken_check_of_the_origin_is_caught() {
    let leads_astray =
        |scenario: &Scenario| matches!(scenario.fatal, Some((Fatal::StrayLink(0), _)));
    let complaint = "a token left the origin: https://evil.example/";
    is_caught_by(Broken::Origin, complaint, leads_astray);
}
