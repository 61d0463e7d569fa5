//! How the program behaves towards people and shells: help, completions, manual pages, settings, the log.

use std::fs;

use serde_json::Value;

use crate::program::{Ended, Served, Totals, Workplace};

const RATE: [&str; 2] = ["--rows-per-day", "20"];
const NOVEMBER: [&str; 4] = ["--from", "2019-11-01", "--to", "2019-12-01"];

/// The commands that `--help` lists.
fn commands(workplace: &Workplace) -> Vec<String> {
    let help = workplace.run(["--help"]).stdout;
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    commands
        .lines()
        .take_while(|line| line.starts_with("  "))
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn help_fits_eighty_columns() {
    let workplace = Workplace::new();
    let commands = commands(&workplace);
    for name in ["export", "sync", "check", "emulate", "completions", "man"] {
        assert!(commands.iter().any(|command| command == name), "{name}");
    }
    let mut lines: Vec<Vec<&str>> = vec![vec!["--help"], vec!["-h"]];
    for command in &commands {
        lines.push(vec![command, "--help"]);
        lines.push(vec![command, "-h"]);
    }
    for line in lines {
        let ended = workplace.run(&line);
        if line[0] != "help" {
            assert_eq!(ended.code, Some(0), "{line:?} {}", ended.stderr);
        }
        for shown in ended.stdout.lines() {
            assert!(shown.chars().count() <= 80, "{line:?}: {shown}");
        }
    }
}

#[test]
fn completions_for_every_shell_hold_the_options() {
    let workplace = Workplace::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ended = workplace.run(["completions", shell]);
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        for word in ["graph-pstn", "export", "check", "max-wait", "log-format"] {
            assert!(ended.stdout.contains(word), "{shell} lacks {word}");
        }
        fs::write(workplace.path(shell), ended.stdout).unwrap();
    }
    assert_eq!(workplace.run(["completions", "no-shell"]).code, Some(2));
}

/// The shell that reads it finds no fault, and completes a command's name by it.
#[cfg(unix)]
#[test]
fn bash_takes_its_completion() {
    let workplace = Workplace::new();
    let script = workplace.run(["completions", "bash"]).stdout;
    fs::write(workplace.path("completion"), script).unwrap();
    let complete = "source ./completion && COMP_WORDS=(graph-pstn exp) && COMP_CWORD=1 && \
                    _graph__pstn graph-pstn exp graph-pstn && echo \"${COMPREPLY[@]}\"";
    let bash = std::process::Command::new("bash")
        .args(["--norc", "-c", complete])
        .current_dir(workplace.path(""))
        .output()
        .unwrap();
    assert_eq!(
        String::from_utf8_lossy(&bash.stdout).trim(),
        "export",
        "{bash:?}"
    );
}

