//! What each type takes, for the check of a mapping against a schema.

use crate::column_type::{ColumnType, ScalarType};

/// The types a JSON Schema tells apart; what `integer` takes is apart from what only `number` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "each variant is the JSON Schema type of that name")]
pub enum JsonType {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl JsonType {
    /// The word for a person.
    pub fn word(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// Whether a column's type takes values of a JSON type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Every value, or every value of that format, but for the extremes no schema can rule out.
    Yes,
    /// Some values: the text says which are rejected.
    Maybe(&'static str),
    /// No value: the text says what to do, and is empty when there is nothing to say.
    No(&'static str),
}

/// Whether `ty` takes values of `json`, of which the schema says `format`. An array type is asked again, with its
/// scalar type, about the items. Null is a matter of the column, not of its type, and always [`Verdict::Yes`].
pub fn accepts(ty: ColumnType, json: JsonType, format: Option<&str>) -> Verdict {
    match (ty, json) {
        (_, JsonType::Null) | (ColumnType::Array(_), JsonType::Array) | (ColumnType::Scalar(ScalarType::Jsonb), _) => {
            Verdict::Yes
        }
        (ColumnType::Array(_), _) => Verdict::No("an array column takes an array: wrap the value, `[.x]`"),
        (ColumnType::Scalar(ty), JsonType::Array | JsonType::Object) => nested(ty),
        (ColumnType::Scalar(ty), JsonType::Boolean) => from_boolean(ty),
        (ColumnType::Scalar(ty), JsonType::Integer) => from_integer(ty),
        (ColumnType::Scalar(ty), JsonType::Number) => from_number(ty),
        (ColumnType::Scalar(ty), JsonType::String) => from_string(ty, format),
    }
}

fn nested(ty: ScalarType) -> Verdict {
    Verdict::No(match ty {
        ScalarType::Text => "make the column jsonb, or the value a string with `| tojson`",
        _ => "make the column jsonb, or choose a field of the value",
    })
}

fn from_boolean(ty: ScalarType) -> Verdict {
    match ty {
        ScalarType::Boolean => Verdict::Yes,
        ScalarType::Text => Verdict::No("make it a string with `| tostring`"),
        _ => Verdict::No(""),
    }
}

fn from_integer(ty: ScalarType) -> Verdict {
    match ty {
        ScalarType::SmallInt => Verdict::Maybe("a number outside smallint's range"),
        ScalarType::Integer => Verdict::Maybe("a number outside integer's range"),
        ScalarType::Numeric(Some(_)) => Verdict::Maybe("a number with too many digits"),
        ScalarType::BigInt | ScalarType::Numeric(None) | ScalarType::Real | ScalarType::DoublePrecision => Verdict::Yes,
        other => number_as(other),
    }
}

fn from_number(ty: ScalarType) -> Verdict {
    match ty {
        ScalarType::SmallInt | ScalarType::Integer | ScalarType::BigInt => {
            Verdict::Maybe("a number with a fraction: take numeric, or `| floor`")
        }
        ScalarType::Numeric(Some(_)) => Verdict::Maybe("a number with too many digits"),
        ScalarType::Numeric(None) | ScalarType::Real | ScalarType::DoublePrecision => Verdict::Yes,
        other => number_as(other),
    }
}

fn number_as(ty: ScalarType) -> Verdict {
    Verdict::No(match ty {
        ScalarType::Text => "make it a string with `| tostring`",
        ScalarType::Timestamptz => "say what it counts: `| unix` (seconds), `| unix_ms`, `| unix_us` or `| unix_ns`",
        ScalarType::Boolean => "compare it, such as `!= 0`",
        _ => "",
    })
}

/// The format that promises the form a type takes.
fn from_string(ty: ScalarType, format: Option<&str>) -> Verdict {
    let (promised, rejected) = match ty {
        ScalarType::Text => return Verdict::Yes,
        ScalarType::Boolean => return Verdict::No("compare it, such as `== \"true\"`"),
        ScalarType::Uuid => ("uuid", "a string that is no UUID: add `format: uuid` to the schema"),
        ScalarType::Timestamptz => {
            ("date-time", "a string that is no RFC 3339 date-time: add `format: date-time` to the schema")
        }
        ScalarType::Date => ("date", "a string that is no YYYY-MM-DD: add `format: date` to the schema"),
        ScalarType::Interval => {
            ("duration", "a string that is no ISO 8601 duration: add `format: duration` to the schema")
        }
        ScalarType::Inet => ("ipv4", "a string that is no IP address: add `format: ipv4` or `ipv6` to the schema"),
        ScalarType::Bytea => ("byte", "a string that is no base64"),
        ScalarType::Time => ("", "a string that is no HH:MM:SS, also one with an offset"),
        _ => ("", "a string that is no JSON number"),
    };
    match format {
        Some(format) if format == promised || (ty == ScalarType::Inet && format == "ipv6") => Verdict::Yes,
        Some("date-time") if ty == ScalarType::Date => Verdict::No("take the date alone: `.x[0:10]`"),
        // JSON Schema's time has an offset, PostgreSQL's has none.
        Some("time") if ty == ScalarType::Time => Verdict::No("leave the offset out: `.x[0:8]`"),
        Some("date") if ty == ScalarType::Timestamptz => Verdict::No("add the time of day: `.x + \"T00:00:00Z\"`"),
        Some(other) if contradicts(ty, other) => Verdict::No(""),
        _ => Verdict::Maybe(rejected),
    }
}

/// A format none of whose values the type takes.
fn contradicts(ty: ScalarType, format: &str) -> bool {
    const FORMS: [&str; 9] = ["uuid", "date-time", "date", "duration", "ipv4", "ipv6", "email", "uri", "hostname"];
    // A host name may be an address, base64 or a number; the others have a form of their own.
    FORMS.contains(&format) && format != "hostname" && !(ty == ScalarType::Bytea && format == "uuid")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cast::cast;

    /// One value of each JSON type and format that is ordinary for it.
    fn samples() -> Vec<(JsonType, Option<&'static str>, Value)> {
        vec![
            (JsonType::Null, None, Value::Null),
            (JsonType::Boolean, None, json!(true)),
            (JsonType::Integer, None, json!(7)),
            (JsonType::Number, None, serde_json::from_str("7.25").unwrap()),
            (JsonType::Array, None, json!([])),
            (JsonType::Object, None, json!({})),
            (JsonType::String, None, json!("?")),
            (JsonType::String, Some("uuid"), json!("00112233-4455-6677-8899-aabbccddeeff")),
            (JsonType::String, Some("date-time"), json!("2024-01-01T00:00:00Z")),
            (JsonType::String, Some("date"), json!("2024-01-01")),
            (JsonType::String, Some("time"), json!("10:00:00Z")),
            (JsonType::String, Some("duration"), json!("P1D")),
            (JsonType::String, Some("ipv4"), json!("10.0.0.1")),
            (JsonType::String, Some("ipv6"), json!("::1")),
            (JsonType::String, Some("byte"), json!("/w==")),
            (JsonType::String, Some("email"), json!("a@b.example")),
            (JsonType::String, Some("uri"), json!("https://a.example/")),
        ]
    }

    #[test]
    fn a_verdict_agrees_with_the_cast() {
        for name in ColumnType::names() {
            for ty in [name.to_owned(), format!("{name}[]")] {
                let ty: ColumnType = ty.parse().unwrap();
                for (json, format, value) in samples() {
                    let taken = cast(&value, ty).is_ok();
                    match accepts(ty, json, format) {
                        Verdict::Yes => assert!(taken, "{ty} should take {value}"),
                        Verdict::No(_) => assert!(!taken, "{ty} should not take {value}"),
                        Verdict::Maybe(_) => {}
                    }
                }
            }
        }
    }

    #[test]
    fn the_hint_for_an_epoch_names_the_functions() {
        let verdict = accepts("timestamptz".parse().unwrap(), JsonType::Integer, None);
        assert!(matches!(verdict, Verdict::No(hint) if hint.contains("unix_ms")));
    }
}
