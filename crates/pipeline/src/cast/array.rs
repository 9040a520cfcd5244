//! One-dimensional arrays.

use crate::column_type::ScalarType;
use serde_json::Value;

use super::datetime::utc;
use super::problem::Problem;
use super::scalar;
use crate::row::Cell;

/// Casts a JSON array of values that the element type accepts; null elements are NULL. Written as a `{...}` literal.
pub(super) fn cast(value: &Value, element: ScalarType) -> Result<Cell, Problem> {
    let items = value.as_array().ok_or(Problem::OtherForm("a JSON array"))?;
    let mut literal = String::from("{");
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            literal.push(',');
        }
        match item {
            Value::Null => literal.push_str("NULL"),
            _ => push_quoted(&mut literal, &element_text(scalar::cast(item, element).map_err(in_element)?)),
        }
    }
    literal.push('}');
    Ok(Cell::Literal(literal))
}

fn in_element(problem: Problem) -> Problem {
    match problem {
        Problem::Form | Problem::OtherForm(_) => Problem::OtherForm("an array whose every element fits the type"),
        not_storable @ Problem::NotStorable(_) => not_storable,
    }
}

/// The text PostgreSQL's input function of the element type reads.
fn element_text(cell: Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Bool(boolean) => boolean.to_string(),
        Cell::Int2(integer) => integer.to_string(),
        Cell::Int4(integer) => integer.to_string(),
        Cell::Int8(integer) => integer.to_string(),
        Cell::Float4(float) => format!("{float:e}"),
        Cell::Float8(float) => format!("{float:e}"),
        Cell::Uuid(bytes) => uuid::Uuid::from_bytes(bytes).to_string(),
        Cell::Timestamptz(micros) => utc(micros),
        Cell::Text(text) | Cell::Literal(text) => text,
    }
}

/// Always quoted, so that no text is read as NULL or as a brace.
fn push_quoted(literal: &mut String, text: &str) {
    literal.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            literal.push('\\');
        }
        literal.push(c);
    }
    literal.push('"');
}

#[cfg(test)]
mod tests {
    use super::super::tests::{assert_rejected, literal, to};

    #[test]
    fn arrays_are_literals_with_every_element_quoted() {
        assert_eq!(to("text[]", r#"["a", "NULL", null, "q\"\\{}, "]"#), literal(r#"{"a","NULL",NULL,"q\"\\{}, "}"#));
        assert_eq!(to("bigint[]", "[1, 2.0, \"3\"]"), literal(r#"{"1","2","3"}"#));
        assert_eq!(to("double precision[]", "[1e300]"), literal(r#"{"1e300"}"#));
        assert_eq!(
            to("timestamptz[]", "[\"2000-01-01T00:00:00.25+01:00\"]"),
            literal(r#"{"1999-12-31T23:00:00.25Z"}"#)
        );
        assert_eq!(to("bytea[]", "[\"/w==\"]"), literal(r#"{"\\xff"}"#));
        assert_eq!(to("jsonb[]", r#"[{"a":"b"}]"#), literal(r#"{"{\"a\":\"b\"}"}"#));
        assert_eq!(to("uuid[]", "[]"), literal("{}"));
    }

    #[test]
    fn an_array_is_flat_and_every_element_fits() {
        assert_rejected("bigint[]", &["1", "{}", "\"{1}\"", "[[1]]", "[1, \"x\"]", "[1.5]"]);
        assert_rejected("text[]", &["[\"a\\u0000\"]", "[1]"]);
    }
}
