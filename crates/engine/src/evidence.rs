//! What shows whether a refusal by the database is one message's fault or everyone's.
//!
//! Two kinds of evidence are gathered from committed writes: rows that each table accepted, which can be written again as
//! a control and taken back, and when each table last stored a row.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use pipeline::row::{Cell, Row, Rows};

use crate::in_flight::Storable;
use crate::sink::Written;

/// Rows kept for each table. Several, since a rule that changed may still accept one of them.
const KEPT_ROWS: usize = 4;
/// Bytes of a row that is kept, at most.
const LARGEST_KEPT: usize = 16 << 10;

/// What each table accepted, in the order of the pipeline's targets.
#[derive(Debug)]
pub(crate) struct Evidence(Mutex<Vec<Accepted>>);

#[derive(Debug, Default)]
struct Accepted {
    /// When the last write began that stored rows.
    stored: Option<Instant>,
    /// Rows of the latest writes.
    rows: VecDeque<Row>,
}

impl Evidence {
    /// No evidence yet, for a number of tables.
    pub(crate) fn new(tables: usize) -> Self {
        Self(Mutex::new((0..tables).map(|_| Accepted::default()).collect()))
    }

    /// Notes a committed write that began at `began`. A table stored a row where fewer were duplicates than were sent.
    pub(crate) fn committed(&self, batch: &[Storable], written: &Written, began: Instant) {
        let mut tables = self.tables();
        for (index, (table, counts)) in tables.iter_mut().zip(&written.tables).enumerate() {
            if counts.rows > counts.duplicates {
                table.stored = table.stored.max(Some(began));
                table.keep(last_row(batch, index));
            }
        }
    }

    /// Whether any table has stored rows since then.
    pub(crate) fn stored_since(&self, since: Instant) -> bool {
        self.tables().iter().any(|table| table.stored > Some(since))
    }

    /// The rows to write again as a control; none for a table that accepted none.
    pub(crate) fn control(&self) -> Rows {
        Rows { tables: self.tables().iter().map(|table| table.rows.iter().cloned().collect()).collect() }
    }

    fn tables(&self) -> MutexGuard<'_, Vec<Accepted>> {
        // No code panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Accepted {
    fn keep(&mut self, row: Option<&Row>) {
        let Some(row) = row else { return };
        if row.iter().map(Cell::size).sum::<usize>() > LARGEST_KEPT {
            return;
        }
        if self.rows.len() == KEPT_ROWS {
            self.rows.pop_front();
        }
        self.rows.push_back(row.clone());
    }
}

fn last_row(batch: &[Storable], table: usize) -> Option<&Row> {
    batch.iter().rev().find_map(|message| message.rows.tables.get(table)?.last())
}
