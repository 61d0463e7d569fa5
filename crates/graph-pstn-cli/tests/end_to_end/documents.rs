//! Every command and every settings file in the documents, as far as it can be told without a tenant whether it is right:
//! options exist and go together, packages and features are there. What `docs/emulator.md` shows is run by
//! [`documented`](crate::documented), and the README's first command by `.ci/run`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::program::{Ended, Workplace};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What is neither this program nor cargo, and why it is not tried here.
const OTHERS: [(&str, &str); 7] = [
    ("npm ", "brings a server for optional tests"),
    ("pip ", "brings a server for optional tests"),
    ("export ", "the variables of those servers"),
    ("curl ", "asks one of those servers"),
    ("python3 ", "asks one of those servers"),
    ("GRAPH_PSTN_TEST_STORES=", "asks those servers"),
    (
        "docker run ",
        "wants an engine; the program's part of it is tried",
    ),
];

/// Options of other programs that the documents speak of in running text.
const FOREIGN: [&str; 9] = [
    "--all-features",
    "--build-arg",
    "--example",
    "--features",
    "--no-default-features",
    "--path",
    "--release",
    "--seeds",
    "--accept",
];

struct Document {
    path: PathBuf,
    text: String,
}

struct Block<'a> {
    language: &'a str,
    text: &'a str,
}

impl Document {
    fn all() -> Vec<Self> {
        let mut paths: Vec<PathBuf> = ["README.md", "CONTRIBUTING.md", "fixtures/README.md"]
            .map(|name| Path::new(ROOT).join(name))
            .into();
        for folder in ["docs", "crates"] {
            for entry in fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
                let path = entry.unwrap().path();
                match path.extension() {
                    Some(extension) if extension == "md" => paths.push(path),
                    _ if path.join("README.md").exists() => paths.push(path.join("README.md")),
                    _ => {}
                }
            }
        }
        paths.sort();
        assert!(paths.len() > 14, "{paths:?}");
        let read = |path: PathBuf| Self {
            text: fs::read_to_string(&path).unwrap(),
            path,
        };
        paths.into_iter().map(read).collect()
    }

    fn blocks(&self) -> Vec<Block<'_>> {
        let mut parts = self.text.split("\n```");
        let mut blocks = Vec::new();
        parts.next();
        while let Some(block) = parts.next() {
            let (language, text) = block.split_once('\n').unwrap();
            assert!(
                !language.is_empty(),
                "{}: a block without a language:\n{text}",
                self.path.display()
            );
            blocks.push(Block { language, text });
            parts.next();
        }
        blocks
    }

    /// The text outside of blocks, from one backtick to the next.
    fn code(&self) -> Vec<&str> {
        let outside = self.text.split("\n```").step_by(2);
        outside
            .flat_map(|text| text.split('`').skip(1).step_by(2))
            .collect()
    }
}

/// The commands of a block, each on one line.
fn commands(block: &Block<'_>) -> Vec<String> {
    let joined = block.text.replace("\\\n", " ");
    let lines = joined
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    match block.language {
        "sh" => lines.map(str::to_owned).collect(),
        "console" => lines
            .filter_map(|line| line.strip_prefix("$ "))
            .map(str::to_owned)
            .collect(),
        // Five fields of time before the command, in which a percent sign is escaped.
        "crontab" => lines
            .map(|line| line.splitn(6, ' ').nth(5).unwrap().replace("\\%", "%"))
            .collect(),
        "ini" => lines
            .filter_map(|line| {
                line.strip_prefix("ExecStart")
                    .and_then(|line| line.split_once('='))
            })
            .map(|(_, command)| command.replace("/usr/local/bin/", ""))
            .collect(),
        "yaml" => lines
            .filter_map(|line| line.strip_prefix("args: [")?.strip_suffix(']'))
            .map(|args| format!("graph-pstn {}", args.replace(", ", " ")))
            .collect(),
        _ => Vec::new(),
    }
}

/// Has the program read the command line, and do nothing.
fn read_by_the_program(workplace: &Workplace, command: &str) -> Ended {
    // A comment stays one, and so does what a shell makes of dates.
    let (line, comment) = command.split_once(" #").unwrap_or((command, ""));
    let script = format!("{} --show-config #{comment}", line.trim());
    let program = Path::new(env!("CARGO_BIN_EXE_graph-pstn"));
    let path = std::env::var("PATH").unwrap();
    let path = format!("{}:{path}", program.parent().unwrap().display());
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(workplace.path("."));
    shell.env_clear().env("PATH", path);
    Ended::of(&shell.output().unwrap())
}

