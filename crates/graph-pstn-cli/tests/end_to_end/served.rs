//! `export` from a separately started `emulate`, as from a tenant; and all that can go wrong.

use std::fs;
use std::net::TcpListener;

use crate::program::{Ended, Served, Totals, Workplace};

const NOVEMBER: [&str; 4] = ["--from", "2019-11-01", "--to", "2019-12-01"];
const FILE: [&str; 2] = ["--output", "calls.csv"];
const RATE: [&str; 2] = ["--rows-per-day", "50"];

fn args<'a>(parts: &[&[&'a str]]) -> Vec<&'a str> {
    parts.concat()
}

#[test]
fn a_month_over_tls_is_exact() {
    let workplace = Workplace::new();
    let served = Served::start(
        &workplace,
        &args(&[&["--tls", "tls", "--links", "documented"], &RATE]),
    );
    assert!(served.options[1].starts_with("https://127.0.0.1:"));
    let ended = served.export(&workplace, &args(&[&NOVEMBER, &FILE]), None);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        Totals::of_file(&workplace.path("calls.csv")).line(),
        workplace.truth(&RATE, "2019-11-01", "2019-12-01")
    );
    assert_eq!(workplace.names(), ["calls.csv", "tls"]);
}

#[cfg(unix)]
#[test]
fn the_emulator_ends_cleanly_on_ctrl_c() {
    let workplace = Workplace::new();
    assert_eq!(Served::start(&workplace, &[]).interrupt(), Some(0));
}

#[test]
fn a_secret_comes_from_a_file_too() {
    let workplace = Workplace::new();
    let served = Served::start(&workplace, &RATE);
    let (_, secret) = served
        .environment
        .iter()
        .find(|(name, _)| name == "AZURE_CLIENT_SECRET")
        .unwrap();
    let options = args(&[&NOVEMBER, &["--client-secret-file", "secret"]]);
    // As editors write it, on Windows too.
    for (before, after) in [("", "\n"), ("\u{feff}", "\r\n")] {
        let text = format!("{before}{secret}{after}");
        fs::write(workplace.path("secret"), text).unwrap();
        let another = Some(("AZURE_CLIENT_SECRET", "of another app"));
        let ended = served.export(&workplace, &options, another);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    }
}

