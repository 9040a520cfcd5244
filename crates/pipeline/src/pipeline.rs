//! A compiled pipeline: everything the engine needs to run it.

use std::path::{Path, PathBuf};

use crate::decide::Decider;
use crate::producer::{Pace, Templates};
use crate::source::Source;
use crate::table::Table;

/// One pipeline, ready to run.
#[derive(Debug)]
pub struct Pipeline {
    name: String,
    file: PathBuf,
    source: Source,
    decider: Decider,
    targets: Vec<Target>,
    producer: Option<Producer>,
    config_hash: String,
}

/// A table rows are written to. `Mapping::tables` has the expressions, in the same order.
#[derive(Debug, Clone)]
pub struct Target {
    /// The table as it is declared.
    pub table: Table,
    /// What happens when the primary key is there already.
    pub on_conflict: OnConflict,
    /// With [`OnConflict::Update`], the column that shows which of two rows is newer.
    pub version: Option<String>,
}

/// What a write does when the row's primary key is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnConflict {
    /// Keep the row that is there; count a duplicate.
    #[default]
    Ignore,
    /// Overwrite it.
    Update,
    /// Reject the message.
    Error,
}

/// Sample events for the pipeline's queue.
#[derive(Debug, Clone)]
pub struct Producer {
    /// How often.
    pub pace: Pace,
    /// What.
    pub templates: Templates,
}

impl Pipeline {
    /// A pipeline of parts that fit each other: the targets are in the order of the decider's tables.
    pub fn new(
        file: PathBuf,
        source: Source,
        decider: Decider,
        targets: Vec<Target>,
        producer: Option<Producer>,
    ) -> Self {
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Self { name, file, source, decider, targets, producer, config_hash: String::new() }
    }

    /// The same pipeline with a hash of the texts it was compiled from.
    #[must_use]
    pub fn with_config_hash(self, config_hash: String) -> Self {
        Self { config_hash, ..self }
    }

    /// The same for the same texts of the pipeline file and its schemas, so that it shows which processes run which.
    pub fn config_hash(&self) -> &str {
        &self.config_hash
    }

    /// The file's name without its ending.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file it was compiled from.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Where its messages come from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What it does with a message.
    pub fn decider(&self) -> &Decider {
        &self.decider
    }

    /// Its tables, in the mapping's order.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// Its sample events, if the file has any.
    pub fn producer(&self) -> Option<&Producer> {
        self.producer.as_ref()
    }
}