#[test]
fn every_command_in_the_documents_is_one() {
    let workplace = Workplace::new();
    let tenants = "[contoso]\ntenant-id = \"contoso.example\"\noutput = \"calls\"\n";
    fs::write(workplace.path("tenants.toml"), tenants).unwrap();
    let (mut ours, mut cargos) = (0, 0);
    for document in Document::all() {
        if document.path.ends_with("docs/emulator.md") {
            continue;
        }
        for block in document.blocks() {
            for command in commands(&block) {
                let place = format!("{}: {command}", document.path.display());
                let is_other = OTHERS.iter().any(|(other, _)| command.starts_with(other));
                if let Some(at) = command
                    .find("graph-pstn ")
                    .filter(|_| !command.starts_with("cargo"))
                {
                    let ended = read_by_the_program(&workplace, &command[at..]);
                    assert_eq!(ended.code, Some(0), "{place}\n{}", ended.stderr);
                    ours += 1;
                } else if command.starts_with("cargo ") {
                    check_cargo(&command).unwrap_or_else(|why| panic!("{place}: {why}"));
                    cargos += 1;
                } else {
                    assert!(is_other, "{place}: it is neither tried nor excused");
                }
            }
        }
    }
    assert!(ours > 14 && cargos > 20, "{ours} {cargos}");
}

/// Whether packages, features, examples and tasks are there.
fn check_cargo(command: &str) -> Result<(), String> {
    let (command, _) = command.split_once('#').unwrap_or((command, ""));
    let words: Vec<&str> = command.split_whitespace().collect();
    let after = |option: &str| {
        let at = words.iter().position(|word| *word == option)?;
        words.get(at + 1).copied()
    };
    if let ["cargo", "xtask", task, ..] = words.as_slice() {
        let main = fs::read_to_string(Path::new(ROOT).join("xtask/src/main.rs")).unwrap();
        let module = format!("mod {task};");
        return main
            .contains(&module)
            .then_some(())
            .ok_or_else(|| format!("no task {task}"));
    }
    let folder = match after("-p").or_else(|| after("--path")) {
        Some(path) if path.contains('/') => Path::new(ROOT).join(path),
        Some(package) if package.starts_with("example-") => Path::new(ROOT)
            .join("docs/examples")
            .join(&package["example-".len()..]),
        Some(package) => Path::new(ROOT).join("crates").join(package),
        // The workspace's default.
        None => Path::new(ROOT).join("crates/graph-pstn-cli"),
    };
    let manifest = folder.join("Cargo.toml");
    let manifest =
        fs::read_to_string(&manifest).map_err(|_| format!("no {}", manifest.display()))?;
    let manifest: toml::Table = manifest.parse().unwrap();
    for feature in after("--features")
        .into_iter()
        .flat_map(|all| all.split(','))
    {
        let features = manifest["features"].as_table();
        if !features.is_some_and(|features| features.contains_key(feature)) {
            return Err(format!("no feature {feature}"));
        }
    }
    if let Some(example) = after("--example") {
        let examples = folder.join("examples");
        let is_there =
            examples.join(format!("{example}.rs")).exists() || examples.join(example).exists();
        return is_there
            .then_some(())
            .ok_or_else(|| format!("no example {example}"));
    }
    Ok(())
}

#[test]
fn every_settings_file_in_the_documents_is_one() {
    let workplace = Workplace::new();
    let mut read = 0;
    for document in Document::all() {
        for block in document
            .blocks()
            .iter()
            .filter(|block| block.language == "toml")
        {
            let place = format!("{}:\n{}", document.path.display(), block.text);
            let table: toml::Table = block.text.parse().unwrap_or_else(|_| panic!("{place}"));
            if table.contains_key("dependencies") {
                continue;
            }
            let file = workplace.path("settings.toml");
            fs::write(&file, block.text).unwrap();
            let is_of_tenants = table.values().any(|value| value.get("tenant-id").is_some());
            let arguments: &[&str] = match is_of_tenants {
                true => &["sync", "--tenants", "settings.toml", "--show-config"],
                false => &["export", "--config", "settings.toml", "--show-config"],
            };
            let ended = workplace.run(arguments.iter().copied());
            assert_eq!(ended.code, Some(0), "{place}\n{}", ended.stderr);
            read += 1;
        }
    }
    assert!(read >= 2, "{read}");
}

#[test]
fn every_option_that_the_documents_speak_of_is_there() {
    let workplace = Workplace::new();
    let mut known: BTreeSet<String> = FOREIGN.map(str::to_owned).into();
    for command in ["export", "sync", "check", "emulate"] {
        let help = workplace.run([command, "--help"]).stdout;
        let words = help.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        known.extend(
            words
                .filter(|word| word.starts_with("--"))
                .map(str::to_owned),
        );
    }
    // Of features that a build may have or not.
    known.extend(
        [
            "--staging",
            "--client-certificate-password-file",
            "--client-certificate-password-prompt",
        ]
        .map(str::to_owned),
    );
    let spoken = [
        "operating.md",
        "setting-up.md",
        "emulator.md",
        "clouds.md",
        "security.md",
    ];
    let mut seen = 0;
    for document in Document::all() {
        let name = document.path.file_name().unwrap().to_str().unwrap();
        if !spoken.contains(&name) && !document.path.ends_with("graph-pstn-cli/README.md") {
            continue;
        }
        for code in document.code() {
            for word in code.split(|c: char| c.is_whitespace() || c == '=') {
                let option = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
                if option.starts_with("--") && option.len() > 2 {
                    assert!(
                        known.contains(option),
                        "{}: {option}",
                        document.path.display()
                    );
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 40, "{seen}");
}
