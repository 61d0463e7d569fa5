#![cfg(all(feature = "emulator", feature = "all-clouds"))]

use std::fs;

use super::names::{is_setting, key, variable};
use super::*;
use crate::exit::Exit;

fn variables(set: &[(&str, &str)]) -> Variables {
    Variables(
        set.iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
    )
}

/// What `--show-config` says for this command line, environment and file.
fn shown(line: &[&str], environment: &[(&str, &str)], file: &str) -> Result<Parsed, Refused> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    fs::write(&path, file).unwrap();
    let config = path.to_str().unwrap();
    let line = [&["graph-pstn"], line, &["--config", config]].concat();
    parse(
        line.iter().map(OsString::from).collect(),
        &variables(environment),
    )
}

/// The line of an option in it, with the file's path taken out.
fn setting(parsed: &Parsed, key: &str) -> String {
    let line = parsed
        .shown
        .lines()
        .find(|line| line.split(' ').next() == Some(key) || line.starts_with(&format!("# {key} ")));
    let line = line.unwrap_or_else(|| panic!("{key}: {}", parsed.shown));
    line.split(" in /").next().unwrap_or_default().to_owned()
}

fn failure(outcome: Result<Parsed, Refused>) -> (String, String) {
    match outcome {
        Err(Refused::Failure(failure)) => {
            assert_eq!(failure.exit(), Exit::Usage);
            (
                failure.message().to_owned(),
                failure.hint().unwrap_or_default().to_owned(),
            )
        }
        other => panic!("{other:?}"),
    }
}

const FILE: &str = "parallel = 2\nmax-wait = '2h'\nquiet = true\n[export]\nparallel = 3\n";

#[test]
fn command_line_then_environment_then_file_then_default() {
    let line = ["export", "--last", "1d"];
    let environment = [("GRAPH_PSTN_PARALLEL", "4")];
    let with_option = [&line[..], &["--parallel", "5"]].concat();
    let parsed = shown(&with_option, &environment, FILE).unwrap();
    assert_eq!(
        setting(&parsed, "parallel"),
        r#"parallel = "5"  # the command line"#
    );
    let parsed = shown(&line, &environment, FILE).unwrap();
    assert_eq!(
        setting(&parsed, "parallel"),
        r#"parallel = "4"  # the environment's GRAPH_PSTN_PARALLEL"#
    );
    let parsed = shown(&line, &[("GRAPH_PSTN_PARALLEL", "")], FILE).unwrap();
    assert_eq!(
        setting(&parsed, "parallel"),
        r#"parallel = "3"  # `export.parallel`"#
    );
    assert_eq!(
        setting(&parsed, "max-wait"),
        r#"max-wait = "2h"  # `max-wait`"#
    );
    assert_eq!(
        setting(&parsed, "requests-per-minute"),
        "# requests-per-minute is not set"
    );
    assert!(parsed.cli.quiet);
    let parsed = shown(&["check"], &[("GRAPH_PSTN_QUIET", "off")], FILE).unwrap();
    assert!(!parsed.cli.quiet, "{}", parsed.shown);
}

/// Each option of each command can be set by its variable and by its key: nothing is left out by hand.
#[test]
fn every_option_has_a_variable_and_a_key() {
    let mut command = Cli::command();
    command.build();
    let mut seen = 0;
    for subcommand in names::commands(&command) {
        for arg in subcommand.get_arguments().filter(|arg| is_setting(arg)) {
            let name = variable(subcommand.get_name(), arg);
            let value = if arg.get_action().takes_values() {
                "a value"
            } else {
                "true"
            };
            let given = Cli::command()
                .ignore_errors(true)
                .get_matches_from(["graph-pstn", subcommand.get_name()]);
            let given = given.subcommand_matches(subcommand.get_name()).unwrap();
            let set = variables(&[(&name, value)]);
            let none = File::default();
            let found = layers::settings(subcommand, (given, &[]), &set, &none).unwrap();
            assert_eq!(found.len(), 1, "{name}");
            assert_eq!(found[0].option, key(arg));
            assert!(names::unknown_variables(&command, [name.as_str()].into_iter()).is_empty());

            let text = format!("[{}]\n{} = \"{value}\"\n", subcommand.get_name(), key(arg));
            let file = File::of(Path::new("f"), &text, &command).unwrap();
            let found = layers::settings(subcommand, (given, &[]), &variables(&[]), &file).unwrap();
            assert_eq!(found.len(), 1, "{text}");
            seen += 1;
        }
    }
    assert!(seen > 40, "{seen}");
}

