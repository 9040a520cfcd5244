//! jsonb.

use serde_json::Value;

use super::number;
use super::problem::{NUL, Problem};
use crate::row::Cell;
use jq::Decimal;

/// Any value, by its own text: every digit stays. Not storable are U+0000 and numbers beyond numeric's digits.
pub(crate) fn jsonb(value: &Value) -> Result<Cell, Problem> {
    check(value)?;
    Ok(Cell::Literal(value.to_string()))
}

/// Recursion is bounded by the parser's depth limit.
fn check(value: &Value) -> Result<(), Problem> {
    match value {
        Value::Null | Value::Bool(_) => Ok(()),
        Value::Number(number) => match number.as_str() {
            // Too short to have too many digits, unless an exponent adds them.
            text if text.len() < 1000 && !text.contains(['e', 'E']) => Ok(()),
            text => long_number(text),
        },
        Value::String(text) => check_text(text),
        Value::Array(items) => items.iter().try_for_each(check),
        Value::Object(fields) => fields.iter().try_for_each(|(name, value)| {
            check_text(name)?;
            check(value)
        }),
    }
}

fn check_text(text: &str) -> Result<(), Problem> {
    if text.contains('\0') { Err(NUL) } else { Ok(()) }
}

fn long_number(text: &str) -> Result<(), Problem> {
    let storable = Decimal::parse(text).is_some_and(|decimal| number::storable(&decimal));
    storable.then_some(()).ok_or(Problem::NotStorable(
        "a number in it has more digits than PostgreSQL's numeric: 131072 before and 16383 after the point",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{literal, to};
    use crate::message::Code;

    #[test]
    fn jsonb_keeps_the_text_of_every_number() {
        let text = r#"{"a":1.10,"b":[123456789012345678901234567890,1e+400,true,null,"x"]}"#;
        assert_eq!(to("jsonb", text), literal(text));
        assert_eq!(to("jsonb", "\"x\""), literal("\"x\""));
    }

    #[test]
    fn what_postgresql_cannot_hold_is_refused() {
        for text in ["\"\\u0000\"", "{\"a\\u0000\":1}", "[[\"\\u0000\"]]", "[1e131073]", "{\"a\":1e-20000}"] {
            assert_eq!(to("jsonb", text).unwrap_err().code(), Code::NotStorable, "{text}");
        }
    }
}
