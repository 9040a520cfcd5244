//! What is true: pipelines, compiled from the files the user wrote.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::map::Mapping;
use crate::validate::Validator;

/// One pipeline, ready to run.
#[derive(Debug)]
pub struct Pipeline {
    name: String,
    file: PathBuf,
    source: Source,
    validator: Validator,
    mapping: Mapping,
    targets: Vec<Target>,
}

/// Where a pipeline's messages come from, and how.
#[derive(Debug, Clone)]
pub struct Source {
    /// The queue to receive from.
    pub queue: QueueRef,
    /// The dead-letter queue.
    pub dlq: QueueRef,
    /// Receive calls in flight side by side.
    pub pollers: usize,
    /// Long-poll wait; SQS allows 0 to 20 s.
    pub wait: Duration,
    /// Overrides the queue's own visibility timeout; SQS allows 0 s to 12 h.
    pub visibility: Option<Duration>,
    /// Deliveries after which a message is dead-lettered with its last error; `None` leaves it to the queue's redrive policy.
    pub max_receives: Option<u32>,
    /// Rows per write.
    pub batch: usize,
    /// Messages held in memory, at most.
    pub in_flight: usize,
}

/// How the user names a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueRef {
    /// Looked up in the account and region of the credentials.
    Name(String),
    /// Used as it is.
    Url(String),
    /// `arn:aws:sqs:REGION:ACCOUNT:NAME`
    Arn {
        /// The queue's region.
        region: String,
        /// The owner's account id.
        account: String,
        /// The queue's name.
        name: String,
    },
}

/// A table rows are written to. `Mapping::tables` has the expressions, in the same order.
#[derive(Debug, Clone)]
pub struct Target {
    /// The table as migrations know it.
    pub table: migration::Table,
    /// What happens when the primary key is there already.
    pub on_conflict: OnConflict,
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

impl Pipeline {
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

    /// Its schema.
    pub fn validator(&self) -> &Validator {
        &self.validator
    }

    /// Its expressions.
    pub fn mapping(&self) -> &Mapping {
        &self.mapping
    }

    /// Its tables, in the mapping's order.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }
}

impl std::fmt::Display for QueueRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(text) | Self::Url(text) => f.write_str(text),
            Self::Arn { region, account, name } => write!(f, "arn:aws:sqs:{region}:{account}:{name}"),
        }
    }
}