#[test]
fn a_lower_layer_gives_way_to_what_it_cannot_be_used_with() {
    let file = "last = '30d'\nclient-secret-file = 'secret'\n";
    let line = ["export", "--from", "2019-11-01"];
    let environment = [("GRAPH_PSTN_CLIENT_CERTIFICATE", "app.pem")];
    let parsed = shown(&line, &environment, file).unwrap();
    assert_eq!(setting(&parsed, "last"), "# last is not set");
    assert_eq!(
        setting(&parsed, "client-secret-file"),
        "# client-secret-file is not set"
    );
    assert!(setting(&parsed, "client-certificate").starts_with("client-certificate = \"app.pem\""));
    // What is turned off excludes nothing.
    let environment = [("GRAPH_PSTN_EMULATOR", "off")];
    let off = shown(&["export", "--last=1d"], &environment, "cloud = 'global'");
    assert!(setting(&off.unwrap(), "cloud").starts_with("cloud = \"global\""));
    // In one layer they are a contradiction as on the command line.
    let both = shown(&["export"], &[], "last = '30d'\nfrom = 2019-11-01\n");
    let (message, hint) = failure(both);
    assert!(message.contains("cannot be used with"), "{message}");
    assert!(hint.contains("--last comes from `last` in "), "{hint}");
}

#[test]
fn microsofts_variables_are_environment_too() {
    let file = "tenant-id = 'contoso.example'\nclient-secret-file = 'secret'\n";
    let line = ["export", "--last", "1d"];
    let parsed = shown(&line, &[], file).unwrap();
    assert!(setting(&parsed, "tenant-id").contains("contoso.example"));
    let environment = [
        ("AZURE_TENANT_ID", "fabrikam.example"),
        ("AZURE_CLIENT_CERTIFICATE_PATH", "app.pem"),
        ("AZURE_CLIENT_SECRET", "hush"),
    ];
    let parsed = shown(&line, &environment, file).unwrap();
    assert_eq!(setting(&parsed, "tenant-id"), "# tenant-id is not set");
    assert_eq!(
        setting(&parsed, "client-secret-file"),
        "# client-secret-file is not set"
    );
    assert!(parsed.shown.contains("AZURE_TENANT_ID is fabrikam.example"));
    assert!(!parsed.shown.contains("hush"), "{}", parsed.shown);
}

