//! A server that speaks TLS by certificates of its own, and over it just the HTTP that was agreed on.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use http::{HeaderMap, Request, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::{body::Bytes, server::conn, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer},
};

/// What every answer that is no failure holds.
pub(crate) const PAGE: &str = r#"{"value":[{"id":"a"}]}"#;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    /// The number of its connection, the first being 1.
    pub(crate) connection: usize,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
}

/// A server that runs as long as its runtime.
pub(crate) struct TlsServer {
    pub(crate) port: u16,
    /// The certificate of the authority to trust.
    pub(crate) authority: String,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

impl TlsServer {
    /// Serves as `name` by these protocols (RFC 7301), and answers the requests, the first being 0, with these
    /// statuses; 200 to those that come after.
    pub(crate) async fn start(name: &str, protocols: &[&str], statuses: &'static [u16]) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let authority = params.self_signed(&key).unwrap();
        let issuer = Issuer::new(params, key);
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();

        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            )
            .unwrap();
        let protocols = protocols.iter().map(|name| name.as_bytes().to_vec());
        config.alpn_protocols = protocols.collect();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let arrived = Arc::default();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            authority: authority.pem(),
            arrived: Arc::clone(&arrived),
        };
        tokio::spawn(accept(
            listener,
            TlsAcceptor::from(Arc::new(config)),
            move |request| {
                let mut arrived = arrived.lock().unwrap();
                let status = statuses.get(arrived.len()).copied().unwrap_or(200);
                arrived.push(request);
                status
            },
        ));
        server
    }

    /// What has arrived so far.
    pub(crate) fn arrived(&self) -> Vec<Arrived> {
        self.arrived.lock().unwrap().clone()
    }
}

async fn accept<F>(listener: TcpListener, tls: TlsAcceptor, status: F)
where
    F: Fn(Arrived) -> u16 + Clone + Send + 'static,
{
    let made = Arc::new(AtomicUsize::new(0));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(serve(stream, tls.clone(), made.clone(), status.clone()));
    }
}

async fn serve<F>(stream: TcpStream, tls: TlsAcceptor, made: Arc<AtomicUsize>, status: F)
where
    F: Fn(Arrived) -> u16 + Clone + Send + 'static,
{
    // One that does not trust the certificate breaks off.
    let Ok(stream) = tls.accept(stream).await else {
        return;
    };
    let connection = made.fetch_add(1, Ordering::Relaxed) + 1;
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        let status = status(Arrived {
            connection,
            version: request.version(),
            headers: request.headers().clone(),
        });
        let mut response = Response::new(Full::new(Bytes::from_static(PAGE.as_bytes())));
        *response.status_mut() = StatusCode::from_u16(status).unwrap();
        std::future::ready(Ok::<_, std::convert::Infallible>(response))
    });
    let h2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let stream = TokioIo::new(stream);
    // A client that hangs up is none of the server's troubles.
    if h2 {
        let builder = conn::http2::Builder::new(TokioExecutor::new());
        let _ = builder.serve_connection(stream, service).await;
    } else {
        let _ = conn::http1::Builder::new()
            .serve_connection(stream, service)
            .await;
    }
}
