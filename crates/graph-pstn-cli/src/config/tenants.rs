//! Many tenants in one file: a table for each, with the options that are its own.
//!
//! A table's values count as if they had been typed behind the command line, so that a tenant's settings are checked like any.
//! What all tenants have in common stands where it always does: on the command line, in the environment, in the
//! configuration file. An option in two of these places counts as the table has it, but on the command line and in the
//! table it is refused.

use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;
use clap::{Arg, Command, CommandFactory as _};
use toml::{Table, Value};

use super::file::{self, File};
use super::layers::{Origin, Setting, TWICE, words};
use super::names::{is_setting, key};
use super::{Parsed, Refused, Variables, parse_with, what};
use crate::args::Cli;
use crate::credentials::PROMPTS;
use crate::exit::Failure;
use crate::text_file;

/// What every table of a tenant has to say itself.
const OWN: [&str; 2] = ["tenant-id", "emulator"];
/// By these an app proves itself.
const PROOFS: [&str; 4] = [
    "client-secret-file",
    "client-certificate",
    "federated-token-file",
    "assertion-command",
];

/// A tenant, and the command line that is its own.
#[derive(Debug)]
pub(crate) struct Tenant {
    /// What its table is called.
    pub(crate) name: String,
    pub(crate) parsed: Parsed,
}

/// Reads the file, and for each of its tables the command line `args`, which is of `command`, with what the table adds.
pub(crate) fn tenants(
    path: &Path,
    command: &str,
    args: &[OsString],
    variables: &Variables,
) -> Result<Vec<Tenant>, Failure> {
    let text = text_file::read(path, "the file of tenants", "--tenants")?;
    of(path, &text, command, args, variables)
}

fn of(
    path: &Path,
    text: &str,
    command: &str,
    args: &[OsString],
    variables: &Variables,
) -> Result<Vec<Tenant>, Failure> {
    let tables = file::table(path, text)?;
    if tables.is_empty() {
        return Err(Failure::usage(
            format!("{} names no tenant", path.display()),
            "write a table for each, such as [contoso] and below it tenant-id = \"…\"",
        ));
    }
    let mut all = Cli::command();
    all.build();
    let own = |command| all.find_subcommand(command).map(own_options);
    // The tables are those of `sync`; another command passes over what it does not take.
    let known: Vec<String> = own("sync").iter().flatten().map(key).collect();
    let mut taken = own(command).unwrap_or_default();
    taken.retain(|arg| known.contains(&key(arg)));
    let mut tenants = Vec::new();
    for (name, value) in &tables {
        let Value::Table(table) = value else {
            return Err(Failure::usage(
                format!("`{name}` in {} is in no tenant's table", path.display()),
                "what all tenants have in common stands on the command line or in the file of --config",
            ));
        };
        let own = settings_of(path, name, table, &known, &taken)?;
        check(path, name, table, &taken)?;
        let parsed = parse_with(args.to_vec(), &own, variables)
            .map_err(|refused| of_tenant(path, name, command, refused))?;
        tenants.push(Tenant {
            name: name.clone(),
            parsed,
        });
    }
    Ok(tenants)
}

/// The options that a tenant may have for itself.
fn own_options(command: &Command) -> Vec<Arg> {
    let all = command.get_arguments().filter(|arg| {
        let key = key(arg);
        is_setting(arg) && !arg.is_global_set() && !key.starts_with("tenants") && !asks(&key)
    });
    all.cloned().collect()
}

/// Whether an option asks on the terminal, where nobody can answer for several tenants.
fn asks(key: &str) -> bool {
    PROMPTS.contains(&key.replace('-', "_").as_str())
}

