//! One token request on the wire, through the `oauth2` crate.
//!
//! The crate forms the request and reads a granted one. What it would lose or show, this module keeps
//! from it: status, `Retry-After` and Entra's own fields are read before it sees an answer, and its
//! errors, which may hold a whole body, end here.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use graph_pstn_http::{AccessToken, BoxFuture};
use http::{HeaderValue, Request, Response, StatusCode, header::USER_AGENT, response::Parts};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
};
use oauth2::{
    AuthType, ClientId, ClientSecret, EndpointNotSet, EndpointSet, RequestTokenError, Scope,
    StandardRevocableToken, TokenUrl,
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::cache::Grant;
use crate::endpoint::TokenEndpoint;
use crate::http_service::HttpService;
use crate::token_body::TokenBody;
use crate::{EntraError, Error, ErrorKind, hint, retry_after};

type Client = oauth2::Client<
    BasicErrorResponse,
    TokenBody,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// RFC 7523, section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// A token with its dressing is some 3 KiB.
const LARGEST_ANSWER: usize = 256 << 10;
/// The app asks for tokens in a loop; Entra goes on refusing until it stops.
const LOOP: u32 = 50_196;
const LOOP_PAUSE: Duration = Duration::from_secs(60);
const USER: &str = concat!("graph-pstn-auth/", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests;

/// What the app shows to prove itself in one request.
pub enum Proof {
    /// The client secret.
    Secret(SecretString),
    /// A signed assertion: its own, or that of a federated issuer.
    Assertion(SecretString),
}

impl Proof {
    fn text(&self) -> &str {
        match self {
            Self::Secret(text) | Self::Assertion(text) => text.expose_secret(),
        }
    }
}

/// Sends token requests to one endpoint for one app.
pub(crate) struct Wire {
    endpoint: TokenEndpoint,
    url: TokenUrl,
    http: HttpService,
}

impl Wire {
    /// # Errors
    /// When the endpoint is no URL.
    pub(crate) fn new(endpoint: TokenEndpoint, http: HttpService) -> Result<Self, Error> {
        let url = TokenUrl::new(endpoint.url.clone())
            .map_err(|_| Error::config("the token endpoint is no URL: check the authority host"))?;
        Ok(Self {
            endpoint,
            url,
            http,
        })
    }

    pub(crate) fn endpoint(&self) -> &TokenEndpoint {
        &self.endpoint
    }

    /// Asks for a token once.
    pub(crate) async fn request(
        &self,
        proof: &Proof,
        claims: Option<&str>,
        correlation_id: &str,
        now: SystemTime,
    ) -> Result<Grant, Error> {
        let client = self.client(proof);
        let mut request = client
            .exchange_client_credentials()
            .add_scope(Scope::new(self.endpoint.scope.clone()));
        if let Proof::Assertion(assertion) = proof {
            request = request
                .add_extra_param("client_assertion_type", ASSERTION_TYPE)
                .add_extra_param("client_assertion", assertion.expose_secret());
        }
        if let Some(claims) = claims {
            request = request.add_extra_param("claims", claims);
        }
        let exchange = Exchange {
            wire: self,
            proof,
            correlation_id,
            now,
        };
        let answer = request.request_async(&exchange).await;
        answer
            .map_err(|error| self.readable(error))
            .and_then(|body| self.grant(&body))
            .map_err(|error| error.with_correlation_id(correlation_id))
    }

    fn client(&self, proof: &Proof) -> Client {
        // The crate's default is HTTP Basic; Microsoft's libraries send the secret in the body.
        let client = oauth2::Client::new(ClientId::new(self.endpoint.client_id.clone()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(self.url.clone());
        match proof {
            Proof::Secret(secret) => {
                client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
            }
            Proof::Assertion(_) => client,
        }
    }

    fn refusal(&self, answer: &Parts, body: &[u8], proof: &Proof, now: SystemTime) -> Error {
        let Parts {
            status, headers, ..
        } = answer;
        let status = *status;
        let entra = EntraError::from_slice(body).map(|error| error.without(proof.text()));
        let kind = class(status, entra.as_ref());
        let message = match &entra {
            Some(entra) => said(kind, entra),
            None => self.unsaid(kind, status),
        };
        let looped = entra.as_ref().is_some_and(|e| e.codes().contains(&LOOP));
        let asked = retry_after::of(headers, now);
        let error = Error::new(kind, message)
            .with_status(status)
            .with_server_time(retry_after::date(headers))
            .with_retry_after(asked.max(looped.then_some(LOOP_PAUSE)));
        match entra {
            Some(entra) => error.with_entra(entra),
            None => error,
        }
    }

    /// The line for an answer that is not in Entra's form.
    fn unsaid(&self, kind: ErrorKind, status: StatusCode) -> String {
        let host = &self.endpoint.host;
        match (kind, status.as_u16()) {
            (ErrorKind::Throttled, _) => "Entra throttles this app's token requests".to_owned(),
            (ErrorKind::Transient, _) => format!("{host} is not available at the moment"),
            (_, 300..=399) => format!(
                "{host} answered with a redirect, which is never followed: check the authority host"
            ),
            (_, 404) => format!("{host} has no token endpoint: check the authority host"),
            (_, 407) => "the proxy wants its own credentials".to_owned(),
            _ => format!(
                "{host} refused the token request without saying why: a proxy or a firewall may have \
                 answered in its place"
            ),
        }
    }

    fn grant(&self, body: &TokenBody) -> Result<Grant, Error> {
        if !body.is_bearer() {
            return Err(Error::permanent(format!(
                "{} gave a token that is no bearer token",
                self.endpoint.host
            )));
        }
        Ok(Grant {
            token: AccessToken::new(body.secret())
                .map_err(|error| Error::permanent(error.to_string()))?,
            expires_in: body.expires_in(),
            refresh_in: body.refresh_in(),
        })
    }

    /// Keeps the place of a parse error, and nothing that may quote the body.
    fn readable(&self, error: RequestTokenError<Error, BasicErrorResponse>) -> Error {
        let host = &self.endpoint.host;
        match error {
            RequestTokenError::Request(ours) => ours,
            RequestTokenError::Parse(parse, _) => Error::transient(format!(
                "the token response of {host} is cut or lacks something, at line {}, column {}",
                parse.inner().line(),
                parse.inner().column()
            )),
            RequestTokenError::ServerResponse(_) | RequestTokenError::Other(_) => {
                Error::permanent(format!("the answer of {host} is no token response"))
            }
        }
    }
}

/// One request, as the `oauth2` crate sees an HTTP client.
struct Exchange<'a> {
    wire: &'a Wire,
    proof: &'a Proof,
    correlation_id: &'a str,
    now: SystemTime,
}

impl Exchange<'_> {
    /// Gives the crate answers that grant a token, and makes errors of all others.
    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        let mut request = request.map(Bytes::from);
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(USER));
        // Tells Entra that the client keeps to `Retry-After` and 429, as Microsoft's libraries do.
        headers.insert(
            "x-ms-lib-capability",
            HeaderValue::from_static("retry-after, h429"),
        );
        if let Ok(id) = HeaderValue::from_str(self.correlation_id) {
            headers.insert("client-request-id", id);
        }
        let Wire { endpoint, http, .. } = self.wire;
        let host = &endpoint.host;
        let answer = http(request)
            .await
            .map_err(|error| Error::transport(host, error))?;
        let (parts, body) = answer.into_parts();
        // Entra was seen to put an error into a 200.
        if parts.status != StatusCode::OK || EntraError::from_slice(&body).is_some() {
            return Err(self.wire.refusal(&parts, &body, self.proof, self.now));
        }
        if body.len() > LARGEST_ANSWER {
            return Err(Error::permanent(format!(
                "the answer of {host} is too large for a token response"
            )));
        }
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(Error::transient(format!(
                "{host} answered with something else than a token response: a proxy or a portal may \
                 stand in between"
            ))
            .with_status(parts.status));
        }
        // Without headers: the crate would refuse a JSON body that is labelled otherwise.
        Ok(Response::new(body.into()))
    }
}

