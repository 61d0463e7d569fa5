//! Answers that the emulator does not give: a page with rows that must be set aside, and refusals.

use std::fs;
use std::process::Command;

use crate::canned::serve;
use crate::program::{Ended, Workplace};

/// A row that is good, the same again, the same id with another charge, and a row without a readable charge.
const PAGE: &str = r#"{"value":[
    {"id":"a","startDateTime":"2019-11-01T08:00:00Z","duration":60,"charge":0.05,"currency":"USD"},
    {"id":"a","startDateTime":"2019-11-01T08:00:00Z","duration":60,"charge":0.05,"currency":"USD"},
    {"id":"a","startDateTime":"2019-11-01T08:00:00Z","duration":60,"charge":0.06,"currency":"USD"},
    {"id":"b","startDateTime":"2019-11-01T09:00:00Z","callerNumber":"+1 555 0100","charge":"much"}
]}"#;

const REFUSAL: &str = r#"{"error":{"code":"Forbidden","message":"Insufficient privileges."}}"#;

/// A server that gives a token to everybody, and one answer to all else.
pub(crate) struct Answering {
    origin: String,
}

impl Answering {
    fn start(status: &'static str, body: &'static str) -> Self {
        Self::start_by(move |_| (status, body))
    }

    /// Answers by the line that a request starts with.
    pub(crate) fn start_by(
        by: impl Fn(&str) -> (&'static str, &'static str) + Send + 'static,
    ) -> Self {
        let token = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"a-token"}"#;
        let origin = serve(move |first| {
            let (status, body) = match first.contains("/oauth2/v2.0/token") {
                true => ("200 OK", token),
                false => by(first),
            };
            (status, "application/json", body)
        });
        Self { origin }
    }

    pub(crate) fn export(&self, workplace: &Workplace, more: &[&str]) -> Command {
        let range = ["--from", "2019-11-01", "--to", "2019-11-02"];
        self.command(workplace, &[&["export"], &range[..], more].concat())
    }

    /// Runs a command that asks it.
    pub(crate) fn run(&self, workplace: &Workplace, args: &[&str]) -> Ended {
        ended(self.command(workplace, args))
    }

    fn command(&self, workplace: &Workplace, args: &[&str]) -> Command {
        let mut command = workplace.command(args);
        command.args([
            "--graph-endpoint",
            &self.origin,
            "--authority-host",
            &self.origin,
        ]);
        command.env("AZURE_TENANT_ID", "contoso.example");
        command.env("AZURE_CLIENT_ID", "app");
        command.env("AZURE_CLIENT_SECRET", "secret");
        command
    }
}

fn ended(mut command: Command) -> Ended {
    Ended::of(&command.output().unwrap())
}

#[test]
fn rows_that_are_set_aside_have_a_file_and_an_exit_code() {
    let workplace = Workplace::new();
    let server = Answering::start("200 OK", PAGE);
    let ended = ended(server.export(&workplace, &["-o", "calls.csv", "--summary", "json"]));
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    assert!(
        ended.stderr.starts_with(
            r#"{"rows":1,"duration":60,"charge":{"USD":"0.05"},"duplicates":1,"conflicts":1,"rejects":1,"filtered":0,"log":"pstn"}"#
        ),
        "{}",
        ended.stderr
    );
    assert!(
        ended
            .stderr
            .contains("they are in calls.csv.rejects.ndjson")
    );
    assert_eq!(workplace.names(), ["calls.csv", "calls.csv.rejects.ndjson"]);
    let rejects = fs::read_to_string(workplace.path("calls.csv.rejects.ndjson")).unwrap();
    assert_eq!(rejects.lines().count(), 2, "{rejects}");
    assert!(rejects.contains(r#""callerNumber":"+1 555 0100","charge":"much""#));
    assert!(rejects.contains(r#""charge":0.06"#));
}

#[test]
fn on_standard_output_they_are_named_without_what_they_hold() {
    let workplace = Workplace::new();
    let server = Answering::start("200 OK", PAGE);
    let ended = ended(server.export(&workplace, &[]));
    assert_eq!(ended.code, Some(5), "{}", ended.stderr);
    assert_eq!(ended.stdout.lines().count(), 2);
    assert!(
        ended
            .stderr
            .contains("row 3 of its page, $.value[3].charge, is set aside")
    );
    assert!(ended.stderr.contains("--rejects FILE would keep them"));
    assert!(
        !ended.stderr.contains("555") && !ended.stderr.contains("much"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_missing_consent_is_named_as_such() {
    let workplace = Workplace::new();
    let server = Answering::start("403 Forbidden", REFUSAL);
    let ended = ended(server.export(&workplace, &["-o", "calls.csv"]));
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    assert!(ended.error().contains("403"));
    assert!(
        ended.hint().contains("CallRecords.Read.All"),
        "{}",
        ended.stderr
    );
    assert!(workplace.names().is_empty());
}

#[test]
fn a_refusal_in_china_is_explained() {
    let workplace = Workplace::new();
    let server = Answering::start("400 Bad Request", REFUSAL);
    let ended = ended(server.export(&workplace, &["--cloud", "china"]));
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.hint().contains("21Vianet"), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
}
