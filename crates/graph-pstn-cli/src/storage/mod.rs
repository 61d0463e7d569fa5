//! Where a folder of days is: on this machine, or in an object store.
//!
//! What an object store wants to know stands in the variables that its own tools have, `AWS_…`, `GOOGLE_…` and
//! `AZURE_STORAGE_…`. Other variables that begin with `AZURE_` are those of the app that reads Graph, and an object store
//! never sees them.

pub(crate) mod url;

use std::path::Path;
#[cfg(feature = "object-stores")]
use std::path::PathBuf;

use clap::Args;
use graph_pstn_export::Folder;

use crate::exit::{Exit, Failure};
use url::is_url;

/// What a folder of an object store needs here.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct StorageArgs {
    /// Where on this machine files are made before they are uploaded to an object store, and where what is
    /// unfinished waits. Default: graph-pstn in the folder for state of programs.
    #[cfg(feature = "object-stores")]
    #[arg(long, value_name = "FOLDER")]
    staging: Option<PathBuf>,
}

impl StorageArgs {
    /// The folder of that name or URL.
    pub(crate) fn folder(&self, output: &Path) -> Result<Folder, Failure> {
        match output.to_str().filter(|_| is_url(output)) {
            Some(url) => self.at_url(url),
            None if output == Path::new("-") => Err(Failure::usage(
                "a folder cannot go to standard output",
                "name a folder; one that is called so is ./-",
            )),
            None if output.is_file() => Err(Failure::new(
                Exit::Other,
                format!("{} is a file, not a folder", output.display()),
            )
            .with_hint("name a folder, which is made if it is missing")),
            None => Ok(Folder::local(output)),
        }
    }

    #[cfg(not(feature = "object-stores"))]
    #[expect(clippy::unused_self, reason = "with object stores it has options")]
    fn at_url(&self, _: &str) -> Result<Folder, Failure> {
        Err(Failure::usage(
            "this program was built without object stores",
            "name a folder, or build it with --features object-stores",
        ))
    }

    #[cfg(feature = "object-stores")]
    fn at_url(&self, url: &str) -> Result<Folder, Failure> {
        let staging = match &self.staging {
            Some(staging) => staging.clone(),
            None => state_folder(|name| std::env::var_os(name).map(PathBuf::from))?,
        };
        Folder::at_url(url, settings(std::env::vars_os()), &staging)
            .map_err(|error| crate::hints::output_failure(&error))
    }
}

/// Where programs keep what should survive them, by the XDG base directory specification, or Windows' own.
#[cfg(feature = "object-stores")]
fn state_folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf, Failure> {
    let absolute = |name: &str| variable(name).filter(|folder| folder.is_absolute());
    let state = match cfg!(windows) {
        true => absolute("LOCALAPPDATA"),
        false => absolute("XDG_STATE_HOME")
            .or_else(|| absolute("HOME").map(|home| home.join(".local/state"))),
    };
    state.map(|state| state.join("graph-pstn")).ok_or_else(|| {
        Failure::usage(
            "there is no folder for files that are to be uploaded",
            "name one with --staging",
        )
    })
}

/// The settings of an object store, as the object_store crate calls them.
#[cfg(feature = "object-stores")]
fn settings(
    variables: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
) -> Vec<(String, String)> {
    let mut settings = Vec::new();
    for (name, value) in variables {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else {
            continue;
        };
        let name = name.to_ascii_lowercase();
        // Nothing turns verification off here, and an empty variable is none.
        if value.is_empty() || name.ends_with("allow_invalid_certificates") {
            continue;
        }
        if name.starts_with("aws_") || name.starts_with("google_") {
            settings.push((name, value.to_owned()));
        } else if let Some(rest) = name.strip_prefix("azure_storage_") {
            // Some are known without `storage` only, and would otherwise be out of reach.
            settings.push((format!("azure_{rest}"), value.to_owned()));
            settings.push((name, value.to_owned()));
        }
    }
    settings
}

#[cfg(all(test, feature = "object-stores"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_graph_is_not_for_the_store() {
        let variables = [
            ("AZURE_CLIENT_SECRET", "of the app"),
            ("AZURE_TENANT_ID", "contoso.example"),
            ("AZURE_STORAGE_CLIENT_ID", "of the store"),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_SESSION_TOKEN", ""),
            ("AWS_ALLOW_INVALID_CERTIFICATES", "true"),
            ("GOOGLE_SERVICE_ACCOUNT", "/account.json"),
            ("PATH", "/bin"),
        ];
        let settings = settings(
            variables
                .into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        let settings: Vec<(&str, &str)> = settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            settings,
            [
                ("azure_client_id", "of the store"),
                ("azure_storage_client_id", "of the store"),
                ("aws_region", "eu-central-1"),
                ("google_service_account", "/account.json"),
            ]
        );
    }

    #[cfg(not(windows))]
    #[test]
    fn files_to_be_uploaded_are_made_where_programs_keep_their_state() {
        let folder = |variables: &'static [(&str, &str)]| {
            state_folder(|name| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| PathBuf::from(value))
            })
        };
        assert_eq!(
            folder(&[("HOME", "/home/ada")]).unwrap(),
            Path::new("/home/ada/.local/state/graph-pstn")
        );
        const BOTH: &[(&str, &str)] = &[("HOME", "/home/ada"), ("XDG_STATE_HOME", "/state")];
        assert_eq!(folder(BOTH).unwrap(), Path::new("/state/graph-pstn"));
        assert!(folder(&[("HOME", "here")]).is_err());
    }
}
