//! Answers: bodies of one type, and Graph's own headers and error form.

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use serde_json::json;
use time::OffsetDateTime;

use crate::random;

/// The body of every answer; an error in it breaks the connection.
pub(crate) type Body = UnsyncBoxBody<Bytes, std::io::Error>;
/// An answer.
pub(crate) type Reply = Response<Body>;

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const DIAGNOSTIC: HeaderName = HeaderName::from_static("x-ms-ags-diagnostic");

/// The ids of one exchange, as headers and error bodies repeat them.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    pub(crate) request: String,
    pub(crate) client: String,
}

impl Ids {
    /// A new `request-id`; the client's own id, or the same one if it sent none.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let request = random::guid();
        let client = headers
            .get(CLIENT_REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .filter(|value| value.len() <= 128)
            .unwrap_or(&request)
            .to_owned();
        Self { request, client }
    }

    fn stamp(&self, headers: &mut HeaderMap) {
        for (name, value) in [
            (REQUEST_ID, &self.request),
            (CLIENT_REQUEST_ID, &self.client),
        ] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        headers.insert(
            DIAGNOSTIC,
            HeaderValue::from_static(
                r#"{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"0","ScaleUnit":"000","RoleInstance":"EMULATOR0000"}}"#,
            ),
        );
    }
}

/// A body that is all there.
pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into())
        .map_err(|never| match never {})
        .boxed_unsync()
}

/// An answer of any type.
pub(crate) fn typed(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(full(body));
    *reply.status_mut() = status;
    reply
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    reply
}

/// A page of rows.
pub(crate) fn page(ids: &Ids, body: Bytes, gzip: bool) -> Reply {
    let mut reply = typed(
        StatusCode::OK,
        "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8",
        body,
    );
    let headers = reply.headers_mut();
    headers.insert(VARY, HeaderValue::from_static("Accept-Encoding"));
    if gzip {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    ids.stamp(headers);
    reply
}

/// An error in Graph's form ("Microsoft Graph error responses and resource types").
pub(crate) fn graph_error(ids: &Ids, status: StatusCode, code: &str, message: &str) -> Reply {
    let now = OffsetDateTime::now_utc();
    let seconds = crate::rows::ticks(now) / crate::rows::SECOND * crate::rows::SECOND;
    // Graph writes this date without a zone.
    let date = crate::rows::text(seconds).trim_end_matches('Z').to_owned();
    let body = json!({"error": {
        "code": code,
        "message": message,
        "innerError": {"date": date, "request-id": ids.request, "client-request-id": ids.client},
    }});
    let mut reply = typed(status, "application/json", body.to_string());
    ids.stamp(reply.headers_mut());
    reply
}

/// Adds `Retry-After`.
pub(crate) fn retry_after(mut reply: Reply, value: &str) -> Reply {
    if let Ok(value) = HeaderValue::from_str(value) {
        reply.headers_mut().insert(RETRY_AFTER, value);
    }
    reply
}

/// Adds the challenge that comes with a 401, with claims if there are any to meet.
pub(crate) fn challenged(mut reply: Reply, origin: &str, claims: Option<&str>) -> Reply {
    let mut value = format!(
        "Bearer realm=\"\", authorization_uri=\"{origin}/common/oauth2/authorize\", \
         client_id=\"00000003-0000-0000-c000-000000000000\""
    );
    if let Some(claims) = claims {
        value.push_str(&format!(
            ", error=\"insufficient_claims\", claims=\"{claims}\""
        ));
    }
    if let Ok(value) = HeaderValue::from_str(&value) {
        reply.headers_mut().insert(WWW_AUTHENTICATE, value);
    }
    reply
}
