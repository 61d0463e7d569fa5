//! Answers that are no success, and those that only look like one.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{DATE, LOCATION};
use http::{HeaderValue, StatusCode, Uri};

use super::fault::Fault;
use super::schedule::Drawn;
use crate::server::reply::{self, Reply};

/// What captive portals and gateways answer in place of the service.
const HTML: &str = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\
                    <body><p>Please sign in to the guest network.</p></body></html>\n";
/// Longer than any client can wait, or any duration type can hold.
const FOR_EVER: &str = "1e300";
/// What says nothing of a wait.
const NONSENSE: [&str; 5] = ["soon", "-1", "inf", "", "NaN"];

/// A failure's answer, if the fault is one: in the form that `body` gives it from a status, a code of Graph's
/// and a message.
pub(crate) fn failure(
    drawn: &Drawn,
    body: impl FnOnce(StatusCode, &str, &str) -> Reply,
) -> Option<Reply> {
    let status = status(drawn.fault)?;
    let (code, message) = words(status);
    let reply = if status == StatusCode::BAD_GATEWAY {
        reply::typed(status, "text/html", "<html><h1>502 Bad Gateway</h1></html>")
    } else {
        body(status, code, message)
    };
    Some(waiting(reply, drawn))
}

/// A page of HTML with a 200.
pub(crate) fn html() -> Reply {
    reply::typed(StatusCode::OK, "text/html; charset=utf-8", HTML)
}

/// A redirect of the same request to another origin, if the fault is one.
pub(crate) fn redirect(fault: Fault, origin: &str, uri: &Uri) -> Option<Reply> {
    let status = match fault {
        Fault::Redirect302 => StatusCode::FOUND,
        Fault::Redirect307 => StatusCode::TEMPORARY_REDIRECT,
        _ => return None,
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let location = HeaderValue::from_str(&format!("{origin}{path}")).ok()?;
    let mut reply = reply::typed(status, "text/plain", Bytes::new());
    reply.headers_mut().insert(LOCATION, location);
    Some(reply)
}

fn status(fault: Fault) -> Option<StatusCode> {
    let number = match fault {
        Fault::Throttled
        | Fault::ThrottledSeconds
        | Fault::ThrottledDecimal
        | Fault::ThrottledDate
        | Fault::ThrottledDoubled
        | Fault::ThrottledNonsense
        | Fault::ThrottledForever => 429,
        Fault::InternalError | Fault::InternalErrorWait => 500,
        Fault::BadGateway | Fault::BadGatewayWait => 502,
        Fault::Unavailable | Fault::UnavailableWait => 503,
        Fault::GatewayTimeout | Fault::GatewayTimeoutWait => 504,
        Fault::BandwidthExceeded | Fault::BandwidthExceededWait => 509,
        _ => return None,
    };
    StatusCode::from_u16(number).ok()
}

fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status.as_u16() {
        429 => ("TooManyRequests", "Too many requests."),
        500 => (
            "InternalServerError",
            "An unexpected error occurred while the request was processed.",
        ),
        503 => ("ServiceUnavailable", "The service is temporarily busy."),
        504 => (
            "GatewayTimeout",
            "The server behind the gateway did not answer in time.",
        ),
        _ => (
            "BandwidthLimitExceeded",
            "The app is throttled for exceeding the maximum bandwidth.",
        ),
    }
}

/// Adds `Retry-After` in the fault's form.
fn waiting(mut reply: Reply, drawn: &Drawn) -> Reply {
    let seconds = drawn.dice % (u64::from(drawn.longest_wait) + 1);
    let value = match drawn.fault {
        Fault::ThrottledSeconds
        | Fault::InternalErrorWait
        | Fault::BadGatewayWait
        | Fault::UnavailableWait
        | Fault::GatewayTimeoutWait
        | Fault::BandwidthExceededWait => seconds.to_string(),
        Fault::ThrottledDecimal => {
            let millis = drawn.dice % (u64::from(drawn.longest_wait) * 1_000 + 1);
            format!("{}.{:03}", millis / 1_000, millis % 1_000)
        }
        Fault::ThrottledDate => {
            // Both dates by one look at the clock, so that their difference is the wait.
            let now = SystemTime::now();
            let then = now + Duration::from_secs(seconds);
            if let Ok(date) = HeaderValue::from_str(&httpdate::fmt_http_date(now)) {
                reply.headers_mut().insert(DATE, date);
            }
            httpdate::fmt_http_date(then)
        }
        Fault::ThrottledDoubled => format!("{seconds},{seconds}"),
        Fault::ThrottledNonsense => {
            let chosen = drawn.dice % NONSENSE.len() as u64;
            let chosen = usize::try_from(chosen).unwrap_or_default();
            NONSENSE.get(chosen).copied().unwrap_or_default().to_owned()
        }
        Fault::ThrottledForever => FOR_EVER.to_owned(),
        _ => return reply,
    };
    reply::retry_after(reply, &value)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn retry_after(fault: Fault, dice: u64) -> Option<String> {
        let drawn = Drawn {
            fault,
            dice,
            longest_wait: 3,
            hang: Duration::ZERO,
            trickle: Duration::ZERO,
        };
        let reply = failure(&drawn, |status, code, _| {
            assert!(!code.is_empty());
            reply::typed(status, "application/json", Bytes::new())
        });
        let headers = reply.unwrap().into_parts().0.headers;
        let value = headers.get("retry-after")?.to_str().unwrap().to_owned();
        let date = |text: &str| httpdate::parse_http_date(text).unwrap();
        if fault == Fault::ThrottledDate {
            let sent = date(headers.get("date").unwrap().to_str().unwrap());
            let wait = date(&value).duration_since(sent).unwrap();
            return Some(wait.as_secs().to_string());
        }
        Some(value)
    }

    #[test]
    fn retry_after_comes_in_every_form() {
        assert_eq!(retry_after(Fault::Throttled, 9), None);
        assert_eq!(retry_after(Fault::Unavailable, 9), None);
        for (fault, forms) in [
            (Fault::ThrottledSeconds, &["0", "1", "2", "3"][..]),
            (Fault::ThrottledDate, &["0", "1", "2", "3"]),
            (Fault::ThrottledDoubled, &["0,0", "1,1", "2,2", "3,3"]),
            (Fault::GatewayTimeoutWait, &["0", "1", "2", "3"]),
            (Fault::ThrottledNonsense, &NONSENSE),
            (Fault::ThrottledForever, &[FOR_EVER]),
        ] {
            let seen: HashSet<String> = (0..60)
                .filter_map(|dice| retry_after(fault, dice))
                .collect();
            let forms: HashSet<String> = forms.iter().map(|form| (*form).to_owned()).collect();
            assert_eq!(seen, forms, "{fault}");
        }
        assert_eq!(
            retry_after(Fault::ThrottledDecimal, 2_128).unwrap(),
            "2.128"
        );
    }
}
