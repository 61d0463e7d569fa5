//! Who asks: tenant, application and its proof, from options, files and the environment.
//!
//! An option wins over the environment. Nothing secret is ever an option: every user of a machine can read the
//! command lines of all. The options of a secret, a certificate and a token file stand for variables of
//! the environment, so that there is one way from either to a credential: [`Environment`].

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use graph_pstn_auth::{AssertionCommand, ClientAssertionCredential, Environment};
use graph_pstn_http::{Endpoints, Error, HttpService, TokenProvider};

use crate::exit::{Exit, Failure, one_line};

const TENANT_ID: &str = "AZURE_TENANT_ID";
const CLIENT_ID: &str = "AZURE_CLIENT_ID";
const CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE_PATH: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
#[cfg(feature = "pkcs12")]
const CERTIFICATE_PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
const FEDERATED_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
/// The variables by which the app proves itself; an option takes the place of them all.
const PROOFS: [&str; 3] = [CLIENT_SECRET, CERTIFICATE_PATH, FEDERATED_TOKEN_FILE];

/// Tenant, application and where its proof is.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Credential")]
pub(crate) struct CredentialArgs {
    /// The tenant: its id or one of its domains. Default: the environment's AZURE_TENANT_ID.
    #[arg(long, value_name = "ID")]
    tenant_id: Option<String>,

    /// The application (client) id of the app registration. Default: the environment's AZURE_CLIENT_ID.
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,

    /// A file that holds the client secret. Without an option that says how the app proves itself, the first of
    /// AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH and AZURE_FEDERATED_TOKEN_FILE counts.
    #[arg(long, value_name = "FILE")]
    client_secret_file: Option<PathBuf>,

    /// A PEM file with the app's certificate and its private key.
    #[cfg_attr(
        feature = "pkcs12",
        doc = "Or a PKCS#12 file, whose password AZURE_CLIENT_CERTIFICATE_PASSWORD or \
               --client-certificate-password-file holds."
    )]
    #[arg(long, value_name = "FILE")]
    client_certificate: Option<PathBuf>,

    /// A file that holds the password of the PKCS#12 file.
    #[cfg(feature = "pkcs12")]
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    client_certificate_password_file: Option<PathBuf>,

    /// A file that holds a federated token (workload identity). It is read for each token request.
    #[arg(long, value_name = "FILE")]
    federated_token_file: Option<PathBuf>,

    /// A command that prints a client assertion, run for each token request without a shell. Quotes keep words
    /// together. GRAPH_PSTN_CLIENT_ID and GRAPH_PSTN_TOKEN_ENDPOINT tell it what for. Nothing secret
    /// belongs on it.
    #[arg(long, value_name = "COMMAND")]
    assertion_command: Option<String>,
}

/// An app in a tenant and how it proves itself.
#[derive(Debug)]
pub(crate) struct Credential {
    tenant_id: String,
    client_id: String,
    proof: Proof,
}

enum Proof {
    Environment(Box<Environment>),
    Command(AssertionCommand),
}

/// Looks a variable of the environment up, as [`std::env::var_os`] does.
type Variable<'a> = &'a dyn Fn(&str) -> Option<OsString>;

impl CredentialArgs {
    /// The credential, from the options and the process's environment. With a login host of the caller's own
    /// choice AZURE_AUTHORITY_HOST does not count; otherwise it must agree with the endpoints.
    pub(crate) fn resolve(
        &self,
        endpoints: &Endpoints,
        own_authority: bool,
    ) -> Result<Credential, Failure> {
        let variable = |name: &str| std::env::var_os(name);
        self.resolve_in(&variable, endpoints, own_authority)
    }

