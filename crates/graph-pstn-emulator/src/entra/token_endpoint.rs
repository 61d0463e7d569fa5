//! Entra's token endpoint for the client-credentials grant.
//!
//! Wire facts: "Microsoft identity platform and the OAuth 2.0 client credentials flow"; codes: "Microsoft
//! Entra authentication and authorization error codes".

use std::borrow::Cow;
use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};

use crate::entra::refusal::Refusal;
use crate::random;
use crate::server::reply::{self, Reply};
use crate::server::state::State;

/// What the client asks for, once it is clear who it is.
struct Grant {
    capable: bool,
    answers_challenge: bool,
}

/// Answers a request to `/{tenant}/oauth2/v2.0/token`.
pub(crate) fn answer(
    state: &State,
    tenant: &str,
    method: &Method,
    headers: &HeaderMap,
    body: &Bytes,
) -> Reply {
    match grant(state, tenant, method, headers, body) {
        Ok(grant) => match issue(state, &grant) {
            Ok(token) => success(state, &token),
            Err(error) => reply::typed(
                StatusCode::SERVICE_UNAVAILABLE,
                "text/plain",
                error.to_string(),
            ),
        },
        Err(refusal) => failure(state, &refusal, headers),
    }
}

/// The answer of an endpoint that is not available, with this status.
pub(crate) fn down(state: &State, status: StatusCode, headers: &HeaderMap) -> Reply {
    let refusal = Refusal {
        status,
        error: "temporarily_unavailable",
        code: 90_033,
        text: "A transient error has occurred. Please try again.".into(),
    };
    failure(state, &refusal, headers)
}

fn issue(state: &State, grant: &Grant) -> std::io::Result<String> {
    let token = if state.options.readable_tokens {
        readable_token(state)?
    } else {
        random::token()?
    };
    state.counters.tokens.one();
    state.tokens().insert(
        token.clone(),
        state.options.token_lifetime,
        state.options.may_read(),
        grant.capable,
        grant.answers_challenge,
    );
    Ok(token)
}

/// A token in the form of Entra's ("Access tokens in the Microsoft identity platform"), with a signature that is none.
fn readable_token(state: &State) -> std::io::Result<String> {
    let options = &state.options;
    let now = state.clock().unix_timestamp();
    let lifetime = i64::try_from(options.token_lifetime.as_secs()).unwrap_or(i64::MAX);
    let part = |json: Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let header = part(json!({"typ": "JWT", "alg": "RS256", "kid": "emulator"}));
    let claims = part(json!({
        "aud": state.origin,
        "iss": format!("{}/{}/v2.0", state.origin, options.tenant_id),
        "iat": now,
        "nbf": now,
        "exp": now.saturating_add(lifetime),
        "appid": options.client_id,
        "idtyp": "app",
        "roles": options.roles,
        "tid": options.tenant_id,
        "ver": "1.0",
    }));
    Ok(format!("{header}.{claims}.{}", random::signature()?))
}

fn grant(
    state: &State,
    tenant: &str,
    method: &Method,
    headers: &HeaderMap,
    body: &Bytes,
) -> Result<Grant, Refusal> {
    let options = &state.options;
    if method != Method::POST {
        return Err(Refusal::request(
            900_561,
            "invalid_request",
            format!("The endpoint only accepts POST requests. Received a {method} request."),
        ));
    }
    let form = form(headers, body)?;
    let field = |name: &str| {
        form.get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    };

    if ["common", "organizations", "consumers"].contains(&tenant) {
        return Err(Refusal::request(
            50_059,
            "invalid_request",
            "No tenant-identifying information found in either the request or implied by any \
             provided credentials.",
        ));
    }
    if !tenant.eq_ignore_ascii_case(&options.tenant_id) {
        return Err(Refusal::request(
            90_002,
            "invalid_request",
            format!(
                "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID \
                 and are signing into the correct cloud."
            ),
        ));
    }
    match field("grant_type") {
        None => return Err(Refusal::missing("grant_type")),
        Some("client_credentials") => {}
        Some(other) => {
            return Err(Refusal::request(
                70_003,
                "unsupported_grant_type",
                format!("The app requested an unsupported grant type '{other}'."),
            ));
        }
    }
    // RFC 6749, section 2.3.1: the credential may come as HTTP Basic instead.
    let basic = basic(headers);
    let client = field("client_id")
        .map(Cow::Borrowed)
        .or_else(|| basic.as_ref().map(|(id, _)| Cow::Borrowed(id.as_str())))
        .ok_or_else(|| Refusal::missing("client_id"))?;
    if !client.eq_ignore_ascii_case(&options.client_id) {
        return Err(Refusal::request(
            700_016,
            "unauthorized_client",
            format!(
                "Application with identifier '{client}' was not found in the directory \
                 '{tenant}'. This can happen if the application has not been installed by the \
                 administrator of the tenant."
            ),
        ));
    }
    state
        .options
        .app_state
        .unless_disabled(&state.options.client_id)?;
    scope(&state.origin, field("scope"))?;
    let secret = field("client_secret").or(basic.as_ref().map(|(_, secret)| secret.as_str()));
    credential(state, tenant, secret, &form)?;
    state.options.app_state.unless_blocked()?;
    claims(state, field("claims"))
}

