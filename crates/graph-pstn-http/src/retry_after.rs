//! `Retry-After`, in every form that is sent in practice.
//!
//! RFC 9110, section 10.2.3 knows whole seconds and an HTTP date. Graph's own page on throttling
//! shows `2.128` (<https://learn.microsoft.com/graph/throttling>), and proxies that join two headers
//! make `10,10`.

use std::time::{Duration, SystemTime};

use http::{
    HeaderMap,
    header::{DATE, RETRY_AFTER},
};

use crate::error::LONGEST_WAIT;

/// How long the response asks the client to stay away, counted from its arrival.
///
/// A date is measured against the response's own `Date`, so that a wrong clock on this side does no
/// harm. What is neither a number nor a date, is negative or not finite counts as absent.
#[must_use]
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(RETRY_AFTER).into_iter();
    values
        .filter_map(|value| value.to_str().ok())
        .filter_map(|text| at_date(text, headers).or_else(|| in_seconds(text)))
        .max()
}

fn at_date(text: &str, headers: &HeaderMap) -> Option<Duration> {
    let then = httpdate::parse_http_date(text.trim()).ok()?;
    let now = headers
        .get(DATE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| httpdate::parse_http_date(text).ok())
        .unwrap_or_else(SystemTime::now);
    // A date that has passed says: now.
    Some(
        then.duration_since(now)
            .unwrap_or_default()
            .min(LONGEST_WAIT),
    )
}

fn in_seconds(text: &str) -> Option<Duration> {
    text.split(',')
        .filter_map(|part| part.trim().parse::<f64>().ok())
        .filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
        .map(|seconds| Duration::from_secs_f64(seconds.min(LONGEST_WAIT.as_secs_f64())))
        .max()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn read(values: &[&str], date: Option<&str>) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        }
        if let Some(date) = date {
            headers.insert(DATE, HeaderValue::from_str(date).unwrap());
        }
        retry_after(&headers)
    }

    #[test]
    fn seconds_whole_decimal_and_doubled() {
        let ms = Duration::from_millis;
        assert_eq!(read(&["10"], None), Some(ms(10_000)));
        assert_eq!(read(&["2.128"], None), Some(ms(2_128)));
        assert_eq!(read(&["10,10"], None), Some(ms(10_000)));
        assert_eq!(read(&["5", "7"], None), Some(ms(7_000)));
        assert_eq!(read(&[" 0 "], None), Some(ms(0)));
    }

    #[test]
    fn a_date_counts_from_the_servers_own_clock() {
        let date = Some("Wed, 06 Nov 2019 10:00:00 GMT");
        let wait = |at| read(&[at], date);
        assert_eq!(
            wait("Wed, 06 Nov 2019 10:01:30 GMT"),
            Some(Duration::from_secs(90))
        );
        assert_eq!(wait("Wed, 06 Nov 2019 09:00:00 GMT"), Some(Duration::ZERO));
    }

    #[test]
    fn nonsense_is_absent_and_absurdity_is_survived() {
        for nonsense in ["", "soon", "-1", "inf", "NaN", "-inf", "1h", ","] {
            assert_eq!(read(&[nonsense], None), None, "{nonsense}");
        }
        for absurd in [
            "1e300",
            "99999999999999999999",
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ] {
            assert_eq!(read(&[absurd], None), Some(LONGEST_WAIT), "{absurd}");
        }
    }

    proptest! {
        #[test]
        fn no_header_value_breaks_it(text in "[ -~]{0,40}") {
            let wait = read(&[&text], Some(&text));
            prop_assert!(wait.is_none_or(|wait| wait <= LONGEST_WAIT));
        }
    }
}
