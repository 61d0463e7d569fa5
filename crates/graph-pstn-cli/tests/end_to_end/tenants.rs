//! Data sets of several tenants, kept up to date by one run.

use std::fmt::Write as _;
use std::fs;
#[cfg(all(unix, feature = "object-stores"))]
use std::io::{BufRead as _, BufReader};
use std::path::Path;
#[cfg(unix)]
use std::process::Stdio;

use graph_pstn_emulator::{Emulator, EmulatorBuilder, RunningEmulator};
use serde_json::Value;
use tokio::runtime::Runtime;

#[cfg(unix)]
use crate::program::interrupt;
use crate::program::{Ended, Workplace};
use crate::sync::days_ago;

/// Emulators, each with a tenant, and the file that names them.
struct Tenants {
    workplace: Workplace,
    emulators: Vec<(&'static str, RunningEmulator)>,
    /// Where they run.
    _runtime: Runtime,
}

impl Tenants {
    fn new(tenants: impl IntoIterator<Item = (&'static str, EmulatorBuilder)>) -> Self {
        let workplace = Workplace::new();
        let runtime = Runtime::new().unwrap();
        let start = |(name, builder): (_, EmulatorBuilder)| {
            (
                name,
                runtime.block_on(builder.rows_per_day(20).start()).unwrap(),
            )
        };
        let emulators: Vec<_> = tenants.into_iter().map(start).collect();
        let mut file = String::new();
        for (name, emulator) in &emulators {
            let secret = format!("{name}.secret");
            let path = workplace.path(&secret);
            fs::write(&path, emulator.client_secret()).unwrap();
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600))
                .unwrap();
            writeln!(file, "[{name}]").unwrap();
            for (key, value) in [
                ("tenant-id", emulator.tenant_id()),
                ("client-id", emulator.client_id()),
                ("client-secret-file", &secret),
                ("graph-endpoint", emulator.graph_endpoint()),
                ("authority-host", emulator.authority_host()),
                ("output", &format!("calls/{name}")),
            ] {
                writeln!(file, "{key} = \"{value}\"").unwrap();
            }
        }
        fs::write(workplace.path("tenants.toml"), file).unwrap();
        fs::create_dir(workplace.path("calls")).unwrap();
        Self {
            workplace,
            emulators,
            _runtime: runtime,
        }
    }

    fn sync(&self, more: &[&str]) -> Ended {
        let since = days_ago(3);
        let options = ["sync", "--tenants", "tenants.toml", "--since", &since];
        self.workplace.run([&options[..], more].concat())
    }

    /// The ids in the data set of a tenant.
    fn ids(&self, name: &str) -> Vec<String> {
        let mut ids = Vec::new();
        for entry in fs::read_dir(self.workplace.path("calls").join(name)).unwrap() {
            let part = entry.unwrap().path().join("part-00000.csv");
            if part.exists() {
                let text = fs::read_to_string(part).unwrap();
                ids.extend(text.lines().skip(1).map(|line| line[..36].to_owned()));
            }
        }
        ids.sort();
        ids
    }
}

#[test]
fn one_that_fails_does_not_hold_up_the_others() {
    let tenants = Tenants::new([
        ("contoso", Emulator::builder().seed(1)),
        (
            "fabrikam",
            Emulator::builder().seed(2).roles(["User.Read.All"]),
        ),
        ("adatum", Emulator::builder().seed(3)),
    ]);
    let ended = tenants.sync(&["--summary", "json"]);
    // The code of the only failure.
    assert_eq!(ended.code, Some(3), "{}", ended.stderr);
    let last: Value = serde_json::from_str(ended.stderr.lines().last().unwrap()).unwrap();
    let expected = r#"{"tenants":{"adatum":0,"contoso":0,"fabrikam":3}}"#;
    assert_eq!(last, serde_json::from_str::<Value>(expected).unwrap());
    assert!(
        ended.stderr.contains("error: fabrikam: "),
        "{}",
        ended.stderr
    );
    assert!(
        ended.hint().contains("CallRecords.Read.All"),
        "{}",
        ended.stderr
    );
    for name in ["contoso", "adatum"] {
        let line = ended.stderr.lines().find_map(|line| {
            let line: Value = serde_json::from_str(line).ok()?;
            (line["tenant"].as_str()? == name).then_some(line)
        });
        let rows = line.unwrap()["rows"].as_u64().unwrap();
        assert_eq!(tenants.ids(name).len() as u64, rows);
    }
    assert_ne!(tenants.ids("contoso"), tenants.ids("adatum"));
    assert!(!tenants.workplace.path("calls/fabrikam/_sync.json").exists());
    for (name, emulator) in &tenants.emulators {
        assert!(!ended.stderr.contains(emulator.client_secret()), "{name}");
    }

    // In words, one after the other, and again without a change.
    let again = tenants.sync(&["--tenants-at-once", "1"]);
    assert_eq!(again.code, Some(3));
    assert!(
        again.stderr.contains("contoso: calls/contoso: "),
        "{}",
        again.stderr
    );
    assert!(
        again.stderr.contains("nothing has changed"),
        "{}",
        again.stderr
    );
    assert_eq!(
        again.stderr.lines().last(),
        Some("3 tenants: adatum done, contoso done, fabrikam not authorised")
    );
}

