//! The pipeline file as serde types, one to one with the YAML.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{ColumnText, Environment, Index, Keyed, Schema, Seconds, Setting, Spanned, Template, de, yaml};
use crate::diagnostic::{Diagnostic, SourceText};

/// A pipeline of runner: where events come from, what a valid event is, and which rows it becomes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub struct PipelineFile {
    /// Where messages come from.
    pub source: Source,
    /// How the document is extracted from the body: `sns`, or an expression. Left out, the body is the document.
    pub unwrap: Option<Spanned<String>>,
    /// What a valid document is: a JSON Schema, as a path from this file with an optional `#/pointer`, or a choice of several.
    pub schema: Setting<Schema>,
    /// An expression: a document for which it is true is dropped, and not dead-lettered.
    pub skip: Option<Spanned<String>>,
    /// The tables, each by its name, with an optional PostgreSQL schema: `events`, `sales.orders`.
    #[schemars(extend("minProperties" = 1))]
    pub tables: Spanned<Keyed<Table>>,
    /// Sample events, for `runner produce` and `runner dev`.
    pub producer: Option<Producer>,
}

/// `source:`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub struct Source {
    /// The queue to receive from: a name, a URL or an ARN.
    pub queue: Setting<String>,
    /// The dead-letter queue: a name, a URL or an ARN.
    pub dlq: Setting<String>,
    /// Receive calls side by side, at most: 1 to 10000.
    pub pollers: Option<Setting<i64>>,
    /// How long a receive call waits for messages: `0s` to `20s`.
    pub wait: Option<Setting<Seconds>>,
    /// How long the next receive call is put off, at most, when the last one brought fewer than ten messages: `0s` to `10s`.
    pub linger: Option<Setting<Seconds>>,
    /// The visibility timeout, `1s` to `12h`; left out, it is the queue's own.
    pub visibility: Option<Setting<Seconds>>,
    /// A message that is delivered more often than this is dead-lettered with its last reason: 1 to 1000.
    pub max_receives: Option<Setting<i64>>,
    /// Messages per write: 1 to 10000.
    pub batch: Option<Setting<i64>>,
    /// Messages held in memory, at most: 10 to 100000.
    pub in_flight: Option<Setting<i64>>,
    /// Bytes of bodies and rows in memory, at most: 1048576 to 4294967295; one larger message passes alone.
    pub in_flight_bytes: Option<Setting<i64>>,
    /// How long a message that the database does not take now is kept before it goes back to the queue: `1s` to `6h`.
    pub hold: Option<Setting<Seconds>>,
    /// How long a write may take: `1s` to `10m`.
    pub write_timeout: Option<Setting<Seconds>>,
    /// Connections to PostgreSQL, at most: 1 to 100. Half of them write side by side.
    pub connections: Option<Setting<i64>>,
}

/// A table, and how its rows are made.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
pub struct Table {
    /// The columns that identify a row. Without a key, a message that is delivered twice is stored twice.
    #[serde(default)]
    pub primary_key: Vec<Spanned<String>>,
    /// What a write does when a row with this key is there already; `ignore` when left out.
    pub on_conflict: Option<Setting<OnConflict>>,
    /// With `on_conflict: update`, the column that distinguishes the newer of two rows.
    pub version: Option<Spanned<String>>,
    /// An expression: rows are made only where it is true.
    pub when: Option<Spanned<String>>,
    /// An expression that yields an array: each element becomes a row.
    pub for_each: Option<Spanned<String>>,
    /// The columns, each by its name: `TYPE [null | optional] [= EXPR]`.
    #[schemars(extend("minProperties" = 1))]
    pub columns: Keyed<Spanned<ColumnText>>,
    /// Secondary indexes.
    #[serde(default)]
    pub indexes: Vec<Index>,
}

/// `on_conflict:`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnConflict {
    /// Keep the row that is there.
    Ignore,
    /// Overwrite it.
    Update,
    /// Reject the message.
    Error,
}

/// `producer:`
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping")]
#[schemars(extend("not" = { "required": ["every", "rate"] }))]
pub struct Producer {
    /// Time from one event to the next: `15s`, `500ms`.
    pub every: Option<Setting<String>>,
    /// Instead of `every`, events per second, minute or hour (`500/s`, `30/m`), or `max`.
    pub rate: Option<Setting<String>>,
    /// The templates to choose from.
    #[schemars(extend("minItems" = 1))]
    pub templates: Spanned<Vec<Spanned<Template>>>,
}

/// Reads a pipeline file's text. Everything wrong in it is reported; what could be read is there nevertheless.
pub fn parse(source: &Arc<SourceText>, env: &Environment) -> (Option<PipelineFile>, Vec<Diagnostic>) {
    let (root, mut problems) = yaml::parse(source, yaml::PIPELINE);
    let Some(root) = root else {
        return (None, problems);
    };
    let (file, found) = de::read(&root, source, env);
    problems.extend(found);
    (file, problems)
}
