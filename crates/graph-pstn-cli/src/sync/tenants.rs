//! Many tenants in one run: each with its own credential, connection, folder and outcome, a few at a time.

use std::fs;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tracing::Instrument as _;

use super::SyncArgs;
use crate::args::Command;
use crate::config::Tenant;
use crate::crowd::Crowd;
use crate::detached;
use crate::exit::{Exit, Failure};
use crate::interrupts::Interrupts;
use crate::outcomes::Outcomes;
use crate::rate::Counts;
use crate::report::SummaryForm;
use crate::storage::url::is_url;
use crate::ui::Ui;

impl SyncArgs {
    /// The file of tenants, if there is one.
    pub(crate) fn tenants(&self) -> Option<&Path> {
        self.tenants.as_deref()
    }
}

/// Runs `sync` for each tenant. What goes wrong with one is said, and does not hold up the others.
pub(crate) async fn run(common: &SyncArgs, tenants: Vec<Tenant>, ui: &Ui) -> Result<Exit, Failure> {
    let mut runs = Vec::new();
    for tenant in tenants {
        if let Command::Sync(args) = tenant.parsed.cli.command {
            runs.push((tenant.name, args));
        }
    }
    check_folders(&runs)?;
    let at_once = usize::from(common.tenants_at_once);
    let counts = Arc::new(Counts::default());
    let mut outcomes = Outcomes::interrupted(runs.iter().map(|(name, _)| name.clone()));
    // Those that are under way listen for themselves; this is for the others.
    let mut interrupts = Interrupts::listen()?;
    let interrupted = AtomicBool::new(false);
    let note = || interrupted.store(true, Ordering::Relaxed);
    let mut insistence = pin!(detached::insistence(&mut interrupts, note));
    let ui = ui.of_tenants(Crowd::new(runs.iter().map(|(name, _)| name.as_str())));
    let mut waiting = runs.into_iter().enumerate();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < at_once && !interrupted.load(Ordering::Relaxed) {
            let Some((place, (name, args))) = waiting.next() else {
                break;
            };
            let run = one(name, args, ui.of_tenant(place), counts.clone());
            running.push(async move { (place, run.await) });
        }
        tokio::select! {
            biased;
            ended = running.next() => match ended {
                Some((place, exit)) => {
                    outcomes.set(place, exit);
                    ui.end_tenant(place);
                }
                None => break,
            },
            () = &mut insistence => break,
        }
    }
    ui.end_progress();
    match common.summary {
        SummaryForm::Text => ui.note(&outcomes.line("done")),
        SummaryForm::Json => ui.object(&outcomes.json())?,
    }
    Ok(outcomes.exit())
}

/// Runs `sync` for one of them, on a thread of its own.
async fn one(name: String, args: Box<SyncArgs>, ui: Ui, counts: Arc<Counts>) -> Exit {
    let span = tracing::info_span!("tenant", name);
    let run = {
        let ui = ui.clone();
        move || async move { super::run(*args, &ui, &counts).await }.instrument(span)
    };
    let outcome = detached::on_own_thread(run).await;
    outcome.unwrap_or_else(|failure| {
        ui.report(&failure);
        failure.exit()
    })
}

/// Two tenants in one folder would each take the other's rows for ones that are gone.
fn check_folders(runs: &[(String, Box<SyncArgs>)]) -> Result<(), Failure> {
    let mut taken: Vec<(PathBuf, &str)> = Vec::new();
    for (name, args) in runs {
        let folder = args.output.as_deref().map(resolved).unwrap_or_default();
        if let Some((_, other)) = taken.iter().find(|(there, _)| *there == folder) {
            return Err(Failure::usage(
                format!(
                    "{other} and {name} have the same folder, {}",
                    folder.display()
                ),
                "give each an output of its own",
            ));
        }
        taken.push((folder, name));
    }
    Ok(())
}

/// The folder by one name, however it is spelt.
fn resolved(output: &Path) -> PathBuf {
    if is_url(output) {
        let url = output.to_string_lossy();
        return PathBuf::from(url.trim_end_matches('/'));
    }
    let mut missing = Vec::new();
    let mut there = std::path::absolute(output).unwrap_or_else(|_| output.to_owned());
    loop {
        if let Ok(real) = fs::canonicalize(&there) {
            return missing
                .iter()
                .rev()
                .fold(real, |path, name| path.join(name));
        }
        match (there.file_name(), there.parent()) {
            (Some(name), Some(parent)) => {
                missing.push(name.to_owned());
                there = parent.to_owned();
            }
            _ => return output.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_however_it_is_spelt() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("calls");
        let spelt = place.path().join("./x/../calls");
        assert_eq!(resolved(&folder.join("a")), resolved(&folder.join("./a")));
        fs::create_dir_all(place.path().join("x")).unwrap();
        fs::create_dir(&folder).unwrap();
        assert_eq!(resolved(&folder), resolved(&spelt));
        assert_eq!(
            resolved(Path::new("s3://bucket/calls/")),
            resolved(Path::new("s3://bucket/calls"))
        );
    }
}
