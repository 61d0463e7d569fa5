//! A page of a log, as the bytes of its JSON body.

use crate::graph::function_call::FunctionCall;
use crate::graph::skip_token;
use crate::graph::version::Version;
use crate::rows::{self, DAY, Log, View};

/// The most rows on one page ("getPstnCalls": pages of 1,000 records).
pub(crate) const PAGE_ROWS: usize = 1_000;

/// How the link to the next page is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkForm {
    /// The call again, with its exact bounds, and `$skip`: as Graph's sibling functions show it.
    #[default]
    Faithful,
    /// As the page of each function shows it: dates only, and for `getPstnCalls` other names,
    /// `(from=2019-11-01,to=2019-12-01)?$skip=1000`. A range that does not lie on UTC midnights grows to
    /// whole days from its second page on, so that rows outside it come back; and where those are more than
    /// 90 days, the second page is refused like any other call for so many.
    Documented,
    /// The call again, and an opaque `$skiptoken`.
    SkipToken,
}

/// One page and what it holds.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) body: Vec<u8>,
    pub(crate) rows: usize,
}

/// Renders the page that this call asks for, with at most so many rows.
pub(crate) fn render(
    view: View,
    origin: &str,
    form: LinkForm,
    most_rows: usize,
    call: &FunctionCall,
) -> Page {
    let from = rows::ticks(call.from);
    let until = rows::ticks(call.to) + i64::from(call.log.includes_end());
    let found = view.page(call.log, from, until, call.skip, most_rows);
    let mut body = Vec::with_capacity(512 + found.len() * 768);
    let context = format!(
        "{{\"@odata.context\":\"{origin}/{}/$metadata#Collection(microsoft.graph.callRecords.{})\",\
         \"@odata.count\":{},",
        call.version.segment(),
        call.log.row_type(),
        found.len(),
    );
    body.extend_from_slice(context.as_bytes());
    let next = found.more.then(|| {
        let next = link(origin, form, call, call.skip + found.len() as u64);
        format!("\"@odata.nextLink\":\"{next}\"")
    });
    // The documented examples have the link before the rows in beta, and behind them in v1.0.
    let before = call.version == Version::Beta;
    if before && let Some(next) = &next {
        body.extend_from_slice(next.as_bytes());
        body.push(b',');
    }
    body.extend_from_slice(b"\"value\":[");
    found.write(&mut body, call.log, view.tenant, call.version);
    body.push(b']');
    if !before && let Some(next) = &next {
        body.push(b',');
        body.extend_from_slice(next.as_bytes());
    }
    body.push(b'}');
    Page {
        body,
        rows: found.len(),
    }
}

fn link(origin: &str, form: LinkForm, call: &FunctionCall, skip: u64) -> String {
    let (from, to) = (rows::ticks(call.from), rows::ticks(call.to));
    let head = format!(
        "{origin}/{}/communications/callRecords/{}",
        call.version.segment(),
        call.log.function()
    );
    let exact = || {
        format!(
            "{head}(fromDateTime={},toDateTime={})",
            rows::text(from),
            rows::text(to)
        )
    };
    match form {
        LinkForm::Faithful => format!("{}?$skip={skip}", exact()),
        LinkForm::SkipToken => {
            format!("{}?$skiptoken={}", exact(), skip_token::of(skip))
        }
        LinkForm::Documented => {
            let first = rows::date_text(from);
            let last = rows::date_text(to + (DAY - to.rem_euclid(DAY)) % DAY);
            let [from, to] = if call.log == Log::Pstn {
                ["from", "to"]
            } else {
                ["fromDateTime", "toDateTime"]
            };
            format!("{head}({from}={first},{to}={last})?$skip={skip}")
        }
    }
}
