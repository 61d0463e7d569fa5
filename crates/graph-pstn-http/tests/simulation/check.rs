//! What must be true of every run.

use std::error::Error as _;

use time::OffsetDateTime;

use crate::{
    quota::most_in_span,
    run::Output,
    service::{SECRET, World},
    truth::{Kind, Row},
};

/// A window is finished: every row before this moment must be there by now.
pub(crate) fn promise(world: &World, output: &Output, until: OffsetDateTime) {
    let delivered = count(world, output);
    let range = world.scenario.range;
    let missing = world.scenario.rows.iter().enumerate().find(|(index, row)| {
        row.kind == Kind::Plain
            && row.appears.is_none()
            && range.contains(row.at)
            && row.at < until
            && delivered[*index] == 0
    });
    if let Some((index, row)) = missing {
        world.violation(format!(
            "row {index} of {} is not there, with all before {until} done",
            row.at
        ));
    }
}

/// How often each row was delivered.
fn count(world: &World, output: &Output) -> Vec<u32> {
    let mut delivered = vec![0_u32; world.scenario.rows.len()];
    for row in output.rows.iter().filter(|row| !row.conflict) {
        if let Some(count) = delivered.get_mut(row.index) {
            *count += 1;
        }
    }
    delivered
}

/// Everything that is to be said at the end of a run.
pub(crate) fn run(world: &World, output: &Output, is_done: bool) {
    errors(world, output);
    if is_done {
        every_row_once(world, output);
    }
    contents(world, output);
    quota(world);
    memory(world, output);
}

fn errors(world: &World, output: &Output) {
    let fatal_met = world.state().fatal_met;
    let fatal = world.scenario.fatal.filter(|_| fatal_met);
    let expected = usize::from(fatal.is_some());
    if output.errors.len() != expected {
        let chains: Vec<String> = output.errors.iter().map(chain).collect();
        let due = fatal.map_or("nothing fatal", |(fatal, _)| fatal.name());
        world.violation(format!("{} errors, with {due}: {chains:#?}", chains.len()));
    }
    for error in &output.errors {
        if let Some((fatal, _)) = fatal
            && !world.scenario.may_become(fatal, error.kind())
        {
            world.violation(format!(
                "{fatal:?} became {:?}: {}",
                error.kind(),
                chain(error)
            ));
        }
        let line = error.to_string();
        let shown = format!("{line} {error:?} {}", chain(error));
        if line.is_empty() || line.contains('\n') {
            world.violation(format!("an error is not one line: {line:?}"));
        }
        if shown.contains(SECRET) || shown.contains("token-") {
            world.violation("an error shows a secret or a token".to_owned());
        }
    }
}

fn chain(error: &graph_pstn_http::Error) -> String {
    let mut chain = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        chain = format!("{chain}: {error}");
        cause = error.source();
    }
    chain
}

fn every_row_once(world: &World, output: &Output) {
    let scenario = &world.scenario;
    let delivered = count(world, output);
    let mut wrong = Vec::new();
    for (index, row) in scenario.rows.iter().enumerate() {
        let (least, most) = times(scenario.range.contains(row.at), row);
        if !(least..=most).contains(&delivered[index]) {
            wrong.push(format!(
                "row {index} ({:?}, {}{}) was delivered {} times",
                row.kind,
                row.at,
                if row.appears.is_some() {
                    ", appearing"
                } else {
                    ""
                },
                delivered[index]
            ));
        }
    }
    for (index, row) in scenario.rows.iter().enumerate() {
        let must = row.kind == Kind::Unreadable
            && row.appears.is_none()
            && scenario.range.contains(row.at);
        if must && !output.rejects.contains(&index) {
            wrong.push(format!("row {index} was neither delivered nor set aside"));
        }
    }
    if !wrong.is_empty() {
        let most = 5;
        let rest = wrong.len().saturating_sub(most);
        wrong.truncate(most);
        world.violation(format!("{}; and {rest} more", wrong.join("; ")));
    }
}

/// How often a row must be delivered at least, and may at most.
fn times(in_range: bool, row: &Row) -> (u32, u32) {
    let there = u32::from(row.appears.is_none());
    match row.kind {
        Kind::Unreadable => (0, 0),
        Kind::Everywhere => (there, 1),
        // Where it stands does not show, so one beyond the range may come along.
        Kind::Timeless => (if in_range { there } else { 0 }, 1),
        Kind::Plain | Kind::Keyless if !in_range => (0, 0),
        Kind::Plain => (there, 1),
        Kind::Keyless => (there, u32::MAX),
    }
}

/// What is delivered is what Graph has: before its change or after.
fn contents(world: &World, output: &Output) {
    for delivered in &output.rows {
        let Some(row) = world.scenario.rows.get(delivered.index) else {
            world.violation("a row that Graph does not have".to_owned());
            continue;
        };
        let timeless = matches!(row.kind, Kind::Timeless | Kind::Everywhere);
        let time = (!timeless).then_some(row.at);
        let charge = match row.changes {
            Some(_) => row.charge.contains(&delivered.charge),
            None => row.charge[0] == delivered.charge,
        };
        if delivered.time != time || !charge {
            world.violation(format!("row {} was changed on the way", delivered.index));
        }
        if delivered.conflict && row.changes.is_none() {
            world.violation(format!(
                "row {} is in conflict with itself",
                delivered.index
            ));
        }
    }
}

fn quota(world: &World) {
    let quota = world.scenario.client.per_minute as usize;
    let most = |requests: &std::collections::HashMap<u32, Vec<_>>| {
        requests
            .values()
            .map(|moments| most_in_span(moments))
            .max()
            .unwrap_or_default()
    };
    let (left, arrived) = {
        let state = world.state();
        (most(&state.left), most(&state.arrived))
    };
    if left > quota || arrived > quota {
        world.violation(format!(
            "{left} requests left in 60 s and {arrived} arrived; the quota is {quota}"
        ));
    }
}

/// What waits is within what the options allow and a page for each window, and the caller has one.
fn memory(world: &World, output: &Output) {
    let scenario = &world.scenario;
    let options = scenario.client.options;
    let row = scenario
        .rows
        .iter()
        .map(|row| row.json[0].len())
        .min()
        .unwrap_or(1);
    let everywhere = scenario
        .rows
        .iter()
        .filter(|row| row.kind == Kind::Everywhere)
        .count();
    let page = (scenario.page_rows + everywhere + 8) * (row + 1);
    let bound = options.waiting_bytes() + (options.parallel() + 1) * page;
    let most = output.most_alive * (row + 1);
    if most > bound {
        world.violation(format!(
            "{} rows, some {most} bytes, were held at a time; the bound is {bound}",
            output.most_alive
        ));
    }
}
