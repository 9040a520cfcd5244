//! Reads a JSON number's text without losing a digit.

/// A number of JSON's grammar (RFC 8259, section 6): sign, digits, exponent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal<'t> {
    /// The text it was read from.
    pub text: &'t str,
    negative: bool,
    integer: &'t str,
    fraction: &'t str,
    exponent: i64,
}

impl<'t> Decimal<'t> {
    /// Reads a text that is exactly one JSON number. An exponent beyond ±999,999,999 is refused: nothing holds it.
    pub fn parse(text: &'t str) -> Option<Self> {
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (unsigned, 0),
        };
        let (integer, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let plain = integer == "0" || !(integer.is_empty() || integer.starts_with('0'));
        (plain && all_digits(integer) && all_digits(fraction)).then_some(Self {
            text,
            negative: unsigned.len() < text.len(),
            integer,
            fraction,
            exponent,
        })
    }

    /// Whether it is zero, in any spelling.
    pub fn is_zero(&self) -> bool {
        self.digits().all(|digit| digit == b'0')
    }

    /// Digits before the decimal point, leading zeros not counted.
    pub fn digits_before_point(&self) -> i64 {
        let leading = self.digits().take_while(|digit| *digit == b'0').count();
        (length(self.integer) + self.exponent - length_of(leading)).max(0)
    }

    /// Digits after the decimal point, as written.
    pub fn digits_after_point(&self) -> i64 {
        (length(self.fraction) - self.exponent).max(0)
    }

    /// Digits after the decimal point, trailing zeros not counted.
    pub fn significant_digits_after_point(&self) -> i64 {
        let trailing = self.digits().rev().take_while(|d| *d == b'0').count();
        (length(self.fraction) - self.exponent - length_of(trailing)).max(0)
    }

    /// The whole number it is, if it is one and fits.
    pub fn to_integer(self) -> Option<i64> {
        self.scaled(0).and_then(|whole| i64::try_from(whole).ok())
    }

    /// The whole number it is times ten to the power of `digits`, if that is one and has at most 30 digits.
    pub fn scaled(self, digits: i64) -> Option<i128> {
        let scaled = Self { exponent: self.exponent + digits, ..self };
        if scaled.is_zero() {
            return Some(0);
        }
        if scaled.significant_digits_after_point() > 0 || scaled.digits_before_point() > 30 {
            return None;
        }
        let wanted = usize::try_from(length(self.integer) + scaled.exponent).ok()?;
        let padded = self.digits().chain(std::iter::repeat(b'0')).take(wanted);
        let magnitude = padded.fold(0, |sum, digit| sum * 10 + i128::from(digit - b'0'));
        Some(if self.negative { -magnitude } else { magnitude })
    }

    fn digits(&self) -> impl DoubleEndedIterator<Item = u8> + Clone + use<'t> {
        self.integer.bytes().chain(self.fraction.bytes())
    }
}

fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let significant = digits.trim_start_matches('0');
    (all_digits(digits) && !digits.is_empty() && significant.len() <= 9).then_some(())?;
    let magnitude: i64 = if significant.is_empty() { 0 } else { significant.parse().ok()? };
    Some(if text.starts_with('-') { -magnitude } else { magnitude })
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn length(text: &str) -> i64 {
    length_of(text.len())
}

fn length_of(count: usize) -> i64 {
    i64::try_from(count).expect("a text is shorter than 2^63 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_numbers_are_read() {
        for text in ["0", "-0", "1.50", "1e3", "1E+03", "-12.5e-7"] {
            assert!(Decimal::parse(text).is_some(), "{text}");
        }
        for text in [
            "",
            "-",
            "+1",
            "01",
            ".5",
            "1.",
            "1e",
            "1e+",
            " 1",
            "1 ",
            "0x1",
            "NaN",
            "Infinity",
            "1_000",
            "١",
            "1e9999999999",
            "--1",
        ] {
            assert!(Decimal::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn digits_are_counted_around_the_point() {
        let count = |text| {
            let decimal = Decimal::parse(text).unwrap();
            (decimal.digits_before_point(), decimal.digits_after_point(), decimal.significant_digits_after_point())
        };
        assert_eq!(count("12.340"), (2, 3, 2));
        assert_eq!(count("0.05"), (0, 2, 2));
        assert_eq!(count("1.5e3"), (4, 0, 0));
        assert_eq!(count("1234e-2"), (2, 2, 2));
        assert_eq!(count("1200e-2"), (2, 2, 0));
        assert_eq!(count("0.001e2"), (0, 1, 1));
    }

    #[test]
    fn whole_numbers_come_out_whole() {
        let whole = |text| Decimal::parse(text).unwrap().to_integer();
        assert_eq!(whole("1.0"), Some(1));
        assert_eq!(whole("-1.5e1"), Some(-15));
        assert_eq!(whole("1e3"), Some(1000));
        assert_eq!(whole("1200e-2"), Some(12));
        assert_eq!(whole("-0"), Some(0));
        assert_eq!(whole("0e999"), Some(0));
        assert_eq!(whole("-9223372036854775808"), Some(i64::MIN));
        assert_eq!(whole("9223372036854775808"), None);
        assert_eq!(whole("1.5"), None);
        assert_eq!(whole("1e999999999"), None);
    }
}
