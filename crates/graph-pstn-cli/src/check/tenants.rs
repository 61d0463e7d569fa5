//! The tenants of a file, checked one after the other.

use super::report::Report;
use crate::args::Command;
use crate::config::Tenant;
use crate::exit::{Exit, Failure};
use crate::outcomes::Outcomes;
use crate::stdout::print;

/// Checks each, and says at the end how they all stand.
pub(crate) async fn run(json: bool, tenants: Vec<Tenant>) -> Result<Exit, Failure> {
    let names = tenants.iter().map(|tenant| tenant.name.clone());
    let mut outcomes = Outcomes::interrupted(names);
    for (place, tenant) in tenants.into_iter().enumerate() {
        if let Command::Check(args) = tenant.parsed.cli.command {
            if !json {
                print(format!("{}:\n", tenant.name).as_bytes())?;
            }
            let report = Report::new(json).of_tenant(tenant.name);
            outcomes.set(place, super::look(&args.connection, report).await?);
            if !json {
                print(b"\n")?;
            }
        }
    }
    let end = match json {
        true => outcomes.json().to_string(),
        false => outcomes.lines("in order"),
    };
    print(format!("{end}\n").as_bytes())?;
    Ok(outcomes.exit())
}
