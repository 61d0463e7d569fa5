//! Where the rows come from: a tenant, or the embedded emulator, which is gone about in the same way.

use clap::Args;
use graph_pstn_export::Job;
use graph_pstn_http::{Error, SharedObserver};

use crate::connection::{Connection, ConnectionArgs, Settings};
use crate::exit::Failure;
use crate::hints::Place;
use crate::rate::Counts;
use crate::ui::Ui;

#[cfg(feature = "emulator")]
use {
    crate::credentials::Credential,
    crate::emulate::{ROWS_PER_DAY, SEED, percent, rows_per_day},
    crate::rate::Rate,
    graph_pstn_emulator::{Emulator, Faults, RunningEmulator},
    graph_pstn_http::{Endpoints, Origin, OriginError},
};

/// A tenant or the emulator.
#[derive(Debug, Args)]
pub(crate) struct SourceArgs {
    #[cfg(feature = "emulator")]
    #[command(flatten)]
    emulator: EmulatorArgs,

    #[command(flatten)]
    connection: ConnectionArgs,
}

/// The embedded emulator.
#[cfg(feature = "emulator")]
#[derive(Debug, Args)]
#[command(next_help_heading = "Emulator")]
struct EmulatorArgs {
    /// Read from an emulator inside this program instead of a tenant: nothing needs to be set up.
    #[arg(long, conflicts_with_all = [
        "cloud", "graph_endpoint", "authority_host", "ca_certificate",
        "tenant_id", "client_id", "client_secret_file", "client_secret_prompt", "client_certificate",
        "federated_token_file", "assertion_command",
    ])]
    emulator: bool,

    /// Which rows the emulator has. Default: 1.
    #[arg(long, value_name = "N", requires = "emulator")]
    emulator_seed: Option<u64>,

    /// How many rows the emulator has on a work day, up to a million. Default: 1000.
    #[arg(long, value_name = "N", requires = "emulator", value_parser = rows_per_day())]
    emulator_rows_per_day: Option<u32>,

    /// How many of 100 requests go wrong, in ways that the export gets over; --emulator-seed says which. Default: none.
    #[arg(long, value_name = "PERCENT", requires = "emulator", value_parser = percent())]
    emulator_faults: Option<u8>,
}

/// A source that was found in order, and has not been asked anything.
#[derive(Debug)]
pub(crate) enum Source {
    Tenant(Settings),
    #[cfg(feature = "emulator")]
    Emulator {
        args: SourceArgs,
    },
}

/// A source that can be read.
#[derive(Debug)]
pub(crate) struct OpenSource {
    connection: Connection,
    place: Place,
    #[cfg(feature = "emulator")]
    emulator: Option<RunningEmulator>,
}

impl SourceArgs {
    pub(crate) fn resolve(self) -> Result<Source, Failure> {
        #[cfg(feature = "emulator")]
        if self.emulator.emulator {
            return Ok(Source::Emulator { args: self });
        }
        Ok(Source::Tenant(self.connection.resolve()?))
    }
}

impl Source {
    /// What makes the rows of this source what they are. The app that asks does not.
    pub(crate) fn job(&self) -> Job {
        match self {
            Self::Tenant(settings) => Job::new()
                .with(
                    "tenant",
                    settings.credential.tenant_id().to_ascii_lowercase(),
                )
                .with("Graph host", settings.endpoints.graph().to_string())
                .with("login host", settings.endpoints.authority().to_string()),
            #[cfg(feature = "emulator")]
            Self::Emulator { args } => {
                let seed = args.emulator.emulator_seed.unwrap_or(SEED);
                let rows = args.emulator.emulator_rows_per_day.unwrap_or(ROWS_PER_DAY);
                Job::new().with(
                    "source",
                    format!("the emulator of seed {seed} and {rows} rows a day"),
                )
            }
        }
    }

    /// Starts the emulator if it is wanted, and puts the stack together.
    pub(crate) async fn open(self, ui: &Ui, counts: &Counts) -> Result<OpenSource, Failure> {
        let observer = SharedObserver::new(ui.clone());
        match self {
            Self::Tenant(settings) => {
                let place = Place::new(settings.endpoints.clone(), settings.cloud, false);
                let connection = settings
                    .connection(observer, counts)
                    .map_err(|error| place.failure(&error))?;
                Ok(OpenSource {
                    connection,
                    place,
                    #[cfg(feature = "emulator")]
                    emulator: None,
                })
            }
            #[cfg(feature = "emulator")]
            Self::Emulator { args } => {
                let seed = args.emulator.emulator_seed.unwrap_or(SEED);
                let percent = args.emulator.emulator_faults.unwrap_or_default();
                let emulator = Emulator::builder()
                    .seed(seed)
                    .faults(Faults::none().seed(seed).percent(percent))
                    .rows_per_day(args.emulator.emulator_rows_per_day.unwrap_or(ROWS_PER_DAY))
                    .start()
                    .await
                    .map_err(|error| Failure::other("the emulator does not start", &error))?;
                let settings = emulator_settings(&emulator, &args.connection)?;
                let place = Place::new(settings.endpoints.clone(), None, true);
                let connection = settings
                    .connection(observer, counts)
                    .map_err(|error| place.failure(&error))?;
                Ok(OpenSource {
                    connection,
                    place,
                    emulator: Some(emulator),
                })
            }
        }
    }
}

#[cfg(feature = "emulator")]
fn emulator_settings(
    emulator: &RunningEmulator,
    connection: &ConnectionArgs,
) -> Result<Settings, Failure> {
    let no_origin = |error: OriginError| Failure::other("the emulator has no origin", &error);
    let graph: Origin = emulator.graph_endpoint().parse().map_err(no_origin)?;
    let authority: Origin = emulator.authority_host().parse().map_err(no_origin)?;
    Ok(Settings {
        endpoints: Endpoints::custom(graph, authority),
        cloud: None,
        credential: Credential::of_secret(
            emulator.tenant_id(),
            emulator.client_id(),
            emulator.client_secret(),
        )?,
        ca_certificate: None,
        pace: connection.pace.resolve(Rate::Unlimited),
    })
}

impl OpenSource {
    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What a failure to read from this source means.
    pub(crate) fn failure(&self, error: &Error) -> Failure {
        self.place.failure(error)
    }

    /// Ends the emulator, if it was one.
    pub(crate) async fn close(self) {
        #[cfg(feature = "emulator")]
        if let Some(emulator) = self.emulator {
            // Its connections are the client's: with those gone it has nothing to wait for.
            drop(self.connection);
            emulator.shutdown().await;
        }
    }
}
