//! The keys of the rows that were written last, for a person who watches a pipeline on their own machine. Nobody else pays
//! for it: they are kept only where that was asked for, since keys may be somebody's data.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pipeline::row::{Cell, Rows};
use pipeline::{Pipeline, Target};

/// Keys that are kept.
const KEPT: usize = 8;

/// The last keys of a pipeline.
#[derive(Debug)]
pub(super) struct Newest {
    /// For each table the columns of its primary key.
    columns: Vec<Vec<usize>>,
    last: Mutex<VecDeque<NewestKey>>,
}

/// The key of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct NewestKey {
    /// The index of its table among the pipeline's targets.
    pub table: usize,
    /// A cell for each column of the primary key.
    pub cells: Vec<Cell>,
}

impl Newest {
    pub(super) fn new(pipeline: &Pipeline) -> Self {
        Self { columns: pipeline.targets().iter().map(key_columns).collect(), last: Mutex::default() }
    }

    /// Notes the rows of a message that was stored.
    pub(super) fn note(&self, rows: &Rows) {
        let mut last = self.last();
        for (table, (columns, rows)) in self.columns.iter().zip(&rows.tables).enumerate() {
            let Some(row) = rows.last().filter(|_| !columns.is_empty()) else { continue };
            if last.len() == KEPT {
                last.pop_back();
            }
            last.push_front(NewestKey { table, cells: columns.iter().map(|index| row[*index].clone()).collect() });
        }
    }

    /// The newest first.
    pub(super) fn read(&self) -> Vec<NewestKey> {
        self.last().iter().cloned().collect()
    }

    fn last(&self) -> MutexGuard<'_, VecDeque<NewestKey>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// None for a table without a primary key.
fn key_columns(target: &Target) -> Vec<usize> {
    let table = &target.table;
    let positions = table.primary_key.iter().map(|name| table.columns.iter().position(|column| column.name == *name));
    positions.flatten().collect()
}
