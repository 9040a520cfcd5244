//! The figures of a run: counters, gauges and the state of the external services, readable at any time from anywhere.
//!
//! One [`Figures`] per pipeline is made before its thread starts. The pipeline writes it; commands and endpoints read it.

mod health;
mod interval;
mod reading;
mod rejections;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;
use pipeline::Pipeline;
use pipeline::message::{Code, Metadata, Rejection};

use crate::sink::Written;

pub use health::{Away, Health, Service};
pub use interval::Interval;
pub use reading::{Reading, TableReading};
pub use rejections::RejectionReading;

/// Counters and gauges of one pipeline. Every received message ends in exactly one of stored, dead-lettered and skipped,
/// or is given back to the queue.
#[derive(Debug)]
pub struct Figures {
    received: AtomicU64,
    stored: AtomicU64,
    skipped: AtomicU64,
    undeleted: AtomicU64,
    released: AtomicU64,
    /// Dead letters by their code, in the order of [`Code::ALL`].
    dead_lettered: [AtomicU64; Code::ALL.len()],
    /// In the order of the pipeline's targets.
    tables: Vec<TableFigures>,
    in_flight: AtomicU64,
    pollers: AtomicU64,
    waiting: AtomicU64,
    /// Of the waiting, those that were tried only a few times.
    waiting_shortly: AtomicU64,
    rejections: rejections::Rejections,
    health: Health,
    latency: Mutex<Histogram<u64>>,
    started: Instant,
}

#[derive(Debug)]
struct TableFigures {
    name: String,
    rows: AtomicU64,
    duplicates: AtomicU64,
}

/// The longest latency that is distinguished, in milliseconds: a day.
const LONGEST_MS: u64 = 86_400_000;

impl Figures {
    /// Figures of a pipeline that has not begun.
    pub fn new(pipeline: &Pipeline) -> Self {
        let mut tables = Vec::new();
        for target in pipeline.targets() {
            let name = target.table.name.to_string();
            tables.push(TableFigures { name, rows: AtomicU64::new(0), duplicates: AtomicU64::new(0) });
        }
        Self {
            received: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            undeleted: AtomicU64::new(0),
            released: AtomicU64::new(0),
            dead_lettered: [const { AtomicU64::new(0) }; Code::ALL.len()],
            tables,
            in_flight: AtomicU64::new(0),
            pollers: AtomicU64::new(1),
            waiting: AtomicU64::new(0),
            waiting_shortly: AtomicU64::new(0),
            rejections: rejections::Rejections::default(),
            health: Health::default(),
            latency: Mutex::new(empty_histogram()),
            started: Instant::now(),
        }
    }

    /// Whether queue, database and dead-letter queue answer, or since when and why one does not.
    pub fn health(&self) -> &Health {
        &self.health
    }

    pub(crate) fn received(&self, messages: usize) {
        add(&self.received, messages as u64);
    }

    /// Counts the rows of a committed write.
    pub(crate) fn written(&self, written: &Written) {
        for (table, counts) in self.tables.iter().zip(&written.tables) {
            add(&table.rows, counts.rows);
            add(&table.duplicates, counts.duplicates);
        }
    }

    /// `sent_at` of each message, in milliseconds since 1970.
    pub(crate) fn stored(&self, sent_at: &[Option<i64>]) {
        add(&self.stored, sent_at.len() as u64);
        self.settled(sent_at);
    }

    /// `sent_at` of each message, as above.
    pub(crate) fn skipped(&self, sent_at: &[Option<i64>]) {
        add(&self.skipped, sent_at.len() as u64);
        self.settled(sent_at);
    }

    /// Counts a dead letter. True for the first of its kind.
    pub(crate) fn dead_lettered(&self, rejection: &Rejection, metadata: &Metadata) -> bool {
        add(&self.dead_lettered[rejection.code as usize], 1);
        self.settled(&[metadata.sent_at]);
        self.rejections.add(rejection, &metadata.message_id)
    }

    /// What was dead-lettered, by kind, the most frequent first.
    pub fn rejections(&self) -> Vec<RejectionReading> {
        self.rejections.read()
    }

    pub(crate) fn undeleted(&self, messages: usize) {
        add(&self.undeleted, messages as u64);
    }

    pub(crate) fn released(&self, messages: usize) {
        add(&self.released, messages as u64);
    }

    pub(crate) fn taken_in_flight(&self) {
        add(&self.in_flight, 1);
    }

    pub(crate) fn left_flight(&self) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn pollers(&self, wanted: usize) {
        self.pollers.store(wanted as u64, Ordering::Relaxed);
    }

    pub(crate) fn waiting(&self, messages: usize, shortly: usize) {
        self.waiting.store(messages as u64, Ordering::Relaxed);
        self.waiting_shortly.store(shortly as u64, Ordering::Relaxed);
    }

    /// How many messages wait, when each was tried often; else none.
    pub(crate) fn waited_enough(&self) -> usize {
        let waiting = if get(&self.waiting_shortly) == 0 { get(&self.waiting) } else { 0 };
        usize::try_from(waiting).unwrap_or(usize::MAX)
    }

    /// Messages that ended in one way or another.
    pub fn ended(&self) -> u64 {
        get(&self.stored) + self.dead_letters() + get(&self.skipped)
    }

    fn dead_letters(&self) -> u64 {
        self.dead_lettered.iter().map(get).sum()
    }

    #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
    fn rate(&self) -> f64 {
        self.ended() as f64 / self.started.elapsed().max(Duration::from_millis(1)).as_secs_f64()
    }

    fn settled(&self, sent_at: &[Option<i64>]) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let mut latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        for sent_at in sent_at.iter().flatten() {
            latency.saturating_record(u64::try_from(now - sent_at).unwrap_or(0));
        }
    }
}

fn empty_histogram() -> Histogram<u64> {
    Histogram::new_with_max(LONGEST_MS, 2).expect("the bounds are constants in range")
}

fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
