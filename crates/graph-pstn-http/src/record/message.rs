//! Texts for people: what the service says of a failure.

use super::{
    pseudonyms::{Kind, Pseudonyms, is_guid},
    url::{is_public_host, is_time},
};
use crate::replay::redact::REDACTED;

/// Quotation marks, and what closes each.
const QUOTES: [(char, char); 4] = [('\'', '\''), ('"', '"'), ('‘', '’'), ('“', '”')];

/// What the service quotes that is a name of its own.
const QUOTABLE: [&str; 8] = [
    "client_assertion",
    "client_id",
    "client_secret",
    "fromDateTime",
    "from",
    "scope",
    "toDateTime",
    "to",
];

impl Pseudonyms {
    /// A message for people: GUIDs exchanged; what is quoted, and what may be a name, a number, a host, a link
    /// or a key, left out.
    pub(super) fn message(&mut self, text: &str) -> String {
        // No message is as long, and looking for what is quoted takes its time.
        const LONGEST: usize = 4_096;
        if text.len() > LONGEST {
            return REDACTED.to_owned();
        }
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, open, quoted, after)) = next_quoted(rest) {
            self.words(before, &mut shown);
            let (open, close) = open;
            shown.push(open);
            shown.push_str(&self.quoted(quoted));
            shown.push(close);
            rest = after;
        }
        self.words(rest, &mut shown);
        shown
    }

    /// An application or a tenant is quoted by the name that somebody gave it.
    fn quoted(&mut self, text: &str) -> String {
        let is_term = |term: &str| QUOTABLE.contains(&term) || is_time(term);
        if is_guid(text) {
            self.of(Kind::Id, text)
        } else if text.split(['=', ',']).all(is_term) {
            text.to_owned()
        } else {
            REDACTED.to_owned()
        }
    }

    fn words(&mut self, text: &str, shown: &mut String) {
        const MOST_DIGITS: usize = 6;
        const LONGEST_WORD: usize = 32;
        let is_word = |c: char| c.is_alphanumeric() || "-_@:/.+~=*".contains(c);
        for part in text.split_inclusive(|c| !is_word(c)) {
            let word = part.trim_end_matches(|c| !is_word(c));
            let bare = word.trim_end_matches(['.', ':']);
            let digits = bare.chars().filter(char::is_ascii_digit).count();
            let is_code = bare
                .strip_prefix("AADSTS")
                .is_some_and(|code| code.chars().all(|c| c.is_ascii_digit()));
            // `2026-11-25 08:00:00Z`, in words of two.
            let is_moment = is_time(bare) && bare.contains([':', '-']) && !bare.starts_with('+');
            if is_guid(bare) {
                shown.push_str(&self.of(Kind::Id, bare));
            } else if bare.contains(['@', '*'])
                || bare.contains("://")
                || (digits > MOST_DIGITS && !is_code && !is_moment)
                || bare.len() > LONGEST_WORD
                || is_host(bare)
            {
                shown.push_str(REDACTED);
            } else {
                shown.push_str(bare);
            }
            shown.push_str(&part[bare.len()..]);
        }
    }
}

/// What stands before the first quoted text, its marks, the text, and the rest. An apostrophe in a word is
/// no mark.
fn next_quoted(text: &str) -> Option<(&str, (char, char), &str, &str)> {
    let mut before = None;
    for (at, c) in text.char_indices() {
        let opens = before.is_none_or(|c: char| !c.is_alphanumeric());
        before = Some(c);
        let Some(marks) = QUOTES.iter().find(|(open, _)| opens && *open == c) else {
            continue;
        };
        let inner = &text[at + c.len_utf8()..];
        let ends = inner.match_indices(marks.1).find(|(end, mark)| {
            let next = inner[end + mark.len()..].chars().next();
            next.is_none_or(|c| !c.is_alphanumeric())
        });
        if let Some((end, mark)) = ends {
            return Some((
                &text[..at],
                *marks,
                &inner[..end],
                &inner[end + mark.len()..],
            ));
        }
    }
    None
}

/// `tailspin.com`, but not `CallRecords.Read.All`, whose last part is not of one case.
fn is_host(word: &str) -> bool {
    let Some((_, last)) = word.rsplit_once('.') else {
        return false;
    };
    let is_label = last.len() > 1 && last.chars().all(char::is_alphabetic);
    let one_case = last.chars().all(char::is_lowercase) || last.chars().all(char::is_uppercase);
    is_label && one_case && !is_public_host(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "12345678-1234-4321-8765-123456789abc";

    fn shown(message: &str) -> String {
        Pseudonyms::default().message(message)
    }

    #[test]
    fn a_message_keeps_its_words_and_nothing_else() {
        for (message, kept) in [
            (
                format!(
                    "AADSTS7000215: Invalid secret for app '{GUID}' of someone@tailspin.com, \
                     +37212345678. See https://tailspin.com/x."
                ),
                "AADSTS7000215: Invalid secret for app '00000000-0000-4000-8000-000000000001' of \
                 <redacted>, <redacted>. See <redacted>.",
            ),
            (
                "AADSTS90002: Tenant 'tailspin.com' not found. Tailspin.com isn't ours.".to_owned(),
                "AADSTS90002: Tenant '<redacted>' not found. <redacted> isn't ours.",
            ),
            (
                "The directory \"Tailspin Toys\" doesn't have the app ‘Billing’.".to_owned(),
                "The directory \"<redacted>\" doesn't have the app ‘<redacted>’.",
            ),
            ("Tenant +3721234***".to_owned(), "Tenant <redacted>"),
        ] {
            assert_eq!(shown(&message), kept);
        }
    }

    #[test]
    fn what_is_too_long_for_a_message_is_none() {
        assert_eq!(shown(&"'a ".repeat(1_000_000)), REDACTED);
    }

    #[test]
    fn what_the_service_says_of_itself_stays() {
        for message in [
            "Expression expected at position 13 in 'fromDateTime=,toDateTime='.",
            "It takes CallRecord-PstnCalls.Read.All or CallRecords.Read.All.",
            "Timestamp: 2026-11-25 08:00:00Z",
            "Don't ask for more than 90 days; it's too much.",
        ] {
            assert_eq!(shown(message), message);
        }
    }
}
