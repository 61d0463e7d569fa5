//! Which functions are the longest.

/// A function with a body.
pub(super) struct Function {
    pub(super) name: String,
    /// The line on which it begins, from 1.
    pub(super) line: usize,
    pub(super) lines: usize,
}

/// The functions of a source as rustfmt lays it out: the brace that ends one is below its beginning.
pub(super) fn of(text: &str) -> Vec<Function> {
    let lines: Vec<&str> = text.lines().collect();
    let mut functions = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = name(line) else { continue };
        // One on a line of its own has no length to speak of.
        if line.ends_with('}') || line.ends_with(';') {
            continue;
        }
        let indent = &line[..line.len() - line.trim_start().len()];
        let mut rest = lines.iter().skip(at + 1).enumerate();
        let end = rest.find_map(|(after, line)| match line.strip_prefix(indent) {
            Some("}") => Some(Some(after + 2)),
            // A declaration without a body.
            Some(rest) if rest.starts_with(')') && rest.ends_with(';') => Some(None),
            _ => None,
        });
        if let Some(lines) = end.flatten() {
            functions.push(Function {
                name: name.to_owned(),
                line: at + 1,
                lines,
            });
        }
    }
    functions
}

/// The name of the function that begins on this line.
fn name(line: &str) -> Option<&str> {
    let mut words = line.split_whitespace();
    let before = ["pub", "pub(crate)", "pub(super)", "const", "async"];
    let name = loop {
        match words.next()? {
            "fn" => break words.next()?,
            word if before.contains(&word) => {}
            _ => return None,
        }
    };
    name.split(['(', '<']).next()
}

#[test]
fn a_function_ends_with_its_brace() {
    let text = "\
impl A {
    pub(crate) async fn first<T>(
        self,
    ) -> T
    where
        T: B,
    {
        if x {
        }
    }

    fn declared(
        &self,
    ) -> u8;
}
const fn second() {
}
fn none() {}
";
    let found: Vec<(String, usize, usize)> = of(text)
        .into_iter()
        .map(|function| (function.name, function.line, function.lines))
        .collect();
    assert_eq!(
        found,
        [("first".to_owned(), 2, 9), ("second".to_owned(), 16, 2)]
    );
}