#[test]
fn dates_numbers_and_lists_are_taken_as_they_are_written() {
    let file = "from = 2019-11-01\nto = 2019-12-01T00:00:00Z\nrequests-per-minute = 30\n";
    let parsed = shown(&["export"], &[], file).unwrap();
    assert!(setting(&parsed, "from").starts_with("from = \"2019-11-01\""));
    assert!(setting(&parsed, "to").starts_with("to = \"2019-12-01T00:00:00Z\""));
    let file = "[emulate]\nclient-certificate = ['a.pem', 'b.pem']\n";
    let parsed = shown(&["emulate"], &[], file).unwrap();
    assert!(setting(&parsed, "client-certificate").contains(r#"["a.pem", "b.pem"]"#));
    let parsed = shown(&["export"], &[], "user = []\nquiet = false\n").unwrap();
    assert!(setting(&parsed, "user").starts_with("user = []"));
    assert!(setting(&parsed, "quiet").starts_with("quiet = false"));
    let (message, hint) = failure(shown(&["export"], &[], "cloud = ['global', 'china']\n"));
    assert!(message.starts_with("`cloud` in "), "{message}");
    assert_eq!(hint, "leave out the others");
}

#[test]
fn the_emulator_shares_no_settings_with_those_who_ask_it() {
    let environment = [
        ("GRAPH_PSTN_FROM", "2019-11-01"),
        ("GRAPH_PSTN_EMULATE_SEED", "7"),
    ];
    let parsed = shown(&["emulate"], &environment, "to = 2019-12-01\n").unwrap();
    assert_eq!(setting(&parsed, "from"), "# from is not set");
    assert_eq!(setting(&parsed, "to"), "# to is not set");
    assert!(setting(&parsed, "seed").starts_with("seed = \"7\""));
    assert!(parsed.warnings.is_empty(), "{:?}", parsed.warnings);
}

#[test]
fn what_no_command_knows_is_refused_with_what_is_near() {
    for (file, near) in [
        ("clowd = 'global'", "is `cloud` meant?"),
        ("max_wait = '1h'", "is `max-wait` meant?"),
        ("[export]\nparalel = 1", "is `parallel` meant?"),
        (
            "client_secret_file = 'secret'",
            "is `client-secret-file` meant?",
        ),
        ("[exprt]\nparallel = 1", "is `export` meant?"),
        ("zzz = 1", "keys are the long names"),
    ] {
        let (message, hint) = failure(shown(&["export", "--last", "1d"], &[], file));
        assert!(message.contains("which is no option"), "{message}");
        assert!(hint.contains(near), "{file}: {hint}");
    }
    for no_table in ["export = 1", "[[export]]\nparallel = 1"] {
        let (message, hint) = failure(shown(&["export", "--last", "1d"], &[], no_table));
        assert!(message.contains("is no table"), "{message}");
        assert!(hint.contains("[export]"), "{hint}");
    }
    let parsed = shown(&["check"], &[("GRAPH_PSTN_CLOWD", "global")], "").unwrap();
    assert_eq!(
        parsed.warnings,
        ["GRAPH_PSTN_CLOWD names no option; is GRAPH_PSTN_CLOUD meant?"]
    );
}

#[test]
fn nothing_secret_belongs_into_the_file() {
    for file in [
        "client-secret = 'hush'",
        "[export]\nsecret = 'hush'",
        "client_secret = 'hush'",
        "password = 'hush'",
    ] {
        let (message, hint) = failure(shown(&["export", "--last", "1d"], &[], file));
        assert!(
            message.contains("nothing secret belongs into it"),
            "{message}"
        );
        assert!(hint.contains("client-secret-file"), "{hint}");
        assert!(!format!("{message}{hint}").contains("hush"));
    }
    let (message, _) = failure(shown(&["check"], &[], "cloud = 'global'\nsecret = 'hush\n"));
    assert!(
        message.contains("in line 2") && !message.contains("hush"),
        "{message}"
    );
}

#[test]
fn a_value_that_is_none_is_traced_to_where_it_stands() {
    let line = ["export", "--last", "1d"];
    let (message, hint) = failure(shown(&line, &[("GRAPH_PSTN_CLOUD", "moon")], ""));
    assert!(message.contains("'moon' for '--cloud"), "{message}");
    assert_eq!(
        hint,
        "--cloud comes from the environment's GRAPH_PSTN_CLOUD"
    );
    let (_, hint) = failure(shown(&line, &[], "parallel = 0\n"));
    assert!(
        hint.starts_with("--parallel comes from `parallel` in /"),
        "{hint}"
    );
    let (message, _) = failure(shown(&line, &[], "quiet = 'perhaps'\n"));
    assert!(message.contains("neither true nor false"), "{message}");
    match shown(&["export", "--last", "1d", "--parallel", "0"], &[], "") {
        Err(Refused::Clap(error)) => assert_eq!(error.kind(), ErrorKind::ValueValidation),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let line = ["graph-pstn", "check", "--config", "no-such-file.toml"].map(OsString::from);
    match parse(line.to_vec(), &variables(&[])) {
        Err(Refused::Failure(failure)) => assert!(failure.message().contains("no-such-file.toml")),
        other => panic!("{other:?}"),
    }
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap();
    let set = variables(&[("HOME", home), ("XDG_CONFIG_HOME", home), ("APPDATA", home)]);
    let line = ["graph-pstn", "check"].map(OsString::from);
    let parsed = parse(line.to_vec(), &set).unwrap();
    assert!(
        parsed.shown.contains("which is not there"),
        "{}",
        parsed.shown
    );
    let usual = usual_folder(&set).unwrap();
    fs::create_dir_all(&usual).unwrap();
    fs::write(usual.join("config.toml"), "cloud = 'global'").unwrap();
    let parsed = parse(line.to_vec(), &set).unwrap();
    assert!(
        parsed.shown.contains("cloud = \"global\""),
        "{}",
        parsed.shown
    );
}