impl<'c> oauth2::AsyncHttpClient<'c> for Exchange<'_> {
    type Error = Error;
    type Future = BoxFuture<'c, Result<Response<Vec<u8>>, Error>>;

    fn call(&'c self, request: Request<Vec<u8>>) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// By status and OAuth error; the numbers only tell what passes by itself.
fn class(status: StatusCode, entra: Option<&EntraError>) -> ErrorKind {
    let codes = entra.map(EntraError::codes).unwrap_or_default();
    let error = entra.map(EntraError::error).unwrap_or_default();
    if status == StatusCode::TOO_MANY_REQUESTS || codes.contains(&LOOP) {
        ErrorKind::Throttled
    } else if status.is_server_error()
        || status == StatusCode::REQUEST_TIMEOUT
        || matches!(error, "temporarily_unavailable" | "server_error")
        || codes.iter().any(|code| hint::passes_by_itself(*code))
    {
        ErrorKind::Transient
    } else {
        ErrorKind::Permanent
    }
}

/// The line for an answer in Entra's form: what to do, or else what Entra says.
fn said(kind: ErrorKind, entra: &EntraError) -> String {
    match (entra.hint(), kind) {
        (Some(hint), _) => hint.to_owned(),
        (None, ErrorKind::Throttled) => "Entra throttles this app's token requests".to_owned(),
        (None, ErrorKind::Transient) => "Entra is not available at the moment".to_owned(),
        (None, _) if entra.description().is_empty() => {
            format!("Entra refused the token request: {}", entra.error())
        }
        (None, _) => format!("Entra refused the token request: {}", entra.description()),
    }
}
