//! Which rows are wanted.

use std::{error, fmt};

use graph_pstn_model::{Direction, Text};

use crate::ExportRow;

/// Chooses rows by user, number and direction. A row must meet every kind of condition that is set, and of
/// one kind any.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    users: Vec<Text>,
    numbers: Vec<NumberPattern>,
    direction: Option<Direction>,
}

impl Filter {
    /// Rows of this user too, by object id or user principal name, in any case.
    #[must_use]
    pub fn or_user(mut self, id_or_name: &str) -> Self {
        self.users.push(id_or_name.into());
        self
    }

    /// Rows with this number too, of whichever side.
    #[must_use]
    pub fn or_number(mut self, number: NumberPattern) -> Self {
        self.numbers.push(number);
        self
    }

    /// Only this direction. Rows whose type does not tell it are not wanted then.
    #[must_use]
    pub fn with_direction(mut self, direction: Direction) -> Self {
        self.direction = Some(direction);
        self
    }

    /// Whether no condition is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.numbers.is_empty() && self.direction.is_none()
    }

    /// Whether rows of a type have all that is asked for.
    ///
    /// # Errors
    ///
    /// When they have no number or no direction: none of them would ever be chosen.
    pub fn check<T: ExportRow>(&self) -> Result<(), FilterError> {
        if !self.numbers.is_empty() && !T::HAS_NUMBERS {
            return Err(FilterError::NoNumbers);
        }
        if self.direction.is_some() && !T::HAS_DIRECTION {
            return Err(FilterError::NoDirection);
        }
        Ok(())
    }

    /// Whether a row is wanted.
    pub fn admits<T: ExportRow>(&self, row: &T) -> bool {
        let is_named = |value: &str| self.users.iter().any(|user| same(user, value));
        let is_called = |value: &str| self.numbers.iter().any(|number| number.matches(value));
        let of_user = self.users.is_empty() || row.user().into_iter().flatten().any(is_named);
        let of_number =
            self.numbers.is_empty() || row.numbers().into_iter().flatten().any(is_called);
        let of_direction = self.direction.is_none() || row.direction() == self.direction;
        of_user && of_number && of_direction
    }
}

/// Equal in any case. Entra compares ids and names so.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || one.to_lowercase() == other.to_lowercase()
}

/// A telephone number to look for. Only digits count: `+1 (555) 01-00` and `15550100` are the same.
///
/// Where digits are hidden, as in `+15550***`, any digit may stand: such a number is found if it has as many
/// digits and all that are shown agree. A number without the country's code is another number.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct NumberPattern(Vec<u8>);

impl NumberPattern {
    /// Reads a number with its country code: digits, asterisks for hidden ones, and `+`, spaces, dots,
    /// hyphens, parentheses and slashes, which do not count.
    ///
    /// # Errors
    ///
    /// When there is anything else in it, or no digit.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let digits = digits(text).ok_or(FilterError::NoNumber)?;
        match digits.iter().any(u8::is_ascii_digit) {
            true => Ok(Self(digits)),
            false => Err(FilterError::NoNumber),
        }
    }

    /// Whether a number of a row is this one, as far as its digits are shown.
    #[must_use]
    pub fn matches(&self, number: &str) -> bool {
        digits(number).is_some_and(|digits| {
            digits.len() == self.0.len()
                && digits
                    .iter()
                    .zip(&self.0)
                    .all(|(one, other)| one == other || *one == b'*' || *other == b'*')
        })
    }
}

/// The digits and asterisks of a number; `None` for what is none.
fn digits(number: &str) -> Option<Vec<u8>> {
    let mut digits = Vec::with_capacity(number.len());
    for byte in number.bytes() {
        match byte {
            b'0'..=b'9' | b'*' => digits.push(byte),
            b'+' | b' ' | b'.' | b'-' | b'(' | b')' | b'/' => {}
            _ => return None,
        }
    }
    Some(digits)
}

/// Says how many there are, and not who: they are personal data.
impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter")
            .field("users", &self.users.len())
            .field("numbers", &self.numbers.len())
            .field("direction", &self.direction)
            .finish()
    }
}

/// Leaves the number out: it is personal data.
impl fmt::Debug for NumberPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NumberPattern(..)")
    }
}

/// Why rows cannot be chosen so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FilterError {
    /// The text is no telephone number.
    NoNumber,
    /// The rows hold no telephone numbers.
    NoNumbers,
    /// The rows have no direction.
    NoDirection,
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoNumber => {
                "no telephone number; give it with its country's code, such as `+1 555 0100`"
            }
            Self::NoNumbers => "these rows hold no telephone numbers",
            Self::NoDirection => "these rows are neither inbound nor outbound",
        })
    }
}

