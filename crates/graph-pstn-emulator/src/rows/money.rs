//! Amounts as whole units of the last digit and a scale, so that no binary fraction is ever met.

/// `units / 10^scale`, e.g. 113 and 4 for `0.0113`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Money {
    pub(crate) units: i128,
    pub(crate) scale: u8,
}

impl Money {
    /// The sum, at the larger of the two scales.
    pub(crate) fn plus(self, other: Self) -> Self {
        let scale = self.scale.max(other.scale);
        Self {
            units: self.at(scale) + other.at(scale),
            scale,
        }
    }

    fn at(self, scale: u8) -> i128 {
        self.units * 10_i128.pow(u32::from(scale - self.scale))
    }
}

impl std::fmt::Display for Money {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sign = if self.units < 0 { "-" } else { "" };
        let one = 10_u128.pow(u32::from(self.scale));
        let (whole, rest) = (
            self.units.unsigned_abs() / one,
            self.units.unsigned_abs() % one,
        );
        if self.scale == 0 {
            return write!(f, "{sign}{whole}");
        }
        write!(
            f,
            "{sign}{whole}.{rest:0width$}",
            width = usize::from(self.scale)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_the_scale() {
        for (units, scale, text) in [
            (0, 2, "0.00"),
            (113, 4, "0.0113"),
            (5, 2, "0.05"),
            (12, 0, "12"),
            (-105, 2, "-1.05"),
        ] {
            assert_eq!(Money { units, scale }.to_string(), text);
        }
    }

    #[test]
    fn a_sum_has_the_larger_scale() {
        let sum = Money { units: 5, scale: 2 }.plus(Money {
            units: 113,
            scale: 4,
        });
        assert_eq!(sum.to_string(), "0.0613");
    }
}
