//! A moment's reading of the figures.

use pipeline::message::Code;

use super::counters::Counts;
use super::{Figures, ages, get};

/// What [`Figures`] hold at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// What is counted message by message.
    pub counts: Counts,
    /// Rows sent to the database in committed writes.
    pub rows: u64,
    /// Of these, rows that changed nothing, as [`crate::sink::TableWritten::duplicates`] counts them.
    pub duplicates: u64,
    /// Messages the dead-letter queue accepted.
    pub dead_lettered: u64,
    /// The same by code; codes that did not occur are left out.
    pub dead_letters_by_code: Vec<(Code, u64)>,
    /// Messages in memory now.
    pub in_flight: u64,
    /// Of these, messages that the database does not take now.
    pub waiting: u64,
    /// Receive calls that the queue has work for now.
    pub pollers: u64,
    /// Each table with its rows.
    pub tables: Vec<TableReading>,
    /// Messages settled per second since the pipeline began to receive.
    pub rate: f64,
    /// From sent to settled, median, in milliseconds.
    pub p50_ms: u64,
    /// From sent to settled, 99th percentile, in milliseconds.
    pub p99_ms: u64,
}

/// The rows of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableReading {
    /// `schema.table`, as the pipeline file names it.
    pub name: String,
    /// Rows sent in committed writes.
    pub rows: u64,
    /// Of these, rows that changed nothing.
    pub duplicates: u64,
}

impl Figures {
    /// All figures now.
    pub fn read(&self) -> Reading {
        Self::total([self])
    }

    /// The figures of several pipelines together.
    pub fn total<'a>(all: impl IntoIterator<Item = &'a Self>) -> Reading {
        let mut total = Reading::default();
        let mut latencies = ages::empty();
        for figures in all {
            total.add(figures);
            figures.ages.add_to(&mut latencies);
        }
        total.p50_ms = latencies.value_at_quantile(0.5);
        total.p99_ms = latencies.value_at_quantile(0.99);
        total
    }
}

impl Reading {
    /// The counters less those of an earlier reading of the same figures, `seconds` ago. Latencies are left at 0.
    pub(super) fn since(&self, earlier: &Self, seconds: f64) -> Self {
        let ended = self.ended() - earlier.ended();
        #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = ended as f64 / seconds;
        Self {
            counts: self.counts.since(&earlier.counts),
            rows: self.rows - earlier.rows,
            duplicates: self.duplicates - earlier.duplicates,
            dead_lettered: self.dead_lettered - earlier.dead_lettered,
            dead_letters_by_code: Vec::new(),
            in_flight: self.in_flight,
            waiting: self.waiting,
            pollers: self.pollers,
            tables: Vec::new(),
            rate,
            p50_ms: 0,
            p99_ms: 0,
        }
    }

    fn ended(&self) -> u64 {
        self.counts.stored + self.dead_lettered + self.counts.skipped
    }

    fn add(&mut self, figures: &Figures) {
        self.counts.add(&figures.counters);
        self.dead_lettered += figures.dead_letters();
        self.in_flight += get(&figures.in_flight);
        self.waiting += get(&figures.waiting);
        self.pollers += get(&figures.pollers);
        self.rate += figures.rate();
        for table in &figures.tables {
            let (rows, duplicates) = (get(&table.rows), get(&table.duplicates));
            self.rows += rows;
            self.duplicates += duplicates;
            self.tables.push(TableReading { name: table.name.clone(), rows, duplicates });
        }
        for (code, counter) in Code::ALL.into_iter().zip(&figures.dead_lettered) {
            self.add_dead_letters(code, get(counter));
        }
    }

    fn add_dead_letters(&mut self, code: Code, count: u64) {
        if count == 0 {
            return;
        }
        match self.dead_letters_by_code.iter_mut().find(|(known, _)| *known == code) {
            Some((_, known)) => *known += count,
            None => self.dead_letters_by_code.push((code, count)),
        }
    }
}
