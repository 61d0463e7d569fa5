//! The rows that the log holds: what must come out, and what goes over the wire.

use fastrand::Rng;
use graph_pstn_model::{TimeRange, format_time};
use time::{Duration, OffsetDateTime, macros::datetime};

/// One row of the log.
pub(crate) struct Row {
    /// Where it stands in the log; what is delivered names it in `callId`.
    pub(crate) at: OffsetDateTime,
    pub(crate) kind: Kind,
    /// Since when it is there, from the beginning of the run; `None`: it always was.
    pub(crate) appears: Option<std::time::Duration>,
    /// When its charge changes.
    pub(crate) changes: Option<std::time::Duration>,
    /// As JSON, before and after the change.
    pub(crate) json: [String; 2],
    /// The charge, before and after the change.
    pub(crate) charge: [String; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// Has no `id`, and is delivered at least once.
    Keyless,
    /// Has no time, and is known again over the whole range.
    Timeless,
    /// As that, and stands on every first page besides.
    Everywhere,
    /// Cannot be read, and is set aside.
    Unreadable,
}

/// How the rows lie in time, and what is odd about them.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) rows: usize,
    /// So many bursts hold most of the rows; 0: they lie evenly.
    pub(crate) bursts: usize,
    pub(crate) odd: f64,
    /// The shares of rows that appear while pages are read, and that change.
    pub(crate) appearing: f64,
    pub(crate) changing: f64,
}

/// The ranges that seeds read lie in this year, or a little beyond.
const YEAR: OffsetDateTime = datetime!(2024-01-01 0:00 UTC);

/// A range of an hour up to 200 days. Most begin and end at midnights, some at odd moments.
pub(crate) fn range(rng: &mut Rng) -> TimeRange {
    let day = YEAR + Duration::days(rng.i64(0..300));
    let days = [1, 2, 7, 30, 31, 89, 90, 91, 200][rng.usize(0..9)];
    let (from, until) = match rng.u8(0..10) {
        0..=4 => (day, day + Duration::days(days)),
        5 => {
            let from = day + Duration::hours(rng.i64(0..20));
            (from, from + Duration::hours(rng.i64(1..30)))
        }
        6 => {
            // Of the full length that Graph takes, at an odd hour.
            let from = day + Duration::minutes(rng.i64(1..1_440));
            (from, from + Duration::days(90))
        }
        _ => {
            let from = day + Duration::nanoseconds(rng.i64(0..864_000_000_000) * 100);
            let length = Duration::days(days) - Duration::nanoseconds(rng.i64(0..36_000_000) * 100);
            (from, from + length)
        }
    };
    TimeRange::new(from, until).unwrap()
}

/// Draws the log around `range`, in order of time. Rows beyond the range must not be delivered.
pub(crate) fn rows(rng: &mut Rng, range: TimeRange, shape: &Shape) -> Vec<Row> {
    let margin = Duration::hours(30);
    let first = range.from() - margin;
    let length: Duration = range.duration() + margin * 2;
    let ticks = i64::try_from(length.whole_nanoseconds() / 100).unwrap();
    let tick = |at: i64| first + Duration::nanoseconds(at * 100);
    let hour = 36_000_000_000;
    let bursts: Vec<i64> = (0..shape.bursts).map(|_| rng.i64(0..ticks)).collect();
    let mut times: Vec<OffsetDateTime> = (0..shape.rows)
        .map(|_| {
            let at = match bursts.get(rng.usize(0..bursts.len().max(1))) {
                Some(burst) if rng.f64() < 0.9 => (burst + rng.i64(0..3 * hour)).min(ticks - 1),
                _ => rng.i64(0..ticks),
            };
            match rng.u8(0..20) {
                // On the bounds, at midnights and at whole seconds, where seams are.
                0 => [range.from(), range.until()][rng.usize(0..2)],
                1 => range.until() - Duration::nanoseconds(100),
                2 => tick(at).replace_time(time::Time::MIDNIGHT),
                3 => tick(at).replace_nanosecond(0).unwrap(),
                _ => tick(at),
            }
        })
        .collect();
    times.sort_unstable();
    let rows = times.into_iter().enumerate();
    rows.map(|(index, at)| row(rng, index, at, shape)).collect()
}

fn row(rng: &mut Rng, index: usize, at: OffsetDateTime, shape: &Shape) -> Row {
    let kind = if rng.f64() < shape.odd {
        let odd = [
            Kind::Keyless,
            Kind::Timeless,
            Kind::Everywhere,
            Kind::Unreadable,
        ];
        odd[rng.usize(0..4)]
    } else {
        Kind::Plain
    };
    let soon = |rng: &mut Rng| Some(std::time::Duration::from_millis(rng.u64(1..300_000)));
    let appears = if rng.f64() < shape.appearing {
        soon(rng)
    } else {
        None
    };
    let changes = if rng.f64() < shape.changing {
        soon(rng)
    } else {
        None
    };
    let charge = [0, 1].map(|version| format!("{}.{:04}", version, rng.u32(0..10_000)));
    let id = if rng.u8(0..8) == 0 {
        format!(r#""id":"call-{index}","#)
    } else {
        format!(r#""id":"00000000-0000-4000-8000-{index:012x}","#)
    };
    let id = if kind == Kind::Keyless {
        String::new()
    } else {
        id
    };
    let time = match kind {
        Kind::Timeless | Kind::Everywhere => String::new(),
        _ => format!(r#""startDateTime":"{}","#, format_time(at)),
    };
    let duration = if kind == Kind::Unreadable {
        "\"long\""
    } else {
        "12"
    };
    let json = [0, 1].map(|version: usize| {
        format!(
            r#"{{{id}"callId":"c{index}",{time}"duration":{duration},"charge":{}}}"#,
            charge[version]
        )
    });
    Row {
        at,
        kind,
        appears,
        changes,
        json,
        charge,
    }
}
