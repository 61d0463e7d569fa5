//! What proves who the app is goes to the login host and to Graph, and nowhere else: not even into the loudest log.

use std::sync::{Arc, Mutex};

use crate::canned::serve_whole;
use crate::credentials::make_certificate;
use crate::program::{Ended, Workplace};

const ACCESS: &str = "opaque-made-up-access-token-5f2c9a";
const GRANTED: &str = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"opaque-made-up-access-token-5f2c9a"}"#;
const SECRET: &str = "made-up-client-secret-83d1e7";
const FEDERATED: &str = "made-up-federated-token-61b04d";

const UNAUTHORIZED: &str =
    r#"{"error":{"code":"InvalidAuthenticationToken","message":"The token is not taken."}}"#;

/// The fields of a form that prove who the app is.
const PROOFS: [&str; 2] = ["client_secret", "client_assertion"];

/// As much of a secret as must not be read anywhere.
const PIECE: usize = 12;

/// A server of Entra and Graph that keeps what it is sent.
struct Server {
    origin: String,
    heard: Arc<Mutex<String>>,
}

/// How the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Well,
    /// Graph takes no token.
    Unauthorized,
    /// Entra takes no proof.
    Refused,
}

impl Server {
    fn start(course: Course) -> Self {
        let heard = Arc::new(Mutex::new(String::new()));
        let notes = heard.clone();
        let origin = serve_whole(move |request| {
            notes.lock().unwrap().push_str(request);
            let is_for_token = request.contains("/oauth2/v2.0/token");
            // Entra repeats no proof as far as is known, and something in between may.
            let (status, body) = match course {
                Course::Refused if is_for_token => {
                    let proofs = PROOFS.map(|field| field_of(request, field).unwrap_or_default());
                    let (code, proof) = ("AADSTS7000215", proofs.concat());
                    let body = format!(
                        r#"{{"error":"invalid_client","error_description":"{code}: {proof} is wrong."}}"#
                    );
                    ("401 Unauthorized", body)
                }
                _ if is_for_token => ("200 OK", GRANTED.to_owned()),
                Course::Unauthorized => ("401 Unauthorized", UNAUTHORIZED.to_owned()),
                Course::Refused | Course::Well => ("200 OK", r#"{"value":[]}"#.to_owned()),
            };
            (status, "application/json", body)
        });
        Self { origin, heard }
    }

    /// An export from it that says all that can be said.
    fn export(&self, workplace: &Workplace, form: &str, proof: (&str, &str)) -> Ended {
        let mut command = workplace.command(["export", "--verbose", "--log-format", form]);
        command.args(["--from", "2019-11-01", "--to", "2019-11-02"]);
        command.args(["--graph-endpoint", &self.origin]);
        command.args(["--authority-host", &self.origin]);
        command.env("AZURE_TENANT_ID", "contoso.example");
        command.env("AZURE_CLIENT_ID", "app");
        command.env(proof.0, proof.1);
        // Variables by which libraries and programs in Rust are made to talk.
        command.env("RUST_LOG", "trace");
        command.env("RUST_BACKTRACE", "full");
        Ended::of(&command.output().unwrap())
    }
}

/// What was sent as this field of a form.
fn field_of<'a>(request: &'a str, field: &str) -> Option<&'a str> {
    let (_, rest) = request.split_once(&format!("{field}="))?;
    rest.split(|c: char| c == '&' || c.is_whitespace()).next()
}

/// A piece of the secret that was said.
fn piece_of<'a>(secret: &'a str, said: &str) -> Option<&'a str> {
    assert!(secret.is_ascii() && secret.len() >= PIECE);
    let pieces = (0..=secret.len() - PIECE).map(|at| &secret[at..at + PIECE]);
    pieces.into_iter().find(|piece| said.contains(piece))
}

#[test]
fn the_loudest_log_holds_no_token_and_no_secret() {
    let workplace = Workplace::new();
    make_certificate(&workplace);
    std::fs::write(workplace.path("federated"), FEDERATED).unwrap();
    let key = std::fs::read_to_string(workplace.path("app-and-key.pem")).unwrap();
    let (_, key) = key.split_once("PRIVATE KEY-----\n").unwrap();
    let key = key.lines().next().unwrap();
    for (variable, value, field) in [
        ("AZURE_CLIENT_SECRET", SECRET, "client_secret"),
        (
            "AZURE_CLIENT_CERTIFICATE_PATH",
            "app-and-key.pem",
            "client_assertion",
        ),
        (
            "AZURE_FEDERATED_TOKEN_FILE",
            "federated",
            "client_assertion",
        ),
    ] {
        for form in ["text", "json"] {
            for (course, code) in [
                (Course::Well, 0),
                (Course::Unauthorized, 3),
                (Course::Refused, 3),
            ] {
                let server = Server::start(course);
                let ended = server.export(&workplace, form, (variable, value));
                assert_eq!(ended.code, Some(code), "{}", ended.stderr);
                // The request was signed, and the log is as loud as it gets.
                let heard = server.heard.lock().unwrap();
                let proof = field_of(&heard, field).unwrap();
                let bearer = heard.contains(&format!("Bearer {ACCESS}"));
                assert_eq!(bearer, course != Course::Refused, "{heard}");
                assert!(ended.stderr.contains("requesting a token"));
                let said = format!("{}{}", ended.stdout, ended.stderr);
                for secret in [ACCESS, SECRET, FEDERATED, key, proof, "Bearer opaque"] {
                    assert_eq!(piece_of(secret, &said), None, "{variable}: {said}");
                }
            }
        }
    }
}
