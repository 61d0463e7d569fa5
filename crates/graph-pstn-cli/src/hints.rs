//! From the errors of the crates below to an exit code and a remedy.
//!
//! Their messages say what happened; what to do about it here are options of this program, which
//! they cannot know.

use std::error::Error as StdError;
use std::iter;

use graph_pstn_http::{Cloud, Endpoints, Error, ErrorKind};

use crate::exit::{Exit, Failure, on_one_line, one_line};
use crate::storage::url::is_url;

/// What to do when Graph does not let the app read the log: the commonest trouble of all.
pub(crate) const CONSENT: &str = "in the Entra admin center, under App registrations > (this app) > API permissions: Add \
     a permission > Microsoft Graph > Application permissions (not delegated) > CallRecords.Read.All, then have an \
     administrator press Grant admin consent; it takes some minutes to count";

/// What to do about a file that is there already.
pub(crate) const TARGET_EXISTS: &str = "name another file, or add --overwrite to replace it";

/// Where requests went, as far as a remedy depends on it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    endpoints: Endpoints,
    cloud: Option<Cloud>,
    emulator: bool,
}

impl Place {
    pub(crate) fn new(endpoints: Endpoints, cloud: Option<Cloud>, emulator: bool) -> Self {
        Self {
            endpoints,
            cloud,
            emulator,
        }
    }

    /// What a failure to read the log means.
    pub(crate) fn failure(&self, error: &Error) -> Failure {
        let failure = Failure::new(exit_of(error), message(error));
        match self.hint(error) {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }

    /// What a failure of a request to this host means.
    pub(crate) fn failure_at(&self, error: &Error, host: &str) -> Failure {
        let failure = Failure::new(exit_of(error), message(error));
        match self.hint_for(error, host) {
            Some(hint) => failure.with_hint(hint),
            None => failure,
        }
    }

    fn hint(&self, error: &Error) -> Option<String> {
        if let Some(below) = below_auth(error) {
            return self.hint_for(below, self.endpoints.authority().host());
        }
        self.hint_for(error, self.endpoints.graph().host())
    }

    fn hint_for(&self, error: &Error, host: &str) -> Option<String> {
        let refused = matches!(
            error.kind(),
            ErrorKind::Client | ErrorKind::Forbidden | ErrorKind::Unauthorized
        );
        if refused && self.cloud.is_some_and(|cloud| !cloud.offers_call_logs()) {
            return Some(
                "Microsoft's pages say that the cloud operated by 21Vianet does not offer the PSTN call \
                 logs; https://learn.microsoft.com/graph/api/callrecords-callrecord-getpstncalls"
                    .into(),
            );
        }
        Some(match error.kind() {
            ErrorKind::Connect if self.emulator => {
                "is a program in the way of connections to 127.0.0.1?".into()
            }
            ErrorKind::Connect => match proxy_variable() {
                Some(name) => format!(
                    "{name} names a proxy, by which {host} is asked unless NO_PROXY has it: check that this \
                     machine reaches it"
                ),
                None => format!(
                    "check that this machine reaches {host}: name, firewall, and HTTPS_PROXY if a proxy \
                     is needed"
                ),
            },
            ErrorKind::Tls => format!(
                "if the certificate of {host} comes from an authority of your own (a proxy that \
                 inspects TLS, the emulator), name that authority's PEM file with --ca-certificate"
            ),
            ErrorKind::Unauthorized => {
                "check that --cloud is the cloud that the tenant lives in; Graph does not take \
                 another cloud's tokens"
                    .into()
            }
            ErrorKind::Forbidden => CONSENT.into(),
            ErrorKind::Throttled => {
                "other programs may use up the same quota: run again later, ask for less with \
                 --requests-per-minute, or wait longer with --max-wait"
                    .into()
            }
            ErrorKind::Server | ErrorKind::Timeout | ErrorKind::Interrupted => {
                "nothing is wrong on this side as far as can be seen: run again later".into()
            }
            ErrorKind::Decode => format!(
                "is it really {host} that answers? A proxy's page may have come in its place"
            ),
            _ => return None,
        })
    }
}

/// The variable of the environment that names a proxy, if one does; the transport goes by the first of these.
pub(crate) fn proxy_variable() -> Option<&'static str> {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    names.into_iter().find(is_set)
}

/// The error and its causes in one line. Those of a connection that was not made end with its own words, which
/// sum up what the layers below it say.
pub(crate) fn message(error: &Error) -> String {
    let summed_up = |error: &Error| matches!(error.kind(), ErrorKind::Connect | ErrorKind::Tls);
    match below_auth(error).filter(|below| summed_up(below)) {
        Some(below) => on_one_line(&format!("{error}: {below}")),
        None if summed_up(error) => on_one_line(&error.to_string()),
        None => one_line(error),
    }
}

/// What hindered a token request on its way, for which the remedy is that of a connection.
pub(crate) fn below_auth(error: &Error) -> Option<&Error> {
    if error.kind() != ErrorKind::Auth {
        return None;
    }
    causes(error).find_map(|cause| cause.downcast_ref::<Error>())
}

fn causes(error: &Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    iter::successors(error.source(), |error| (*error).source())
}

