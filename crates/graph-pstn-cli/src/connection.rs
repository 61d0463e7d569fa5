//! From options to a client: hosts, trust, credential, quota.

use std::fmt;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use graph_pstn_http::{
    Cloud, Endpoints, Error, GraphClient, HttpService, HyperTransport, Origin, RangeReader,
    ReadOptions, RequestHeadersLayer, SharedObserver, TokenProvider, TokenRequest,
};
use graph_pstn_model::{ApiVersion, CallLog, LogRow, TimeRange};
use serde::de::DeserializeOwned;

use crate::credentials::{Credential, CredentialArgs};
use crate::endpoints;
use crate::exit::Failure;
use crate::hints::below_auth;
use crate::rate::{Counts, Rate};
use crate::text_file;

/// How the program calls itself to Graph and Entra.
pub(crate) const USER_AGENT: &str = concat!("graph-pstn/", env!("CARGO_PKG_VERSION"));

/// The largest answer of the token endpoint that is read, in bytes.
const TOKEN_BODY_LIMIT: usize = 1024 * 1024;
/// How long one token request may take.
const TOKEN_TIMEOUT: Duration = Duration::from_secs(30);
/// How often the first token is asked for, if the request does not come through.
const FIRST_CONTACT_TRIES: u32 = 3;
/// How many bytes of pages may wait for their turn under a quota: its windows are large, and it is to be kept
/// busy also when answers take seconds.
const WAITING_BYTES: usize = 48 * 1024 * 1024;
/// The same without a quota, where windows are small: little for a container.
const WAITING_BYTES_UNMETERED: usize = 16 * 1024 * 1024;
/// How long to go on without a new page, unless told otherwise: an unattended export rather comes late
/// than not at all.
const MAX_WAIT: Duration = Duration::from_secs(6 * 3_600);

/// Where Graph and Entra are, and how they are asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// The tenant's cloud. Needed unless this program was built for only one.
    #[arg(long, value_name = "CLOUD", help = cloud_help())]
    pub(crate) cloud: Option<Cloud>,

    /// Graph's origin, such as `https://graph.example`, instead of the cloud's own.
    #[arg(long, value_name = "URL")]
    graph_endpoint: Option<Origin>,

    /// Entra's origin, such as `https://login.example`, instead of the cloud's own.
    #[arg(long, value_name = "URL")]
    authority_host: Option<Origin>,

    /// A PEM file with certificate authorities to trust besides the system's own.
    #[arg(long, value_name = "FILE")]
    ca_certificate: Option<PathBuf>,

    #[command(flatten)]
    credential: CredentialArgs,

    #[command(flatten)]
    pub(crate) pace: PaceArgs,
}

/// How fast, and how patiently.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Pace")]
pub(crate) struct PaceArgs {
    /// Requests in a minute, or `unlimited`. Default: 50, the quota that Microsoft documents;
    /// unlimited with --emulator.
    #[arg(long, value_name = "N")]
    requests_per_minute: Option<Rate>,

    /// How long to go on without a new page: while waiting for the quota or for a time that Graph names
    /// when it throttles, or after the connection has broken. Default: 6h.
    #[arg(long, value_name = "LENGTH", value_parser = TimeRange::parse_duration)]
    max_wait: Option<time::Duration>,

    /// How many parts of the range to fetch at a time. Default: 6.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    parallel: Option<u16>,
}

fn cloud_help() -> String {
    let names: Vec<&str> = Cloud::ALL.iter().map(|cloud| cloud.name()).collect();
    format!(
        "The tenant's cloud: {}. {}",
        names.join(", "),
        match Cloud::sole() {
            Some(_) => "This build has no other.",
            None => "There is no default.",
        }
    )
}

/// Everything that is needed to ask Graph; no request has been sent for it.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) endpoints: Endpoints,
    /// The cloud, unless both hosts are of the caller's choice.
    pub(crate) cloud: Option<Cloud>,
    pub(crate) credential: Credential,
    pub(crate) ca_certificate: Option<Vec<u8>>,
    pub(crate) pace: Pace,
}

/// How fast, and how patiently: settled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    rate: Rate,
    max_wait: Duration,
    parallel: Option<u16>,
}

impl ConnectionArgs {
    /// Settles everything that can be settled without a request.
    pub(crate) fn resolve(&self) -> Result<Settings, Failure> {
        let endpoints = self.endpoints()?;
        let credential = self.credential(&endpoints)?;
        Ok(Settings {
            endpoints,
            cloud: self.cloud(),
            credential,
            ca_certificate: self.ca_certificate()?,
            pace: self.pace.resolve(Rate::PerMinute(50)),
        })
    }

    /// The cloud, as far as one is named.
    pub(crate) fn cloud(&self) -> Option<Cloud> {
        self.cloud.or_else(Cloud::sole)
    }

    /// The hosts.
    pub(crate) fn endpoints(&self) -> Result<Endpoints, Failure> {
        endpoints::resolve(
            self.cloud,
            self.graph_endpoint.clone(),
            self.authority_host.clone(),
        )
    }

    /// The app and its proof.
    pub(crate) fn credential(&self, endpoints: &Endpoints) -> Result<Credential, Failure> {
        self.credential
            .resolve(endpoints, self.authority_host.is_some())
    }

    /// The certificate authorities to trust besides.
    pub(crate) fn ca_certificate(&self) -> Result<Option<Vec<u8>>, Failure> {
        let read = |file: &PathBuf| {
            fs::read(file).map_err(|error| {
                text_file::unreadable(file, "the CA certificate", "--ca-certificate", &error)
            })
        };
        self.ca_certificate.as_ref().map(read).transpose()
    }
}

