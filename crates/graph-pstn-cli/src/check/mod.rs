//! `graph-pstn check`: is everything set up right? From the cloud to one small request, each with its remedy.
//!
//! What has failed is not in the way of what does not depend on it, so that one run tells all that can be told.

mod credential;
mod host;
mod jwt;
mod report;
pub(crate) mod tenants;
mod token;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use graph_pstn_http::{
    CallLimits, Cloud, Endpoints, Error, ErrorKind, GraphClient, HyperTransport, PageRequest,
    RequestHeadersLayer, RetryPolicy, TokenProvider, TokenRequest,
};
use graph_pstn_model::{CallLog, OffsetDateTime, PstnCallLogRow, TimeRange};
use tower_service::Service as _;

use crate::connection::{ConnectionArgs, USER_AGENT, token_service, transport};
use crate::credentials::{Credential, PROMPTS};
use crate::exit::{Exit, Failure};
use crate::hints::Place;
use host::{GRAPH, LOGIN, Seen};
use report::{Line, Report};

const REQUEST: &str = "request";

/// How long the small request may take, its retry included, and how long it may wait.
const WORKING: Duration = Duration::from_secs(30);
const WAITING: Duration = Duration::from_secs(5);

/// The options of `check`.
#[derive(Debug, Args)]
#[command(
    after_help = crate::exit::EXIT_CODES,
    // What concerns a long export is taken, so that the settings of one may stand, and does not count.
    mut_arg("requests_per_minute", |arg| arg.hide(true)),
    mut_arg("max_wait", |arg| arg.hide(true)),
    mut_arg("parallel", |arg| arg.hide(true)),
)]
pub(crate) struct CheckArgs {
    /// Print one line of JSON, with `ok`, `exit_code` and `checks`, a list of objects with `name`, `status` (pass, fail
    /// or skipped), `detail` and `remedy`.
    #[arg(long)]
    pub(crate) json: bool,

    /// Check each tenant of this file, which is that of `sync --tenants`. With --json there is a line for each, with its
    /// `tenant`, and a last one with the exit code of each by its name.
    #[arg(long, value_name = "FILE", conflicts_with_all = PROMPTS)]
    tenants: Option<PathBuf>,

    #[command(flatten)]
    connection: ConnectionArgs,
}

impl CheckArgs {
    /// The file of tenants, if there is one.
    pub(crate) fn tenants(&self) -> Option<&Path> {
        self.tenants.as_deref()
    }
}

/// Runs the command for one tenant.
pub(crate) async fn run(args: CheckArgs) -> Result<Exit, Failure> {
    look(&args.connection, Report::new(args.json)).await
}

async fn look(connection: &ConnectionArgs, mut report: Report) -> Result<Exit, Failure> {
    let endpoints = match connection.endpoints() {
        Ok(endpoints) => endpoints,
        Err(failure) => {
            without_cloud(&mut report, &failure)?;
            return report.end();
        }
    };
    let cloud = connection.cloud();
    report.add(cloud_line(cloud, &endpoints))?;
    let place = Place::new(endpoints.clone(), cloud, false);
    let found = connection.credential(&endpoints);
    let transport = connection
        .ca_certificate()
        .and_then(|pem| transport(pem.as_deref()).map_err(|error| place.failure(&error)));
    let reached = match &transport {
        Ok(transport) => {
            let tenant = found.as_ref().map_or("common", Credential::tenant_id);
            hosts(&mut report, transport, &endpoints, tenant, &place).await?
        }
        Err(failure) => {
            without_transport(&mut report, failure)?;
            Reached::default()
        }
    };
    let found = match found {
        Ok(found) => {
            report.add(credential::look(&found, cloud, OffsetDateTime::now_utc()))?;
            Some(found)
        }
        Err(failure) => {
            report.add(Line::of_failure(credential::NAME, &failure))?;
            None
        }
    };
    let has_credential = found.is_some();
    let (Ok(transport), Some(found), true) = (transport, found, reached.login) else {
        let why = match has_credential {
            true => "the login host is not reached",
            false => "there is no credential",
        };
        for name in [token::NAME, token::ROLE, REQUEST] {
            report.add(Line::skipped(name, why))?;
        }
        return report.end();
    };
    ask(
        &mut report,
        transport,
        found,
        &endpoints,
        &place,
        reached.graph,
    )
    .await?;
    report.end()
}

/// The lines of a run that does not know which hosts to look at.
fn without_cloud(report: &mut Report, failure: &Failure) -> Result<(), Failure> {
    report.add(Line::of_failure("cloud", failure))?;
    for part in [LOGIN, GRAPH] {
        for line in host::not_looked_at(part, "the host is not known") {
            report.add(line)?;
        }
    }
    for name in ["clock", credential::NAME, token::NAME, token::ROLE, REQUEST] {
        report.add(Line::skipped(name, "the cloud is not known"))?;
    }
    Ok(())
}

