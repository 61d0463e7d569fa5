//! Hiding the last digits of telephone numbers.

use std::{error, fmt};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Hides the last digits of a number behind asterisks, as Graph does for tenants in some countries: country
/// and area stay, `+1 555 0100` becomes `+1 555 0***`.
///
/// Source of the form: [PSTN usage report], which hides 3 digits in most of these countries and 4 in
/// others.
///
/// [PSTN usage report]: https://learn.microsoft.com/en-us/microsoftteams/teams-analytics-and-reports/pstn-usage-report
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct NumberMask {
    digits: u8,
}

impl NumberMask {
    /// Hides so many digits, at least 1. A number that has no more of them is hidden whole.
    #[must_use]
    pub fn new(digits: u8) -> Self {
        Self {
            digits: digits.max(1),
        }
    }

    /// How many digits are hidden.
    #[must_use]
    pub fn digits(self) -> u8 {
        self.digits
    }

    /// The number with its last digits hidden. Digits that are hidden already count.
    ///
    /// What is no number, such as a caller's name, stays as it is but for its last digits. Of an address
    /// (`sip:+15550100@sbc.contoso.example`) those before the `@` are hidden.
    #[must_use]
    pub fn hide(self, number: &str) -> String {
        let end = number.find('@').unwrap_or(number.len());
        let (number, host) = number.split_at_checked(end).unwrap_or((number, ""));
        let mut left = self.digits;
        let mut hidden: Vec<char> = number
            .chars()
            .rev()
            .map(|c| match c {
                '*' if left > 0 => {
                    left -= 1;
                    c
                }
                c if c.is_numeric() && left > 0 => {
                    left -= 1;
                    '*'
                }
                c => c,
            })
            .collect();
        hidden.reverse();
        hidden.into_iter().chain(host.chars()).collect()
    }

    /// Hides the digits in the JSON object of a row: in every property whose name ends in `Number`, at any
    /// depth, also in those that this version does not know. Everything else stays byte for byte.
    ///
    /// # Errors
    ///
    /// When such a property is neither a string nor null, the text is no JSON object, or it has more than 128 levels.
    pub fn hide_in_json(self, json: &str) -> Result<String, Unmaskable> {
        let mut out = String::with_capacity(json.len());
        self.copy(json.trim(), &mut out, DEEPEST)?;
        match out.starts_with('{') {
            true => Ok(out),
            false => Err(Unmaskable),
        }
    }

    /// Appends the value, with the numbers in it hidden. Of what is deeper than so many levels nobody knows what is in it.
    fn copy(self, json: &str, out: &mut String, levels: u8) -> Result<(), Unmaskable> {
        if levels == 0 {
            return Err(Unmaskable);
        }
        let mut copied = 0;
        if json.starts_with('{') {
            for Member { name, value } in members(json)? {
                let at = place(json, value.get())?;
                out.push_str(json.get(copied..at).ok_or(Unmaskable)?);
                copied = at + value.get().len();
                if is_number(&name) {
                    out.push_str(&self.hide_value(value.get())?);
                } else {
                    self.copy(value.get(), out, levels - 1)?;
                }
            }
        } else if json.starts_with('[') {
            let items: Vec<&RawValue> = serde_json::from_str(json).map_err(|_| Unmaskable)?;
            for value in items {
                let at = place(json, value.get())?;
                out.push_str(json.get(copied..at).ok_or(Unmaskable)?);
                copied = at + value.get().len();
                self.copy(value.get(), out, levels - 1)?;
            }
        }
        out.push_str(json.get(copied..).ok_or(Unmaskable)?);
        Ok(())
    }

    fn hide_value(self, json: &str) -> Result<String, Unmaskable> {
        match serde_json::from_str::<Option<String>>(json) {
            Ok(None) => Ok(json.to_owned()),
            Ok(Some(number)) => serde_json::to_string(&self.hide(&number)).map_err(|_| Unmaskable),
            Err(_) => Err(Unmaskable),
        }
    }
}

/// As many levels as serde_json reads.
const DEEPEST: u8 = 128;

impl Default for NumberMask {
    /// Hides three digits, as Graph does in most countries where it hides any.
    fn default() -> Self {
        Self::new(3)
    }
}

fn is_number(name: &str) -> bool {
    let tail = name.len().checked_sub("number".len());
    tail.and_then(|at| name.get(at..))
        .is_some_and(|tail| tail.eq_ignore_ascii_case("number"))
}

