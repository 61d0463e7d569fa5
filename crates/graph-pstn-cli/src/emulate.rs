//! `graph-pstn emulate`: the emulator as a server of its own, or what it would serve.

mod faults;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, RangedI64ValueParser, TypedValueParser};
use clap::{Args, ValueEnum};
use graph_pstn_emulator::{Emulator, LinkForm, Log, Quota, RunningEmulator, Truth};
use graph_pstn_model::{OffsetDateTime, TimeRange};

use crate::exit::{Exit, Failure};
use crate::interrupts::Interrupts;
use crate::range::no_range;
use crate::stdout::print;
use crate::text_file;

use faults::FaultArgs;
pub(crate) use faults::percent;

/// Which rows the emulator has unless told otherwise, here and for `export --emulator`.
pub(crate) const SEED: u64 = 1;
pub(crate) const ROWS_PER_DAY: u32 = 1_000;

/// A day of rows is made as a whole, in memory: far more than any tenant has would not fit there.
const MOST_ROWS_PER_DAY: i64 = 1_000_000;

/// Reads a number of rows on a work day.
pub(crate) fn rows_per_day() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(0..=MOST_ROWS_PER_DAY)
}

fn page_rows() -> RangedI64ValueParser<u16> {
    clap::value_parser!(u16).range(1..=1_000)
}

/// Reads the name of a log.
fn log() -> impl TypedValueParser<Value = Log> {
    PossibleValuesParser::new(Log::ALL.map(Log::name)).try_map(|name| name.parse::<Log>())
}

/// The options of `emulate`.
#[derive(Debug, Args)]
#[command(after_long_help = faults::list())]
pub(crate) struct EmulateArgs {
    /// Which rows there are: the same seed and rate give the same rows for ever.
    #[arg(long, value_name = "N", default_value_t = SEED)]
    seed: u64,

    /// Rows on a work day, up to a million; a Saturday or Sunday has a seventh of that.
    #[arg(long, value_name = "N", default_value_t = ROWS_PER_DAY, value_parser = rows_per_day())]
    rows_per_day: u32,

    /// Serve nothing: print what a range holds as one line of JSON, computed without HTTP.
    #[arg(long, requires_all = ["from", "to"], conflicts_with_all = ["listen", "tls", "quota", "links", "latency", "page_rows", "lag", "retention", "token_lifetime", "client_certificate", "federated_token"])]
    truth: bool,

    /// With --truth: the first moment of the range, a date or an RFC 3339 time.
    #[arg(long, value_name = "TIME", value_parser = TimeRange::parse_instant, requires = "truth")]
    from: Option<OffsetDateTime>,

    /// With --truth: the first moment after the range.
    #[arg(long, value_name = "TIME", value_parser = TimeRange::parse_instant, requires = "truth")]
    to: Option<OffsetDateTime>,

    /// With --truth: the log.
    #[arg(long, value_name = "LOG", default_value = Log::Pstn.name(), value_parser = log(), requires = "truth")]
    log: Log,

    /// Where to listen, loopback only; port 0 is any free one.
    #[arg(long, value_name = "ADDR:PORT", default_value_t = SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))]
    listen: SocketAddr,

    /// Speak HTTPS, and write the certificate authority to trust to ca.pem in this folder.
    #[arg(long, value_name = "DIR")]
    tls: Option<PathBuf>,

    /// How many requests are let through: all, or what Microsoft documents.
    #[arg(long, value_enum, default_value_t = QuotaArg::Unlimited)]
    quota: QuotaArg,

    /// How links to the next page look.
    #[arg(long, value_enum, default_value_t = LinksArg::Faithful)]
    links: LinksArg,

    /// The most rows on a page. Graph's have up to 1000; smaller ones make long chains of few rows.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = page_rows())]
    page_rows: u16,

    /// How many milliseconds Graph takes over each answer.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u32,

