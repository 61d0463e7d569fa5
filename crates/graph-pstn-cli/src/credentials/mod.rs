//! Who asks: tenant, application and its proof, from options, files and the environment.
//!
//! An option wins over the environment. Nothing secret is ever an option: every user of a machine can read the
//! command lines of all. The options of a secret, a certificate and a token file stand for variables of
//! the environment, so that there is one way from either to a credential: [`Environment`]. What is read from files
//! for it is the business of `secret`, what is asked on the terminal that of `prompt`.

mod prompt;
mod secret;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use graph_pstn_auth::{
    AssertionCommand, CertificateValidity, ClientAssertionCredential, Environment,
};
use graph_pstn_http::{Endpoints, Error, HttpService, TokenProvider};

use crate::exit::{Exit, Failure, one_line};
use prompt::ask;
use secret::{SecretFile, readable};

const TENANT_ID: &str = "AZURE_TENANT_ID";
const CLIENT_ID: &str = "AZURE_CLIENT_ID";
const CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE_PATH: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
#[cfg(feature = "pkcs12")]
const CERTIFICATE_PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
const FEDERATED_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
/// The variables by which the app proves itself; an option takes the place of them all.
const PROOFS: [&str; 3] = [CLIENT_SECRET, CERTIFICATE_PATH, FEDERATED_TOKEN_FILE];

/// The variables that say the same as an option, by the name of its field: where one is set, a configuration file's
/// value of that option does not count, since the environment goes before it.
pub(crate) fn variables_instead_of(option: &str) -> &'static [&'static str] {
    match option {
        "tenant_id" => &[TENANT_ID],
        "client_id" => &[CLIENT_ID],
        "client_secret_file"
        | "client_secret_prompt"
        | "client_certificate"
        | "client_certificate_password_file"
        | "client_certificate_password_prompt"
        | "federated_token_file"
        | "assertion_command" => &PROOFS,
        _ => &[],
    }
}

/// The options that ask on the terminal, by the names of their fields: nobody can answer for several tenants at once.
#[cfg(not(feature = "pkcs12"))]
pub(crate) const PROMPTS: [&str; 1] = ["client_secret_prompt"];
#[cfg(feature = "pkcs12")]
pub(crate) const PROMPTS: [&str; 2] =
    ["client_secret_prompt", "client_certificate_password_prompt"];

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
    #[arg(long, value_name = "FILE", conflicts_with_all = ["client_secret_prompt", "client_certificate", "federated_token_file", "assertion_command"])]
    client_secret_file: Option<PathBuf>,

    /// Ask for the client secret on the terminal, without showing what is typed.
    #[arg(long, conflicts_with_all = ["client_certificate", "federated_token_file", "assertion_command"])]
    client_secret_prompt: bool,

    /// A PEM file with the app's certificate and its private key.
    #[cfg_attr(
        feature = "pkcs12",
        doc = "Or a PKCS#12 file, whose password AZURE_CLIENT_CERTIFICATE_PASSWORD or \
               --client-certificate-password-file holds."
    )]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["federated_token_file", "assertion_command"])]
    client_certificate: Option<PathBuf>,

    /// A file that holds the password of the PKCS#12 file.
    #[cfg(feature = "pkcs12")]
    #[arg(
        long,
        value_name = "FILE",
        requires = "client_certificate",
        conflicts_with = "client_certificate_password_prompt"
    )]
    client_certificate_password_file: Option<PathBuf>,

    /// Ask for the password of the PKCS#12 file on the terminal, without showing what is typed.
    #[cfg(feature = "pkcs12")]
    #[arg(long, requires = "client_certificate")]
    client_certificate_password_prompt: bool,

    /// A file that holds a federated token (workload identity). It is read for each token request.
    #[arg(long, value_name = "FILE", conflicts_with = "assertion_command")]
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
    /// Where the proof was found, in words.
    origin: String,
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
        let option = self.proof_option();
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
        let origin = match (option, &proof) {
            (Some(option), _) => format!("{option}, which goes before the environment"),
            (None, Proof::Environment(environment)) => environment.explanation(),
            (None, Proof::Command(_)) => String::new(),
        };
        tracing::info!("the app proves itself by {origin}");
        Ok(Credential {
            tenant_id,
            client_id,
            proof,
            origin,
        })
    }

    /// The option that says how the app proves itself, if one does; two are refused before.
    fn proof_option(&self) -> Option<&'static str> {
        [
            ("--client-secret-file", self.client_secret_file.is_some()),
            ("--client-secret-prompt", self.client_secret_prompt),
            ("--client-certificate", self.client_certificate.is_some()),
            (
                "--federated-token-file",
                self.federated_token_file.is_some(),
            ),
            ("--assertion-command", self.assertion_command.is_some()),
        ]
        .into_iter()
        .find_map(|(option, given)| given.then_some(option))
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
        if self.client_secret_prompt {
            let secret = ask("Client secret: ", "--client-secret-file FILE")?;
            found.push((CLIENT_SECRET, secret.into()));
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
        #[cfg(feature = "pkcs12")]
        if self.client_certificate_password_prompt {
            let remedy = "--client-certificate-password-file FILE";
            let password = ask("Password of the PKCS#12 file: ", remedy)?;
            found.push((CERTIFICATE_PASSWORD, password.into()));
        }
        if let Some(file) = &self.federated_token_file {
            readable(file, "federated token", "--federated-token-file")?;
            found.push((FEDERATED_TOKEN_FILE, file.into()));
        }
        Ok(found)
    }
}

impl Credential {
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
            origin: "the embedded emulator".into(),
        })
    }

    /// The tenant's id or domain.
    pub(crate) fn tenant_id(&self) -> &str {
        &self.tenant_id
    }

    /// The app's id.
    pub(crate) fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Where the proof was found, in words.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// How long the certificate is valid, if there is one.
    pub(crate) fn certificate_validity(
        &self,
    ) -> Result<Option<CertificateValidity>, graph_pstn_auth::Error> {
        match &self.proof {
            Proof::Environment(environment) => environment.certificate_validity(),
            Proof::Command(_) => Ok(None),
        }
    }

    /// Where the federated token is, if there is one.
    pub(crate) fn token_file(&self) -> Option<&Path> {
        match &self.proof {
            Proof::Environment(environment) => environment.token_file(),
            Proof::Command(_) => None,
        }
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