impl PaceArgs {
    pub(crate) fn resolve(&self, default: Rate) -> Pace {
        Pace {
            rate: self.requests_per_minute.unwrap_or(default),
            max_wait: self.max_wait.map_or(MAX_WAIT, time::Duration::unsigned_abs),
            parallel: self.parallel,
        }
    }
}

impl Pace {
    /// What the client would choose, but for what the user or this program wants otherwise.
    fn reading(self, client: ReadOptions) -> ReadOptions {
        let options = client.with_waiting_bytes(match self.rate {
            Rate::PerMinute(_) => WAITING_BYTES,
            Rate::Unlimited => WAITING_BYTES_UNMETERED,
        });
        match self.parallel {
            Some(parts) => options.with_parallel(parts.into()),
            None => options,
        }
    }
}

/// A client, and the credential that it uses.
pub(crate) struct Connection {
    client: GraphClient,
    credential: Arc<dyn TokenProvider>,
    pace: Pace,
    reading: ReadOptions,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("client", &self.client)
            .field("pace", &self.pace)
            .finish_non_exhaustive()
    }
}

/// What carries all requests, with trust in the authorities of this PEM text besides.
pub(crate) fn transport(ca_certificate: Option<&[u8]>) -> Result<HyperTransport, Error> {
    let mut transport = HyperTransport::builder();
    if let Some(pem) = ca_certificate {
        transport = transport.add_ca_certificate_pem(pem)?;
    }
    #[cfg(feature = "bundled-roots")]
    {
        transport = transport.bundled_roots();
    }
    transport.build()
}

/// What token requests are sent through.
pub(crate) fn token_service(transport: &HyperTransport) -> HttpService {
    transport
        .clone()
        .into_http_service(TOKEN_BODY_LIMIT, TOKEN_TIMEOUT)
}

impl Settings {
    /// Puts the stack together, over one transport that token requests share. Sends nothing yet.
    pub(crate) fn connection(
        self,
        observer: SharedObserver,
        counts: &Counts,
    ) -> Result<Connection, Error> {
        let transport = transport(self.ca_certificate.as_deref())?;
        let service = token_service(&transport);
        let (tenant, app) = (self.credential.tenant_id(), self.credential.client_id());
        let limits = counts.of(self.pace.rate).limits(tenant, app);
        let credential = self.credential.provider(&self.endpoints, service)?;
        let client = GraphClient::builder(self.endpoints)
            .token_provider(credential.clone())
            .transport(transport)
            .request_headers(RequestHeadersLayer::new(USER_AGENT)?)
            .rate_limits(limits)
            .max_wait(self.pace.max_wait)
            .observer(observer);
        let reading = self.pace.reading(client.reader_options());
        let client = client.read_options(reading).build()?;
        Ok(Connection {
            client,
            credential,
            pace: self.pace,
            reading,
        })
    }
}

impl Connection {
    /// Reads a range of a log. All logs share one quota; `waiting` says how many of the bytes that may wait
    /// for their turn this one gets.
    pub(crate) fn read<T: LogRow + DeserializeOwned>(
        &self,
        log: CallLog,
        version: ApiVersion,
        range: TimeRange,
        waiting: impl FnOnce(usize) -> usize,
    ) -> RangeReader<T> {
        let bytes = waiting(self.reading.waiting_bytes());
        self.client
            .read(log, range)
            .with_version(version)
            .with_options(self.reading.with_waiting_bytes(bytes))
    }

    /// How long to go on without a new page.
    pub(crate) fn max_wait(&self) -> Duration {
        self.pace.max_wait
    }

    /// Gets the first token.
    ///
    /// A host that is misspelt or cannot be reached, a wrong secret, an unknown tenant: all of them show
    /// here and within seconds. The stack alone would make more attempts, with the growing pauses of the token
    /// cache in between: a minute or so, as befits an export that is under way. An Entra that answers but is
    /// throttling or unavailable is left to it.
    pub(crate) async fn first_contact(&self) -> Result<(), Error> {
        let mut tries = 1;
        loop {
            let Err(error) = self.credential.token(TokenRequest::default()).await else {
                return Ok(());
            };
            if error.is_transient() && below_auth(&error).is_none() {
                return Ok(());
            }
            if !error.is_transient() || tries == FIRST_CONTACT_TRIES {
                return Err(error);
            }
            tries += 1;
            tokio::time::sleep(error.retry_after().unwrap_or(Duration::ZERO)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(rate: Rate, parallel: Option<u16>) -> (ReadOptions, ReadOptions) {
        let args = PaceArgs {
            requests_per_minute: Some(rate),
            max_wait: None,
            parallel,
        };
        let origin = |text: &str| text.parse::<Origin>().unwrap();
        let endpoints = Endpoints::custom(
            origin("https://graph.example"),
            origin("https://login.example"),
        );
        let client = GraphClient::builder(endpoints)
            .quota(rate.quota())
            .reader_options();
        (client, args.resolve(Rate::PerMinute(50)).reading(client))
    }

    #[test]
    fn the_clients_choice_of_windows_is_kept() {
        let (client, ours) = reading(Rate::Unlimited, None);
        assert_eq!(ours.window_pages(), client.window_pages());
        assert!(client.window_pages() < ReadOptions::default().window_pages());
        assert_eq!(ours.parallel(), client.parallel());
        assert_eq!(ours.waiting_bytes(), WAITING_BYTES_UNMETERED);

        let (client, ours) = reading(Rate::PerMinute(50), Some(3));
        assert_eq!(ours.window_pages(), client.window_pages());
        assert_eq!(ours.parallel(), 3);
        assert_eq!(ours.waiting_bytes(), WAITING_BYTES);
    }
}
