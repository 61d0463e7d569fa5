//! The progress of several tenants in one line: how many are done, and how far those are that are under way.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::HumanCount;
use tokio::time::Instant;

use crate::progress::{Standing, fitting};

/// How several tenants stand. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Crowd(Arc<Mutex<Vec<Member>>>);

#[derive(Debug)]
struct Member {
    name: Arc<str>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Waiting,
    UnderWay(Standing),
    /// With so many rows.
    Ended(u64),
}

impl Crowd {
    /// None of them has begun.
    pub(crate) fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let members = names.into_iter().map(|name| Member {
            name: name.into(),
            stage: Stage::Waiting,
        });
        Self(Arc::new(Mutex::new(members.collect())))
    }

    fn members(&self) -> MutexGuard<'_, Vec<Member>> {
        // Nothing in it can be half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tenant in this place begins. Gives its name.
    pub(crate) fn begin(&self, place: usize, standing: Standing) -> Option<Arc<str>> {
        let mut members = self.members();
        let member = members.get_mut(place)?;
        member.stage = Stage::UnderWay(standing);
        Some(member.name.clone())
    }

    /// The tenant in this place has ended, well or not.
    pub(crate) fn end(&self, place: usize) {
        if let Some(member) = self.members().get_mut(place) {
            member.stage = Stage::Ended(member.rows());
        }
    }

    /// How much of all has been read, from 0 to 1.
    pub(crate) fn share(&self) -> f64 {
        let members = self.members();
        let shares = members.iter().map(|member| match &member.stage {
            Stage::Waiting => 0.0,
            Stage::UnderWay(standing) => standing.share(),
            Stage::Ended(_) => 1.0,
        });
        shares.sum::<f64>() / members.len().max(1) as f64
    }

    /// One line of at most `width` columns.
    pub(crate) fn line(&self, width: usize, now: Instant) -> String {
        let members = self.members();
        let ended = |member: &&Member| matches!(member.stage, Stage::Ended(_));
        let done = members.iter().filter(ended).count();
        let rows = members.iter().map(Member::rows).sum();
        let all = [
            format!("{done} of {} tenants", members.len()),
            format!("{} rows", HumanCount(rows)),
        ];
        let each = members.iter().flat_map(|member| member.parts(now));
        fitting(all.into_iter().chain(each), width)
    }
}

impl Member {
    fn rows(&self) -> u64 {
        match &self.stage {
            Stage::Waiting => 0,
            Stage::UnderWay(standing) => standing.rows(),
            Stage::Ended(rows) => *rows,
        }
    }

    /// How far it is, if it is under way, and what holds it up.
    fn parts(&self, now: Instant) -> Vec<String> {
        let Stage::UnderWay(standing) = &self.stage else {
            return Vec::new();
        };
        let percent = (standing.share() * 100.0) as u64;
        let hold = standing.held_up(now).map(|hold| format!("({hold})"));
        let share = format!("{} {percent}%", self.name);
        [share].into_iter().chain(hold).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Hold;
    use graph_pstn_model::TimeRange;
    use std::time::Duration;
    use time::macros::datetime;

    #[test]
    fn it_says_how_many_are_done_and_how_far_the_others_are() {
        let now = Instant::now();
        let crowd = Crowd::new(["adatum", "contoso", "fabrikam", "relecloud"]);
        assert_eq!(crowd.line(60, now), "0 of 4 tenants  0 rows");
        let (from, until) = (
            datetime!(2019-11-01 0:00 UTC),
            datetime!(2019-11-11 0:00 UTC),
        );
        let standings = [0, 1, 2].map(|place| {
            let standing = Standing::new();
            crowd.begin(place, standing.clone()).unwrap();
            standing.begin(TimeRange::new(from, until).unwrap(), now);
            standing
        });
        standings[0].advance(until, 3, 2_500, now);
        crowd.end(0);
        standings[1].advance(datetime!(2019-11-06 0:00 UTC), 1, 1_000, now);
        standings[2].hold(Hold::Throttled, Duration::from_secs(30), now);
        let then = now + Duration::from_secs(10);
        let [short, long] = [60, 80].map(|width| crowd.line(width, then));
        let told = "1 of 4 tenants  3,500 rows  contoso 50%  fabrikam 0%";
        assert_eq!(short, told);
        assert_eq!(long, format!("{told}  (throttled: 20 s)"));
        assert!((crowd.share() - 1.5 / 4.0).abs() < 1e-9);
    }
}