/// The exit code that a failure to read the log stands for.
fn exit_of(error: &Error) -> Exit {
    match error.kind() {
        ErrorKind::Auth => match below_auth(error) {
            Some(below) => exit_of(below),
            None if error.is_transient() => Exit::Unavailable,
            None => Exit::NotAuthorised,
        },
        ErrorKind::Unauthorized | ErrorKind::Forbidden => Exit::NotAuthorised,
        ErrorKind::Connect
        | ErrorKind::Timeout
        | ErrorKind::Interrupted
        | ErrorKind::Throttled
        | ErrorKind::Server => Exit::Unavailable,
        ErrorKind::Config => Exit::Usage,
        _ => Exit::Other,
    }
}

/// What a failure to write the output means. A closed pipe is none, and is dealt with before.
pub(crate) fn output_failure(error: &graph_pstn_export::Error) -> Failure {
    use graph_pstn_export::ErrorKind;

    let hint = match error.kind() {
        ErrorKind::SameFile => {
            return Failure::usage(
                "--output and --rejects name the same file",
                "give the rows that are set aside a file of their own",
            );
        }
        ErrorKind::NoColumn => {
            return Failure::usage(one_line(error), "name columns as Graph does, each once");
        }
        ErrorKind::Unfinished => {
            "add --resume to go on with it, or --overwrite to give it up and start over"
        }
        ErrorKind::OtherJob => {
            return Failure::usage(
                one_line(error),
                "give the options that it was begun with, or --overwrite instead of --resume to start \
                 over",
            );
        }
        ErrorKind::NoStore => {
            return Failure::usage(
                one_line(error),
                "name a folder, or a URL such as az://container/calls with the variables of its store set",
            );
        }
        ErrorKind::Damaged => "it cannot be resumed; --overwrite without --resume starts over",
        ErrorKind::Busy => "wait for the other run, or name another output",
        ErrorKind::TargetExists => TARGET_EXISTS,
        ErrorKind::FolderMissing => "make the folder first, or name another one",
        ErrorKind::NotWritable if error.path().is_some_and(is_url) => {
            "see that the variables of the store (AZURE_STORAGE_…, AWS_… or GOOGLE_…) are set, and that they \
             allow to read, write and list there"
        }
        ErrorKind::NotWritable => "name a folder that you may write to",
        ErrorKind::NotAFile => {
            "name a file; --output - writes to standard output, and --partition-by day to a folder"
        }
        ErrorKind::StorageFull => "make room, or name a file on another disk",
        ErrorKind::Io if error.path().is_some_and(is_url) => {
            "see that this machine reaches the object store, and that its variables name the right one; then run \
             again"
        }
        _ => return Failure::new(Exit::Other, one_line(error)),
    };
    Failure::new(Exit::Other, one_line(error)).with_hint(hint)
}

#[cfg(test)]
#[cfg(feature = "all-clouds")]
mod tests {
    use super::*;

    fn place(cloud: Cloud) -> Place {
        Place::new(cloud.endpoints(), Some(cloud), false)
    }

    #[test]
    fn a_missing_consent_is_named_as_such() {
        let failure =
            place(Cloud::Global).failure(&Error::new(ErrorKind::Forbidden, "Graph refuses"));
        assert_eq!(failure.exit(), Exit::NotAuthorised);
        assert!(failure.hint().unwrap().contains("CallRecords.Read.All"));
    }

    #[test]
    fn a_refusal_in_china_is_explained() {
        for kind in [ErrorKind::Forbidden, ErrorKind::Client] {
            let failure = place(Cloud::China).failure(&Error::new(kind, "Graph refuses"));
            assert!(failure.hint().unwrap().contains("21Vianet"));
        }
        let failure = place(Cloud::China).failure(&Error::new(ErrorKind::Connect, "no way"));
        assert!(
            failure
                .hint()
                .unwrap()
                .contains("microsoftgraph.chinacloudapi.cn")
        );
    }

    #[test]
    fn a_token_request_that_did_not_arrive_is_no_matter_of_rights() {
        let auth = |kind| {
            let error = Error::new(ErrorKind::Auth, "the token request did not come through")
                .with_source(Error::new(kind, "no way"));
            place(Cloud::UsGovL4).failure(&error)
        };
        let failure = auth(ErrorKind::Connect);
        assert_eq!(failure.exit(), Exit::Unavailable);
        assert!(failure.hint().unwrap().contains("login.microsoftonline.us"));
        let failure = auth(ErrorKind::Tls);
        assert_eq!(failure.exit(), Exit::Other);
        assert!(failure.hint().unwrap().contains("--ca-certificate"));
    }

    #[test]
    fn entras_refusals_and_troubles_are_told_apart() {
        let refused = Error::new(ErrorKind::Auth, "the client secret has expired");
        assert_eq!(
            place(Cloud::Global).failure(&refused),
            Failure::new(Exit::NotAuthorised, "the client secret has expired")
        );
        let trouble = Error::new(ErrorKind::Auth, "Entra is unavailable").with_transient(true);
        assert_eq!(
            place(Cloud::Global).failure(&trouble).exit(),
            Exit::Unavailable
        );
    }
}
