//! Formats that are not known, and therefore not checked.

use serde_json::Value;

use super::report::Report;
use crate::config::{Document, SchemaFiles, json_place};
use crate::diagnostic::{Code, Diagnostic, Place};

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

/// Formats of `OpenAPI`: remarks for generators, which nobody expects to be checked.
const REMARKS: [&str; 7] = ["binary", "byte", "double", "float", "int32", "int64", "password"];

/// Keywords whose values are data, not schemas.
const DATA: [&str; 4] = ["const", "default", "enum", "examples"];

/// Warns about every unknown format, once for each name and file.
pub(super) fn check(files: &SchemaFiles, report: &mut Report<'_>) {
    for document in files.documents.values() {
        let mut seen: Vec<&str> = Vec::new();
        for (pointer, format) in formats(&document.value) {
            let known = ASSERTED.contains(&format) || REMARKS.contains(&format);
            if !known && !seen.contains(&format) {
                seen.push(format);
                report.push(unknown(document, &pointer, format));
            }
        }
    }
}

fn unknown(document: &Document, pointer: &str, format: &str) -> Diagnostic {
    let range = json_place(&document.source, pointer).unwrap_or(0..0);
    let message = format!("format `{format}` is not known: values are not checked against it");
    let problem = Diagnostic::new(Code::UnknownFormat, message, Place::new(&document.source, range));
    problem.suggest(format, ASSERTED)
}

/// Every `format` in a schema, with its JSON Pointer.
fn formats(root: &Value) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    let mut waiting = vec![(String::new(), root)];
    while let Some((pointer, value)) = waiting.pop() {
        match value {
            Value::Object(object) => {
                for (key, inner) in object {
                    let pointer = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                    match inner {
                        Value::String(format) if key == "format" => found.push((pointer, format.as_str())),
                        _ if DATA.contains(&key.as_str()) && !pointer.contains("/properties/") => {}
                        _ => waiting.push((pointer, inner)),
                    }
                }
            }
            Value::Array(items) => {
                waiting.extend(items.iter().enumerate().map(|(at, item)| (format!("{pointer}/{at}"), item)));
            }
            _ => {}
        }
    }
    found.sort();
    found
}
