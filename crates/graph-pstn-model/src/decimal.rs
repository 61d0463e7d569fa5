//! Exact decimals from the text of a JSON number, and back.

use std::fmt;

use rust_decimal::Decimal;

/// Why the text of a number is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DecimalError {
    /// Not a number by the grammar of RFC 8259, section 6.
    NotANumber,
    /// More than 96 bits of digits or 28 decimals: it would have to be rounded.
    DoesNotFit,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotANumber => "not a number",
            Self::DoesNotFit => {
                "a number that does not fit a decimal of 28 places exactly; it is not rounded"
            }
        })
    }
}

/// What a [`Decimal`] holds at most: 96 bits.
const MAX_DIGITS: u128 = (1 << 96) - 1;

/// Reads a JSON number exactly, with the scale that its text has: `0.00` has two decimals. An
/// exponent moves the point.
///
/// Trailing zeros are dropped only where the number would not fit with them.
pub(crate) fn parse(text: &str) -> Result<Decimal, DecimalError> {
    let bytes = text.as_bytes();
    let (negative, bytes) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, bytes),
    };
    let mut digits = 0_u128;
    // Zeros at the end for which there was no room, and whether they were the end.
    let mut dropped = 0_i64;
    let mut fits = true;
    let mut push = |byte: u8| {
        let next = digits
            .checked_mul(10)
            .and_then(|d| d.checked_add(u128::from(byte - b'0')));
        match next.filter(|_| dropped == 0) {
            Some(next) => digits = next,
            None if byte == b'0' => dropped += 1,
            None => fits = false,
        }
    };
    let (whole, bytes) = split_digits(bytes);
    if whole.is_empty() || matches!(whole, [b'0', _, ..]) {
        return Err(DecimalError::NotANumber);
    }
    whole.iter().copied().for_each(&mut push);
    let (places, bytes) = match bytes {
        [b'.', rest @ ..] => {
            let (fraction, rest) = split_digits(rest);
            if fraction.is_empty() {
                return Err(DecimalError::NotANumber);
            }
            fraction.iter().copied().for_each(&mut push);
            (fraction.len(), rest)
        }
        _ => (0, bytes),
    };
    let exponent = match bytes {
        [] => 0,
        [b'e' | b'E', rest @ ..] => parse_exponent(rest)?,
        _ => return Err(DecimalError::NotANumber),
    };
    if !fits {
        return Err(DecimalError::DoesNotFit);
    }
    assemble(
        negative,
        digits,
        i64::try_from(places)
            .unwrap_or(i64::MAX)
            .saturating_sub(dropped)
            .saturating_sub(exponent),
    )
}

/// Reads a plain number at the start of some bytes: no sign, no exponent, 18 digits at most. Gives it
/// with the number of bytes that it took; what follows it is for the caller to judge.
///
/// Most charges are such numbers; for them it is as [`parse`], only faster.
#[inline]
pub(crate) fn parse_plain(bytes: &[u8]) -> Option<(Decimal, usize)> {
    let mut digits = 0_u64;
    let mut point = None;
    let mut length = 0;
    for &byte in bytes.iter().take(19) {
        match byte {
            b'0'..=b'9' => digits = digits * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(length),
            _ => break,
        }
        length += 1;
    }
    let whole = point.unwrap_or(length);
    let places = point.map_or(0, |point| length - point - 1);
    let leading_zero = whole > 1 && bytes.first() == Some(&b'0');
    if whole == 0 || leading_zero || length == 19 || (point.is_some() && places == 0) {
        return None;
    }
    let [low, middle] = [digits as u32, (digits >> 32) as u32];
    let scale = u32::try_from(places).ok()?;
    Some((Decimal::from_parts(low, middle, 0, false, scale), length))
}

fn split_digits(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes
        .iter()
        .position(|b| !b.is_ascii_digit())
        .unwrap_or(bytes.len());
    bytes.split_at(end)
}

/// Saturates: an exponent beyond some thousands fits nothing but zero.
fn parse_exponent(bytes: &[u8]) -> Result<i64, DecimalError> {
    let (negative, digits) = match bytes {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, bytes),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(DecimalError::NotANumber);
    }
    let value = digits.iter().fold(0_i64, |value, byte| {
        value
            .saturating_mul(10)
            .saturating_add(i64::from(byte - b'0'))
    });
    Ok(if negative { -value } else { value })
}

