//! Sums of money that never round.

use std::fmt;
use std::str::FromStr;

use graph_pstn_model::Decimal;

/// The exact sum of decimals, written with the largest scale among them.
///
/// A `Decimal` has 96 bits, and rounds a sum that needs more of them. This one keeps whole units and
/// the fraction apart, so that it is exact for more rows than a disk can hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    whole: i128,
    /// In units of 10⁻²⁸, the smallest that a `Decimal` has: `0 <= fraction < ONE`.
    fraction: i128,
    scale: u32,
}

/// One, in the units of [`Total::fraction`].
const ONE: i128 = 10_i128.pow(FINEST);
const FINEST: u32 = 28;
/// More than any sum has: 10⁹ times the largest decimal.
const MOST: i128 = 10_i128.pow(38);

impl Total {
    /// Adds an amount.
    pub fn add(&mut self, amount: Decimal) {
        let one = 10_i128.pow(amount.scale());
        let (whole, rest) = (
            amount.mantissa().div_euclid(one),
            amount.mantissa().rem_euclid(one),
        );
        let fraction = self.fraction + rest * 10_i128.pow(FINEST - amount.scale());
        self.whole += whole + fraction / ONE;
        self.fraction = fraction % ONE;
        self.scale = self.scale.max(amount.scale());
    }
}

impl fmt::Display for Total {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, whole, fraction) = match (self.whole < 0, self.fraction) {
            (false, fraction) => ("", self.whole, fraction),
            (true, 0) => ("-", -self.whole, 0),
            (true, fraction) => ("-", -self.whole - 1, ONE - fraction),
        };
        write!(f, "{sign}{whole}")?;
        if self.scale == 0 {
            return Ok(());
        }
        let digits = fraction / 10_i128.pow(FINEST - self.scale);
        write!(f, ".{digits:0width$}", width = self.scale as usize)
    }
}

impl FromStr for Total {
    type Err = ParseTotalError;

    /// Reads what `Display` writes, exactly.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let number = |digits: &str| {
            let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.parse::<i128>().ok();
            // Far from where an `i128` ends, as all sums of decimals are.
            let number = number.filter(|number| all_digits && *number < MOST);
            number.ok_or(ParseTotalError)
        };
        let scale = u32::try_from(fraction.len()).map_err(|_| ParseTotalError)?;
        if scale > FINEST || (scale == 0 && digits.contains('.')) {
            return Err(ParseTotalError);
        }
        let mut total = Self {
            whole: number(whole)?,
            fraction: if scale == 0 {
                0
            } else {
                number(fraction)? * 10_i128.pow(FINEST - scale)
            },
            scale,
        };
        if is_negative {
            total.whole = -total.whole;
            if total.fraction > 0 {
                total.whole -= 1;
                total.fraction = ONE - total.fraction;
            }
        }
        Ok(total)
    }
}

/// The text is none of a [`Total`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseTotalError;

impl fmt::Display for ParseTotalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a sum of money")
    }
}

impl std::error::Error for ParseTotalError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(amounts: &[&str]) -> String {
        let mut total = Total::default();
        for amount in amounts {
            total.add(Decimal::from_str_exact(amount).unwrap());
        }
        total.to_string()
    }

    #[test]
    fn the_largest_scale_is_kept() {
        assert_eq!(sum(&["0.05", "0.0113"]), "0.0613");
        assert_eq!(sum(&["0.00"]), "0.00");
        assert_eq!(sum(&["12", "30"]), "42");
        assert_eq!(sum(&["0.99", "0.01"]), "1.00");
        assert_eq!(sum(&[]), "0");
    }

    #[test]
    fn credits_count_as_less() {
        assert_eq!(sum(&["-1.05"]), "-1.05");
        assert_eq!(sum(&["-0.05"]), "-0.05");
        assert_eq!(sum(&["-2.00", "0.75"]), "-1.25");
        assert_eq!(sum(&["-3", "-1"]), "-4");
        assert_eq!(sum(&["1.05", "-1.05"]), "0.00");
    }

    #[test]
    fn what_a_decimal_would_round_stays_exact() {
        let (large, small) = (
            "79228162514264337593543950335",
            "0.0000000000000000000000000001",
        );
        assert_eq!(
            sum(&[large, small, large]),
            "158456325028528675187087900670.0000000000000000000000000001"
        );
    }

    #[test]
    fn what_is_written_is_read_again_and_goes_on_as_before() {
        for amounts in [
            &["0.05", "0.0113"][..],
            &["-0.05"],
            &["-2.00", "0.75"],
            &["-3", "-1"],
            &["0.00"],
            &[
                "79228162514264337593543950335",
                "0.0000000000000000000000000001",
            ],
            &[],
        ] {
            let text = sum(amounts);
            let mut total: Total = text.parse().unwrap();
            assert_eq!(total.to_string(), text);
            let mut whole = Total::default();
            for amount in amounts {
                whole.add(Decimal::from_str_exact(amount).unwrap());
            }
            assert_eq!(total, whole);
            total.add(Decimal::new(-1, 2));
            whole.add(Decimal::new(-1, 2));
            assert_eq!(total, whole);
        }
        for text in [
            "",
            "-",
            "1.",
            ".5",
            "+1",
            "1e3",
            "--1",
            "1.-5",
            "0.00000000000000000000000000001",
        ] {
            assert_eq!(text.parse::<Total>(), Err(ParseTotalError), "{text}");
        }
    }

    #[test]
    fn no_text_makes_a_sum_that_cannot_be_written() {
        let most = i128::MAX.to_string();
        for text in [format!("-{most}.5"), format!("-{most}"), most.clone()] {
            let total = text.parse::<Total>().map(|total| total.to_string());
            assert!(total.is_err() || total.is_ok_and(|shown| shown == text));
        }
    }
}
