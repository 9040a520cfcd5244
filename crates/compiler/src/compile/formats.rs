//! Formats that are unknown, and therefore not checked.

use serde_json::Value;

use super::report::Report;
use crate::config::{Document, Inner, SchemaFiles, all_inside};
use crate::diagnostic::{Code, Diagnostic};

/// JSON Schema's own formats (2020-12, Validation 7.3).
const ASSERTED: [&str; 19] = [
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// Formats of `OpenAPI`, which are hints for code generators and not expected to be checked.
const HINTS: [&str; 7] = ["binary", "byte", "double", "float", "int32", "int64", "password"];

/// Warns about every unknown format, once for each name and file.
pub(super) fn check(files: &SchemaFiles, report: &mut Report<'_>) {
    for document in files.documents.values() {
        let mut seen: Vec<&str> = Vec::new();
        for (pointer, format) in formats(&document.value) {
            let known = ASSERTED.contains(&format) || HINTS.contains(&format);
            if !known && !seen.contains(&format) {
                seen.push(format);
                report.push(unknown(document, &pointer, format));
            }
        }
    }
}

fn unknown(document: &Document, pointer: &str, format: &str) -> Diagnostic {
    let message = format!("format `{format}` is unknown: values are not checked against it");
    let problem = Diagnostic::new(Code::UnknownFormat, message, document.place(pointer));
    problem.suggest(format, ASSERTED)
}

/// Every `format` in a schema, with its JSON Pointer.
fn formats(root: &Value) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    for Inner { pointer, value, .. } in all_inside(root) {
        found.extend(value.get("format").and_then(Value::as_str).map(|format| (format!("{pointer}/format"), format)));
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn formats_are_found_in_schemas_and_not_in_data() {
        let data = json!({ "format": "pdf" });
        let schema = json!({
            "properties": { "format": { "const": data, "default": data, "format": "a" }, "const": { "format": "b" } },
            "components": { "schemas": { "n": { "format": "c" } } },
        });
        let found: Vec<&str> = formats(&schema).into_iter().map(|(_, format)| format).collect();
        assert_eq!(found, ["c", "b", "a"]);
    }
}
