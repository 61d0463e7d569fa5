//! The commands of `docs/emulator.md`, run as they are printed there, and what the page says that they print.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::program::{Served, Workplace};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/emulator.md");
/// What the page has the emulator listen on; here it is a free port.
const ADDRESS: &str = "127.0.0.1:8080";
/// Stands between the outputs of two blocks.
const SEPARATOR: &str = "\u{1e}\n";

/// A block of the page between two fences.
struct Block<'a> {
    language: &'a str,
    text: &'a str,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut rest = page;
    while let Some((_, begun)) = rest.split_once("\n```") {
        let (language, begun) = begun.split_once('\n').unwrap();
        let (text, after) = begun.split_once("```").unwrap();
        blocks.push(Block { language, text });
        rest = after;
    }
    blocks
}

/// The arguments of a `graph-pstn emulate …` that the page shows.
fn emulate(block: &Block<'_>) -> Vec<String> {
    let command = block.text.strip_prefix("$ graph-pstn emulate").unwrap();
    assert_eq!(command.lines().count(), 1, "{command}");
    let words = command.split_whitespace();
    words
        .map(|word| word.replace(ADDRESS, "127.0.0.1:0"))
        .collect()
}

fn start(workplace: &Workplace, block: &Block<'_>) -> Served {
    let args = emulate(block);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    Served::start(workplace, &args)
}

#[test]
fn the_page_on_the_emulator_is_true() {
    let curl = Command::new("curl").arg("--version").output();
    assert!(
        curl.is_ok_and(|output| output.status.success()),
        "curl is missing: docs/emulator.md shows the emulator under curl, and this test runs what it shows; install curl"
    );
    let page = std::fs::read_to_string(PAGE).unwrap();
    let blocks = blocks(&page);
    let workplace = Workplace::new();

    let mut servers = blocks.iter().filter(|block| block.language == "console");
    let served = start(&workplace, servers.next().unwrap());

    let shell = |block: &&Block<'_>| block.language == "sh";
    let script: String = blocks
        .iter()
        .filter(shell)
        .map(|block| format!("{}printf '\\036\\n'\n", block.text))
        .collect();
    let program = Path::new(env!("CARGO_BIN_EXE_graph-pstn"));
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("sh")
        .args(["-eu", "-c", &script])
        .current_dir(workplace.path("."))
        .env(
            "PATH",
            format!("{}:{path}", program.parent().unwrap().display()),
        )
        .env("EMULATOR", &served.options[1])
        .envs(served.environment.iter().map(|(name, value)| (name, value)))
        // A proxy of the machine has nothing to do with loopback.
        .env("NO_PROXY", "*")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let mut printed = printed.split(SEPARATOR);
    for (at, block) in blocks.iter().enumerate().filter(|(_, block)| shell(block)) {
        let told = blocks.get(at + 1).filter(|next| next.language == "text");
        let told = told.map_or("", |next| next.text);
        let printed = printed.next().unwrap_or_default();
        assert_eq!(
            printed, told,
            "{}\nprints this:\n{printed}{said}",
            block.text
        );
    }
    assert!(output.status.success(), "{said}");

    // By now there is the script that one of them reads.
    for block in servers {
        let served = start(&workplace, block);
        assert_eq!(served.options[0], "--graph-endpoint");
    }
    let run = |block: &Block<'_>| ["sh", "console", "text"].contains(&block.language);
    assert!(blocks.iter().all(run), "a block that is not run");
}
