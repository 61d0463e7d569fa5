//! The options of `emulate` that make things go wrong.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::RangedI64ValueParser;
use graph_pstn_emulator::{Fault, Faults};

use crate::exit::Failure;
use crate::text_file;

/// What is to go wrong.
#[derive(Debug, Args)]
#[command(next_help_heading = "Faults")]
pub(crate) struct FaultArgs {
    /// How many of 100 requests go wrong. Default: none.
    #[arg(long, value_name = "PERCENT", value_parser = percent(), conflicts_with = "truth")]
    faults: Option<u8>,

    /// Which requests these are, and how they go wrong. Default: 1.
    #[arg(long, value_name = "N", requires = "faults")]
    fault_seed: Option<u64>,

    /// What they are drawn from, with commas between. Default: all that a correct client gets over.
    #[arg(
        long,
        value_name = "FAULTS",
        value_delimiter = ',',
        requires = "faults"
    )]
    fault_kinds: Option<Vec<Fault>>,

    /// A file that says which request goes wrong and how, one a line, such as `graph 3 reset-in-body`,
    /// `graph 5-8 unavailable`, `token 1 html` or `path $skip=1000 throttled x3`.
    #[arg(long, value_name = "FILE", conflicts_with = "truth")]
    fault_script: Option<PathBuf>,

    /// The longest `Retry-After` in seconds; it is drawn from 0 to that. Default: 1.
    #[arg(long, value_name = "SECONDS", conflicts_with = "truth")]
    fault_wait: Option<u32>,

    /// How many seconds `hang` is silent. Default: 2.
    #[arg(long, value_name = "SECONDS", conflicts_with = "truth")]
    fault_hang: Option<u32>,
}

/// Reads a percentage.
pub(crate) fn percent() -> RangedI64ValueParser<u8> {
    clap::value_parser!(u8).range(0..=100)
}

impl FaultArgs {
    /// The faults, the script read.
    pub(crate) fn resolve(self) -> Result<Faults, Failure> {
        let mut faults = Faults::none().percent(self.faults.unwrap_or_default());
        if let Some(seed) = self.fault_seed {
            faults = faults.seed(seed);
        }
        if let Some(kinds) = self.fault_kinds {
            faults = faults.kinds(kinds);
        }
        if let Some(seconds) = self.fault_wait {
            faults = faults.longest_wait(seconds);
        }
        if let Some(seconds) = self.fault_hang {
            faults = faults.hang(Duration::from_secs(seconds.into()));
        }
        let Some(file) = self.fault_script else {
            return Ok(faults);
        };
        let script = text_file::read(&file, "the fault script", "--fault-script")?;
        faults.script(&script).map_err(|error| {
            Failure::usage(
                format!("{}: {error}", file.display()),
                "`graph-pstn emulate --help` lists the faults, and docs/emulator.md shows scripts",
            )
        })
    }
}

/// All faults with what they are, for `--help`.
pub(crate) fn list() -> String {
    let mut list = "What can go wrong:\n".to_owned();
    let lines = Fault::ALL.iter().map(|fault| {
        let fatal = if fault.is_recoverable() {
            ""
        } else {
            " Fatal to a correct client."
        };
        format!("  {fault:<24} {}{fatal}\n", fault.meaning())
    });
    list.extend(lines);
    list
}
