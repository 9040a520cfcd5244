//! `schema:` in its two forms: a path, or a choice among schemas.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::{Keyed, Setting, Spanned};

/// What a valid document is: `path`, `path#/pointer`, or a mapping.
#[derive(Debug, Clone)]
pub enum Schema {
    /// A path from the pipeline file, with an optional `#/pointer`.
    Path(String),
    /// More than a path.
    Selection(Box<Selection>),
}

/// A choice among schemas, or one with options.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a schema's path, or a mapping")]
#[schemars(extend("oneOf" = [
    { "required": ["file"], "properties": { "mapping": false, "files": false, "discriminator": false, "otherwise": false } },
    { "required": ["mapping", "discriminator"], "properties": { "file": false, "files": false } },
    { "required": ["files", "discriminator"], "properties": { "file": false, "mapping": false } },
]))]
pub struct Selection {
    /// One schema: a path from the pipeline file, with an optional `#/pointer`.
    pub file: Option<Setting<String>>,
    /// One schema for each value of the discriminator: paths with an optional `#/pointer`.
    #[schemars(extend("minProperties" = 1))]
    pub mapping: Option<Spanned<Keyed<Setting<String>>>>,
    /// A pattern of paths; each file names its own value of the discriminator with `const` or `enum`.
    pub files: Option<Setting<String>>,
    /// An expression that yields the kind of an event.
    pub discriminator: Option<Spanned<String>>,
    /// What happens to an event of a kind without a schema.
    pub otherwise: Option<Setting<Otherwise>>,
    /// An expression: only this part of the document is checked.
    pub at: Option<Spanned<String>>,
    /// The draft of JSON Schema, where `$schema` does not name it.
    pub draft: Option<Setting<DraftName>>,
    /// Whether `format` is a check.
    pub formats: Option<Setting<Formats>>,
    /// A pattern of paths: more files that a `$ref` may lead to by their `$id`.
    pub refs: Option<Setting<String>>,
}

/// `otherwise:`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Otherwise {
    /// Dead-letter it.
    Dlq,
    /// Drop it.
    Skip,
}

/// `draft:`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[allow(missing_docs, reason = "each variant is the draft of that name")]
pub enum DraftName {
    #[serde(rename = "4")]
    Draft4,
    #[serde(rename = "6")]
    Draft6,
    #[serde(rename = "7")]
    Draft7,
    #[serde(rename = "2019-09")]
    Draft201909,
    #[serde(rename = "2020-12")]
    Draft202012,
}

impl From<DraftName> for jsonschema::Draft {
    fn from(name: DraftName) -> Self {
        match name {
            DraftName::Draft4 => Self::Draft4,
            DraftName::Draft6 => Self::Draft6,
            DraftName::Draft7 => Self::Draft7,
            DraftName::Draft201909 => Self::Draft201909,
            DraftName::Draft202012 => Self::Draft202012,
        }
    }
}

/// `formats:`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Formats {
    /// A value that breaks its `format` breaks the schema.
    Assert,
    /// `format` is not checked.
    Ignore,
}

impl<'de> Deserialize<'de> for Schema {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SchemaVisitor)
    }
}

struct SchemaVisitor;

impl<'de> Visitor<'de> for SchemaVisitor {
    type Value = Schema;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a schema's path, or a mapping with `discriminator` and `mapping`")
    }

    fn visit_str<E: Error>(self, path: &str) -> Result<Schema, E> {
        Ok(Schema::Path(path.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Schema, A::Error> {
        let selection = Selection::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Schema::Selection(Box::new(selection)))
    }
}
