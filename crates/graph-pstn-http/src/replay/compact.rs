//! JSON without the white space that only a reader needs.

/// `json`, which has to be valid, on one line as a server sends it. Strings and the text of numbers
/// stay as they are.
pub(crate) fn compact(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in json.chars() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = !escaped && c == '\\';
        } else if matches!(c, ' ' | '\t' | '\n' | '\r') {
            continue;
        } else {
            in_string = c == '"';
        }
        line.push(c);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_outside_strings_goes() {
        let json = "{\n  \"a \\\" b\" : [ 0.00 , 1e5 ],\r\n\t\"c\\\\\": \" \\u0020 \" }";
        assert_eq!(compact(json), r#"{"a \" b":[0.00,1e5],"c\\":" \u0020 "}"#);
    }
}
