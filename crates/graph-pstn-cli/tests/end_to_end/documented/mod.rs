//! The commands that the documentation prints, run as they are printed, and what it says that they print.
//!
//! A fenced block of `sh` is typed into a shell, one of `console` has the lines to type behind `$ `, and a block of `text`
//! right behind either is what it prints. An emulator stands where a page has a tenant. What cannot be run says
//! why, in a comment before it that nobody sees in the page, `<!-- not run: REASON -->`, and at least
//! names options, features and crates that there are.

mod links;
mod logged;
mod named;
mod page;
mod scheduled;

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::program::{Served, Workplace};
use page::{Block, Page};

/// Why a block is not run.
const REASONS: [&str; 8] = [
    "it compiles for minutes",
    "it takes Docker",
    "it takes systemd",
    "it takes cargo-fuzz",
    "it takes servers",
    // tenants.rs has tenants that somebody has.
    "its tenants are nobody's",
    // In interrupted.rs and resumed.rs it is.
    "somebody interrupts it",
    // xtask has a test for their options.
    "a task of the workspace",
];
const LANGUAGES: [&str; 9] = [
    "console", "crontab", "ini", "json", "rust", "sh", "text", "toml", "yaml",
];
/// What the page on the emulator has it listen on; here it is a free port.
const ADDRESS: &str = "127.0.0.1:8080";
/// How the pages start the program; here that is the one that is tested.
const BY_CARGO: [&str; 2] = ["cargo run --release -- ", "cargo run -p graph-pstn-cli -- "];
/// Stands between the outputs of two blocks.
const SEPARATOR: &str = "\u{1e}\n";

#[test]
fn a_block_is_run_or_says_why_not() {
    let mut used = BTreeSet::new();
    for page in Page::all() {
        for block in page.blocks() {
            let place = format!("{}:{}", page.name, block.line);
            assert!(
                LANGUAGES.contains(&block.language.as_str()),
                "{place}: a block in {:?}, which is none of {LANGUAGES:?}",
                block.language
            );
            if let Some(reason) = &block.not_run {
                assert!(block.is_typed(), "{place}: nothing to run");
                assert!(
                    REASONS.contains(&reason.as_str()),
                    "{place}: {reason:?} is none of {REASONS:?}"
                );
                used.insert(reason.clone());
            }
        }
    }
    assert_eq!(used.len(), REASONS.len(), "only {used:?} are used");
}

#[test]
fn what_the_pages_show_is_true() {
    let curl = Command::new("curl").arg("--version").output();
    assert!(
        curl.is_ok_and(|output| output.status.success()),
        "curl is missing: docs/emulator.md shows the emulator under curl, and this test runs what it shows; install curl"
    );
    let mut run = Vec::new();
    for page in Page::all() {
        let blocks = page.blocks();
        if blocks
            .iter()
            .any(|block| block.is_typed() && block.not_run.is_none())
        {
            run_page(&page, &blocks);
            run.push(page.name);
        }
    }
    assert!(run.iter().any(|name| name == "README.md"), "{run:?}");
    assert!(run.iter().any(|name| name == "docs/emulator.md"), "{run:?}");
}

/// Types what a page shows, in one shell in an empty folder.
fn run_page(page: &Page, blocks: &[Block]) {
    let workplace = Workplace::new();
    let is_run = |block: &&Block| block.is_typed() && block.not_run.is_none();
    // The first of them is the tenant of all the others.
    let mut servers = blocks.iter().filter(is_run).filter(|block| block.serves());
    let served = servers.next().map_or_else(
        || Served::start(&workplace, &["--rows-per-day", "20"]),
        |block| serve(&workplace, block),
    );

    let typed: Vec<(usize, &Block)> = blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| is_run(block) && !block.serves())
        .collect();
    let script: String = typed
        .iter()
        .map(|(_, block)| format!("{}\nprintf '\\036\\n'\n", script(block)))
        .collect();
    let output = shell(&workplace, &format!("exec 2>&1\n{script}"))
        .env("EMULATOR", &served.options[1])
        .env("GRAPH_PSTN_GRAPH_ENDPOINT", &served.options[1])
        .env("GRAPH_PSTN_AUTHORITY_HOST", &served.options[3])
        .envs(served.environment.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut outputs = printed.split(SEPARATOR);
    for (at, block) in typed {
        let printed = outputs.next().unwrap_or_default();
        let told = blocks.get(at + 1).filter(|next| next.language == "text");
        if let Some(told) = told {
            assert_eq!(
                printed, told.text,
                "{}:{}: this prints\n{printed}",
                page.name, block.line
            );
        }
    }
    assert!(output.status.success(), "{}:\n{printed}", page.name);

    // By now there is the script that one of them reads.
    for block in servers {
        let served = serve(&workplace, block);
        assert_eq!(served.options[0], "--graph-endpoint");
    }
}

/// The block as a shell takes it. What the reader has to fill in is filled in.
fn script(block: &Block) -> String {
    let typed = if block.language == "console" {
        block.commands().join("\n")
    } else {
        block.text.clone()
    };
    let lines = typed.lines();
    let lines = lines.filter(|line| !(line.starts_with("export AZURE_") && line.contains("=…")));
    lines.collect::<Vec<_>>().join("\n")
}

/// A shell that finds the program under its name, and in place of `cargo run`.
fn shell(workplace: &Workplace, script: &str) -> Command {
    let program = env!("CARGO_BIN_EXE_graph-pstn");
    let tools = workplace.path(".tools");
    fs::create_dir_all(&tools).unwrap();
    let cases: String = BY_CARGO
        .iter()
        .map(|command| {
            let words = command.split_whitespace().skip(1);
            let words: Vec<&str> = words.collect();
            let count = words.len();
            format!(
                "'{} '*) shift {count}; exec '{program}' \"$@\";;\n",
                words.join(" ")
            )
        })
        .collect();
    let cargo = format!(
        "#!/bin/sh\ncase \"$*\" in\n{cases}*) echo \"cargo $* is not run here\" >&2; exit 64;;\nesac\n"
    );
    let shim = tools.join("cargo");
    if !shim.exists() {
        fs::write(&shim, cargo).unwrap();
        fs::set_permissions(&shim, fs::Permissions::from_mode(0o700)).unwrap();
    }
    let mut command = workplace.command_of("sh");
    let path = std::env::var("PATH").unwrap();
    let beside = Path::new(program).parent().unwrap();
    command
        .args(["-eu", "-c", script])
        .env(
            "PATH",
            format!("{}:{}:{path}", tools.display(), beside.display()),
        )
        // A proxy of the machine has nothing to do with loopback.
        .env("NO_PROXY", "*");
    command
}

/// Starts the emulator that a block shows.
fn serve(workplace: &Workplace, block: &Block) -> Served {
    let commands = block.commands();
    let [command] = commands.as_slice() else {
        panic!("one command of {commands:?} would never be typed");
    };
    let (_, options) = command.split_once(" emulate").unwrap();
    let options = options.split_whitespace();
    let options: Vec<String> = options
        .map(|word| word.replace(ADDRESS, "127.0.0.1:0"))
        .collect();
    let options: Vec<&str> = options.iter().map(String::as_str).collect();
    Served::start(workplace, &options)
}