    fn resolve_in(
        &self,
        variable: Variable<'_>,
        endpoints: &Endpoints,
        own_authority: bool,
    ) -> Result<Credential, Failure> {
        let option = self.proof_option()?;
        let in_place = self.in_place_of_variables()?;
        let mut environment = Environment::from_variables(|name| {
            let replaced = in_place.iter().find(|(replaced, _)| *replaced == name);
            match replaced {
                Some((_, value)) => Some(value.clone()),
                None if option.is_some() && PROOFS.contains(&name) => None,
                None => variable(name),
            }
        })
        .map_err(|error| Failure::usage(one_line(&error), "set the variable anew, or unset it"))?;
        if own_authority {
            environment = environment.without_authority_host();
        }
        environment
            .check_authority(endpoints)
            .map_err(|error| Failure::new(Exit::Usage, one_line(&error)))?;
        let id = |option: &Option<String>, found: Option<&str>| {
            option.clone().or_else(|| found.map(str::to_owned))
        };
        let tenant_id = id(&self.tenant_id, environment.tenant_id())
            .ok_or_else(|| missing("no tenant id is given", TENANT_ID, "--tenant-id"))?;
        let client_id = id(&self.client_id, environment.client_id())
            .ok_or_else(|| missing("no client id is given", CLIENT_ID, "--client-id"))?;
        let proof = match &self.assertion_command {
            Some(line) => Proof::Command(AssertionCommand::parse(line).map_err(|error| {
                Failure::usage(
                    one_line(&error),
                    "--assertion-command takes a program and its arguments, with quotes around words that \
                     hold spaces",
                )
            })?),
            None if environment.method().is_some() => Proof::Environment(Box::new(environment)),
            None => {
                return Err(missing(
                    &environment.explanation(),
                    "one of them",
                    "--client-secret-file, --client-certificate, --federated-token-file or \
                     --assertion-command",
                ));
            }
        };
        match (option, &proof) {
            (Some(option), _) => {
                tracing::info!(
                    "the app proves itself by {option}, which goes before the environment"
                );
            }
            (None, Proof::Environment(environment)) => {
                tracing::info!("the app proves itself by {}", environment.explanation());
            }
            (None, Proof::Command(_)) => {}
        }
        Ok(Credential {
            tenant_id,
            client_id,
            proof,
        })
    }

    /// The option that says how the app proves itself, if one does.
    fn proof_option(&self) -> Result<Option<&'static str>, Failure> {
        let given: Vec<&'static str> = [
            ("--client-secret-file", self.client_secret_file.is_some()),
            ("--client-certificate", self.client_certificate.is_some()),
            (
                "--federated-token-file",
                self.federated_token_file.is_some(),
            ),
            ("--assertion-command", self.assertion_command.is_some()),
        ]
        .into_iter()
        .filter_map(|(option, given)| given.then_some(option))
        .collect();
        match given.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one)),
            [one, other, ..] => Err(Failure::usage(
                format!("{one} and {other} both say how the app proves itself"),
                "keep the one that is meant",
            )),
        }
    }

    /// What options give in place of variables. Files are looked at, so that a wrong path shows at once.
    fn in_place_of_variables(&self) -> Result<Vec<(&'static str, OsString)>, Failure> {
        let mut found = Vec::new();
        if let Some(file) = &self.client_secret_file {
            let secret = SecretFile {
                what: "client secret",
                option: "--client-secret-file",
                remedy: "put the secret's Value into it, nothing else",
            };
            found.push((CLIENT_SECRET, secret.read(file)?.into()));
        }
        if let Some(file) = &self.client_certificate {
            readable(file, "client certificate", "--client-certificate")?;
            found.push((CERTIFICATE_PATH, file.into()));
        }
        #[cfg(feature = "pkcs12")]
        if let Some(file) = &self.client_certificate_password_file {
            let password = SecretFile {
                what: "password",
                option: "--client-certificate-password-file",
                remedy: "put the password into it, or leave the option out if there is none",
            };
            found.push((CERTIFICATE_PASSWORD, password.read(file)?.into()));
        }
        if let Some(file) = &self.federated_token_file {
            readable(file, "federated token", "--federated-token-file")?;
            found.push((FEDERATED_TOKEN_FILE, file.into()));
        }
        Ok(found)
    }
}

impl Credential {
    /// The tenant, as it was named.
    pub(crate) fn tenant_id(&self) -> &str {
        &self.tenant_id
    }

    /// An app with a client secret that is neither an option's nor the environment's.
    #[cfg(feature = "emulator")]
    pub(crate) fn of_secret(
        tenant_id: &str,
        client_id: &str,
        secret: &str,
    ) -> Result<Self, Failure> {
        let environment =
            Environment::from_variables(|name| (name == CLIENT_SECRET).then(|| secret.into()))
                .map_err(|error| Failure::other("the secret is of no use", &error))?;
        Ok(Self {
            tenant_id: tenant_id.to_owned(),
            client_id: client_id.to_owned(),
            proof: Proof::Environment(Box::new(environment)),
        })
    }