/// Where `part`, a slice of `whole`, begins in it.
fn place(whole: &str, part: &str) -> Result<usize, Unmaskable> {
    (part.as_ptr() as usize)
        .checked_sub(whole.as_ptr() as usize)
        .filter(|at| *at <= whole.len())
        .ok_or(Unmaskable)
}

/// A member of an object. Its value is a slice of the object's text.
struct Member<'a> {
    name: String,
    value: &'a RawValue,
}

/// The members of an object, all of them and in their order.
fn members(json: &str) -> Result<Vec<Member<'_>>, Unmaskable> {
    struct Members<'a>(Vec<Member<'a>>);

    struct Walk;

    impl<'de> Visitor<'de> for Walk {
        type Value = Members<'de>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
            let mut members = Vec::new();
            while let Some((name, value)) = map.next_entry()? {
                members.push(Member { name, value });
            }
            Ok(Members(members))
        }
    }

    impl<'de> Deserialize<'de> for Members<'de> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Walk)
        }
    }

    let Members(members) = serde_json::from_str(json).map_err(|_| Unmaskable)?;
    Ok(members)
}

/// There may be a number where none can be hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unmaskable;

impl fmt::Display for Unmaskable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there may be a number where its digits cannot be hidden")
    }
}

impl error::Error for Unmaskable {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digits_go_and_the_form_stays() {
        let hide = |number| NumberMask::default().hide(number);
        assert_eq!(hide("+15550100"), "+15550***");
        assert_eq!(hide("+1 (555) 01-00"), "+1 (555) 0*-**");
        assert_eq!(hide("+155501***"), "+155501***");
        assert_eq!(hide("+15550100*"), "+155501***");
        assert_eq!(hide("+1555****"), "+1555****");
        assert_eq!(hide("112"), "***");
        assert_eq!(hide("0"), "*");
        assert_eq!(hide(""), "");
        assert_eq!(hide("Internal Revenue Service"), "Internal Revenue Service");
        assert_eq!(hide("sip:+15550100@192.0.2.10"), "sip:+15550***@192.0.2.10");
        assert_eq!(hide("+١٥٥٥٠١٠٠"), "+١٥٥٥٠***");
        assert_eq!(NumberMask::new(4).hide("+15550100"), "+1555****");
        assert_eq!(NumberMask::new(0).digits(), 1);
    }

    #[test]
    fn in_json_all_else_stays_byte_for_byte() {
        let hide = |json| NumberMask::default().hide_in_json(json);
        assert_eq!(
            hide(
                r#"{ "id" : "a\u0041", "callerNumber":"+15550100" ,"calleeNumber":null,"n":[1.0e0,{"newNUMBER":"+1555\u003010\u0030"}],"charge":0.00 }"#
            )
            .unwrap(),
            r#"{ "id" : "a\u0041", "callerNumber":"+15550***" ,"calleeNumber":null,"n":[1.0e0,{"newNUMBER":"+15550***"}],"charge":0.00 }"#
        );
        // Which of two is the last word is the reader's business: neither is shown.
        assert_eq!(
            hide(r#"{"callerNumber":"+15550100","callerNumber":"+15550101"}"#).unwrap(),
            r#"{"callerNumber":"+15550***","callerNumber":"+15550***"}"#
        );
        assert_eq!(
            hide(r#"{"caller\u004eumber":"+15550100"}"#).unwrap(),
            r#"{"caller\u004eumber":"+15550***"}"#
        );
    }

    #[test]
    fn what_cannot_be_hidden_is_refused() {
        for json in [
            r#"{"callerNumber":15550100}"#,
            r#"{"callerNumber":["+15550100"]}"#,
            r#"{"callerNumber":"+15550100"#,
            r#""+15550100""#,
            "15550100",
            "",
        ] {
            assert_eq!(
                NumberMask::default().hide_in_json(json),
                Err(Unmaskable),
                "{json}"
            );
        }
    }

    #[test]
    fn however_deep_a_value_is_nothing_breaks() {
        let depth = 200_000;
        for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
            let json = format!(
                r#"{{"deep":{}1{}}}"#,
                open.repeat(depth),
                close.repeat(depth)
            );
            assert_eq!(NumberMask::default().hide_in_json(&json), Err(Unmaskable));
        }
    }
}