#[test]
fn one_check_is_of_them_all() {
    let tenants = Tenants::new([
        ("adatum", Emulator::builder().seed(1)),
        (
            "contoso",
            Emulator::builder().seed(2).roles(["User.Read.All"]),
        ),
    ]);
    let check = |more: &[&str]| {
        let options = ["check", "--tenants", "tenants.toml"];
        tenants.workplace.run([&options[..], more].concat())
    };
    let ended = check(&[]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let (first, second) = ended.stdout.split_once("\ncontoso:\n").unwrap();
    assert!(first.starts_with("adatum:\npass     cloud"), "{first}");
    assert!(!first.contains("fail "), "{first}");
    assert!(second.contains("\nfail     request"), "{second}");
    let end = "\n\n2 tenants:\nadatum in order\ncontoso not authorised\n";
    assert!(second.ends_with(end), "{second}");

    let json = check(&["--json"]);
    assert_eq!(json.code, Some(3), "{json:?}");
    let lines = json.stdout.lines();
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["tenant"].as_str(), line["exit_code"].as_i64()))
        .collect();
    let expected = [
        (Some("adatum"), Some(0)),
        (Some("contoso"), Some(3)),
        (None, None),
    ];
    assert_eq!(told, expected);
    let all = r#"{"tenants":{"adatum":0,"contoso":3}}"#;
    assert_eq!(lines[2], serde_json::from_str::<Value>(all).unwrap());
    for (_, emulator) in &tenants.emulators {
        assert_eq!(emulator.stats().tokens, 2);
        assert!(!ended.stdout.contains(emulator.client_secret()));
    }

    // What `sync` would not take is refused here too.
    let path = tenants.workplace.path("tenants.toml");
    let file = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{file}rereed = 2\n")).unwrap();
    let refused = check(&[]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.hint().contains("`reread`"), "{refused:?}");
}