    /// The source of tokens, which sends its requests through `service`.
    pub(crate) fn provider(
        self,
        endpoints: &Endpoints,
        service: HttpService,
    ) -> Result<Arc<dyn TokenProvider>, Error> {
        let endpoints = endpoints.clone();
        Ok(match self.proof {
            Proof::Environment(environment) => {
                let environment = environment
                    .with_tenant_id(self.tenant_id)
                    .with_client_id(self.client_id);
                Arc::new(environment.credential(endpoints, service)?)
            }
            Proof::Command(command) => {
                let (tenant, client) = (&self.tenant_id, &self.client_id);
                let builder = ClientAssertionCredential::builder(endpoints, tenant, client);
                Arc::new(builder.assertion(command).service(service).build()?)
            }
        })
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(environment) => environment.fmt(f),
            Self::Command(command) => command.fmt(f),
        }
    }
}

fn missing(message: &str, variable: &str, options: &str) -> Failure {
    let trial = if cfg!(feature = "emulator") {
        "; without a tenant, --emulator shows how the program works"
    } else {
        ""
    };
    let hint = format!("set {variable} or add {options}{trial}");
    Failure::new(Exit::NotAuthorised, message).with_hint(hint)
}

/// A file that holds something secret and no more.
struct SecretFile {
    what: &'static str,
    option: &'static str,
    remedy: &'static str,
}

impl SecretFile {
    /// Its text, without the line end that editors put there.
    fn read(&self, file: &Path) -> Result<String, Failure> {
        let text = fs::read_to_string(file)
            .map_err(|error| unreadable(file, self.what, self.option, &error))?;
        let text = text.trim();
        if text.is_empty() {
            return Err(Failure::usage(
                format!("the {} file {} is empty", self.what, file.display()),
                self.remedy,
            ));
        }
        Ok(text.to_owned())
    }
}

/// Refuses a file that cannot be opened; what is in it is for later.
fn readable(file: &Path, what: &str, option: &str) -> Result<(), Failure> {
    match fs::File::open(file) {
        Ok(_) => Ok(()),
        Err(error) => Err(unreadable(file, what, option, &error)),
    }
}

