//! Texts that a spreadsheet leaves as they are.

use std::borrow::Cow;

/// What marks a cell as text.
const MARK: char = '\'';

/// The text as a cell that no spreadsheet takes for a formula, a number or a date: with an apostrophe before
/// it if it
///
/// - begins, after spaces if any, with `=`, `+`, `-`, `@` (or their full-width forms), TAB, CR, LF or an
///   apostrophe, or
/// - consists of digits and of signs that occur in numbers, dates and times, as telephone numbers do.
///
/// [`unprotect`] takes it back. The form is that of OWASP's page on [CSV injection].
///
/// ```
/// use graph_pstn_export::spreadsheet::{protect, unprotect};
///
/// assert_eq!(protect("+15550100"), "'+15550100");
/// assert_eq!(protect("Ada"), "Ada");
/// assert_eq!(unprotect("'+15550100"), "+15550100");
/// ```
///
/// [CSV injection]: https://owasp.org/www-community/attacks/CSV_Injection
#[must_use]
pub fn protect(text: &str) -> Cow<'_, str> {
    if would_change(text) {
        let mut cell = String::with_capacity(text.len() + 1);
        cell.push(MARK);
        cell.push_str(text);
        Cow::Owned(cell)
    } else {
        Cow::Borrowed(text)
    }
}

/// The text that [`protect`] made this cell of: without its first character, if that is an apostrophe.
#[must_use]
pub fn unprotect(cell: &str) -> &str {
    cell.strip_prefix(MARK).unwrap_or(cell)
}

fn would_change(text: &str) -> bool {
    const STARTS: [char; 12] = [
        '=', '+', '-', '@', '\t', '\r', '\n', MARK, '＝', '＋', '－', '＠',
    ];
    let begun = text.trim_start_matches([' ', '\u{a0}']);
    begun.starts_with(STARTS) || looks_like_a_number(text)
}

fn looks_like_a_number(text: &str) -> bool {
    let signs = |c: char| c.is_ascii_digit() || " +-.,:/%eE()*#".contains(c);
    text.contains(|c: char| c.is_ascii_digit()) && text.chars().all(signs)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_a_spreadsheet_would_change_is_marked() {
        for text in [
            "=1+1",
            "+15550100",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            " =1+1",
            "＝1+1",
            "15550100",
            "0015550100",
            "1e5",
            "1/2",
            "12:30",
            "2019-11-01",
            "1555***",
            "'quoted",
        ] {
            assert_eq!(protect(text), format!("'{text}"));
        }
        for text in [
            "",
            "Ada",
            "user_in",
            "USD",
            "ada@contoso.example",
            "1000000001_100000002@192.0.2.176",
            "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee",
            "*",
        ] {
            assert_eq!(protect(text), text);
        }
    }

    #[test]
    fn every_text_comes_back_and_no_two_become_one() {
        let pieces = [
            "", "'", "''", "=", "+1", "-", "@", "\t", "\r", "\n", " ", "1", "a", "＝",
        ];
        let mut texts = BTreeSet::new();
        for one in pieces {
            for two in pieces {
                for three in pieces {
                    texts.insert([one, two, three].concat());
                }
            }
        }
        let cells: BTreeSet<String> = texts
            .iter()
            .map(|text| {
                let cell = protect(text).into_owned();
                assert_eq!(unprotect(&cell), text);
                assert!(
                    !cell.starts_with(['=', '+', '-', '@', '\t', '\r']),
                    "{cell:?}"
                );
                cell
            })
            .collect();
        assert_eq!(cells.len(), texts.len());
    }
}