/// It fails with this code, one line with these words, a hint where there is one, and leaves no file.
fn assert_fails(workplace: &Workplace, ended: &Ended, code: i32, words: &[&str], hint: &str) {
    assert_eq!(ended.code, Some(code), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    let error = ended.error();
    for word in words {
        assert!(error.contains(word), "{error}");
    }
    if !hint.is_empty() {
        assert!(ended.hint().contains(hint), "{}", ended.stderr);
    }
    let left: Vec<String> = workplace
        .names()
        .into_iter()
        .filter(|name| name.contains("calls") || name.contains("partial"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_wrong_secret() {
    let workplace = Workplace::new();
    let served = Served::start(&workplace, &RATE);
    let wrong = Some(("AZURE_CLIENT_SECRET", "no~such~secret"));
    let ended = served.export(&workplace, &args(&[&NOVEMBER, &FILE]), wrong);
    assert_fails(
        &workplace,
        &ended,
        3,
        &["client secret is wrong", "AADSTS7000215"],
        "",
    );
    assert!(!ended.stderr.contains("no~such~secret"));
}

#[test]
fn an_unknown_tenant() {
    let workplace = Workplace::new();
    let served = Served::start(&workplace, &RATE);
    let wrong = Some(("AZURE_TENANT_ID", "contoso.example"));
    let ended = served.export(&workplace, &args(&[&NOVEMBER, &FILE]), wrong);
    assert_fails(&workplace, &ended, 3, &["tenant", "AADSTS90002"], "");
}

#[test]
fn an_unreachable_host() {
    let workplace = Workplace::new();
    // A port that was free a moment ago: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let origin = format!("http://127.0.0.1:{port}");
    let mut command = workplace.command(args(&[&["export"], &NOVEMBER, &FILE]));
    command.args(["--graph-endpoint", &origin, "--authority-host", &origin]);
    command
        .env("AZURE_TENANT_ID", "contoso.example")
        .env("AZURE_CLIENT_ID", "app");
    let ended = Ended::of(
        &command
            .env("AZURE_CLIENT_SECRET", "secret")
            .output()
            .unwrap(),
    );
    assert_fails(
        &workplace,
        &ended,
        4,
        &["127.0.0.1"],
        "check that this machine reaches 127.0.0.1",
    );
}

#[test]
fn a_certificate_that_is_not_trusted() {
    let workplace = Workplace::new();
    let served = Served::start(&workplace, &args(&[&["--tls", "tls"], &RATE]));
    let mut command = workplace.command(args(&[&["export"], &NOVEMBER, &FILE]));
    command
        .args(&served.options[..4])
        .envs(served.environment.iter().map(|(n, v)| (n, v)));
    let ended = Ended::of(&command.output().unwrap());
    assert_fails(&workplace, &ended, 1, &["certificate"], "--ca-certificate");
}

#[test]
fn a_range_that_is_none() {
    let workplace = Workplace::new();
    let run = |range: &[&str]| workplace.run(args(&[&["export", "--emulator"], &FILE, range]));
    let swapped = run(&["--from", "2019-12-01", "--to", "2019-11-01"]);
    assert_fails(
        &workplace,
        &swapped,
        2,
        &["the range ends before it starts"],
        "--from is the first moment",
    );
    assert_fails(&workplace, &run(&[]), 2, &["no range"], "--last 30d");
    let no_date = run(&["--from", "2019-11-31"]);
    assert_fails(&workplace, &no_date, 2, &["2019-11-31", "--from"], "");
}

#[test]
fn no_credential_and_no_cloud() {
    let workplace = Workplace::new();
    let run = |more: &[&str]| workplace.run(args(&[&["export"], &NOVEMBER, &FILE, more]));
    let no_cloud = run(&[]);
    assert_fails(
        &workplace,
        &no_cloud,
        2,
        &["cloud is not named"],
        "add --cloud global",
    );
    let nobody = run(&["--cloud", "global"]);
    assert_fails(&workplace, &nobody, 3, &["no tenant id"], "AZURE_TENANT_ID");
    let no_secret = run(&[
        "--cloud",
        "china",
        "--tenant-id",
        "contoso.example",
        "--client-id",
        "app",
    ]);
    assert_fails(
        &workplace,
        &no_secret,
        3,
        &["no credential", "AZURE_CLIENT_SECRET"],
        "--client-secret-file, --client-certificate,",
    );
    let both = run(&["--emulator", "--cloud", "global"]);
    assert_fails(
        &workplace,
        &both,
        2,
        &["--emulator", "cannot be used with", "--cloud"],
        "",
    );
}

#[test]
fn a_folder_that_is_missing() {
    let workplace = Workplace::new();
    let options = args(&[
        &["export", "--emulator", "-o", "missing/calls.csv"],
        &NOVEMBER,
    ]);
    let ended = workplace.run(options);
    assert_fails(
        &workplace,
        &ended,
        1,
        &["folder missing does not exist"],
        "make the folder first",
    );
}

#[test]
fn a_file_that_is_there_already() {
    let workplace = Workplace::new();
    fs::write(workplace.path("calls.csv"), "precious").unwrap();
    let options = args(&[
        &["export", "--emulator", "--emulator-rows-per-day", "20"],
        &NOVEMBER,
        &FILE,
    ]);
    let ended = workplace.run(&options);
    assert_eq!(ended.code, Some(1));
    assert_eq!(ended.error(), "error: calls.csv is there already");
    assert!(ended.hint().contains("--overwrite"));
    assert_eq!(fs::read(workplace.path("calls.csv")).unwrap(), b"precious");
    let ended = workplace.run(args(&[&options, &["--overwrite"]]));
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(workplace.names(), ["calls.csv"]);
    assert!(fs::metadata(workplace.path("calls.csv")).unwrap().len() > 10_000);
}
