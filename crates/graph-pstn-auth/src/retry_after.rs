//! `Retry-After` (RFC 9110, section 10.2.3), measured by the server's own clock.

use std::time::{Duration, SystemTime};

use http::{
    HeaderMap,
    header::{DATE, RETRY_AFTER},
};

/// Longer waits than this are taken as this: beyond a day nothing is won by the difference.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// How long to wait: whole or decimal seconds, or a date less the answer's own `Date`. A gateway may have
/// doubled the number.
pub(crate) fn of(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if value.starts_with(|c: char| c.is_ascii_digit()) {
        let seconds = |text: &str| {
            let seconds: f64 = text.trim().parse().ok()?;
            let usable = seconds.is_finite() && seconds >= 0.0;
            usable.then(|| {
                Duration::try_from_secs_f64(seconds).map_or(LONGEST, |wait| wait.min(LONGEST))
            })
        };
        return value.split(',').filter_map(seconds).max();
    }
    let until = httpdate::parse_http_date(value).ok()?;
    let from = date(headers).unwrap_or(now);
    Some(until.duration_since(from).unwrap_or_default().min(LONGEST))
}

/// The answer's `Date`.
pub(crate) fn date(headers: &HeaderMap) -> Option<SystemTime> {
    let value = headers.get(DATE)?.to_str().ok()?;
    httpdate::parse_http_date(value).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(retry_after: &str) -> Option<f64> {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, "Wed, 25 Nov 2026 08:00:00 GMT".parse().unwrap());
        headers.insert(RETRY_AFTER, retry_after.parse().unwrap());
        of(&headers, SystemTime::UNIX_EPOCH).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn seconds_decimals_and_dates_are_read() {
        assert_eq!(wait("60"), Some(60.0));
        assert_eq!(wait("2.128"), Some(2.128));
        assert_eq!(wait("10,10"), Some(10.0));
        assert_eq!(wait("Wed, 25 Nov 2026 08:01:30 GMT"), Some(90.0));
        assert_eq!(wait("Wed, 25 Nov 2026 07:00:00 GMT"), Some(0.0));
        assert_eq!(wait("99999999999999999999999999"), Some(86_400.0));
        assert_eq!(wait("10,-1"), Some(10.0));
        for odd in ["", "-1", "soon", "1e", "NaN", "inf"] {
            assert_eq!(wait(odd), None, "{odd}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "[ -~]{0,40}") {
            if let Some(seconds) = wait(text.trim()) {
                proptest::prop_assert!((0.0..=86_400.0).contains(&seconds));
            }
        }
    }
}