fn check(path: &Path, name: &str, table: &Table, taken: &[Arg]) -> Result<(), Failure> {
    let has_one_of = |keys: &[&str]| keys.iter().any(|key| table.contains_key(*key));
    let takes = |name: &str| taken.iter().any(|arg| key(arg) == name);
    if !OWN.iter().any(|key| takes(key) && has_one_of(&[key])) {
        return Err(Failure::usage(
            format!("[{name}] in {} names no tenant", path.display()),
            "give it a tenant-id",
        ));
    }
    if takes("output") && !has_one_of(&["output"]) {
        return Err(Failure::usage(
            format!("[{name}] in {} names no folder", path.display()),
            "give it an output of its own",
        ));
    }
    if has_one_of(&["client-id"]) && !has_one_of(&PROOFS) {
        // Another app's secret would be sent for it.
        return Err(Failure::usage(
            format!(
                "[{name}] in {} names an app, and not how it proves itself",
                path.display()
            ),
            format!("add one of {}", PROOFS.join(", ")),
        ));
    }
    Ok(())
}

fn settings_of(
    path: &Path,
    name: &str,
    table: &Table,
    known: &[String],
    taken: &[Arg],
) -> Result<Vec<Setting>, Failure> {
    if table.keys().any(|key| asks(key)) {
        return Err(Failure::usage(
            format!("[{name}] in {} has a prompt", path.display()),
            "nobody can answer those of several tenants: name a file",
        ));
    }
    let values = File::at(path).values_of(table, Some(name), known)?;
    let mut own = Vec::new();
    for arg in taken {
        if let Some(values) = values.get(&key(arg)) {
            let origin = Origin::File(path.to_owned(), format!("`{name}.{}`", key(arg)));
            let words = words(arg, &origin, values)?;
            own.push(Setting {
                option: key(arg),
                origin,
                words,
            });
        }
    }
    Ok(own)
}

