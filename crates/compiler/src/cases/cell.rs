//! A cell as a person reads and writes it: the JSON value that would give it, in one form for every spelling of one value.

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pipeline::column_type::Shown;
use pipeline::{ColumnType, ScalarType};
use serde_json::{Number, Value};

use super::spelling;
use jq::reread;
use pipeline::cast::utc;
use pipeline::row::Cell;

/// The value of a cell. Cells that PostgreSQL stores as one value give equal values: times are in UTC, a `numeric(p,s)` has
/// all its decimals, an unlimited `numeric` those it was written with, bytea is base64, an array a list.
pub fn value(cell: &Cell, ty: ColumnType) -> Value {
    match (cell, ty) {
        (Cell::Null, _) => Value::Null,
        (Cell::Bool(boolean), _) => Value::Bool(*boolean),
        (Cell::Int2(integer), _) => Value::from(*integer),
        (Cell::Int4(integer), _) => Value::from(*integer),
        (Cell::Int8(integer), _) => Value::from(*integer),
        (Cell::Float4(float), _) => number(&format!("{float:?}")),
        (Cell::Float8(float), _) => number(&format!("{float:?}")),
        (Cell::Uuid(bytes), _) => Value::from(uuid::Uuid::from_bytes(*bytes).to_string()),
        (Cell::Timestamptz(micros), _) => Value::from(utc(*micros)),
        (Cell::Text(text), _) => Value::from(text.as_str()),
        (Cell::Literal(text), ColumnType::Array(element)) => array(text, element),
        (Cell::Literal(text), ColumnType::Scalar(scalar)) => literal(text, scalar),
    }
}

/// A number by its text.
fn number(text: &str) -> Value {
    text.parse::<Number>().map_or_else(|_| Value::from(text), Value::Number)
}

fn array(text: &str, element: ScalarType) -> Value {
    let elements = spelling::elements(text);
    elements.map(|text| text.map_or(Value::Null, |text| literal(&text, element))).collect()
}

/// A value by the text that PostgreSQL's input function of the type reads.
fn literal(text: &str, ty: ScalarType) -> Value {
    let value = match ty.definition().shown {
        // The cast writes a timestamptz in an array as it is shown.
        Shown::Text => None,
        Shown::Boolean => Some(Value::Bool(text == "true")),
        Shown::Integer => Some(number(text)),
        Shown::Decimal => Some(number(&spelling::numeric(text, ty.limits().map(|(_, scale)| scale)))),
        Shown::Float4 => text.parse::<f32>().ok().map(|float| number(&format!("{float:?}"))),
        Shown::Float8 => text.parse::<f64>().ok().map(|float| number(&format!("{float:?}"))),
        Shown::TimeOfDay => spelling::time(text).map(Value::from),
        Shown::Duration => Some(Value::from(spelling::interval(text))),
        Shown::Address => inet(text).map(Value::from),
        Shown::Bytes => bytes(text).map(|bytes| Value::from(STANDARD.encode(bytes))),
        Shown::Json => reread(text).ok().map(json),
    };
    value.unwrap_or_else(|| Value::from(text))
}

/// jsonb's numbers are numerics without limits.
fn json(value: Value) -> Value {
    match value {
        Value::Number(digits) => number(&spelling::numeric(digits.as_str(), None)),
        Value::Array(items) => items.into_iter().map(json).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, json(value))).collect(),
        scalar => scalar,
    }
}

/// An address without a prefix that covers all of it.
fn inet(text: &str) -> Option<String> {
    let (address, prefix) = text.split_once('/').unwrap_or((text, ""));
    let address: IpAddr = address.parse().ok()?;
    let whole = if address.is_ipv4() { "32" } else { "128" };
    Some(if prefix.is_empty() || prefix == whole { address.to_string() } else { format!("{address}/{prefix}") })
}

