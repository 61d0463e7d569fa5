//! What the pages name, run or not: commands with their options, crates with their features.

use std::collections::BTreeSet;
use std::fs;

use toml::{Table, Value};

use super::page::{Block, Page, workspace};
use super::{BY_CARGO, shell};
use crate::program::{Ended, Workplace};

/// Those that have settings, and show them with `--show-config` in place of doing anything.
pub(super) const COMMANDS: [&str; 4] = ["export", "sync", "check", "emulate"];
/// Languages in which nothing is started.
const SHOWN: [&str; 3] = ["json", "rust", "text"];
/// Where a command ends and the shell's own begins.
const ENDS: [&str; 5] = [" && ", " | ", " > ", " #", "\n"];

#[test]
fn every_command_that_is_shown_is_understood() {
    let workplace = Workplace::new();
    let tenants = "[contoso]\ntenant-id = \"contoso.example\"\noutput = \"contoso\"\n";
    for name in ["tenants.toml", "made-up.toml"] {
        fs::write(workplace.path(name), tenants).unwrap();
    }
    let mut seen = 0;
    for page in Page::all() {
        let blocks = page.blocks();
        // The crontab asks GNU's date for a month.
        let here = |block: &&Block| cfg!(target_os = "linux") || block.language != "crontab";
        let of_blocks = blocks.iter().filter(here);
        let of_blocks = of_blocks.filter(|block| !SHOWN.contains(&block.language.as_str()));
        let of_blocks = of_blocks.flat_map(|block| invocations(&block.text));
        let of_blocks = of_blocks.map(|invocation| (invocation, true));
        let prose = page.code_in_prose();
        let prose = prose.iter().filter(|code| code.starts_with("graph-pstn "));
        let of_prose = prose.flat_map(|code| invocations(code));
        let of_prose = of_prose.map(|invocation| (invocation, false));
        for (invocation, is_whole) in of_blocks.chain(of_prose) {
            // As if it were there.
            let invocation = invocation.replace("/etc/graph-pstn/tenants.toml", "tenants.toml");
            let script = format!("graph-pstn --show-config {invocation}");
            let ended = Ended::of(&shell(&workplace, &script).output().unwrap());
            let lacks = "the following required arguments were not provided";
            let is_part = !is_whole && ended.stderr.contains(lacks);
            assert!(
                ended.code == Some(0) || is_part,
                "{}: graph-pstn {invocation}\n{}",
                page.name,
                ended.stderr
            );
            seen += 1;
        }
    }
    assert!(seen > 30, "only {seen} were found");
}

/// The arguments of each call of the program in a text.
fn invocations(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let mut found = Vec::new();
    let is_comment = |line: &&str| line.trim_start().starts_with('#');
    for line in joined.lines().filter(|line| !is_comment(line)) {
        let starts = ["graph-pstn "].into_iter().chain(BY_CARGO);
        let mut rests = starts.flat_map(|start| line.split(start).skip(1));
        found.extend(rests.find_map(arguments));
        // As Kubernetes has them.
        let list = line.trim().strip_prefix("args: [");
        let list = list.map(|list| list.trim_end_matches(']').replace(", ", " "));
        found.extend(list.as_deref().and_then(arguments));
    }
    found
}

/// What stands before the shell's own, if it begins as a command does and is not left to be filled in.
fn arguments(text: &str) -> Option<String> {
    let ends = ENDS.iter().filter_map(|end| text.find(end)).min();
    let text = &text[..ends.unwrap_or(text.len())];
    let command = text.split_whitespace().next()?;
    let is_word = command.chars().all(|letter| letter.is_ascii_lowercase());
    // `SHELL` stands for any, while `FILE` is as good a name of a file as another.
    let is_placeholder = |word: &str| word.chars().all(|letter| letter.is_ascii_uppercase());
    let is_left = !COMMANDS.contains(&command) && text.split_whitespace().any(is_placeholder);
    // A word that is no command is kept: the program does not know it, and the test finds that.
    let is_whole = is_word && !is_left && !text.contains('…');
    // As cron wants a per cent sign.
    is_whole.then(|| text.replace("\\%", "%"))
}

#[test]
fn what_is_left_to_the_shell_is_no_argument() {
    assert_eq!(
        invocations("$ graph-pstn export --last 2d \\\n  --quiet | head"),
        ["export --last 2d    --quiet"]
    );
    assert_eq!(
        invocations("docker run -v x:/y graph-pstn check --json  # why"),
        ["check --json "]
    );
    assert_eq!(
        invocations("args: [sync, --output, /data]"),
        ["sync --output /data"]
    );
    assert_eq!(invocations("graph-pstn export … | head"), [""; 0]);
    assert_eq!(invocations("graph-pstn completions SHELL"), [""; 0]);
    assert_eq!(invocations("  # of graph-pstn or another"), [""; 0]);
    assert_eq!(
        invocations("graph-pstn exprot --last 2d"),
        ["exprot --last 2d"]
    );
}