fn unreadable(file: &Path, what: &str, option: &str, error: &std::io::Error) -> Failure {
    let doing = format!("the {what} file {} cannot be read", file.display());
    Failure::other(&doing, error).with_hint(format!("check the path of {option}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use graph_pstn_auth::EnvironmentMethod;

    fn environment(name: &str) -> Option<OsString> {
        match name {
            TENANT_ID => Some("contoso.example".into()),
            CLIENT_ID => Some("app".into()),
            CLIENT_SECRET => Some("of-the-environment".into()),
            _ => None,
        }
    }

    fn endpoints() -> Endpoints {
        Endpoints::custom(
            "https://graph.example".parse().unwrap(),
            "https://login.example".parse().unwrap(),
        )
    }

    fn resolved(args: &CredentialArgs, variable: Variable<'_>) -> Result<Credential, Failure> {
        args.resolve_in(variable, &endpoints(), false)
    }

    /// How the environment, with the options in place of variables, has the app prove itself.
    fn method(credential: &Credential) -> (EnvironmentMethod, String) {
        let Proof::Environment(environment) = &credential.proof else {
            panic!("not by the environment: {credential:?}");
        };
        (environment.method().unwrap(), environment.explanation())
    }

    #[test]
    fn options_win_over_the_environment() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a-file");
        fs::write(&file, "of-the-file\r\n").unwrap();
        let nothing = CredentialArgs::default();
        let credential = resolved(&nothing, &environment).unwrap();
        assert_eq!(credential.tenant_id, "contoso.example");
        assert_eq!(method(&credential).0, EnvironmentMethod::Secret);

        let args = CredentialArgs {
            tenant_id: Some("fabrikam.example".into()),
            client_certificate: Some(file.clone()),
            ..nothing
        };
        let credential = resolved(&args, &environment).unwrap();
        assert_eq!(credential.tenant_id, "fabrikam.example");
        assert_eq!(credential.client_id, "app");
        let (by, explanation) = method(&credential);
        assert_eq!(by, EnvironmentMethod::Certificate);
        assert!(explanation.contains("a-file") && !explanation.contains(CLIENT_SECRET));

        let args = CredentialArgs {
            federated_token_file: Some(file.clone()),
            ..CredentialArgs::default()
        };
        let credential = resolved(&args, &environment).unwrap();
        assert_eq!(method(&credential).0, EnvironmentMethod::WorkloadIdentity);

        let args = CredentialArgs {
            assertion_command: Some("print 'an assertion'".into()),
            ..CredentialArgs::default()
        };
        let credential = resolved(&args, &environment).unwrap();
        assert!(matches!(credential.proof, Proof::Command(_)));

        let args = CredentialArgs {
            client_secret_file: Some(file),
            ..CredentialArgs::default()
        };
        assert_eq!(
            args.in_place_of_variables().unwrap(),
            [(CLIENT_SECRET, "of-the-file".into())]
        );
        let credential = resolved(&args, &environment).unwrap();
        assert!(!format!("{credential:?}").contains("of-the-"));
    }

    #[cfg(feature = "pkcs12")]
    #[test]
    fn the_password_of_a_pkcs12_file_comes_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a-file");
        fs::write(&file, "made-up password\n").unwrap();
        let args = CredentialArgs {
            client_certificate: Some(file.clone()),
            client_certificate_password_file: Some(file.clone()),
            ..CredentialArgs::default()
        };
        assert_eq!(
            args.in_place_of_variables().unwrap(),
            [
                (CERTIFICATE_PATH, OsString::from(&file)),
                (CERTIFICATE_PASSWORD, "made-up password".into())
            ]
        );
        let credential = resolved(&args, &environment).unwrap();
        assert!(!format!("{credential:?}").contains("made-up"));
    }

    #[test]
    fn two_proofs_are_one_too_many() {
        let args = CredentialArgs {
            federated_token_file: Some("a".into()),
            assertion_command: Some("b".into()),
            ..CredentialArgs::default()
        };
        let failure = resolved(&args, &environment).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        assert!(
            failure
                .message()
                .contains("--federated-token-file and --assertion-command")
        );
    }

    #[test]
    fn what_is_missing_is_named_with_its_remedy() {
        for (unset, flag) in [
            (TENANT_ID, "--tenant-id"),
            (CLIENT_ID, "--client-id"),
            (CLIENT_SECRET, "--client-secret-file"),
        ] {
            let without = |name: &str| match name {
                name if name == unset => Some(OsString::new()),
                name => environment(name),
            };
            let failure = resolved(&CredentialArgs::default(), &without).unwrap_err();
            assert_eq!(failure.exit(), Exit::NotAuthorised);
            let said = format!("{} {}", failure.message(), failure.hint().unwrap());
            assert!(said.contains(unset) && said.contains(flag), "{said}");
        }
    }

    #[test]
    fn a_login_host_of_the_environment_must_agree_unless_an_option_names_one() {
        let elsewhere = |name: &str| match name {
            "AZURE_AUTHORITY_HOST" => Some("https://login.fabrikam.example/".into()),
            name => environment(name),
        };
        let by_command = CredentialArgs {
            assertion_command: Some("print".into()),
            ..CredentialArgs::default()
        };
        for args in [CredentialArgs::default(), by_command] {
            let failure = resolved(&args, &elsewhere).unwrap_err();
            assert_eq!(failure.exit(), Exit::Usage);
            assert!(failure.message().contains("login.fabrikam.example"));
            assert!(args.resolve_in(&elsewhere, &endpoints(), true).is_ok());
        }
    }

    #[test]
    fn files_that_are_of_no_use_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a-file");
        let args = |file: &Path| {
            let file = Some(file.to_owned());
            let secret = CredentialArgs {
                client_secret_file: file.clone(),
                ..CredentialArgs::default()
            };
            let certificate = CredentialArgs {
                client_certificate: file.clone(),
                ..CredentialArgs::default()
            };
            let token = CredentialArgs {
                federated_token_file: file,
                ..CredentialArgs::default()
            };
            [secret, certificate, token]
        };
        for args in args(&file).iter().chain(&args(Path::new(""))) {
            let failure = resolved(args, &environment).unwrap_err();
            assert_eq!(failure.exit(), Exit::Other);
            assert!(failure.hint().unwrap().contains("check the path of --"));
        }
        fs::write(&file, "\n").unwrap();
        let [secret, ..] = args(&file);
        let failure = resolved(&secret, &environment).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
        let command = CredentialArgs {
            assertion_command: Some("print 'no end".into()),
            ..CredentialArgs::default()
        };
        let failure = resolved(&command, &environment).unwrap_err();
        assert_eq!(failure.exit(), Exit::Usage);
    }
}
