//! Sums of money that never round.

use std::fmt;

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
}
