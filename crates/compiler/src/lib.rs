//! From pipeline files to pipelines: every mistake found at once, with its place, before the first message.
//!
//! Pure but for `config::load`, which reads the files. The modules in reading order:

pub mod config;
pub mod diagnostic;

mod compile;

pub mod cases;
pub mod scaffold;

mod sample_metadata;

pub use compile::{Compiled, SchemaKind, SchemaSummary, compile, schema_summary};
pub use sample_metadata::sample_metadata;
