//! The result of a message compared with what was expected.

use serde_json::Value;

use super::align::unmatched;
use super::expected::{Expected, ExpectedRow, Reason};
use super::written::{entries, outcome, rows_of};
use crate::config::child_pointer;
use pipeline::Pipeline;
use pipeline::TableMapping;
use pipeline::message::Rejection;
use pipeline::row::Rows;

/// One thing that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What: `outcome`, a field of the rejection, or a table, its row (from 1), its column and a JSON Pointer inside.
    pub at: String,
    /// What the case expects.
    pub expected: String,
    /// What the result was.
    pub actual: String,
}

impl Difference {
    fn new(at: impl Into<String>, expected: impl Into<String>, actual: impl Into<String>) -> Self {
        Self { at: at.into(), expected: expected.into(), actual: actual.into() }
    }
}

/// Every difference between the result and what the case expects.
pub(super) fn differences(
    expected: &Expected,
    result: &Result<Rows, Rejection>,
    pipeline: &Pipeline,
) -> Vec<Difference> {
    let tables = &pipeline.decider().mapping.tables;
    match (expected, result) {
        (Expected::Rows(wanted), Ok(rows)) => {
            let mut found = Vec::new();
            for (index, ((table, wanted), rows)) in tables.iter().zip(wanted).zip(&rows.tables).enumerate() {
                found.extend(table_differences(table, wanted, &expected.listed(index, table, rows)));
            }
            found
        }
        (Expected::Rejected(reason), Err(rejection)) => reason_differences(reason, rejection),
        (Expected::Skipped, Ok(rows)) if rows.is_empty() => Vec::new(),
        _ => vec![Difference::new("outcome", words(expected, tables), outcome(tables, result))],
    }
}

fn words(expected: &Expected, tables: &[TableMapping]) -> String {
    match expected {
        Expected::Skipped => "skipped".to_owned(),
        Expected::Rejected(reason) => format!("rejected with `{}`", reason.code.as_str()),
        Expected::Rows(rows) => rows_of(&tables.iter().zip(rows.iter().map(Vec::len)).collect::<Vec<_>>()),
    }
}

fn table_differences(table: &TableMapping, expected: &[ExpectedRow], rows: &[ExpectedRow]) -> Vec<Difference> {
    let mut found = Vec::new();
    if expected.len() != rows.len() {
        let (expected, actual) = (rows_of(&[(table, expected.len())]), rows_of(&[(table, rows.len())]));
        found.push(Difference::new(&table.name, expected, actual));
    }
    for (index, expected, row) in unmatched(expected, rows, matches) {
        let at = format!("{} row {}", table.name, index + 1);
        match (expected, row) {
            (Some(expected), Some(row)) => row_differences(&at, table, expected, row, &mut found),
            _ => found.push(Difference::new(at, row_text(table, expected), row_text(table, row))),
        }
    }
    found
}

fn row_text(table: &TableMapping, row: Option<&ExpectedRow>) -> String {
    row.map_or("nothing".to_owned(), |row| format!("{{ {} }}", entries(table, row).join(", ")))
}

fn matches(expected: &ExpectedRow, row: &ExpectedRow) -> bool {
    expected.iter().zip(row).all(|(expected, value)| expected.is_none() || expected == value)
}

fn row_differences(
    at: &str,
    table: &TableMapping,
    expected: &ExpectedRow,
    row: &ExpectedRow,
    found: &mut Vec<Difference>,
) {
    for (column, pair) in table.columns.iter().zip(expected.iter().zip(row)) {
        if let (Some(expected), Some(value)) = pair {
            value_differences(&format!("{at}, {}", column.name), "", expected, value, found);
        }
    }
}

/// Goes into objects and arrays, to show only what differs. As deep as the parser lets a body be.
fn value_differences(at: &str, pointer: &str, expected: &Value, actual: &Value, found: &mut Vec<Difference>) {
    match (expected, actual) {
        _ if expected == actual => {}
        (Value::Object(left), Value::Object(right)) => {
            let more = right.keys().filter(|key| !left.contains_key(*key));
            for key in left.keys().chain(more) {
                let below = child_pointer(pointer, key);
                part(at, &below, left.get(key), right.get(key), found);
            }
        }
        (Value::Array(left), Value::Array(right)) => {
            for (index, left, right) in unmatched(left, right, Value::eq) {
                part(at, &format!("{pointer}/{index}"), left, right, found);
            }
        }
        _ => part_differs(at, pointer, &expected.to_string(), &actual.to_string(), found),
    }
}

