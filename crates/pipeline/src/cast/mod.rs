//! Casts from JSON to a column's type. Strict: a value is stored as it is written, or rejected.
//!
//! The rules, one per type, are on the functions below them; [`accepts`] tells them to the static checker.

mod accepts;
mod array;
mod bytes;
mod datetime;
mod interval;
mod json;
mod number;

use std::fmt;
use std::net::IpAddr;

use crate::column_type::{ColumnType, ScalarType};
use serde_json::Value;

use crate::message::Code;
use crate::row::Cell;

pub use accepts::{JsonType, Verdict, accepts};
pub use datetime::{since_midnight, utc};

/// Why a value does not fit its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CastError {
    ty: ColumnType,
    found: String,
    problem: Problem,
}

/// What is wrong with the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    /// The value is not of the form the type takes; the text says which it takes.
    Form(&'static str),
    /// PostgreSQL can't hold it.
    NotStorable(&'static str),
}

impl CastError {
    /// `cast`, or `not_storable` for what PostgreSQL can't hold in this type at all.
    pub fn code(&self) -> Code {
        match self.problem {
            Problem::Form(_) => Code::Cast,
            Problem::NotStorable(_) => Code::NotStorable,
        }
    }
}

impl std::error::Error for CastError {}

impl fmt::Display for CastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ty, found, problem } = self;
        match problem {
            Problem::Form(takes) => write!(f, "{ty} takes {takes}, found {found}"),
            Problem::NotStorable(why) => write!(f, "{ty} can't hold {found}: {why}"),
        }
    }
}

/// Casts a value to a column's type. JSON null is NULL for every type, jsonb too.
pub fn cast(value: &Value, ty: ColumnType) -> Result<Cell, CastError> {
    let cell = match (value, ty) {
        (Value::Null, _) => Ok(Cell::Null),
        (_, ColumnType::Scalar(scalar)) => cast_scalar(value, scalar),
        (_, ColumnType::Array(element)) => array::cast(value, element),
    };
    cell.map_err(|problem| CastError { ty, found: excerpt(value), problem })
}

fn cast_scalar(value: &Value, ty: ScalarType) -> Result<Cell, Problem> {
    match ty {
        ScalarType::Text => text(value),
        ScalarType::Boolean => boolean(value),
        ScalarType::SmallInt => number::integer(value, ty.takes()).map(Cell::Int2),
        ScalarType::Integer => number::integer(value, ty.takes()).map(Cell::Int4),
        ScalarType::BigInt => number::integer(value, ty.takes()).map(Cell::Int8),
        ScalarType::Numeric(limits) => number::numeric(value, limits),
        ScalarType::Real => number::real(value),
        ScalarType::DoublePrecision => number::double(value),
        ScalarType::Uuid => uuid(value),
        ScalarType::Timestamptz => datetime::timestamptz(value),
        ScalarType::Date => datetime::date(value),
        ScalarType::Time => datetime::time(value),
        ScalarType::Interval => interval::interval(value),
        ScalarType::Inet => inet(value),
        ScalarType::Bytea => bytes::bytea(value),
        ScalarType::Jsonb => json::jsonb(value),
    }
}

/// The form each type takes, as its error names it.
trait Takes {
    fn takes(self) -> &'static str;
}

impl Takes for ScalarType {
    fn takes(self) -> &'static str {
        match self {
            Self::Text => "a string (`| tostring` makes one of any value)",
            Self::Boolean => "true or false",
            Self::SmallInt => "a whole number from -32768 to 32767",
            Self::Integer => "a whole number from -2147483648 to 2147483647",
            Self::BigInt => "a whole number from -9223372036854775808 to 9223372036854775807",
            Self::Numeric(None) => "a number, also as a string",
            Self::Numeric(Some(_)) => "a number that fits its digits without rounding",
            Self::Real => "a number within float4's range",
            Self::DoublePrecision => "a number within float8's range",
            Self::Uuid => "a UUID with hyphens, or its 32 hexadecimal digits",
            Self::Timestamptz => "an RFC 3339 date-time with its offset (`unix_ms` and the like make one of a number)",
            Self::Date => "a date as YYYY-MM-DD, from year 0001",
            Self::Time => "a time of day as HH:MM or HH:MM:SS, without an offset",
            Self::Interval => "an ISO 8601 duration such as P1DT2H",
            Self::Inet => "an IPv4 or IPv6 address, with an optional /prefix",
            Self::Bytea => "a base64 string (hexadecimal digits go through `| unhex`)",
            Self::Jsonb => "any JSON value",
        }
    }
}

const NUL: Problem = Problem::NotStorable("the character U+0000 does not exist in PostgreSQL's text");

/// Strings only, and not U+0000.
fn text(value: &Value) -> Result<Cell, Problem> {
    let text = string(value, ScalarType::Text)?;
    if text.contains('\0') {
        return Err(NUL);
    }
    Ok(Cell::Text(text.to_owned()))
}

/// JSON's own booleans only.
fn boolean(value: &Value) -> Result<Cell, Problem> {
    let boolean = value.as_bool();
    boolean.map(Cell::Bool).ok_or(Problem::Form(ScalarType::Boolean.takes()))
}

