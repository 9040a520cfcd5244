//! The pipeline file's own JSON Schema, by which editors complete and check it: made of the very types that read it.

use std::borrow::Cow;

use pipeline::ColumnType;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema as JsonSchemaValue, SchemaGenerator, json_schema};
use serde_json::Value;

use super::index::{Full as FullIndex, Names};
use super::schema::{DraftName, Schema, Selection};
use super::template::Full as FullTemplate;
use super::{ColumnText, Index, Keyed, PipelineFile, Seconds, Setting, Spanned, Template};

/// The schema, in draft 7: the one that most editors' language servers support.
pub fn schema() -> Value {
    let mut settings = SchemaSettings::draft07().with_transform(RecursiveTransform(without_number_formats));
    settings.inline_subschemas = true;
    let mut schema = settings.into_generator().into_root_schema_for::<PipelineFile>();
    schema.insert("title".to_owned(), "runner pipeline".into());
    schema.to_value()
}

/// `int64` is a hint for programs, not a format of JSON Schema.
fn without_number_formats(schema: &mut JsonSchemaValue) {
    if schema.get("format").is_some_and(|format| format == "int64") {
        schema.remove("format");
    }
}

/// A schema without a name of its own.
macro_rules! schema_of {
    ($type:ty $(, $param:ident)?: |$generator:ident| $schema:expr) => {
        impl$(<$param: JsonSchema>)? JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema($generator: &mut SchemaGenerator) -> JsonSchemaValue {
                $schema
            }
        }
    };
}

schema_of!(Spanned<T>, T: |generator| generator.subschema_for::<T>());
schema_of!(Setting<T>, T: |generator| setting(generator.subschema_for::<T>()));
schema_of!(Keyed<T>, T: |generator| json_schema!({
    "type": "object",
    "additionalProperties": generator.subschema_for::<T>(),
}));
schema_of!(Seconds: |_generator| json_schema!({
    "type": ["string", "integer"],
    "minimum": 0,
    "examples": ["15s", "500ms", "1m30s"],
}));
schema_of!(ColumnText: |_generator| json_schema!({
    "description": "TYPE [null | optional] [= EXPR]",
    "type": "string",
    "pattern": column_line(),
    "examples": ["text", "uuid", "bigint", "numeric(12,2)", "boolean", "timestamptz", "jsonb", "text null = .a.b"],
}));
schema_of!(DraftName: |_generator| json_schema!({ "enum": ["4", "6", "7", 4, 6, 7, "2019-09", "2020-12"] }));
schema_of!(Schema: |generator| json_schema!({
    "anyOf": [{ "type": "string" }, generator.subschema_for::<Selection>()],
}));
schema_of!(Names: |_generator| names());
schema_of!(Index: |generator| json_schema!({
    "anyOf": [{ "type": "string" }, list_of_names(), generator.subschema_for::<FullIndex>()],
}));
schema_of!(Template: |generator| {
    let mut full = generator.subschema_for::<FullTemplate>();
    full.insert("oneOf".to_owned(), serde_json::json!([{ "required": ["file"] }, { "required": ["inline"] }]));
    json_schema!({ "anyOf": [{ "type": "string" }, full] })
});

/// What a variable may stand in for. A number is a text where a text is wanted: a queue may be called `12345`.
fn setting(mut inner: JsonSchemaValue) -> JsonSchemaValue {
    if is_any_text(inner.as_value()) {
        return json_schema!({ "type": ["string", "number"] });
    }
    let branches = inner.get("anyOf").and_then(Value::as_array);
    if branches.is_some_and(|branches| branches.iter().any(is_any_text)) {
        return inner;
    }
    // The description of the key is more precise than that of its type.
    inner.remove("description");
    json_schema!({ "anyOf": [inner, { "description": "a variable", "type": "string", "pattern": r"\$\{" }] })
}

fn is_any_text(schema: &Value) -> bool {
    schema["type"] == "string" && schema.get("enum").is_none()
}

/// The type of a column and what may follow it; expressions are checked by the compiler only.
fn column_line() -> String {
    let names: Vec<String> = ColumnType::names().map(|name| name.replace(' ', r"\s+")).collect();
    let digits = r"(\s*\(\s*\d+\s*(,\s*\d+\s*)?\))?";
    let types = names.join("|").replace("numeric", &format!("numeric{digits}"));
    format!(r"^\s*({types})\s*(\[\])?(\s+[nN][uU][lL][lL])?\s*(=|$)")
}

fn names() -> JsonSchemaValue {
    json_schema!({ "anyOf": [{ "type": "string" }, list_of_names()] })
}

fn list_of_names() -> Value {
    serde_json::json!({ "type": "array", "items": { "type": "string" } })
}