/// `digits` times ten to the power of minus `scale`.
fn assemble(negative: bool, mut digits: u128, mut scale: i64) -> Result<Decimal, DecimalError> {
    if digits == 0 {
        scale = scale.clamp(0, 28);
    }
    while scale > 0 && (scale > 28 || digits > MAX_DIGITS) && digits.is_multiple_of(10) {
        digits /= 10;
        scale -= 1;
    }
    while scale < 0 && digits <= MAX_DIGITS {
        digits *= 10;
        scale += 1;
    }
    if digits > MAX_DIGITS {
        return Err(DecimalError::DoesNotFit);
    }
    let digits = i128::try_from(digits).map_err(|_| DecimalError::DoesNotFit)?;
    let scale = u32::try_from(scale).map_err(|_| DecimalError::DoesNotFit)?;
    Decimal::try_from_i128_with_scale(if negative { -digits } else { digits }, scale)
        .map_err(|_| DecimalError::DoesNotFit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(number: &str) -> String {
        parse(number).unwrap().to_string()
    }

    #[test]
    fn keeps_digits_and_scale() {
        for number in [
            "0",
            "0.00",
            "0.0113",
            "-12.340",
            "0.30000000000000004",
            "79228162514264337593543950335",
            "0.0000000000000000000000000001",
            "-1.234567890123456789012345678",
        ] {
            assert_eq!(text(number), number);
        }
    }

    #[test]
    fn moves_the_point_by_the_exponent() {
        assert_eq!(text("1e-7"), "0.0000001");
        assert_eq!(text("1.50E+1"), "15.0");
        assert_eq!(text("1.5e3"), "1500");
        assert_eq!(text("12e0"), "12");
        assert_eq!(text("0e99999999999999999999"), "0");
        assert_eq!(parse("0e-400").unwrap(), Decimal::ZERO);
        assert_eq!(text("100e-30"), "0.0000000000000000000000000001");
    }

    #[test]
    fn plain_numbers_are_read_alike() {
        for number in [
            "0",
            "0.00",
            "0.0113",
            "12",
            "999999999999999999",
            "1.50",
            "98765432109.876543",
        ] {
            let (plain, length) = parse_plain(format!("{number}}}").as_bytes()).unwrap();
            let parsed = parse(number).unwrap();
            assert_eq!(
                (plain, plain.scale(), length),
                (parsed, parsed.scale(), number.len())
            );
        }
        for number in [
            "",
            "-1",
            "01",
            "00.1",
            ".5",
            "5.",
            "5.,",
            "9999999999999999999",
        ] {
            assert_eq!(parse_plain(number.as_bytes()), None, "{number}");
        }
        assert_eq!(parse_plain(b"1e5").unwrap().1, 1);
        assert_eq!(parse_plain(b"1.2.3").unwrap().1, 3);
    }

    #[test]
    fn drops_zeros_rather_than_refuse_an_exact_number() {
        assert_eq!(
            parse("1.00000000000000000000000000000000").unwrap(),
            Decimal::ONE
        );
        let zeros = "0".repeat(400);
        for number in [format!("1.{zeros}"), format!("1{zeros}e-400")] {
            assert_eq!(parse(&number), Ok(Decimal::ONE));
        }
    }

    #[test]
    fn never_rounds() {
        for number in [
            "79228162514264337593543950336",
            "0.00000000000000000000000000001",
            "1.2345678901234567890123456789012",
            "1e29",
            "1e400",
            "123456789012345678901234567890123456789012345678901234567890",
            "1e-29",
        ] {
            assert_eq!(parse(number), Err(DecimalError::DoesNotFit), "{number}");
        }
    }

    #[test]
    fn takes_json_numbers_only() {
        for number in [
            "", "-", "+1", ".5", "5.", "01", "00", "1_000", "1e", "1e+", "0x1", "1 ", " 1", "NaN",
            "1.e5", "--1", "1.2.3", "١",
        ] {
            assert_eq!(parse(number), Err(DecimalError::NotANumber), "{number}");
        }
    }
}