/// The lines on hosts, where there is nothing to ask them with.
fn without_transport(report: &mut Report, failure: &Failure) -> Result<(), Failure> {
    for part in [LOGIN, GRAPH] {
        for line in host::no_transport(part, failure) {
            report.add(line)?;
        }
    }
    report.add(Line::skipped("clock", "no server was asked"))?;
    Ok(())
}

/// Which hosts answer as they should.
#[derive(Default)]
struct Reached {
    login: bool,
    graph: bool,
}

async fn hosts(
    report: &mut Report,
    transport: &HyperTransport,
    endpoints: &Endpoints,
    tenant: &str,
    place: &Place,
) -> Result<Reached, Failure> {
    let service = token_service(transport);
    // A tenant's name in the wrong place makes no URL; whether it is one is Entra's to say.
    let plain = tenant
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
    let tenant = if plain { tenant } else { "common" };
    let metadata = format!("/{tenant}/v2.0/.well-known/openid-configuration");
    let (login, graph) = tokio::join!(
        host::look(
            LOGIN,
            endpoints.authority(),
            &metadata,
            service.clone(),
            place
        ),
        host::look(
            GRAPH,
            endpoints.graph(),
            "/v1.0/communications/callRecords",
            service,
            place
        ),
    );
    let clock = host::clock(&[&login, &graph]);
    let mut reached = |seen: Seen| {
        report.add(seen.name)?;
        report.add(seen.connection)
    };
    let reached = Reached {
        login: reached(login)?,
        graph: reached(graph)?,
    };
    report.add(clock)?;
    Ok(reached)
}

async fn ask(
    report: &mut Report,
    transport: HyperTransport,
    credential: Credential,
    endpoints: &Endpoints,
    place: &Place,
    graph_reached: bool,
) -> Result<(), Failure> {
    let provider = credential.provider(endpoints, token_service(&transport));
    let (provider, token) = match provider {
        Ok(provider) => {
            let token = provider.token(TokenRequest::default()).await;
            (Some(provider), token)
        }
        Err(error) => (None, Err(error)),
    };
    report.add(token::given(&token, endpoints, place))?;
    let (Some(provider), Ok(token)) = (provider, token) else {
        for name in [token::ROLE, REQUEST] {
            report.add(Line::skipped(name, "there is no token"))?;
        }
        return Ok(());
    };
    report.add(token::role(&token))?;
    if !graph_reached {
        report.add(Line::skipped(REQUEST, "Graph is not reached"))?;
        return Ok(());
    }
    let asked = request(transport, provider, endpoints).await;
    report.add(match asked {
        Ok(rows) => Line::pass(
            REQUEST,
            format!(
                "Graph lets the app read the log: {rows} calls in the second that was asked for"
            ),
        ),
        Err(error) => Line::of_failure(REQUEST, &place.failure(&error)),
    })?;
    Ok(())
}

/// Asks for one second of the log. Gives the number of rows.
async fn request(
    transport: HyperTransport,
    provider: Arc<dyn TokenProvider>,
    endpoints: &Endpoints,
) -> Result<usize, Error> {
    // Rows of that day are there as a rule.
    let until = OffsetDateTime::now_utc() - time::Duration::days(3);
    let until = until.replace_nanosecond(0).unwrap_or(until);
    let range = TimeRange::new(until - time::Duration::SECOND, until)
        .map_err(|error| Error::new(ErrorKind::Config, error.to_string()))?;
    let limits = CallLimits::new(WORKING, WAITING);
    let client = GraphClient::builder(endpoints.clone())
        .token_provider(provider)
        .transport(transport)
        .request_headers(RequestHeadersLayer::new(USER_AGENT)?)
        .retry(
            RetryPolicy::builder()
                .max_attempts(2)
                .limits(limits)
                .build(),
        )
        .call_limits(limits)
        .build()?;
    let mut pages = client.page_source::<PstnCallLogRow>();
    std::future::poll_fn(|context| pages.poll_ready(context)).await?;
    let page = pages.call(PageRequest::first(CallLog::Pstn, range)).await?;
    Ok(page.rows.len())
}

fn cloud_line(cloud: Option<Cloud>, endpoints: &Endpoints) -> Line {
    let own = cloud.is_none_or(|cloud| cloud.endpoints() != *endpoints);
    let name = match cloud {
        Some(cloud) if own => format!("{}, with hosts of your choice", cloud.name()),
        Some(cloud) => cloud.name().to_owned(),
        None => "hosts of your choice".to_owned(),
    };
    let line = Line::pass(
        "cloud",
        format!(
            "{name}: sign-in at {}, Graph at {}",
            endpoints.authority(),
            endpoints.graph()
        ),
    );
    match cloud {
        Some(cloud) if !cloud.offers_call_logs() => line.with_remedy(
            "Microsoft's pages say that this cloud, operated by 21Vianet, does not offer the PSTN call logs",
        ),
        _ => line,
    }
}