/// RFC 9562's hyphenated form, or 32 hexadecimal digits; upper and lower case.
fn uuid(value: &Value) -> Result<Cell, Problem> {
    let text = string(value, ScalarType::Uuid)?;
    Some(text)
        .filter(|text| matches!(text.len(), 32 | 36))
        .and_then(|text| uuid::Uuid::try_parse(text).ok())
        .map(|uuid| Cell::Uuid(uuid.into_bytes()))
        .ok_or(Problem::Form(ScalarType::Uuid.takes()))
}

/// An address, with an optional prefix length; host bits may be set, as inet allows.
fn inet(value: &Value) -> Result<Cell, Problem> {
    let wrong = Problem::Form(ScalarType::Inet.takes());
    let text = string(value, ScalarType::Inet)?;
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().map_err(|_| wrong)?;
    let longest = if address.is_ipv4() { 32 } else { 128 };
    match prefix {
        Some(prefix) if !is_prefix(prefix, longest) => Err(wrong),
        _ => Ok(Cell::Literal(text.to_owned())),
    }
}

fn is_prefix(text: &str, longest: u8) -> bool {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    plain && text.parse::<u8>().is_ok_and(|bits| bits <= longest)
}

fn string(value: &Value, ty: ScalarType) -> Result<&str, Problem> {
    value.as_str().ok_or(Problem::Form(ty.takes()))
}

/// A value named for a message: its kind, and of a scalar at most 40 characters.
fn excerpt(value: &Value) -> String {
    let cut = |text: &str| match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    };
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(boolean) => format!("the boolean {boolean}"),
        Value::Number(number) => format!("the number {}", cut(&number.to_string())),
        Value::String(text) => format!("the string {:?}", cut(text)),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    pub(super) fn to(ty: &str, json: &str) -> Result<Cell, CastError> {
        let value: Value = serde_json::from_str(json).expect("a JSON text");
        cast(&value, ty.parse().expect("a type"))
    }

    #[allow(clippy::unnecessary_wraps, reason = "what a cast gives")]
    pub(super) fn literal(text: &str) -> Result<Cell, CastError> {
        Ok(Cell::Literal(text.to_owned()))
    }

    pub(super) fn assert_rejected(ty: &str, texts: &[&str]) {
        for json in texts {
            let cell = to(ty, json);
            assert!(cell.is_err(), "{ty} took {json} as {cell:?}");
        }
    }

    #[test]
    fn text_takes_strings_without_nul() {
        assert_eq!(to("text", "\"é\""), Ok(Cell::Text("é".to_owned())));
        assert_rejected("text", &["1", "true", "{}", "[]"]);
        let error = to("text", "\"a\\u0000b\"").unwrap_err();
        assert_eq!(error.code(), Code::NotStorable);
    }

    #[test]
    fn boolean_takes_booleans() {
        assert_eq!(to("boolean", "true"), Ok(Cell::Bool(true)));
        assert_rejected("boolean", &["1", "\"true\"", "\"yes\""]);
    }

    #[test]
    fn uuid_takes_two_forms() {
        let uuid = Ok(Cell::Uuid(*b"\0\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"));
        assert_eq!(to("uuid", "\"00112233-4455-6677-8899-AABBCCDDEEFF\""), uuid);
        assert_eq!(to("uuid", "\"00112233445566778899aabbccddeeff\""), uuid);
        assert_rejected(
            "uuid",
            &[
                "\"\"",
                "\"{00112233-4455-6677-8899-aabbccddeeff}\"",
                "\"urn:uuid:00112233-4455-6677-8899-aabbccddeeff\"",
                "\"0011-22334455-6677-8899-aabbccddeeff\"",
                "\"00112233-4455-6677-8899-aabbccddeefg\"",
            ],
        );
    }

    #[test]
    fn inet_takes_addresses_and_prefixes() {
        for text in ["10.0.0.1", "10.1.2.3/8", "::1", "fe80::1/64", "0.0.0.0/0"] {
            assert_eq!(cast(&json!(text), "inet".parse().unwrap()), literal(text));
        }
        assert_rejected(
            "inet",
            &[
                "\"10.0.0\"",
                "\"10.0.0.1/33\"",
                "\"::1/129\"",
                "\"::1/+4\"",
                "\"1.1.1.1/08\"",
                "\"fe80::1%eth0\"",
                "\"host\"",
                "\"1.1.1.1/\"",
            ],
        );
    }

    #[test]
    fn null_is_null_for_every_type() {
        for name in ColumnType::names() {
            assert_eq!(to(name, "null"), Ok(Cell::Null));
            assert_eq!(to(&format!("{name}[]"), "null"), Ok(Cell::Null));
        }
    }

    #[test]
    fn an_error_names_what_was_found_and_what_is_taken() {
        let error = to("bigint", "\"abc\"").unwrap_err();
        assert_eq!(
            error.to_string(),
            "bigint takes a whole number from -9223372036854775808 to 9223372036854775807, found the string \"abc\""
        );
        let long = to("uuid", &format!("{:?}", "x".repeat(500))).unwrap_err();
        assert!(long.to_string().len() < 160, "{long}");
    }
}
