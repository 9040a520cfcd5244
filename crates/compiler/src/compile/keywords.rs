//! Keywords that a schema's draft ignores, and those with one wrong letter: what they ask for is not checked.

use std::collections::HashSet;

use jsonschema::Draft;
use serde_json::Value;

use super::report::Report;
use crate::config::{Document, Inner, SchemaFiles, all_inside, child_pointer};
use crate::diagnostic::{Code, Diagnostic, distance};

/// Keywords that a value is checked against, with the first draft that has them.
const KEYWORDS: [(&str, Draft); 42] = [
    ("additionalItems", Draft::Draft4),
    ("additionalProperties", Draft::Draft4),
    ("allOf", Draft::Draft4),
    ("anyOf", Draft::Draft4),
    ("const", Draft::Draft6),
    ("contains", Draft::Draft6),
    ("dependencies", Draft::Draft4),
    ("dependentRequired", Draft::Draft201909),
    ("dependentSchemas", Draft::Draft201909),
    ("else", Draft::Draft7),
    ("enum", Draft::Draft4),
    ("exclusiveMaximum", Draft::Draft4),
    ("exclusiveMinimum", Draft::Draft4),
    ("format", Draft::Draft4),
    ("if", Draft::Draft7),
    ("items", Draft::Draft4),
    ("maxContains", Draft::Draft201909),
    ("maxItems", Draft::Draft4),
    ("maxLength", Draft::Draft4),
    ("maxProperties", Draft::Draft4),
    ("maximum", Draft::Draft4),
    ("minContains", Draft::Draft201909),
    ("minItems", Draft::Draft4),
    ("minLength", Draft::Draft4),
    ("minProperties", Draft::Draft4),
    ("minimum", Draft::Draft4),
    ("multipleOf", Draft::Draft4),
    ("not", Draft::Draft4),
    ("oneOf", Draft::Draft4),
    ("pattern", Draft::Draft4),
    ("patternProperties", Draft::Draft4),
    ("prefixItems", Draft::Draft202012),
    ("properties", Draft::Draft4),
    ("propertyNames", Draft::Draft6),
    ("required", Draft::Draft4),
    ("then", Draft::Draft7),
    ("type", Draft::Draft4),
    ("unevaluatedItems", Draft::Draft201909),
    ("unevaluatedProperties", Draft::Draft201909),
    ("uniqueItems", Draft::Draft4),
    ("$dynamicRef", Draft::Draft202012),
    ("$recursiveRef", Draft::Draft201909),
];

/// Shorter names are too near to each other for one letter to say much.
const SHORTEST: usize = 5;

/// Warns about every ignored keyword, once for each name and file.
pub(super) fn check(files: &SchemaFiles, report: &mut Report<'_>) {
    for document in files.documents.values() {
        let mut seen = HashSet::new();
        for (pointer, name) in names(&document.value) {
            if seen.insert(name)
                && let Some(problem) = problem(document, &pointer, name)
            {
                report.push(problem);
            }
        }
    }
}

fn problem(document: &Document, pointer: &str, name: &str) -> Option<Diagnostic> {
    let (message, help) = mistake(name, document.draft)?;
    Some(Diagnostic::new(Code::IgnoredKeyword, message, document.place(pointer)).help(help))
}

/// What is wrong with a keyword, and what to do.
fn mistake(name: &str, draft: Draft) -> Option<(String, String)> {
    if name == "nullable" {
        let message = "`nullable` is a keyword of OpenAPI: null is refused";
        let help = "JSON Schema says it by the type: `\"type\": [\"string\", \"null\"]`";
        return Some((message.to_owned(), help.to_owned()));
    }
    if let Some((_, since)) = KEYWORDS.iter().find(|(keyword, _)| *keyword == name) {
        let message = format!("`{name}` is ignored: the schema is of {}, which does not have it", title(draft));
        return (draft < *since).then(|| (message, format!("{} is the first that has it", title(*since))));
    }
    let (near, _) = KEYWORDS.iter().find(|(keyword, _)| name.len() >= SHORTEST && distance(name, keyword) == 1)?;
    let message = format!("`{name}` is ignored: JSON Schema has no such keyword");
    Some((message, format!("did you mean `{near}`?")))
}

fn title(draft: Draft) -> &'static str {
    match draft {
        Draft::Draft4 => "draft 4",
        Draft::Draft6 => "draft 6",
        Draft::Draft7 => "draft 7",
        Draft::Draft201909 => "draft 2019-09",
        _ => "draft 2020-12",
    }
}

/// The keywords of every schema in a document, each with its JSON Pointer.
fn names(root: &Value) -> Vec<(String, &str)> {
    let mut found = Vec::new();
    for Inner { pointer, value, .. } in all_inside(root).into_iter().filter(|inner| inner.is_schema) {
        // Up to draft 7 nothing beside a `$ref` counts, and much is written there.
        let fields = value.as_object().filter(|fields| !fields.contains_key("$ref"));
        for (name, value) in fields.into_iter().flatten() {
            // `nullable: false` is what JSON Schema says without it.
            if !(name == "nullable" && *value == Value::Bool(false)) {
                found.push((child_pointer(&pointer, name), name.as_str()));
            }
        }
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Schemas that refuse the number 5 where their keyword counts.
    #[test]
    fn a_keyword_counts_from_its_draft_on() {
        let drafts = [Draft::Draft4, Draft::Draft6, Draft::Draft7, Draft::Draft201909, Draft::Draft202012];
        for (keyword, schema, value) in [
            ("const", json!({"const": 6}), json!(5)),
            ("contains", json!({"contains": {"type": "string"}}), json!([5])),
            ("propertyNames", json!({"propertyNames": {"maxLength": 1}}), json!({"long": 5})),
            ("then", json!({"if": {}, "then": {"type": "string"}}), json!(5)),
            ("else", json!({"if": {"not": {}}, "else": {"type": "string"}}), json!(5)),
            ("dependentRequired", json!({"dependentRequired": {"a": ["b"]}}), json!({"a": 5})),
            ("dependentSchemas", json!({"dependentSchemas": {"a": {"required": ["b"]}}}), json!({"a": 5})),
            ("maxContains", json!({"contains": {}, "maxContains": 1}), json!([5, 5])),
            ("minContains", json!({"contains": {}, "minContains": 2}), json!([5])),
            ("prefixItems", json!({"prefixItems": [{"type": "string"}]}), json!([5])),
            ("unevaluatedItems", json!({"unevaluatedItems": false}), json!([5])),
            ("unevaluatedProperties", json!({"unevaluatedProperties": false}), json!({"a": 5})),
        ] {
            let (_, since) = KEYWORDS.iter().find(|(name, _)| *name == keyword).unwrap();
            for draft in drafts {
                let validator = jsonschema::options().with_draft(draft).build(&schema).unwrap();
                assert_eq!(!validator.is_valid(&value), draft >= *since, "{keyword} in {draft:?}");
            }
        }
    }

    #[test]
    fn keywords_are_found_in_schemas_and_not_in_data_or_among_names() {
        let schema = json!({
            "properties": {"nullable": {"default": {"nullable": 1}, "items": {"nullable": true}}},
            "items": {"$ref": "#", "requierd": []},
        });
        let found: Vec<_> = names(&schema).into_iter().map(|(pointer, _)| pointer).collect();
        assert_eq!(
            found,
            [
                "/items",
                "/properties",
                "/properties/nullable/default",
                "/properties/nullable/items",
                "/properties/nullable/items/nullable"
            ]
        );
    }
}
