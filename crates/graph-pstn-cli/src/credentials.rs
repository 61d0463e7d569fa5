//! Who asks: tenant, application and secret, from options, files and the environment.
//!
//! An option wins over the environment. The secret itself is never an option: every user of a
//! machine can read the command lines of all.

use std::env::VarError;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use secrecy::SecretString;

use crate::exit::{Exit, Failure};

/// Tenant, application and where the secret is.
#[derive(Debug, Args)]
#[command(next_help_heading = "Credential")]
pub(crate) struct CredentialArgs {
    /// The tenant: its id or one of its domains. Default: the environment's AZURE_TENANT_ID.
    #[arg(long, value_name = "ID")]
    tenant_id: Option<String>,

    /// The application (client) id of the app registration. Default: the environment's AZURE_CLIENT_ID.
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,

    /// A file that holds the client secret. Default: the environment's AZURE_CLIENT_SECRET.
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,
}

/// Everything that a client-secret credential needs.
#[derive(Debug)]
pub(crate) struct Credential {
    pub(crate) tenant_id: String,
    pub(crate) client_id: String,
    pub(crate) secret: SecretString,
}

/// Looks a variable of the environment up, as [`std::env::var`] does.
type Variable<'a> = &'a dyn Fn(&str) -> Result<String, VarError>;

impl CredentialArgs {
    /// The credential, from the options and the process's environment.
    pub(crate) fn resolve(&self) -> Result<Credential, Failure> {
        self.resolve_in(&|name| std::env::var(name))
    }

    fn resolve_in(&self, variable: Variable<'_>) -> Result<Credential, Failure> {
        let text = |option: &Option<String>, flag: &str, name: &str, what: &str| match option {
            Some(text) => Ok(text.clone()),
            None => from_environment(variable, name)?.ok_or_else(|| {
                missing(
                    format!("no {what} is given"),
                    format!("set {name} or add {flag}"),
                )
            }),
        };
        let tenant_id = text(
            &self.tenant_id,
            "--tenant-id",
            "AZURE_TENANT_ID",
            "tenant id",
        )?;
        let client_id = text(
            &self.client_id,
            "--client-id",
            "AZURE_CLIENT_ID",
            "client id",
        )?;
        let secret = match &self.client_secret_file {
            Some(file) => read_secret(file)?,
            None => from_environment(variable, "AZURE_CLIENT_SECRET")?.ok_or_else(|| {
                missing(
                    "no client secret is given".into(),
                    "set AZURE_CLIENT_SECRET or add --client-secret-file".into(),
                )
            })?,
        };
        Ok(Credential {
            tenant_id,
            client_id,
            secret: secret.into(),
        })
    }
}

fn missing(message: String, hint: String) -> Failure {
    let trial = if cfg!(feature = "emulator") {
        "; without a tenant, --emulator shows how the program works"
    } else {
        ""
    };
    Failure::new(Exit::NotAuthorised, message).with_hint(format!("{hint}{trial}"))
}

/// A variable that is set to nothing counts as not set.
fn from_environment(variable: Variable<'_>, name: &str) -> Result<Option<String>, Failure> {
    match variable(name) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        // Its value is not shown: it may be the secret.
        Err(VarError::NotUnicode(_)) => Err(Failure::usage(
            format!("{name} is not UTF-8 text"),
            format!("set {name} anew"),
        )),
    }
}

/// Reads a secret from a file, without the line end that editors put there.
fn read_secret(file: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(file).map_err(|error| {
        let doing = format!("the client secret file {} cannot be read", file.display());
        Failure::other(&doing, &error).with_hint("check the path of --client-secret-file")
    })?;
    let secret = text.trim();
    if secret.is_empty() {
        return Err(Failure::usage(
            format!("the client secret file {} is empty", file.display()),
            "put the secret's Value into it, nothing else",
        ));
    }
    Ok(secret.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    const NOTHING: CredentialArgs = CredentialArgs {
        tenant_id: None,
        client_id: None,
        client_secret_file: None,
    };

    fn environment(name: &str) -> Result<String, VarError> {
        match name {
            "AZURE_TENANT_ID" => Ok("contoso.example".into()),
            "AZURE_CLIENT_ID" => Ok("app".into()),
            "AZURE_CLIENT_SECRET" => Ok("of the environment".into()),
            _ => Err(VarError::NotPresent),
        }
    }

    #[test]
    fn options_win_over_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        fs::write(&file, "of the file\r\n").unwrap();
        let from_environment = NOTHING.resolve_in(&environment).unwrap();
        assert_eq!(from_environment.tenant_id, "contoso.example");
        assert_eq!(
            from_environment.secret.expose_secret(),
            "of the environment"
        );
        let args = CredentialArgs {
            tenant_id: Some("fabrikam.example".into()),
            client_id: None,
            client_secret_file: Some(file),
        };
        let mixed = args.resolve_in(&environment).unwrap();
        assert_eq!(mixed.tenant_id, "fabrikam.example");
        assert_eq!(mixed.client_id, "app");
        assert_eq!(mixed.secret.expose_secret(), "of the file");
        assert!(!format!("{mixed:?}").contains("of the file"));
    }

    #[test]
    fn what_is_missing_is_named_with_its_remedy() {
        for (unset, flag) in [
            ("AZURE_TENANT_ID", "--tenant-id"),
            ("AZURE_CLIENT_ID", "--client-id"),
            ("AZURE_CLIENT_SECRET", "--client-secret-file"),
        ] {
            let without = |name: &str| match name {
                name if name == unset => Ok(String::new()),
                name => environment(name),
            };
            let failure = NOTHING.resolve_in(&without).unwrap_err();
            assert_eq!(failure.exit(), Exit::NotAuthorised);
            let hint = failure.hint().unwrap();
            assert!(hint.contains(unset) && hint.contains(flag), "{hint}");
        }
    }

    #[test]
    fn a_file_without_a_secret_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        assert_eq!(read_secret(&file).unwrap_err().exit(), Exit::Other);
        fs::write(&file, "\n").unwrap();
        assert_eq!(read_secret(&file).unwrap_err().exit(), Exit::Usage);
    }
}
