//! What is true: pipelines, compiled from the files the user wrote.

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
mod report;
mod said;
mod schemas;
mod source;
mod table;

pub use events::sample_metadata;
pub use files::{Compiled, compile};
pub use said::{Said, SaidKind, said};