#[test]
fn every_file_of_settings_that_is_shown_is_read() {
    let workplace = Workplace::new();
    let mut seen = 0;
    for page in Page::all() {
        let blocks = page.blocks();
        // The others are for cargo.
        let settings = blocks
            .iter()
            .filter(|block| block.language == "toml" && !block.text.contains("[dependencies]"));
        for block in settings {
            fs::write(workplace.path("shown.toml"), &block.text).unwrap();
            let of_tenants = block.text.lines().any(|line| line == "[contoso]");
            let args = match of_tenants {
                true => ["sync", "--tenants", "shown.toml", "--show-config"],
                false => ["export", "--config", "shown.toml", "--show-config"],
            };
            let ended = workplace.run(args);
            let place = format!("{}:{}", page.name, block.line);
            assert_eq!(ended.code, Some(0), "{place}: {}", ended.stderr);
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn every_option_that_is_named_is_there() {
    let workplace = Workplace::new();
    let mut options: BTreeSet<String> = COMMANDS
        .into_iter()
        .flat_map(|command| options(&workplace, command))
        .collect();
    // Of Docker and of cargo, and of features that are off by default.
    options.extend(["--build-arg", "--user", "--features", "--staging"].map(str::to_owned));
    let password = "--client-certificate-password";
    options.extend(["-file", "-prompt"].map(|end| format!("{password}{end}")));
    for name in [
        "README.md",
        "crates/graph-pstn-cli/README.md",
        "docs/clouds.md",
        "docs/emulator.md",
        "docs/operating.md",
        "docs/security.md",
        "docs/setting-up.md",
    ] {
        for code in Page::read(name).code_in_prose() {
            let option = code.split([' ', '=']).next().unwrap_or_default();
            assert!(
                !option.starts_with("--") || options.contains(option),
                "{name} names {option}, which is no option"
            );
        }
    }
}

/// The options of a command, as its help has them.
pub(super) fn options(workplace: &Workplace, command: &str) -> Vec<String> {
    let help = workplace.run([command, "--help"]).stdout;
    let words = help.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    let options = words.filter(|word| word.starts_with("--"));
    options.map(str::to_owned).collect()
}

#[test]
fn every_crate_and_feature_that_is_named_is_there() {
    let mut seen = 0;
    for page in Page::all() {
        let blocks = page.blocks();
        let prose = page.code_in_prose();
        let typed = blocks.iter().filter(|block| block.is_typed());
        let commands = typed.flat_map(Block::commands).chain(prose);
        for command in commands.filter(|command| command.starts_with("cargo ")) {
            check_cargo(&command).unwrap_or_else(|error| {
                panic!("{}: {command}\n{error}", page.name);
            });
            seen += 1;
        }
        for block in blocks.iter().filter(|block| block.language == "toml") {
            let table: Table = toml::from_str(&block.text).unwrap();
            let dependencies = table.get("dependencies").and_then(Value::as_table);
            for (name, dependency) in dependencies.into_iter().flatten() {
                let features = dependency["features"].as_array().unwrap();
                let features = features.iter().filter_map(Value::as_str);
                let place = format!("{}:{}", page.name, block.line);
                check_features(name, features).unwrap_or_else(|error| panic!("{place}: {error}"));
                let version = Value::as_str(&dependency["version"]).unwrap();
                assert!(env!("CARGO_PKG_VERSION").starts_with(version), "{place}");
                seen += 1;
            }
        }
    }
    assert!(seen > 10, "only {seen} were found");
}

/// Whether a command of cargo names what there is.
fn check_cargo(command: &str) -> Result<(), String> {
    let words: Vec<&str> = command
        .split_whitespace()
        .take_while(|word| *word != "--" && *word != "#")
        .collect();
    let value = |names: &[&str]| {
        let at = words.iter().position(|word| names.contains(word))?;
        words.get(at + 1).copied()
    };
    let path = value(&["--path"]);
    let package = value(&["-p", "--package"]).or(path.and_then(|path| path.rsplit('/').next()));
    if let Some(path) = path
        && !workspace().join(path).join("Cargo.toml").exists()
    {
        return Err(format!("there is no {path}"));
    }
    let Some(package) = package.filter(|name| name.chars().all(|letter| !letter.is_uppercase()))
    else {
        return Ok(());
    };
    check_features(
        package,
        value(&["--features"])
            .into_iter()
            .flat_map(|list| list.split(',')),
    )?;
    if let Some(example) = value(&["--example"]) {
        let examples = workspace().join("crates").join(package).join("examples");
        let file = examples.join(format!("{example}.rs"));
        if !file.exists() && !examples.join(example).exists() {
            return Err(format!("{package} has no example {example}"));
        }
    }
    Ok(())
}

/// Whether a package of the workspace has these features.
fn check_features<'a>(
    package: &str,
    features: impl IntoIterator<Item = &'a str>,
) -> Result<(), String> {
    let folder = match package.strip_prefix("example-") {
        Some(example) => workspace().join("docs/examples").join(example),
        None => workspace().join("crates").join(package),
    };
    let manifest = fs::read_to_string(folder.join("Cargo.toml"))
        .map_err(|error| format!("{package}: {error}"))?;
    let manifest: Table = toml::from_str(&manifest).map_err(|error| error.to_string())?;
    for feature in features {
        let features = manifest.get("features").and_then(Value::as_table);
        if !features.is_some_and(|there| there.contains_key(feature)) {
            return Err(format!("{package} has no feature {feature}"));
        }
    }
    Ok(())
}

#[test]
fn a_crate_or_feature_that_is_not_there_is_found() {
    let build = "cargo build -p graph-pstn-cli --features";
    assert!(check_cargo(&format!("{build} emulator,parquet")).is_ok());
    assert!(check_cargo(&format!("{build} emulator,parket")).is_err());
    assert!(check_cargo("cargo run -p example-nothing").is_err());
    assert!(check_cargo("cargo install --path crates/graph-pstn").is_err());
    assert!(check_cargo("cargo run -p graph-pstn-auth --example two-clouds").is_err());
}
