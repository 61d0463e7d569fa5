//! JSON laid out for review: what fits in 100 columns stands on one line.

use super::compact::compact;

const WIDTH: usize = 100;
const INDENT: usize = 2;

/// `json`, which has to be valid, over as many lines as it needs, with a line end. Strings and the
/// text of numbers stay as they are.
pub(crate) fn laid_out(json: &str) -> String {
    let json = compact(json);
    let mut out = String::with_capacity(json.len() * 2);
    let mut rest = json.as_str();
    value(&mut rest, 0, 0, &mut out);
    out.push('\n');
    out
}

/// Writes the value at the beginning of `rest`, which stands in column `column` of a line that is
/// indented by `indent`, and takes it off.
fn value(rest: &mut &str, indent: usize, column: usize, out: &mut String) {
    let length = length_of_value(rest);
    let (this, after) = rest.split_at(length);
    *rest = after;
    let is_container = this.starts_with(['{', '[']) && this.len() > 2;
    if !is_container {
        out.push_str(this);
        return;
    }
    // A character has four bytes at most; what is longer need not be tried.
    if this.len() < 4 * WIDTH {
        let line = on_one_line(this);
        // A comma may follow.
        if column + line.chars().count() < WIDTH {
            out.push_str(&line);
            return;
        }
    }
    let (open, close) = (&this[..1], &this[this.len() - 1..]);
    let mut inner = &this[1..this.len() - 1];
    out.push_str(open);
    let mut separator = "\n";
    while !inner.is_empty() {
        out.push_str(separator);
        separator = ",\n";
        let inner_indent = indent + INDENT;
        out.extend(std::iter::repeat_n(' ', inner_indent));
        let mut column = inner_indent;
        if open == "{" {
            let (name, after) = inner.split_at(length_of_value(inner));
            out.push_str(name);
            out.push_str(": ");
            column += name.chars().count() + 2;
            inner = after.strip_prefix(':').unwrap_or(after);
        }
        value(&mut inner, inner_indent, column, out);
        inner = inner.strip_prefix(',').unwrap_or(inner);
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
    out.push_str(close);
}

/// The bytes of the value at the beginning of compact JSON.
fn length_of_value(json: &str) -> usize {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for (at, byte) in json.bytes().enumerate() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            if !in_string && depth == 0 {
                return at + 1;
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            b',' | b':' if depth == 0 => return at,
            _ => {}
        }
    }
    json.len()
}

/// Compact JSON with the spaces that a reader likes.
fn on_one_line(json: &str) -> String {
    let mut line = String::with_capacity(json.len() + json.len() / 8);
    let (mut in_string, mut escaped) = (false, false);
    let mut before = '\0';
    for c in json.chars() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else {
            if matches!((before, c), (',' | ':', _) | ('{', _) | (_, '}'))
                && (before, c) != ('{', '}')
            {
                line.push(' ');
            }
            in_string = c == '"';
        }
        line.push(c);
        before = if in_string { '"' } else { c };
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::replay::committed;

    #[test]
    fn what_fits_stands_on_one_line() {
        assert_eq!(
            laid_out(r#"{"a":[1,2.00,{}],"b":{"c":"x,y: {z}"},"d":[]}"#),
            "{ \"a\": [1, 2.00, {}], \"b\": { \"c\": \"x,y: {z}\" }, \"d\": [] }\n"
        );
        assert_eq!(laid_out("\"a, b\""), "\"a, b\"\n");
    }

    #[test]
    fn what_does_not_fit_is_broken_up_from_outside() {
        let long = "x".repeat(66);
        assert_eq!(
            laid_out(&format!(r#"{{"a":{{"b":"{long}","c":[1,2]}},"d":"\"{{"}}"#)),
            format!(
                "{{\n  \"a\": {{ \"b\": \"{long}\", \"c\": [1, 2] }},\n  \"d\": \"\\\"{{\"\n}}\n"
            )
        );
        let longer = "x".repeat(90);
        assert_eq!(
            laid_out(&format!(r#"[{{"b":"{longer}","c":[]}}]"#)),
            format!("[\n  {{\n    \"b\": \"{longer}\",\n    \"c\": []\n  }}\n]\n")
        );
    }

    #[test]
    fn the_committed_fixtures_are_laid_out_so() {
        for (path, text) in committed::fixtures() {
            assert!(
                laid_out(&text) == text,
                "{} is laid out otherwise",
                path.display()
            );
        }
    }
}