fn of_tenant(path: &Path, name: &str, command: &str, refused: Refused) -> Failure {
    let place = format!("[{name}] in {}", path.display());
    match refused {
        Refused::Failure(failure) => failure.in_place(&place),
        Refused::Clap(error) => {
            let hint = match error.kind() {
                ErrorKind::ArgumentConflict => TWICE.to_owned(),
                _ => format!("`graph-pstn {command} --help` says what the option takes"),
            };
            Failure::usage(format!("{place}: {}", what(&error)), hint)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::Command;

    const LINE: [&str; 5] = ["graph-pstn", "sync", "--tenants", "t.toml", "--reread=5"];

    fn read(text: &str, more: &[&str]) -> Result<Vec<Tenant>, Failure> {
        let line: Vec<OsString> = LINE.iter().chain(more).map(OsString::from).collect();
        let variables = [
            ("GRAPH_PSTN_TENANTS_AT_ONCE", "2"),
            ("GRAPH_PSTN_PARALLEL", "2"),
        ];
        let variables = variables.map(|(name, value)| (name.into(), value.into()));
        of(
            Path::new("t.toml"),
            text,
            line[1].to_str().unwrap(),
            &line,
            &Variables(variables.into_iter().collect()),
        )
    }

    #[test]
    fn each_table_is_a_command_line_of_its_own() {
        let tenants = read(
            r#"
            [contoso]
            tenant-id = "contoso.example"
            client-id = "11111111-1111-4111-8111-111111111111"
            client-secret-file = "contoso.secret"
            output = "calls/contoso"
            "#,
            &["--client-certificate=app.pem", "--tenants-at-once", "2"],
        );
        // The certificate on the command line and the secret in the table contradict each other.
        let failure = tenants.unwrap_err();
        assert!(
            failure.message().contains("[contoso] in t.toml: "),
            "{failure:?}"
        );
        let tenants = read(
            r#"
            [contoso]
            tenant-id = "contoso.example"
            output = "calls/contoso"

            [fabrikam]
            tenant-id = "fabrikam.example"
            output = "calls/fabrikam"
            log = "direct-routing"
            allow-shrink = true
            "#,
            &["--client-certificate=app.pem", "--tenants-at-once", "2"],
        )
        .unwrap();
        let names: Vec<&str> = tenants.iter().map(|tenant| tenant.name.as_str()).collect();
        assert_eq!(names, ["contoso", "fabrikam"]);
        for (tenant, log) in tenants.iter().zip(["pstn", "direct-routing"]) {
            let Command::Sync(args) = &tenant.parsed.cli.command else {
                panic!("{tenant:?}");
            };
            let shown = format!("{args:?}");
            assert!(shown.contains("reread: 5"), "{shown}");
            assert!(shown.contains("app.pem"), "{shown}");
            let shown = &tenant.parsed.shown;
            assert!(shown.contains("parallel = \"2\""), "{shown}");
            assert!(log == "pstn" || shown.contains("direct-routing"), "{shown}");
        }
        // Each value is of the place where somebody would change it.
        let shown = &tenants[1].parsed.shown;
        for line in [
            r#"output = "calls/fabrikam"  # `fabrikam.output` in t.toml"#,
            r#"log = "direct-routing"  # `fabrikam.log` in t.toml"#,
            "allow-shrink = true  # `fabrikam.allow-shrink` in t.toml",
            r#"reread = "5"  # the command line"#,
            r#"parallel = "2"  # the environment's GRAPH_PSTN_PARALLEL"#,
        ] {
            assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
        }
    }

    #[test]
    fn what_a_table_turns_off_no_other_layer_turns_on() {
        let text = "[a]\ntenant-id = \"a.example\"\noutput = \"a\"\nallow-shrink = false";
        let variables = [("GRAPH_PSTN_ALLOW_SHRINK".into(), "true".into())];
        let variables = Variables(variables.into_iter().collect());
        let read = |line: &[&str]| {
            let line: Vec<OsString> = line.iter().map(OsString::from).collect();
            of(Path::new("t.toml"), text, "sync", &line, &variables)
        };
        let shown = &read(&LINE).unwrap()[0].parsed.shown;
        let off = "allow-shrink = false  # `a.allow-shrink` in t.toml";
        assert!(shown.contains(off), "{shown}");
        let failure = read(&[&LINE[..], &["--allow-shrink"]].concat()).unwrap_err();
        assert!(failure.message().contains("--allow-shrink"), "{failure:?}");
        assert!(failure.hint().unwrap().contains("on the command line too"));
    }

    #[test]
    fn all_that_excludes_an_option_is_named_in_one_line() {
        let text = "[a]\ntenant-id = \"a.example\"\ncloud = \"global\"\noutput = \"a\"";
        let failure = read(text, &["--emulator"]).unwrap_err();
        assert_eq!(
            failure.message(),
            "[a] in t.toml: the argument '--emulator' cannot be used with: --cloud <CLOUD>, --tenant-id <ID>"
        );
        let failure = read(text, &["--format=xml"]).unwrap_err();
        assert!(!failure.message().contains('\n'), "{failure:?}");
    }

    #[test]
    fn what_would_mix_tenants_up_is_refused() {
        for (text, word) in [
            ("", "names no tenant"),
            ("reread = 3", "in no tenant's table"),
            ("[a]\noutput = \"a\"", "names no tenant"),
            ("[a]\ntenant-id = \"a.example\"", "names no folder"),
            (
                "[a]\ntenant-id = \"a.example\"\noutput = \"a\"\nclient-id = \"x\"",
                "not how it proves itself",
            ),
            (
                "[a]\ntenant-id = \"a.example\"\noutput = \"a\"\nreread = 2",
                "--reread",
            ),
            (
                "[a]\ntenant-id = \"a.example\"\nclient-secret = \"x\"",
                "nothing secret",
            ),
            (
                "[a]\ntenant-id = \"a.example\"\noutput = \"a\"\nquiet = true",
                "no option",
            ),
            (
                "[a]\ntenant-id = \"a.example\"\ntenants = \"b\"",
                "no option",
            ),
            ("[a]\nclient-secret-prompt = true", "has a prompt"),
            ("[a", "no TOML"),
        ] {
            let failure = read(text, &[]).unwrap_err();
            assert!(failure.message().contains(word), "{text}: {failure:?}");
        }
        let of_a = |option: &str| {
            let text = format!("[a]\ntenant-id = \"a.example\"\noutput = \"a\"\n{option}");
            read(&text, &[]).unwrap_err()
        };
        let twice = of_a("reread = 2");
        assert!(twice.hint().unwrap().contains("on the command line too"));
        let wrong = of_a("log = \"calls\"");
        assert!(wrong.message().contains("calls"), "{wrong:?}");
        assert!(wrong.hint().unwrap().contains("--help"), "{wrong:?}");
    }
}
