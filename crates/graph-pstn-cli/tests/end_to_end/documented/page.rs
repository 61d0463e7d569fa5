//! A page of the documentation, taken apart: fenced blocks, with what stands before and after them, and prose.

use std::fs;
use std::path::{Path, PathBuf};

const WORKSPACE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const NOT_RUN: &str = "<!-- not run: ";

pub(crate) struct Page {
    /// From the root of the workspace.
    pub(crate) name: String,
    text: String,
}

/// What stands between two fences.
pub(crate) struct Block {
    /// Its first line, from 1.
    pub(crate) line: usize,
    pub(crate) language: String,
    pub(crate) text: String,
    /// Of the comment before it.
    pub(crate) not_run: Option<String>,
}

pub(crate) fn workspace() -> &'static Path {
    Path::new(WORKSPACE)
}

impl Page {
    pub(crate) fn read(name: &str) -> Self {
        let text = fs::read_to_string(workspace().join(name))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        Self {
            name: name.to_owned(),
            text,
        }
    }

    /// Every page of the workspace.
    pub(crate) fn all() -> Vec<Self> {
        let mut names = Vec::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(workspace().join(&folder)).unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                let path = folder.join(&name);
                if entry.file_type().unwrap().is_dir() {
                    if name != "target" && !name.starts_with('.') {
                        folders.push(path);
                    }
                } else if name.ends_with(".md") {
                    names.push(path.to_str().unwrap().to_owned());
                }
            }
        }
        names.sort();
        names.iter().map(|name| Self::read(name)).collect()
    }

    /// The fenced blocks, without what the fence is indented by.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut open = None;
        let mut before = "";
        for (at, line) in self.text.lines().enumerate() {
            let bare = line.trim_start();
            match (bare.strip_prefix("```"), open) {
                (Some(language), None) => {
                    let reason = before.trim().strip_prefix(NOT_RUN);
                    blocks.push(Block {
                        line: at + 2,
                        language: language.to_owned(),
                        text: String::new(),
                        not_run: reason.map(|text| text.trim_end_matches(" -->").to_owned()),
                    });
                    open = Some(line.len() - bare.len());
                }
                (Some(_), Some(_)) => open = None,
                (None, Some(indent)) => {
                    let text = &mut blocks.last_mut().unwrap().text;
                    text.push_str(line.get(indent..).unwrap_or_default());
                    text.push('\n');
                }
                (None, None) => {}
            }
            before = line;
        }
        assert!(open.is_none(), "{}: a fence is left open", self.name);
        blocks
    }

    /// The lines around the blocks.
    pub(crate) fn prose(&self) -> String {
        let mut prose = String::new();
        let mut in_block = false;
        for line in self.text.lines() {
            if line.trim_start().starts_with("```") {
                in_block = !in_block;
            } else if !in_block {
                prose.push_str(line.trim());
                prose.push('\n');
            }
        }
        prose
    }

    /// What stands between backquotes in the text around the blocks.
    pub(crate) fn code_in_prose(&self) -> Vec<String> {
        let prose = self.prose().replace('\n', " ");
        let spans = prose.split('`').skip(1).step_by(2);
        spans.map(str::to_owned).collect()
    }
}

impl Block {
    /// Whether it is something to type.
    pub(crate) fn is_typed(&self) -> bool {
        ["sh", "console"].contains(&self.language.as_str())
    }

    /// Whether what is typed serves until it is ended.
    pub(crate) fn serves(&self) -> bool {
        let commands = self.commands();
        let serves = |command: &String| command.contains(" emulate");
        self.language == "console" && commands.iter().any(serves)
    }

    /// The lines to type, with those joined that end in a backslash.
    pub(crate) fn commands(&self) -> Vec<String> {
        let joined = self.text.replace("\\\n", " ");
        let prompt = if self.language == "console" { "$ " } else { "" };
        let typed = joined.lines().filter_map(|line| line.strip_prefix(prompt));
        typed.map(|line| line.trim().to_owned()).collect()
    }
}

#[test]
fn blocks_are_found_with_what_stands_before_them() {
    let page = Page {
        name: "a page".to_owned(),
        text: "a\n\n```sh\none \\\n  two\n```\n\n1. list:\n\n   <!-- not run: no network -->\n   ```console\n   $ three\n   four\n   ```\n"
            .to_owned(),
    };
    let blocks = page.blocks();
    assert_eq!(blocks.len(), 2);
    assert_eq!(blocks[0].line, 4);
    assert_eq!(blocks[0].commands(), ["one    two"]);
    assert_eq!(blocks[0].not_run, None);
    assert_eq!(blocks[1].commands(), ["three"]);
    assert_eq!(blocks[1].text, "$ three\nfour\n");
    assert_eq!(blocks[1].not_run.as_deref(), Some("no network"));
}

#[test]
fn code_in_prose_is_what_stands_outside_of_blocks() {
    let page = Page {
        name: "a page".to_owned(),
        text: "say `a\nb` and `c`\n```sh\n`d`\n```\n`e`\n".to_owned(),
    };
    assert_eq!(page.code_in_prose(), ["a b", "c", "e"]);
}
