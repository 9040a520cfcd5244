//! Where rows go.

mod column;
mod postgres;
mod statement;

pub use postgres::{ConnectError, PostgresSink, connect};

use std::future::Future;

use crate::fault::Fault;
use pipeline::row::Rows;

/// A store that takes the rows of many messages at once.
///
/// A write is all or nothing: when it answers an error, no row of the batch is stored, except when the connection
/// broke while it committed; nobody can tell then, and the primary key makes the repetition harmless. The sink never
/// retries and never splits a batch; the engine does. Writes run side by side.
pub trait Sink: Send + Sync + 'static {
    /// Stores all rows of all messages in one transaction, in their order. An empty batch is no error.
    fn write(&self, batch: &[&Rows]) -> impl Future<Output = Result<Written, Fault>> + Send;
}

/// What a write did, for each table of the pipeline in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// Tables without rows in the write count zero.
    pub tables: Vec<TableWritten>,
}

impl Written {
    /// Rows sent to all tables.
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// Rows of all tables that changed nothing.
    pub fn duplicates(&self) -> u64 {
        self.tables.iter().map(|table| table.duplicates).sum()
    }
}

/// What a write did to one table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TableWritten {
    /// Rows sent.
    pub rows: u64,
    /// Of these, rows that were neither inserted nor put in the place of another: their key was there already
    /// (`ignore`), a later row of this write has it (`update`), or a version as great as theirs (`version`).
    pub duplicates: u64,
}