#[test]
fn two_in_one_folder_are_refused_and_settings_of_each_are_shown() {
    let tenants = Tenants::new([
        ("contoso", Emulator::builder()),
        ("adatum", Emulator::builder()),
    ]);
    let shown = tenants.sync(&["--show-config"]);
    assert_eq!(shown.code, Some(0), "{}", shown.stderr);
    for (name, _) in &tenants.emulators {
        assert!(
            shown.stdout.contains(&format!("# of {name}")),
            "{}",
            shown.stdout
        );
        assert!(
            shown.stdout.contains(&format!(
                "calls/{name}\"  # `{name}.output` in tenants.toml\n"
            )),
            "{}",
            shown.stdout
        );
    }
    let path = tenants.workplace.path("tenants.toml");
    let file = fs::read_to_string(&path).unwrap();
    fs::write(&path, file.replace("calls/adatum", "./calls/contoso")).unwrap();
    let refused = tenants.sync(&[]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused.error().contains("the same folder"),
        "{}",
        refused.stderr
    );
    assert!(!Path::new(&tenants.workplace.path("calls/contoso")).exists());

    let asking = tenants.sync(&["--client-secret-prompt"]);
    assert_eq!(asking.code, Some(2), "{}", asking.stderr);
    assert!(asking.error().contains("cannot be used with"));

    let refused = tenants.workplace.run(["sync", "--tenants", "nowhere.toml"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.hint().contains("--tenants"), "{}", refused.stderr);
}

#[test]
fn what_concerns_all_is_said_once() {
    let tenants = Tenants::new([
        ("adatum", Emulator::builder()),
        ("contoso", Emulator::builder()),
    ]);
    let options = ["sync", "--tenants", "tenants.toml", "--quiet"];
    let mut command = tenants.workplace.command(options);
    command.args(["--since", &days_ago(1)]);
    let ended = Ended::of(&command.env("GRAPH_PSTN_CLOWD", "global").output().unwrap());
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let warning = "warning: GRAPH_PSTN_CLOWD names no option; is GRAPH_PSTN_CLOUD meant?\n";
    assert_eq!(ended.stderr, warning);
}

#[cfg(unix)]
#[test]
fn who_interrupts_one_means_all() {
    let slow = || Emulator::builder().latency(std::time::Duration::from_secs(20));
    let tenants = Tenants::new([("adatum", slow()), ("contoso", slow())]);
    let options = [
        "sync",
        "--tenants",
        "tenants.toml",
        "--tenants-at-once",
        "1",
    ];
    let mut command = tenants.workplace.command(options);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    while !tenants.workplace.path("calls/adatum/.partial").exists() {
        assert_eq!(child.try_wait().unwrap(), None);
        std::thread::yield_now();
    }
    interrupt(&child);
    let ended = Ended::of(&child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert_eq!(
        ended.stderr.lines().last(),
        Some("2 tenants: adatum interrupted, contoso interrupted")
    );
    assert!(!tenants.workplace.path("calls/contoso").exists());
}

/// An object store that takes connections and never answers, and the variables by which the program finds it.
#[cfg(all(unix, feature = "object-stores"))]
fn silent_store() -> (std::net::TcpListener, Vec<(&'static str, String)>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let variables = vec![
        ("AWS_ENDPOINT", endpoint),
        ("AWS_ALLOW_HTTP", "true".to_owned()),
        ("AWS_ACCESS_KEY_ID", "made-up".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "made-up".to_owned()),
        // A proxy of the machine has nothing to do with loopback.
        ("NO_PROXY", "*".to_owned()),
    ];
    (listener, variables)
}

#[cfg(all(unix, feature = "object-stores"))]
#[test]
fn a_store_that_does_not_answer_holds_up_its_own_tenant_only() {
    let tenants = Tenants::new([
        ("adatum", Emulator::builder().seed(1)),
        ("contoso", Emulator::builder().seed(2)),
        ("fabrikam", Emulator::builder().seed(3)),
    ]);
    let path = tenants.workplace.path("tenants.toml");
    let file = fs::read_to_string(&path).unwrap();
    fs::write(&path, file.replace("calls/adatum", "s3://calls/adatum")).unwrap();
    let (_store, variables) = silent_store();
    let since = days_ago(3);
    // The last one has to wait until the second is done.
    let options = ["sync", "--tenants", "tenants.toml", "--since", &since];
    let at_once = ["--tenants-at-once", "2", "--staging", "staging"];
    let mut command = tenants.workplace.command([&options[..], &at_once].concat());
    command.envs(variables);
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut done = [lines.next(), lines.next()].map(|line| line.unwrap().unwrap());
    done.sort();
    for (line, name) in done.iter().zip(["contoso", "fabrikam"]) {
        assert!(
            line.starts_with(&format!("{name}: calls/{name}: ")),
            "{done:?}"
        );
    }
    // Nor does who interrupts it more than once.
    while child.try_wait().unwrap().is_none() {
        interrupt(&child);
    }
    assert_eq!(child.wait().unwrap().code(), Some(130));
    let last = lines.last().unwrap().unwrap();
    assert_eq!(
        last,
        "3 tenants: adatum interrupted, contoso done, fabrikam done"
    );
}

#[cfg(all(unix, feature = "object-stores"))]
#[test]
fn who_interrupts_twice_does_not_wait_for_a_store() {
    let workplace = Workplace::new();
    let (_store, variables) = silent_store();
    for args in [
        &["sync"][..],
        &["export", "--from", "2019-11-01", "--partition-by", "day"],
    ] {
        let output = ["--output", "s3://calls/adatum", "--staging", "staging"];
        let mut command = workplace.command([args, &output, &["--emulator"]].concat());
        command.envs(variables.iter().cloned());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        while child.try_wait().unwrap().is_none() {
            // Not before it listens.
            if workplace.path("staging").exists() {
                interrupt(&child);
            }
        }
        let ended = Ended::of(&child.wait_with_output().unwrap());
        assert_eq!(ended.code, Some(130), "{ended:?}");
        assert_eq!(ended.error(), "error: interrupted");
        fs::remove_dir_all(workplace.path("staging")).unwrap();
    }
}
