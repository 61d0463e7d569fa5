//! What the tests send with: a `tower` service of a few lines over hyper's client, and certificates.

use std::convert::Infallible;

use bytes::Bytes;
use graph_pstn_emulator::RunningEmulator;
use graph_pstn_http::{AccessToken, Endpoints, Error, ErrorKind};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tower::{Service, service_fn};

/// An HTTP client of whole bodies.
pub(crate) fn client()
-> impl Service<Request<Bytes>, Response = Response<Bytes>, Error = Error, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static {
    let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
    service_fn(move |request: Request<Bytes>| {
        let client = client.clone();
        async move {
            let answer = client.request(request.map(Full::new)).await.map_err(|e| {
                let kind = if e.is_connect() {
                    ErrorKind::Connect
                } else {
                    ErrorKind::Interrupted
                };
                Error::new(kind, "no connection").with_source(e)
            })?;
            let (parts, body) = answer.into_parts();
            let body = body.collect().await.map_err(|e| {
                Error::new(ErrorKind::Interrupted, "the answer broke off").with_source(e)
            })?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        }
    })
}

/// A service that always answers so.
#[allow(dead_code)]
pub(crate) fn answering(
    status: u16,
    body: &'static str,
) -> impl Service<Request<Bytes>, Response = Response<Bytes>, Error = Infallible, Future: Send>
+ Clone
+ Send
+ Sync
+ 'static {
    service_fn(move |_: Request<Bytes>| async move {
        let mut answer = Response::new(Bytes::from_static(body.as_bytes()));
        *answer.status_mut() = status.try_into().unwrap();
        Ok(answer)
    })
}

pub(crate) fn endpoints(emulator: &RunningEmulator) -> Endpoints {
    Endpoints::custom(
        emulator.graph_endpoint().parse().unwrap(),
        emulator.authority_host().parse().unwrap(),
    )
}

/// Asks the emulated Graph for a page.
#[allow(dead_code)]
pub(crate) async fn graph(emulator: &RunningEmulator, token: &AccessToken) -> Response<Bytes> {
    let request = Request::get(format!(
        "{}/v1.0/communications/callRecords/getPstnCalls(fromDateTime=2019-11-03,toDateTime=2019-11-03)",
        emulator.graph_endpoint()
    ))
    .header("authorization", token.authorization())
    .body(Bytes::new())
    .unwrap();
    client().call(request).await.unwrap()
}

/// Everything that an error shows, its causes too.
#[allow(dead_code)]
pub(crate) fn shown(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut below = error.source();
    while let Some(cause) = below {
        text += &format!(" {cause} {cause:?}");
        below = cause.source();
    }
    text
}

/// A certificate and its key in PEM.
#[cfg(feature = "certificate")]
pub(crate) fn certificate() -> (String, String) {
    use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
    let params = CertificateParams::new(vec!["app.contoso.example".into()]).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}