    /// Let rows arrive late, up to so many hours (at most 48) after their calls, and none before. Default: all
    /// rows are there, future ones too.
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(u8).range(0..=48))]
    lag: Option<u8>,

    /// Let rows vanish after the 150 to 730 days that Microsoft keeps them, by the user's country.
    #[arg(long)]
    retention: bool,

    /// How many seconds tokens live. Default: 3599, as Entra's.
    #[arg(long, value_name = "SECONDS")]
    token_lifetime: Option<u32>,

    /// A certificate of the app, in PEM, by which it may prove itself; may be given several times.
    #[arg(long, value_name = "FILE")]
    client_certificate: Vec<PathBuf>,

    /// A file whose text is taken as a federated token of the app; may be given several times.
    #[arg(long, value_name = "TEXT-FILE")]
    federated_token: Vec<PathBuf>,

    #[command(flatten)]
    faults: FaultArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum QuotaArg {
    /// All of them.
    Unlimited,
    /// 50 in 60 s for each log, 200 for an app in a tenant; more get 429.
    Documented,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LinksArg {
    /// The same call with `$skip`.
    Faithful,
    /// As Microsoft's page shows it: other parameter names, dates without times.
    Documented,
    /// The same call with an opaque `$skiptoken`.
    SkipToken,
}

/// Runs the command.
pub(crate) async fn run(args: EmulateArgs) -> Result<Exit, Failure> {
    match (args.truth, args.from, args.to) {
        (true, Some(from), Some(to)) => print_truth(&args, from, to),
        _ => serve(args).await,
    }
}

fn print_truth(
    args: &EmulateArgs,
    from: OffsetDateTime,
    to: OffsetDateTime,
) -> Result<Exit, Failure> {
    let range = TimeRange::new(from, to).map_err(|error| no_range(&error))?;
    let truth = Truth::of(
        args.log,
        args.seed,
        args.rows_per_day,
        range.from(),
        range.until(),
    );
    print(format!("{}\n", truth.to_json_line()).as_bytes())?;
    Ok(Exit::Done)
}

async fn serve(args: EmulateArgs) -> Result<Exit, Failure> {
    let mut interrupts = Interrupts::listen()?;
    let (listen, tls) = (args.listen, args.tls.clone());
    let emulator = builder(args)?.start().await.map_err(|error| {
        let failure = Failure::other("the emulator does not start", &error);
        match error.kind() {
            io::ErrorKind::InvalidInput => Failure::usage(
                format!("{listen} is not a loopback address"),
                "listen on 127.0.0.1 or [::1]; other machines must not reach the emulator",
            ),
            io::ErrorKind::AddrInUse => failure.with_hint(format!(
                "another program listens on {listen}; name another port, or 0 for any free one"
            )),
            _ => match tls {
                Some(folder) => failure.with_hint(format!(
                    "see that certificates can be written to {}, the folder of --tls, and that it may listen on \
                     {listen}",
                    folder.display()
                )),
                None => failure,
            },
        }
    })?;
    print(instructions(&emulator).as_bytes())?;
    interrupts.next().await;
    emulator.shutdown().await;
    Ok(Exit::Done)
}

fn builder(args: EmulateArgs) -> Result<graph_pstn_emulator::EmulatorBuilder, Failure> {
    let mut builder = Emulator::builder()
        .seed(args.seed)
        .rows_per_day(args.rows_per_day)
        .bind(args.listen)
        .page_rows(args.page_rows.into())
        .faults(args.faults.resolve()?)
        .latency(Duration::from_millis(args.latency.into()))
        .quota(match args.quota {
            QuotaArg::Unlimited => Quota::unlimited(),
            QuotaArg::Documented => Quota::documented(),
        })
        .link_form(match args.links {
            LinksArg::Faithful => LinkForm::Faithful,
            LinksArg::Documented => LinkForm::Documented,
            LinksArg::SkipToken => LinkForm::SkipToken,
        });
    builder = builder.retention(args.retention);
    if let Some(hours) = args.lag {
        builder = builder.lag(Duration::from_secs(u64::from(hours) * 3_600));
    }
    if let Some(dir) = args.tls {
        builder = builder.tls_dir(dir);
    }
    if let Some(lifetime) = args.token_lifetime {
        builder = builder.token_lifetime(Duration::from_secs(lifetime.into()));
    }
    for file in &args.client_certificate {
        let pem = text_file::read(file, "the certificate", "--client-certificate")?;
        builder = builder.client_certificate(pem).map_err(|error| {
            Failure::other(&format!("{} is of no use", file.display()), &error).with_hint(
                "--client-certificate takes a PEM file with the certificate of an RSA key",
            )
        })?;
    }
    for file in &args.federated_token {
        let text = text_file::read(file, "the federated token", "--federated-token")?;
        if text.trim().is_empty() {
            return Err(Failure::usage(
                format!("{} is empty", file.display()),
                "put the text that is to be the federated token into it",
            ));
        }
        builder = builder.federated_token(text.trim());
    }
    Ok(builder)
}

/// What a client needs, ready for a POSIX shell. The secret opens nothing but this emulator.
fn instructions(emulator: &RunningEmulator) -> String {
    let mut options = format!(
        "--graph-endpoint {} --authority-host {}",
        emulator.graph_endpoint(),
        emulator.authority_host()
    );
    if let Some(ca) = emulator.ca_certificate() {
        options.push_str(" --ca-certificate ");
        options.push_str(&quoted(&ca.display().to_string()));
    }
    format!(
        "# The emulator is ready; Ctrl-C ends it. In another shell:\n\
         export AZURE_TENANT_ID={}\n\
         export AZURE_CLIENT_ID={}\n\
         export AZURE_CLIENT_SECRET={}\n\
         # and then:\n\
         graph-pstn export --from 2019-11-01 --to 2019-12-01 --output calls.csv {options}\n\
         # What it has seen is at {}/emulator/stats\n",
        quoted(emulator.tenant_id()),
        quoted(emulator.client_id()),
        quoted(emulator.client_secret()),
        emulator.graph_endpoint(),
    )
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_for_the_shell_is_one_word() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
