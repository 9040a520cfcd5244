//! Pipelines, compiled from the files that the user wrote.

mod agree;
mod attributes;
mod check;
mod distinct;
mod envelope;
mod events;
mod expression;
mod files;
mod formats;
mod infer;
mod keys;
mod keywords;
mod report;
mod schema_summary;
mod schemas;
mod source;
mod table;

pub use files::{Compiled, compile};
pub use schema_summary::{SchemaKind, SchemaSummary, schema_summary};