fn part(at: &str, pointer: &str, expected: Option<&Value>, actual: Option<&Value>, found: &mut Vec<Difference>) {
    match (expected, actual) {
        (Some(expected), Some(actual)) => value_differences(at, pointer, expected, actual, found),
        _ => part_differs(at, pointer, &value_text(expected), &value_text(actual), found),
    }
}

fn value_text(value: Option<&Value>) -> String {
    value.map_or("nothing".to_owned(), Value::to_string)
}

fn part_differs(at: &str, pointer: &str, expected: &str, actual: &str, found: &mut Vec<Difference>) {
    let at = if pointer.is_empty() { at.to_owned() } else { format!("{at} at {pointer}") };
    found.push(Difference::new(at, expected, actual));
}

fn reason_differences(reason: &Reason, rejection: &Rejection) -> Vec<Difference> {
    let mut found = Vec::new();
    if reason.code != rejection.code {
        found.push(Difference::new("code", reason.code.as_str(), rejection.code.as_str()));
    }
    for (name, expected, actual) in [
        ("path", &reason.path, &rejection.instance_path),
        ("column", &reason.column, &rejection.column),
        ("keyword", &reason.keyword, &rejection.keyword),
        ("schema_path", &reason.schema_path, &rejection.schema_path),
    ] {
        if let Some(expected) = expected.as_ref().filter(|expected| Some(*expected) != actual.as_ref()) {
            let actual = actual.as_ref().map_or("nothing".to_owned(), |actual| format!("{actual:?}"));
            found.push(Difference::new(name, format!("{expected:?}"), actual));
        }
    }
    if let Some(part) = reason.message.as_ref().filter(|part| !rejection.message.contains(part.as_str())) {
        found.push(Difference::new("message", format!("a text with {part:?}"), format!("{:?}", rejection.message)));
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use pipeline::message::Code;

    #[test]
    fn of_nested_values_only_what_differs_is_shown() {
        let mut found = Vec::new();
        let expected = json!({"a": {"b/c": [1, 2], "same": "x"}, "gone": null});
        let actual = json!({"a": {"b/c": [1, 3, 4], "same": "x"}, "new": true});
        value_differences("t row 1, payload", "", &expected, &actual, &mut found);
        assert_eq!(
            found,
            [
                Difference::new("t row 1, payload at /a/b~1c/1", "2", "3"),
                Difference::new("t row 1, payload at /a/b~1c/2", "nothing", "4"),
                Difference::new("t row 1, payload at /gone", "null", "nothing"),
                Difference::new("t row 1, payload at /new", "nothing", "true"),
            ]
        );
    }

    #[test]
    fn digits_are_part_of_a_value() {
        let mut found = Vec::new();
        let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        value_differences("a", "", &number("1.10"), &number("1.1"), &mut found);
        assert_eq!(found, [Difference::new("a", "1.10", "1.1")]);
    }

    #[test]
    fn a_reason_is_compared_as_far_as_it_is_written() {
        let rejection = Rejection {
            instance_path: Some(String::new()),
            keyword: Some("required".to_owned()),
            ..Rejection::new(Code::Schema, "the document lacks the required field \"id\"")
        };
        let reason =
            Reason { code: Code::Schema, path: None, column: None, keyword: None, schema_path: None, message: None };
        assert_eq!(reason_differences(&reason, &rejection), []);
        let full = Reason {
            path: Some(String::new()),
            keyword: Some("type".to_owned()),
            column: Some("t.id".to_owned()),
            message: Some("required field".to_owned()),
            ..reason
        };
        assert_eq!(
            reason_differences(&full, &rejection),
            [Difference::new("column", "\"t.id\"", "nothing"), Difference::new("keyword", "\"type\"", "\"required\"")]
        );
    }
}