impl error::Error for FilterError {}

#[cfg(test)]
mod tests {
    use super::*;
    use graph_pstn_model::{
        PstnBlockedUsersLogRow, PstnCallLogRow, PstnOnlineMeetingDialoutReport, SmsLogRow,
    };

    fn call(caller: &str, callee: &str, call_type: &str) -> PstnCallLogRow {
        let mut row = PstnCallLogRow::default();
        row.user_id = Some("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee".into());
        row.user_principal_name = Some("Ada@contoso.example".into());
        row.caller_number = Some(caller.into());
        row.callee_number = Some(callee.into());
        row.call_type = Some(call_type.into());
        row
    }

    fn number(text: &str) -> NumberPattern {
        NumberPattern::parse(text).unwrap()
    }

    #[test]
    fn a_user_goes_by_id_or_name_in_any_case() {
        let row = call("+15550100", "+15550101", "user_out");
        let of = |user: &str| Filter::default().or_user(user).admits(&row);
        assert!(of("ada@CONTOSO.example"));
        assert!(of("AAAAAAAA-bbbb-4ccc-8ddd-eeeeeeeeeeee"));
        assert!(!of("grace@contoso.example"));
        let either = Filter::default()
            .or_user("grace@contoso.example")
            .or_user("ada@contoso.example");
        assert!(either.admits(&row));
        assert!(!either.admits(&PstnCallLogRow::default()));
    }

    #[test]
    fn a_number_goes_by_its_digits_and_is_found_on_both_sides() {
        let row = call("+15550100", "+1 555 0101", "user_out");
        let of = |text| Filter::default().or_number(number(text)).admits(&row);
        assert!(of("+1 (555) 01-00") && of("15550101"));
        assert!(!of("5550100") && !of("+15550102") && !of("+155501001"));
    }

    #[test]
    fn hidden_digits_may_be_any() {
        assert!(number("+15550100").matches("+15550***"));
        assert!(number("+15550***").matches("+15550100"));
        assert!(!number("+15550100").matches("+15551***"));
        assert!(!number("+15550100").matches("+15550****"));
        assert!(!number("+15550100").matches("Internal Revenue Service"));
        assert!(!number("+15550100").matches(""));
        for text in ["", "+", "***", "Ada", "555x"] {
            assert_eq!(NumberPattern::parse(text), Err(FilterError::NoNumber));
        }
        assert!(!format!("{:?}", number("+15550100")).contains("555"));
    }

    #[test]
    fn a_direction_that_is_not_told_is_not_wanted() {
        let inbound = Filter::default().with_direction(Direction::Inbound);
        assert!(inbound.admits(&call("+15550100", "+15550101", "user_in")));
        assert!(inbound.admits(&call("+15550100", "+15550101", "ByotIn")));
        assert!(!inbound.admits(&call("+15550100", "+15550101", "user_out")));
        assert!(!inbound.admits(&call("+15550100", "+15550101", "something")));
        let mut sms = SmsLogRow::default();
        sms.sms_type = Some("sms_in".into());
        assert!(inbound.admits(&sms));
    }

    #[test]
    fn conditions_of_several_kinds_must_all_be_met() {
        let both = Filter::default()
            .or_user("ada@contoso.example")
            .with_direction(Direction::Outbound);
        assert!(both.admits(&call("+15550100", "+15550101", "user_out")));
        assert!(!both.admits(&call("+15550100", "+15550101", "user_in")));
        assert!(Filter::default().is_empty() && !both.is_empty());
    }

    #[test]
    fn what_a_log_does_not_have_is_said_at_once() {
        let direction = Filter::default().with_direction(Direction::Inbound);
        assert_eq!(
            direction.check::<PstnBlockedUsersLogRow>(),
            Err(FilterError::NoDirection)
        );
        let by_number = Filter::default().or_number(number("+15550100"));
        assert_eq!(by_number.check::<PstnBlockedUsersLogRow>(), Ok(()));
        assert_eq!(
            by_number.check::<PstnOnlineMeetingDialoutReport>(),
            Err(FilterError::NoNumbers)
        );
    }

    #[test]
    fn debug_shows_nobody() {
        let filter = Filter::default()
            .or_user("nadia.brooks@contoso.example")
            .or_number(NumberPattern::parse("+1 555 0100").unwrap());
        let shown = format!("{filter:?}");
        assert!(
            !shown.contains("nadia") && !shown.contains("0100"),
            "{shown}"
        );
    }
}
