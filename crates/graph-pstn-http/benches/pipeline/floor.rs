//! The least that reading a range can be: hyper alone, which downloads each page and looks for the link
//! to the next.

use std::{error::Error, io::Read as _, sync::Arc};

use bytes::Bytes;
use flate2::read::GzDecoder;
use graph_pstn_model::{TimeRange, format_time};
use http::{Request, header};
use http_body_util::{BodyExt as _, Full};
use hyper_rustls::HttpsConnector;
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::server::Server;

pub(crate) struct Floor {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    origin: String,
    token: String,
    gzip: bool,
}

impl Floor {
    /// A client with a token of the server's.
    pub(crate) async fn new(server: &Server, gzip: bool) -> Result<Self, Box<dyn Error>> {
        let mut roots = RootCertStore::empty();
        if let Some(pem) = &server.authority {
            roots
                .add(CertificateDer::from_pem_slice(pem).map_err(|error| format!("{error:?}"))?)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let connector = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_all_versions()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .http2_adaptive_window(true)
            .build(connector);
        let mut this = Self {
            client,
            origin: server.origin.clone(),
            token: String::new(),
            gzip,
        };
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &server.client_id)
            .append_pair("client_secret", &server.client_secret)
            .append_pair("scope", &format!("{}/.default", server.origin))
            .finish();
        let request = Request::post(&server.token_url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form)))?;
        let answer: serde_json::Value = serde_json::from_slice(&this.send(request).await?)?;
        this.token = answer["access_token"]
            .as_str()
            .ok_or("the server gave no token")?
            .to_owned();
        Ok(this)
    }

    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Downloads the pages of a range one after the other, and hands each to `take`.
    pub(crate) async fn read(
        &self,
        range: TimeRange,
        mut take: impl FnMut(Bytes),
    ) -> Result<(), Box<dyn Error>> {
        // The bounds are inclusive, and whole seconds go out.
        let mut url = format!(
            "{}/v1.0/communications/callRecords/getPstnCalls(fromDateTime={},toDateTime={})",
            self.origin,
            format_time(range.from()),
            format_time(range.until()),
        );
        loop {
            let mut request = Request::get(&url)
                .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
                .header(header::ACCEPT, "application/json");
            if self.gzip {
                request = request.header(header::ACCEPT_ENCODING, "gzip");
            }
            let page = self.send(request.body(Full::default())?).await?;
            let next = next_link(&page);
            take(page);
            match next {
                Some(next) => url = next,
                None => return Ok(()),
            }
        }
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Bytes, Box<dyn Error>> {
        let response = self.client.request(request).await?;
        if !response.status().is_success() {
            return Err(format!("the server answered {}", response.status()).into());
        }
        let gzip = response.headers().contains_key(header::CONTENT_ENCODING);
        let body = response.into_body().collect().await?.to_bytes();
        if !gzip {
            return Ok(body);
        }
        let mut plain = Vec::new();
        GzDecoder::new(&*body).read_to_end(&mut plain)?;
        Ok(Bytes::from(plain))
    }
}

/// The link to the next page, which stands after the rows.
fn next_link(page: &[u8]) -> Option<String> {
    const NAME: &[u8] = b"\"@odata.nextLink\":\"";
    let tail = page.get(page.len().saturating_sub(1_024)..)?;
    let at = tail.windows(NAME.len()).position(|here| here == NAME)? + NAME.len();
    let link = tail.get(at..)?.split(|byte| *byte == b'"').next()?;
    String::from_utf8(link.to_vec()).ok()
}