/// bytea's hex form.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("\\x")?.as_bytes();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline::cast::cast;
    use pipeline::message::parse;

    fn shown(ty: &str, json: &str) -> String {
        let ty: ColumnType = ty.parse().unwrap();
        value(&cast(&parse(json).unwrap(), ty).unwrap(), ty).to_string()
    }

    #[test]
    fn every_type_is_shown_as_it_may_be_written() {
        for (ty, written, expected) in [
            ("text", r#""é\"""#, r#""é\"""#),
            ("boolean", "true", "true"),
            ("smallint", "\"7\"", "7"),
            ("bigint", "9223372036854775807", "9223372036854775807"),
            ("numeric", "\"1.10\"", "1.10"),
            ("numeric", "123456789012345678901234567890.5", "123456789012345678901234567890.5"),
            ("numeric", "1.5e3", "1500"),
            ("numeric(12,2)", "12.5", "12.50"),
            ("numeric(12,2)", "12.500", "12.50"),
            ("real", "31.5", "31.5"),
            ("double precision", "1e300", "1e+300"),
            ("uuid", "\"0190163D8694739B8F8B2D0D3A1F7C11\"", "\"0190163d-8694-739b-8f8b-2d0d3a1f7c11\""),
            ("timestamptz", "\"2024-05-17T14:00:00.25+02:00\"", "\"2024-05-17T12:00:00.25Z\""),
            ("timestamptz", "\"0001-01-01T00:00:00Z\"", "\"0001-01-01T00:00:00Z\""),
            ("timestamptz", "\"9999-12-31T22:59:59.9-01:00\"", "\"9999-12-31T23:59:59.9Z\""),
            ("date", "\"2024-05-17\"", "\"2024-05-17\""),
            ("time", "\"09:30\"", "\"09:30:00\""),
            ("time", "\"09:30:00.0000015\"", "\"09:30:00.000002\""),
            ("interval", "\"P1W\"", "\"P7D\""),
            ("inet", "\"10.0.0.1/32\"", "\"10.0.0.1\""),
            ("inet", "\"10.0.0.0/8\"", "\"10.0.0.0/8\""),
            ("bytea", "\"/wAB\"", "\"/wAB\""),
            ("jsonb", r#"{"a":1.10,"b":[null]}"#, r#"{"a":1.10,"b":[null]}"#),
            ("jsonb", r#"{"a":[1e2,1.50e1,-0]}"#, r#"{"a":[100,15.0,0]}"#),
            ("jsonb", "\"x\"", "\"x\""),
            ("jsonb", "null", "null"),
        ] {
            assert_eq!(shown(ty, written), expected, "{ty}");
        }
    }

    #[test]
    fn arrays_are_lists_of_their_elements() {
        for (ty, written, expected) in [
            ("text[]", r#"["a,b","NULL",null,"q\"\\{}",""]"#, r#"["a,b","NULL",null,"q\"\\{}",""]"#),
            ("text[]", "[]", "[]"),
            ("boolean[]", "[true,false]", "[true,false]"),
            ("numeric(5,1)[]", "[1,2.0]", "[1.0,2.0]"),
            ("double precision[]", "[31.5,1]", "[31.5,1.0]"),
            ("timestamptz[]", r#"["2024-05-17T14:00:00+02:00"]"#, r#"["2024-05-17T12:00:00Z"]"#),
            ("timestamptz[]", r#"["9999-12-31T23:59:59+00:00"]"#, r#"["9999-12-31T23:59:59Z"]"#),
            ("bytea[]", "[\"/w==\"]", "[\"/w==\"]"),
            ("jsonb[]", r#"[{"a":"x,\"y"},1.10]"#, r#"[{"a":"x,\"y"},1.10]"#),
        ] {
            assert_eq!(shown(ty, written), expected, "{ty}");
        }
    }

    #[test]
    fn jsonb_is_shown_as_json_however_deep_it_is() {
        let deep = (0..200).fold(Value::Null, |inner, _| Value::from(vec![inner]));
        let jsonb = ColumnType::Scalar(ScalarType::Jsonb);
        assert_eq!(value(&cast(&deep, jsonb).unwrap(), jsonb), deep);
    }

    /// What is shown can be written into a test file: it gives a cell that is shown in the same way.
    #[test]
    fn what_is_shown_casts_back() {
        for (ty, written) in [
            ("numeric", "\"1.10\""),
            ("interval", "\"P1Y2M3W4DT5H6M7.8S\""),
            ("inet", "\"::1/64\""),
            ("bytea[]", "[\"/w==\",null]"),
            ("double precision", "1e300"),
            ("time", "\"23:59:59.123456\""),
            ("jsonb", "[1e400]"),
        ] {
            let first = shown(ty, written);
            assert_eq!(shown(ty, &first), first, "{ty}");
        }
    }
}
