//! A token endpoint in the process, for tests: it answers by script and remembers what it was asked.

use std::collections::VecDeque;
use std::future::{Ready, ready};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use graph_pstn_http::Endpoints;
use http::{Request, Response};
use tower_service::Service;

use crate::requester::Ambient;

pub(crate) const TENANT: &str = "00000000-0000-4000-8000-00000000a001";
pub(crate) const CLIENT: &str = "00000000-0000-4000-8000-00000000c001";
pub(crate) const SECRET: &str = "made-up~secret&with=odd+characters";
/// 2026-11-25T08:00:00Z.
pub(crate) const NOW: u64 = 1_795_593_600;
pub(crate) const GRANTED: &str = r#"{"token_type":"Bearer","expires_in":3599,"ext_expires_in":3599,"access_token":"made-up-token"}"#;

/// Endpoints of no real cloud.
pub(crate) fn endpoints() -> Endpoints {
    Endpoints::custom(
        "https://graph.example".parse().unwrap(),
        "https://login.example".parse().unwrap(),
    )
}

/// A clock that stands, and ids that count.
pub(crate) fn ambient() -> Ambient {
    let count = AtomicU64::new(0);
    Ambient {
        now: Arc::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(NOW)),
        id: Arc::new(move || {
            let n = count.fetch_add(1, SeqCst) + 1;
            format!("00000000-0000-4000-8000-{n:012}")
        }),
    }
}

type Answer = Result<Response<Bytes>, graph_pstn_http::Error>;

#[derive(Clone, Default)]
pub(crate) struct Entra(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    answers: VecDeque<Answer>,
    requests: Vec<Request<Bytes>>,
}

impl Entra {
    /// Answers the next request so; when no answers are left it grants a token.
    pub(crate) fn answers(self, answer: Answer) -> Self {
        self.0.lock().unwrap().answers.push_back(answer);
        self
    }

    pub(crate) fn refuses(self, status: u16, body: &str) -> Self {
        self.answers(Ok(reply(status, &[], body)))
    }

    pub(crate) fn requests(&self) -> usize {
        self.0.lock().unwrap().requests.len()
    }

    pub(crate) fn request(&self, n: usize) -> Request<Bytes> {
        self.0.lock().unwrap().requests[n].clone()
    }

    /// A field of the form that request `n` had.
    pub(crate) fn field(&self, n: usize, name: &str) -> Option<String> {
        let request = self.request(n);
        let mut fields = form_urlencoded::parse(request.body());
        fields
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    }
}

pub(crate) fn reply(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Bytes> {
    let mut reply = Response::builder().status(status);
    for (name, value) in headers {
        reply = reply.header(*name, *value);
    }
    reply.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

impl Service<Request<Bytes>> for Entra {
    type Response = Response<Bytes>;
    type Error = graph_pstn_http::Error;
    type Future = Ready<Answer>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let mut book = self.0.lock().unwrap();
        book.requests.push(request);
        ready(
            book.answers
                .pop_front()
                .unwrap_or_else(|| Ok(reply(200, &[], GRANTED))),
        )
    }
}

/// A self-signed RSA certificate, made for one test.
#[cfg(feature = "certificate")]
pub(crate) struct Certificate {
    pub(crate) pem: String,
    pub(crate) der: Vec<u8>,
    /// PKCS#8.
    pub(crate) key: String,
    key_der: Vec<u8>,
}

#[cfg(feature = "certificate")]
impl Certificate {
    pub(crate) fn new() -> Self {
        use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, RsaKeySize};
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let params = CertificateParams::new(vec!["app.contoso.example".into()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            pem: certificate.pem(),
            der: certificate.der().to_vec(),
            key: key.serialize_pem(),
            key_der: key.serialize_der(),
        }
    }

    pub(crate) fn bundle(&self) -> String {
        format!("{}{}", self.pem, self.key)
    }

    /// The key in PKCS#1, which PKCS#8 holds in an octet string at its end (RFC 5958).
    pub(crate) fn pkcs1_key(&self) -> String {
        use base64::Engine as _;
        let octets = self
            .key_der
            .windows(2)
            .position(|tag| tag == [0x04, 0x82])
            .unwrap();
        let length =
            usize::from(self.key_der[octets + 2]) << 8 | usize::from(self.key_der[octets + 3]);
        let der = &self.key_der[octets + 4..][..length];
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<&str> = text
            .as_bytes()
            .chunks(64)
            .map(|l| std::str::from_utf8(l).unwrap())
            .collect();
        let label = "RSA PRIVATE KEY";
        format!(
            "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
            lines.join("\n")
        )
    }
}