#[test]
fn manual_pages_are_written_for_each_command() {
    let workplace = Workplace::new();
    let folder = workplace.path("man");
    let ended = workplace.run(["man", folder.to_str().unwrap()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for page in ["graph-pstn.1", "graph-pstn-export.1", "graph-pstn-check.1"] {
        let text = fs::read_to_string(folder.join(page)).unwrap();
        assert!(text.contains(".SH OPTIONS"), "{page}");
    }
    let check = fs::read_to_string(folder.join("graph-pstn-check.1")).unwrap();
    assert!(check.contains("ca\\-certificate"), "{check}");
}

#[test]
fn a_file_and_the_environment_take_the_place_of_options() {
    let workplace = Workplace::new();
    let served = Served::start(&workplace, &RATE);
    let options = &served.options;
    let file = format!(
        "graph-endpoint = '{}'\nauthority-host = '{}'\n[export]\nfrom = 2019-11-01\nto = 2020-01-01\n",
        options[1], options[3]
    );
    fs::write(workplace.path("settings.toml"), file).unwrap();
    let run = |args: &[&str], more: &[(&str, &str)]| {
        let mut command = workplace.command(args);
        command.env("GRAPH_PSTN_CONFIG", "settings.toml");
        command.envs(served.environment.iter().map(|(name, value)| (name, value)));
        command.envs(more.iter().copied());
        Ended::of(&command.output().unwrap())
    };
    let ended = run(&["export"], &[("GRAPH_PSTN_TO", "2019-12-01")]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert_eq!(
        Totals::of_csv(ended.stdout.as_bytes()).line(),
        workplace.truth(&RATE, "2019-11-01", "2019-12-01")
    );
    assert_eq!(run(&["check"], &[]).code, Some(0));
    let shown = run(
        &["export", "--show-config"],
        &[("GRAPH_PSTN_TO", "2019-12-01")],
    );
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    assert!(
        shown
            .stdout
            .contains("to = \"2019-12-01\"  # the environment's GRAPH_PSTN_TO")
    );
    assert!(
        shown
            .stdout
            .contains("AZURE_CLIENT_SECRET is set in the environment; its value")
    );
    let (_, secret) = served
        .environment
        .iter()
        .find(|(n, _)| n == "AZURE_CLIENT_SECRET")
        .unwrap();
    assert!(!shown.stdout.contains(secret.as_str()));
}

#[test]
fn a_setting_that_is_wrong_has_one_error_and_one_hint() {
    let workplace = Workplace::new();
    fs::write(workplace.path("a.toml"), "client-secret = 'hush'").unwrap();
    let ended = workplace.run(["export", "--last", "1d", "--config", "a.toml"]);
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(ended.error().contains("nothing secret belongs into it"));
    assert!(ended.hint().contains("client-secret-file"));
    assert!(!ended.stderr.contains("hush"));
}

/// Whoever collects lines of JSON gets one also where the settings cannot be read.
#[test]
fn what_is_refused_is_json_too_where_that_is_wanted() {
    let workplace = Workplace::new();
    fs::write(workplace.path("a.toml"), "clowd = 'global'").unwrap();
    let wrong_file = ["export", "--last", "1d", "--config", "a.toml"];
    let wrong_option = ["export", "--lsat", "1d"];
    let json = ["--log-format", "json"];
    for wrong in [&wrong_file[..], &wrong_option] {
        let mut by_variable = workplace.command(wrong);
        by_variable.env("GRAPH_PSTN_LOG_FORMAT", "json");
        let by_variable = Ended::of(&by_variable.output().unwrap());
        let typed = workplace.run([wrong, &json].concat());
        let typed_first = workplace.run([&json, wrong].concat());
        for ended in [by_variable, typed, typed_first] {
            assert_eq!(ended.code, Some(2), "{ended:?}");
            let line: Value = serde_json::from_str(&ended.stderr).unwrap();
            assert_eq!(line["level"], "ERROR");
            assert!(line["hint"].is_string(), "{line}");
        }
    }
    let help = workplace.run([&json[..], &["--help"]].concat());
    assert_eq!(help.code, Some(0));
    assert!(help.stdout.contains("Usage: "), "{help:?}");
}

#[test]
fn quiet_lets_warnings_through() {
    let workplace = Workplace::new();
    let mut command = workplace.command(["emulate", "--truth", "--quiet"]);
    command.args(NOVEMBER).args(RATE);
    let ended = Ended::of(&command.env("GRAPH_PSTN_CLOWD", "global").output().unwrap());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(
        ended
            .stderr
            .starts_with("warning: GRAPH_PSTN_CLOWD names no option"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_prompt_without_a_terminal_does_not_wait() {
    let workplace = Workplace::new();
    // A session of its own has no terminal to open.
    #[cfg(unix)]
    let mut command = {
        let mut command = workplace.command_of("setsid");
        command.args(["-w", env!("CARGO_BIN_EXE_graph-pstn")]);
        command
    };
    #[cfg(not(unix))]
    let mut command = workplace.command([""; 0]);
    command.args([
        "export",
        "--cloud",
        "global",
        "--last",
        "1d",
        "--client-secret-prompt",
    ]);
    command.args(["--tenant-id", "contoso.example", "--client-id", "app"]);
    let ended = Ended::of(&command.output().unwrap());
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert!(
        ended.error().contains("no terminal to ask on"),
        "{}",
        ended.stderr
    );
    assert!(ended.hint().contains("--client-secret-file"));
}

#[test]
fn a_log_for_machines_is_json_and_nobodys_business_stays_out() {
    let workplace = Workplace::new();
    let served = Served::start(&workplace, &RATE);
    let json = ["--log-format", "json", "--verbose"];
    let ended = served.export(&workplace, &[&NOVEMBER[..], &json].concat(), None);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let lines: Vec<Value> = ended
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(lines.len() > 3, "{}", ended.stderr);
    for line in &lines {
        assert!(
            line["timestamp"].is_string() && line["level"].is_string(),
            "{line}"
        );
    }
    let mut reader = csv::Reader::from_reader(ended.stdout.as_bytes());
    let header = reader.headers().unwrap().clone();
    let personal = [
        "userPrincipalName",
        "userDisplayName",
        "calleeNumber",
        "callerNumber",
    ];
    let columns = personal.map(|name| header.iter().position(|column| column == name).unwrap());
    for record in reader.records() {
        let record = record.unwrap();
        for column in columns {
            let value = &record[column];
            assert!(value.is_empty() || !ended.stderr.contains(value), "{value}");
        }
    }
    let wrong = Some(("AZURE_CLIENT_SECRET", "no~such~secret"));
    let ended = served.export(&workplace, &[&NOVEMBER[..], &json[..2]].concat(), wrong);
    assert_eq!(ended.code, Some(3));
    let line: Value = serde_json::from_str(ended.stderr.trim()).unwrap();
    assert_eq!(line["level"], "ERROR");
    assert!(line["message"].as_str().unwrap().contains("AADSTS7000215"));
}
