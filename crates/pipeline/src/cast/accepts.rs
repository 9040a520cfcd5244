//! Whether a type accepts the values that a schema allows, for the check of a mapping.

use crate::column_type::{ColumnType, JsonType, Strings, Verdict};

/// Whether `ty` accepts values of `json`, for which the schema gives `format`. For the items of an array column, ask
/// again with the scalar type. Null is a matter of the column, not of its type, and always [`Verdict::Yes`].
pub fn accepts(ty: ColumnType, json: JsonType, format: Option<&str>) -> Verdict {
    let scalar = match (ty, json) {
        (_, JsonType::Null) | (ColumnType::Array(_), JsonType::Array) => return Verdict::Yes,
        (ColumnType::Array(_), _) => return Verdict::No("an array column takes an array: wrap the value, `[.x]`"),
        (ColumnType::Scalar(scalar), _) => scalar,
    };
    let accepts = &scalar.definition().accepts;
    match json {
        JsonType::Null => Verdict::Yes,
        JsonType::Boolean => accepts.boolean,
        JsonType::Integer => accepts.integer,
        JsonType::Number => accepts.number,
        JsonType::String => string(accepts.string, format),
        JsonType::Array | JsonType::Object => accepts.nested,
    }
}

/// Formats with a form of their own: a value of one is of no other form. A host name is not among them, as it may be an
/// address, base64 or a number.
const DISTINCT_FORMATS: [&str; 8] = ["uuid", "date-time", "date", "duration", "ipv4", "ipv6", "email", "uri"];

fn string(strings: Strings, format: Option<&str>) -> Verdict {
    let (formats, instead, overlapping, rejected) = match strings {
        Strings::All(verdict) => return verdict,
        Strings::Form { formats, instead, overlapping, rejected, .. } => (formats, instead, overlapping, rejected),
    };
    let Some(format) = format else {
        return Verdict::Maybe(rejected);
    };
    if formats.contains(&format) {
        return Verdict::Yes;
    }
    if let Some((_, hint)) = instead.iter().find(|(other, _)| *other == format) {
        return Verdict::No(hint);
    }
    if DISTINCT_FORMATS.contains(&format) && !overlapping.contains(&format) {
        return Verdict::No("");
    }
    Verdict::Maybe(rejected)
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
