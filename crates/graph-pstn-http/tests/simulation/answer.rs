//! Answers, as Graph and Entra put them.

use std::time::{Duration, SystemTime};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, StatusCode, header};

use crate::{
    faults::{Wait, WaitForm},
    service::status_code,
};

/// When runs begin: 2024-06-01 by the server's clock.
const BEGINNING: Duration = Duration::from_secs(1_717_200_000);

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
    /// What the client is told to wait.
    pub(crate) wait: Option<Duration>,
    form: Option<WaitForm>,
    nonsense: Option<&'static str>,
    headers: HeaderMap,
}

pub(crate) fn status(status: u16) -> Answer {
    let body = match status {
        300..400 => String::new(),
        // A gateway's own words now and then.
        502 => "<html>Bad Gateway</html>".to_owned(),
        _ => {
            r#"{"error":{"code":"made_up","message":"Try later.","innerError":{"request-id":"r"}}}"#
                .to_owned()
        }
    };
    Answer {
        status: status_code(status),
        body,
        wait: None,
        form: None,
        nonsense: None,
        headers: HeaderMap::new(),
    }
}

pub(crate) fn page(body: String) -> Answer {
    Answer {
        body,
        ..status(200)
    }
}

pub(crate) fn token(number: usize, expires_in: u64, refresh_in: Option<u64>) -> Answer {
    let refresh_in = refresh_in.map(|seconds| format!(r#","refresh_in":{seconds}"#));
    page(format!(
        r#"{{"token_type":"Bearer","expires_in":{expires_in}{},"access_token":"token-{number}"}}"#,
        refresh_in.unwrap_or_default()
    ))
}

pub(crate) fn secret_expired() -> Answer {
    Answer {
        body: r#"{"error":"invalid_client","error_description":"AADSTS7000222: expired.","error_codes":[7000222]}"#
            .to_owned(),
        ..status(401)
    }
}

impl Answer {
    /// Tells the client to wait so many whole seconds.
    pub(crate) fn wait(self, seconds: u64) -> Self {
        Self {
            wait: Some(Duration::from_secs(seconds)),
            form: Some(WaitForm::Seconds),
            ..self
        }
    }

    pub(crate) fn with(self, wait: Wait) -> Self {
        match wait {
            Wait::None => self,
            Wait::Nonsense(text) => Self {
                nonsense: Some(text),
                ..self
            },
            Wait::Stated(form, seconds) => {
                let part = if form == WaitForm::Decimal { 128 } else { 0 };
                Self {
                    wait: Some(Duration::from_millis(u64::from(seconds) * 1_000 + part)),
                    form: Some(form),
                    ..self
                }
            }
        }
    }

    /// The challenge of a 401: asking for claims, or saying that the token is no good.
    pub(crate) fn challenge(mut self, claims: Option<&str>) -> Self {
        let value = match claims {
            Some(claims) => format!(
                "Bearer realm=\"\", authorization_uri=https://login.example/common/oauth2/authorize, \
                 error=\"insufficient_claims\", claims=\"{}\"",
                BASE64_STANDARD.encode(claims)
            ),
            None => "Bearer error=\"invalid_token\"".to_owned(),
        };
        let value = HeaderValue::try_from(value).unwrap();
        self.headers.insert(header::WWW_AUTHENTICATE, value);
        self
    }

    /// The response, as it goes out `now`.
    pub(crate) fn response(self, now: Duration) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        *headers = self.headers;
        let clock = SystemTime::UNIX_EPOCH + BEGINNING + now;
        let date = |at: SystemTime| httpdate::fmt_http_date(at);
        headers.insert(header::DATE, date(clock).parse().unwrap());
        headers.insert("request-id", HeaderValue::from_static("r"));
        if let Some(nonsense) = self.nonsense {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(nonsense));
        }
        if let (Some(wait), Some(form)) = (self.wait, self.form) {
            let seconds = wait.as_secs();
            let value = match form {
                WaitForm::Seconds | WaitForm::TwoHeaders => seconds.to_string(),
                WaitForm::Decimal => wait.as_secs_f64().to_string(),
                WaitForm::Date => date(clock + wait),
                WaitForm::Doubled => format!("{seconds},{seconds}"),
            };
            headers.insert(header::RETRY_AFTER, value.parse().unwrap());
            if form == WaitForm::TwoHeaders {
                headers.append(header::RETRY_AFTER, HeaderValue::from_static("0"));
            }
        }
        response
    }
}
