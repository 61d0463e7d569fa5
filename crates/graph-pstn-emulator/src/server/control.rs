//! The control endpoint: what the server has done, and what it is to do now.
//!
//! It stands at paths that Graph does not have, needs no token, and answers clients of this machine only.

use std::time::Duration;

use bytes::Bytes;
use http::header::ALLOW;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use crate::faults::{Fault, Faults};
use crate::server::reply::{self, Reply};
use crate::server::state::State;

/// Where all of it begins.
pub(crate) const PREFIX: &str = "/emulator/";

/// Answers a request below [`PREFIX`]; `rest` is what comes after it.
pub(crate) fn answer(
    state: &State,
    local: bool,
    method: &Method,
    rest: &str,
    query: Option<&str>,
    body: &Bytes,
) -> Reply {
    if !local {
        return refused(
            StatusCode::FORBIDDEN,
            "only clients on the emulator's own machine may do this",
        );
    }
    let done = match (rest, method.as_str()) {
        ("stats", "GET") => state.counters.read().to_json(),
        ("revoke-tokens", "POST") => json!({"revoked": state.tokens().revoke_all()}),
        ("challenge-tokens", "POST") => {
            state.tokens().challenge();
            json!({"challenged": true})
        }
        ("faults", "POST") => match plan(query, body) {
            Ok(plan) => {
                let set = json!({
                    "percent": plan.percent,
                    "seed": plan.seed,
                    "kinds": plan.kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
                    "rules": plan.rules.len(),
                });
                state.faults.set(plan);
                set
            }
            Err(reason) => return refused(StatusCode::BAD_REQUEST, &reason),
        },
        ("stats" | "revoke-tokens" | "challenge-tokens" | "faults", _) => {
            let right = if rest == "stats" { "GET" } else { "POST" };
            let mut reply = refused(
                StatusCode::METHOD_NOT_ALLOWED,
                &format!("this takes {right}"),
            );
            reply
                .headers_mut()
                .insert(ALLOW, HeaderValue::from_static(right));
            return reply;
        }
        _ => {
            return refused(
                StatusCode::NOT_FOUND,
                "there are GET stats, and POST revoke-tokens, challenge-tokens and faults",
            );
        }
    };
    answered(StatusCode::OK, &done)
}

/// The faults that the query and the body, a script, ask for.
fn plan(query: Option<&str>, body: &Bytes) -> Result<Faults, String> {
    fn number<N: std::str::FromStr>(name: &str, value: &str) -> Result<N, String> {
        value
            .parse()
            .map_err(|_| format!("{name}={value} is not a number that fits"))
    }
    let mut faults = Faults::none();
    for (name, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        faults = match &*name {
            "percent" => match number(&name, &value)? {
                percent @ 0..=100 => faults.percent(percent),
                _ => return Err("percent is at most 100".to_owned()),
            },
            "seed" => faults.seed(number(&name, &value)?),
            "wait" => faults.longest_wait(number(&name, &value)?),
            "hang" => faults.hang(Duration::from_secs(number::<u32>(&name, &value)?.into())),
            "kinds" => {
                let kinds: Result<Vec<Fault>, _> = value.split(',').map(str::parse).collect();
                faults.kinds(kinds.map_err(|error| error.to_string())?)
            }
            other => {
                return Err(format!(
                    "`{other}` is not known; there are percent, seed, kinds, wait and hang"
                ));
            }
        };
    }
    let script = std::str::from_utf8(body).map_err(|_| "the script is not UTF-8".to_owned())?;
    faults.script(script).map_err(|error| error.to_string())
}

fn answered(status: StatusCode, value: &Value) -> Reply {
    reply::typed(status, "application/json", format!("{value}\n"))
}

fn refused(status: StatusCode, reason: &str) -> Reply {
    answered(status, &json!({"error": reason}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Emulator;

    #[test]
    fn other_machines_are_refused() {
        let origin = || "http://192.0.2.1".to_owned();
        let state = State::new(Emulator::builder().options, origin(), origin());
        let status = |local| {
            let get = Method::GET;
            answer(&state, local, &get, "stats", None, &Bytes::new()).status()
        };
        assert_eq!(status(false), StatusCode::FORBIDDEN);
        assert_eq!(status(true), StatusCode::OK);
    }

    #[test]
    fn faults_are_set_by_query_and_body() {
        let body = Bytes::from_static(b"graph 1 html");
        let set = plan(Some("percent=30&seed=7&kinds=hang,html&hang=9"), &body).unwrap();
        let wanted = Faults::none()
            .percent(30)
            .seed(7)
            .kinds([Fault::Hang, Fault::Html])
            .hang(Duration::from_secs(9));
        assert_eq!(set, wanted.script("graph 1 html").unwrap());
        assert!(plan(None, &Bytes::new()).unwrap().is_none());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let plan = |query, script: &'static str| plan(Some(query), &script.into()).unwrap_err();
        assert!(plan("percent=101", "").contains("at most 100"));
        assert!(plan("percent=many", "").contains("percent=many"));
        assert!(plan("rate=3", "").contains("`rate` is not known"));
        assert!(plan("kinds=htm", "").contains("`htm`"));
        assert!(plan("", "graph").contains("line 1"));
    }
}
