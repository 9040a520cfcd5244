//! Where rows go.

mod batch;
mod beside;
mod column;
mod connect;
mod connect_error;
mod connections;
mod control;
mod limits;
mod login;
mod look;
mod pooler;
mod postgres;
mod quoted;
mod rds;
mod references;
mod renew;
mod server;
mod statement;
mod table;

pub use connect::{Database, WritingOptions, connect, connect_for_writing};
pub use connect_error::ConnectError;
pub use login::{Login, Read};
pub use postgres::PostgresSink;
pub use rds::RdsTokens;
pub use server::{Server, Wanted};
pub use statement::RowOrder;

use std::future::Future;
use std::time::Duration;

use crate::fault::Fault;
use pipeline::row::Rows;

/// A store that takes the rows of many messages at once.
///
/// A write is all or nothing: when it answers an error, no row of the batch is stored, except when the connection
/// broke while it committed; nobody can tell then, and the primary key makes the repetition harmless. The sink never
/// retries and never splits a batch; the engine does. Writes run side by side.
pub trait Sink: Send + Sync + 'static {
    /// Stores all rows of all messages in one transaction, in their order. An empty batch is no error.
    ///
    /// A connection may take long to come. `is_wanted` is asked once it is there, and nothing is written where it is false.
    fn write(
        &self,
        batch: &[&Rows],
        is_wanted: impl Fn() -> bool + Send + Sync,
    ) -> impl Future<Output = Result<Written, Fault>> + Send;

    /// Stores a batch as [`write`](Self::write) does and, in the same transaction, tries each of `suspects` after it. So
    /// a table that accepts new rows and refuses a suspect does both at one moment, whatever changed before.
    fn write_beside(
        &self,
        batch: &[&Rows],
        suspects: &[&Rows],
        is_wanted: impl Fn() -> bool + Send + Sync,
    ) -> impl Future<Output = Result<(Written, Vec<Tried>), Fault>> + Send;

    /// Writes rows that these tables accepted before, and then each of `candidates`, all in one transaction that is taken
    /// back: which candidates are refused while the tables accept what they accepted before. A table does not change
    /// during a transaction that wrote into it. Where `control` has no row for a table, rows that are stored in it are taken.
    fn write_control(
        &self,
        tables: &[usize],
        control: &Rows,
        candidates: &[&Rows],
    ) -> impl Future<Output = Result<Control, Fault>> + Send;

    /// Whether all rows of a message are stored already, each with exactly these values.
    fn is_stored(&self, rows: &Rows) -> impl Future<Output = Result<bool, Fault>> + Send;

    /// Columns, constraints and triggers of the tables, a line each, to show later what changed.
    fn describe_tables(&self) -> impl Future<Output = Result<Vec<String>, Fault>> + Send;

    /// Whether the store answers, now or lately; false where that does not show without disturbing those who write. Called
    /// about twice a second: the store itself is asked only after a silence, which is shorter while it `is_away`.
    fn look(&self, is_away: bool) -> impl Future<Output = Result<bool, Fault>> + Send;
}

/// What became of a suspect that was tried beside a batch.
#[derive(Debug)]
pub enum Tried {
    /// Its rows are stored.
    Stored(Written),
    /// A table refused it.
    Refused {
        /// Why.
        fault: Fault,
        /// Whether the same table accepted new rows of the batch in the same transaction.
        beside_new_rows: bool,
    },
}

/// What became of a control.
#[derive(Debug)]
pub enum Control {
    /// Every table accepted it; then what refused each candidate, in their order, or nothing.
    Accepted(Vec<Option<Fault>>),
    /// A table holds no row, and none of this process was stored in it.
    NothingToWrite,
    /// A table refused what it accepted before.
    Refused(Fault),
}

/// What a write did, for each table of the pipeline in its order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// Tables without rows in the write count zero.
    pub tables: Vec<TableWritten>,
}

impl Written {
    /// The rows of a message that are all stored already.
    pub(crate) fn all_duplicates(rows: &Rows) -> Self {
        let mut tables = Vec::with_capacity(rows.tables.len());
        for table in &rows.tables {
            let count = table.len() as u64;
            tables.push(TableWritten { rows: count, duplicates: count, took: None });
        }
        Self { tables }
    }

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
    /// How long the statement took; `None` where there was none.
    pub took: Option<Duration>,
}
