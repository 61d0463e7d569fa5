//! A client of a few lines: one connection per request, hyper's own client below.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use graph_pstn_emulator::RunningEmulator;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&self.body)))
    }

    #[allow(dead_code)]
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}

/// Sends one request to a URL of the emulator.
pub(crate) async fn send(
    ca: Option<&Path>,
    request: Request<Full<Bytes>>,
) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(request.uri().authority().unwrap().as_str()).await?;
    match ca {
        None => exchange(stream, request).await,
        Some(ca) => {
            let stream = tls(stream, ca, request.uri().host().unwrap()).await?;
            exchange(stream, request).await
        }
    }
}

/// Makes a connection one over TLS that trusts this authority.
pub(crate) async fn tls(
    stream: TcpStream,
    ca: &Path,
    host: &str,
) -> Result<TlsStream<TcpStream>, Box<dyn std::error::Error + Send + Sync>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca)?)?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())?;
    let connector = TlsConnector::from(Arc::new(config));
    Ok(connector.connect(name, stream).await?)
}

async fn exchange<S>(
    stream: S,
    mut request: Request<Full<Bytes>>,
) -> Result<Answer, Box<dyn std::error::Error + Send + Sync>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let host = request.uri().authority().unwrap().to_string();
    *request.uri_mut() = request.uri().path_and_query().unwrap().as_str().parse()?;
    request.headers_mut().insert("host", host.parse()?);
    let (parts, body) = sender.send_request(request).await?.into_parts();
    Ok(Answer {
        status: parts.status,
        headers: parts.headers,
        body: body.collect().await?.to_bytes(),
    })
}

/// Posts a form to the token endpoint.
pub(crate) async fn post_form(
    emulator: &RunningEmulator,
    tenant: &str,
    form: &[(&str, &str)],
) -> Answer {
    let mut body = form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(form);
    let request = Request::post(format!(
        "{}/{tenant}/oauth2/v2.0/token",
        emulator.authority_host()
    ))
    .header("content-type", "application/x-www-form-urlencoded")
    .body(Full::from(body.finish()))
    .unwrap();
    send(emulator.ca_certificate(), request).await.unwrap()
}

/// The form that a client with the right secret posts.
#[allow(dead_code)]
pub(crate) fn good_form(emulator: &RunningEmulator) -> Vec<(&'static str, String)> {
    vec![
        ("grant_type", "client_credentials".into()),
        ("client_id", emulator.client_id().into()),
        ("client_secret", emulator.client_secret().into()),
        ("scope", format!("{}/.default", emulator.graph_endpoint())),
    ]
}

/// A token, with further fields in the form.
#[allow(dead_code)]
pub(crate) async fn token(emulator: &RunningEmulator, more: &[(&'static str, &str)]) -> String {
    let mut form = good_form(emulator);
    form.extend(
        more.iter()
            .map(|(name, value)| (*name, (*value).to_owned())),
    );
    let pairs: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    let answer = post_form(emulator, emulator.tenant_id(), &pairs).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

/// A GET of a whole URL with a token.
#[allow(dead_code)]
pub(crate) async fn get_url(emulator: &RunningEmulator, token: &str, url: &str) -> Answer {
    let request = Request::get(url)
        .header("authorization", format!("Bearer {token}"))
        .header("client-request-id", "11111111-1111-4111-8111-111111111111")
        .body(Full::default())
        .unwrap();
    send(emulator.ca_certificate(), request).await.unwrap()
}

/// A GET of a function call of v1.0.
#[allow(dead_code)]
pub(crate) async fn call(emulator: &RunningEmulator, token: &str, call: &str) -> Answer {
    let url = format!(
        "{}/v1.0/communications/callRecords/{call}",
        emulator.graph_endpoint()
    );
    get_url(emulator, token, &url).await
}

/// Follows the links from this URL to the last page. Gives all rows.
#[allow(dead_code)]
pub(crate) async fn follow(emulator: &RunningEmulator, token: &str, first: String) -> Vec<Value> {
    let (mut rows, mut next) = (Vec::new(), Some(first));
    while let Some(url) = next {
        let answer = get_url(emulator, token, &url).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        let page = answer.json();
        let value = page["value"].as_array().unwrap();
        assert_eq!(page["@odata.count"], value.len());
        rows.extend(value.iter().cloned());
        next = page["@odata.nextLink"].as_str().map(str::to_owned);
    }
    rows
}