fn form(headers: &HeaderMap, body: &Bytes) -> Result<HashMap<String, String>, Refusal> {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        // A body that is no form has no parameters for Entra.
        return Err(Refusal::missing("grant_type"));
    }
    let mut form = HashMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        if form
            .insert(name.clone().into_owned(), value.into_owned())
            .is_some()
        {
            return Err(Refusal::request(
                9_002_313,
                "invalid_request",
                format!("Invalid request. The parameter '{name}' is duplicated."),
            ));
        }
    }
    Ok(form)
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let bytes = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |part: &str| {
        form_urlencoded::parse(part.as_bytes())
            .next()
            .map(|(name, _)| name.into_owned())
    };
    Some((decoded(id)?, decoded(secret)?))
}

fn scope(origin: &str, scope: Option<&str>) -> Result<(), Refusal> {
    let scope = scope.ok_or_else(|| Refusal::missing("scope"))?;
    let mut scopes = scope.split_whitespace();
    let (first, second) = (scopes.next().unwrap_or_default(), scopes.next());
    if second.is_some() {
        return Err(Refusal::request(
            700_022,
            "invalid_request",
            "The provided value for the input parameter 'scope' is not valid because it contains \
             more than one resource.",
        ));
    }
    let Some(resource) = first.strip_suffix("/.default") else {
        return Err(Refusal::request(
            1_002_012,
            "invalid_scope",
            format!(
                "The provided value for scope {first} is not valid. Client credential flows must \
                 have a scope value with /.default suffixed to the resource identifier \
                 (application ID URI)."
            ),
        ));
    };
    if resource.trim_end_matches('/') != origin {
        return Err(Refusal::request(
            70_011,
            "invalid_scope",
            format!(
                "The provided value for the input parameter 'scope' is not valid. The scope \
                 {first} is not valid."
            ),
        ));
    }
    Ok(())
}

fn credential(
    state: &State,
    tenant: &str,
    secret: Option<&str>,
    form: &HashMap<String, String>,
) -> Result<(), Refusal> {
    let Some(secret) = secret else {
        return crate::entra::assertion::credential(state, tenant, form);
    };
    let expected = state.options.client_secret.as_bytes();
    match aws_lc_rs::constant_time::verify_slices_are_equal(secret.as_bytes(), expected) {
        Ok(()) => state
            .options
            .app_state
            .unless_secret_expired(&state.options.client_id),
        Err(_) => Err(Refusal::client(
            7_000_215,
            format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is \
                 the client secret value, not the client secret ID, for a secret added to app \
                 '{}'.",
                state.options.client_id
            ),
        )),
    }
}

/// Reads `claims`: which challenge they answer, and whether the client can meet one (`cp1`).
fn claims(state: &State, claims: Option<&str>) -> Result<Grant, Refusal> {
    let Some(text) = claims else {
        return Ok(Grant {
            capable: false,
            answers_challenge: false,
        });
    };
    let claims: Value = serde_json::from_str(text).map_err(|_| {
        Refusal::request(
            9_002_313,
            "invalid_request",
            "Invalid request. The 'claims' parameter is not valid JSON.",
        )
    })?;
    let wanted = &claims["access_token"];
    let capable = wanted["xms_cc"]["values"].as_array().is_some_and(|values| {
        values
            .iter()
            .filter_map(Value::as_str)
            .any(|value| value.eq_ignore_ascii_case("cp1"))
    });
    let answers_challenge =
        wanted["nbf"]["value"].as_str() == Some(state.tokens().challenge_value().as_str());
    Ok(Grant {
        capable,
        answers_challenge,
    })
}

fn success(state: &State, token: &str) -> Reply {
    let seconds = state.options.token_lifetime.as_secs();
    let body = json!({
        "token_type": "Bearer",
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": token,
    });
    unstored(reply::typed(
        StatusCode::OK,
        "application/json; charset=utf-8",
        body.to_string(),
    ))
}

fn failure(state: &State, refusal: &Refusal, headers: &HeaderMap) -> Reply {
    let (origin, now) = (&state.origin, state.clock());
    let seconds = crate::rows::ticks(now) / crate::rows::SECOND * crate::rows::SECOND;
    let timestamp = crate::rows::text(seconds).replace('T', " ");
    let trace = random::guid();
    let correlation = headers
        .get("client-request-id")
        .and_then(|value| value.to_str().ok())
        .filter(|value| value.len() == 36)
        .map_or_else(random::guid, str::to_owned);
    let body = json!({
        "error": refusal.error,
        "error_description": format!(
            "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}",
            refusal.code, refusal.text
        ),
        "error_codes": [refusal.code],
        "timestamp": timestamp,
        "trace_id": trace,
        "correlation_id": correlation,
        // Entra's page stands at its own login host, as this one would.
        "error_uri": format!("{origin}/error?code={}", refusal.code),
    });
    unstored(reply::typed(
        refusal.status,
        "application/json; charset=utf-8",
        body.to_string(),
    ))
}

fn unstored(mut reply: Reply) -> Reply {
    let headers = reply.headers_mut();
    headers.insert(
        CACHE_CONTROL,
        HeaderValue::from_static("no-store, no-cache"),
    );
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    reply
}
