//! Numbers. Every number type also accepts a string that is exactly one JSON number: producers send decimals as
//! strings to keep their digits.

use serde_json::Value;

use super::problem::Problem;
use crate::row::Cell;
use jq::Decimal;

/// PostgreSQL's limits on an unconstrained numeric: digits before and after the decimal point.
const NUMERIC_BEFORE: i64 = 131_072;
const NUMERIC_AFTER: i64 = 16_383;

/// A whole number of 2 bytes, whatever its spelling: `7`, `7.0`, `0.7e1`, `"7"`.
pub(crate) fn smallint(value: &Value) -> Result<Cell, Problem> {
    whole(value).map(Cell::Int2)
}

/// A whole number of 4 bytes.
pub(crate) fn integer(value: &Value) -> Result<Cell, Problem> {
    whole(value).map(Cell::Int4)
}

/// A whole number of 8 bytes.
pub(crate) fn bigint(value: &Value) -> Result<Cell, Problem> {
    whole(value).map(Cell::Int8)
}

fn whole<T: TryFrom<i64>>(value: &Value) -> Result<T, Problem> {
    let wide = value.as_i64().or_else(|| decimal(value)?.to_integer());
    wide.and_then(|wide| T::try_from(wide).ok()).ok_or(Problem::Form)
}

/// A number with every digit.
pub(crate) fn numeric(value: &Value) -> Result<Cell, Problem> {
    let decimal = storable_decimal(value)?;
    Ok(Cell::Literal(decimal.text.to_owned()))
}

/// A number with every digit, none of which `numeric(precision, scale)` would have to round away.
pub(crate) fn numeric_within(value: &Value, precision: u16, scale: u16) -> Result<Cell, Problem> {
    let decimal = storable_decimal(value)?;
    let fits = decimal.digits_before_point() <= i64::from(precision - scale)
        && decimal.significant_digits_after_point() <= i64::from(scale);
    if fits || decimal.is_zero() { Ok(Cell::Literal(decimal.text.to_owned())) } else { Err(Problem::Form) }
}

fn storable_decimal(value: &Value) -> Result<Decimal<'_>, Problem> {
    let decimal = decimal(value).ok_or(Problem::OtherForm("a number, also as a string"))?;
    if storable(&decimal) {
        return Ok(decimal);
    }
    Err(Problem::NotStorable("it has more digits than PostgreSQL's numeric: 131072 before and 16383 after the point"))
}

/// Whether PostgreSQL's numeric holds all the digits.
pub(super) fn storable(decimal: &Decimal<'_>) -> bool {
    decimal.digits_after_point() <= NUMERIC_AFTER && decimal.digits_before_point() <= NUMERIC_BEFORE
}

/// The nearest float8; out of range (also towards zero) is refused, as PostgreSQL does.
pub(crate) fn double(value: &Value) -> Result<Cell, Problem> {
    let decimal = decimal(value).ok_or(Problem::Form)?;
    let float: f64 = decimal.text.parse().map_err(|_| Problem::Form)?;
    let lost = float.is_infinite() || (float == 0.0 && !decimal.is_zero());
    if lost { Err(Problem::Form) } else { Ok(Cell::Float8(float)) }
}

/// The nearest float4, by the same rule.
pub(crate) fn real(value: &Value) -> Result<Cell, Problem> {
    let decimal = decimal(value).ok_or(Problem::Form)?;
    let float: f32 = decimal.text.parse().map_err(|_| Problem::Form)?;
    let lost = float.is_infinite() || (float == 0.0 && !decimal.is_zero());
    if lost { Err(Problem::Form) } else { Ok(Cell::Float4(float)) }
}

fn decimal(value: &Value) -> Option<Decimal<'_>> {
    match value {
        Value::Number(number) => Decimal::parse(number.as_str()),
        Value::String(text) => Decimal::parse(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_rejected, literal, to};
    use super::*;
    use crate::message::Code;

    #[test]
    fn integers_are_whole_and_in_range() {
        assert_eq!(to("smallint", "-32768"), Ok(Cell::Int2(i16::MIN)));
        assert_eq!(to("integer", "1e3"), Ok(Cell::Int4(1000)));
        assert_eq!(to("bigint", "9223372036854775807"), Ok(Cell::Int8(i64::MAX)));
        assert_eq!(to("bigint", "9007199254740993.0"), Ok(Cell::Int8(9_007_199_254_740_993)));
        assert_eq!(to("bigint", "\"42\""), Ok(Cell::Int8(42)));
        assert_rejected("smallint", &["32768", "1.5", "\"\"", "\" 1\"", "true"]);
        assert_rejected("integer", &["2147483648", "-2147483649"]);
        assert_rejected("bigint", &["9223372036854775808", "1e19", "\"0x10\"", "\"1_000\"", "{}"]);
    }

    #[test]
    fn numeric_keeps_every_digit() {
        let digits = "123456789012345678901234567890.10";
        assert_eq!(to("numeric", digits), literal(digits));
        assert_eq!(to("numeric", "\"1964.90\""), literal("1964.90"));
        assert_eq!(to("numeric", "1e+400"), literal("1e+400"));
        assert_rejected("numeric", &["\"NaN\"", "\"Infinity\"", "\"1,000\"", "false"]);
        for huge in ["1e131072", "1e-16384", "1e999999"] {
            assert_eq!(to("numeric", huge).unwrap_err().code(), Code::NotStorable, "{huge}");
        }
    }

    #[test]
    fn numeric_with_limits_never_rounds() {
        assert_eq!(to("numeric(5,2)", "123.45"), literal("123.45"));
        assert_eq!(to("numeric(5,2)", "123.4500"), literal("123.4500"));
        assert_eq!(to("numeric(2,2)", "0.12"), literal("0.12"));
        assert_eq!(to("numeric(3,0)", "0.0"), literal("0.0"));
        assert_rejected("numeric(5,2)", &["1234", "123.456", "1e3", "0.001"]);
        assert_rejected("numeric(2,2)", &["1", "-1.0"]);
    }

    #[test]
    fn floats_stay_in_range() {
        assert_eq!(to("double precision", "0.1"), Ok(Cell::Float8(0.1)));
        assert_eq!(to("real", "0.1"), Ok(Cell::Float4(0.1)));
        assert_eq!(to("double precision", "0e-999"), Ok(Cell::Float8(0.0)));
        assert_rejected("double precision", &["1e400", "1e-400", "\"NaN\"", "\"inf\""]);
        assert_rejected("real", &["1e39", "1e-46"]);
    }
}
