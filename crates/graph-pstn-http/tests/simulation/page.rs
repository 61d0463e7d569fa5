//! What the service answers to a request for a page.

use std::fmt::Write as _;

use graph_pstn_model::{TimeRange, format_time};
use http::Uri;
use time::{Duration, OffsetDateTime, Time};

use crate::{
    faults::{Fatal, STRAY},
    scenario::{Links, Scenario},
    truth::{Kind, Row},
};

/// A request for a page, as its URL has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) from: OffsetDateTime,
    pub(crate) to: OffsetDateTime,
    pub(crate) skip: usize,
    /// How many empty pages in a row this would be.
    pub(crate) empty: u32,
    pub(crate) is_first: bool,
}

impl Asked {
    /// Reads the function URL: of the documented form, or of the service's own links.
    pub(crate) fn read(uri: &Uri) -> Option<Self> {
        let call = uri
            .path()
            .strip_prefix("/v1.0/communications/callRecords/getPstnCalls(")?;
        let (from, to) = call.strip_suffix(')')?.split_once(',')?;
        let value = |text: &str, names: [&str; 2]| {
            let (name, value) = text.split_once('=')?;
            names.contains(&name).then_some(value)?;
            TimeRange::parse_instant(value).ok()
        };
        let query = uri.query();
        let number = |name: &str| {
            let mut pairs = query.unwrap_or_default().split('&');
            pairs.find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
        };
        Some(Self {
            from: value(from, ["fromDateTime", "from"])?,
            to: value(to, ["toDateTime", "to"])?,
            skip: number("$skip").unwrap_or(0) as usize,
            empty: number("empty").unwrap_or(0),
            is_first: query.is_none(),
        })
    }

    fn link(self, scenario: &Scenario) -> String {
        let bound = |at: OffsetDateTime| match scenario.links {
            Links::Exact => format_time(at).to_string(),
            Links::WholeDays | Links::Midnights => at.date().to_string(),
        };
        let to = match scenario.links == Links::WholeDays && self.to.time() != Time::MIDNIGHT {
            true => self.to + Duration::DAY,
            false => self.to,
        };
        format!(
            "https://graph.example/v1.0/communications/callRecords/getPstnCalls(from={},to={})?$skip={}&empty={}",
            bound(self.from),
            bound(to),
            self.skip,
            self.empty
        )
    }
}

/// The body of a page, and whether it has a link.
pub(crate) fn body(
    scenario: &Scenario,
    asked: Asked,
    now: std::time::Duration,
    fatal: Option<Fatal>,
) -> (String, bool) {
    let is_there = |row: &&Row| row.appears.is_none_or(|appears| appears <= now);
    let first = scenario.rows.partition_point(|row| row.at < asked.from);
    let end = scenario.rows.partition_point(|row| row.at <= asked.to);
    let rows = scenario.rows.get(first..end).unwrap_or_default();
    let rows: Vec<&Row> = rows.iter().filter(is_there).collect();

    let disorder = &scenario.disorder;
    let mut rng = scenario.generator(&asked.link(scenario), 1);
    let mut next = asked;
    let mut page: Vec<&Row> = Vec::new();
    if asked.is_first {
        let everywhere = |row: &&Row| row.kind == Kind::Everywhere;
        page.extend(scenario.rows.iter().filter(everywhere).filter(is_there));
    }
    if rng.f64() < disorder.empty && asked.empty < disorder.most_empty {
        next.empty += 1;
    } else {
        let shift = if rng.f64() < disorder.shifted {
            rng.usize(0..4)
        } else {
            0
        };
        let short = if rng.f64() < disorder.short {
            rng.usize(0..scenario.page_rows)
        } else {
            0
        };
        let rest = rows
            .get(asked.skip.saturating_sub(shift)..)
            .unwrap_or_default();
        let length = (scenario.page_rows - short + shift.min(asked.skip)).min(rest.len());
        page.extend(rest.iter().take(length));
        if rng.f64() < disorder.repeating
            && let Some(row) = page.get(rng.usize(0..page.len().max(1)))
        {
            page.insert(rng.usize(0..page.len()), row);
        }
        next.skip = asked.skip + length - shift.min(asked.skip).min(length);
        next.empty = 0;
        // A page must move on, or it is a circle.
        if next.skip == asked.skip && next.skip < rows.len() {
            page.push(rows[next.skip]);
            next.skip += 1;
        }
    }
    // The last page with rows may have a link to an empty one.
    let trailing = asked.skip < next.skip && rng.f64() < disorder.empty / 4.0;
    let more = next.skip < rows.len() || next.empty > 0 || trailing;
    let link = match fatal {
        Some(Fatal::StrayLink(form)) => Some(STRAY[form].to_owned()),
        Some(Fatal::Circle) => Some(
            Asked {
                skip: 0,
                empty: 0,
                ..asked
            }
            .link(scenario),
        ),
        Some(Fatal::EmptyPages) => {
            page.clear();
            Some(
                Asked {
                    empty: asked.empty + 1,
                    ..asked
                }
                .link(scenario),
            )
        }
        Some(Fatal::SameRows) => {
            page = rows.iter().take(scenario.page_rows).copied().collect();
            Some(
                Asked {
                    empty: asked.empty + 1,
                    ..asked
                }
                .link(scenario),
            )
        }
        _ => more.then(|| next.link(scenario)),
    };

    let mut body = String::with_capacity(page.len() * 160 + 300);
    body.push_str(r#"{"@odata.context":"https://graph.example/v1.0/$metadata","value":["#);
    for (index, row) in page.iter().enumerate() {
        let changed = row.changes.is_some_and(|changes| changes <= now);
        body.push_str(if index > 0 { "," } else { "" });
        body.push_str(&row.json[usize::from(changed)]);
    }
    body.push(']');
    if let Some(link) = &link {
        let _ = write!(body, r#","@odata.nextLink":"{link}""#);
    }
    body.push('}');
    (body, link.is_some())
}
