//! The figures of a run: counters, gauges and the state of the external services, readable at any time from anywhere.
//!
//! One [`Figures`] per pipeline is made before its thread starts. The pipeline writes it; commands and endpoints read it.

mod ages;
mod calls;
mod counters;
mod details;
mod health;
mod histogram;
mod interval;
mod newest;
mod progress;
mod reading;
mod rejections;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use pipeline::Pipeline;
use pipeline::message::{Code, Metadata, Rejection};
use pipeline::row::Rows;

use crate::bytes::ByteBudget;
use crate::sink::Written;
use crate::source::Backlog;

pub use calls::{CallReading, CallResult, QueueCall};
pub use counters::Counts;
pub use details::{Details, QueueRole, ServiceReading, TableDetails};
pub use health::{Away, Health, Service};
pub use histogram::HistogramReading;
pub use interval::Interval;
pub use newest::NewestKey;
pub use progress::{Progress, Stage, StageReading};
pub use reading::{Reading, TableReading};
pub use rejections::RejectionReading;

use ages::Ages;
use calls::Calls;
use counters::Counters;
use histogram::Histogram;
use newest::Newest;

/// Counters and gauges of one pipeline. Every received message ends in exactly one of stored, dead-lettered and skipped,
/// or is given back to the queue.
#[derive(Debug)]
pub struct Figures {
    pub(crate) counters: Counters,
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
    progress: Progress,
    calls: Calls,
    ages: Ages,
    /// What the bodies and the rows in memory are charged to, once the pipeline runs.
    budgets: OnceLock<[Arc<ByteBudget>; 2]>,
    limits: Limits,
    config_hash: String,
    /// What the queues held when they were asked last.
    backlogs: Mutex<[Option<Backlog>; QueueRole::ALL.len()]>,
    /// Only where somebody watches it.
    newest: OnceLock<Newest>,
    /// When the pipeline began to receive.
    began: OnceLock<Instant>,
}

/// The bounds of what a pipeline has in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Limits {
    messages: usize,
    bytes: usize,
    pollers: usize,
}

#[derive(Debug)]
struct TableFigures {
    name: String,
    rows: AtomicU64,
    duplicates: AtomicU64,
    /// How long each committed statement took.
    writes: Histogram,
}

impl Figures {
    /// Figures of a pipeline that has not begun.
    pub fn new(pipeline: &Pipeline) -> Self {
        let mut tables = Vec::new();
        for target in pipeline.targets() {
            tables.push(TableFigures::new(target.table.name.to_string()));
        }
        let source = pipeline.source();
        Self {
            counters: Counters::default(),
            dead_lettered: [const { AtomicU64::new(0) }; Code::ALL.len()],
            tables,
            in_flight: AtomicU64::new(0),
            pollers: AtomicU64::new(1),
            waiting: AtomicU64::new(0),
            waiting_shortly: AtomicU64::new(0),
            rejections: rejections::Rejections::default(),
            health: Health::default(),
            progress: Progress::new(),
            calls: Calls::new(),
            ages: Ages::new(),
            budgets: OnceLock::new(),
            limits: Limits { messages: source.in_flight, bytes: source.in_flight_bytes, pollers: source.pollers },
            config_hash: pipeline.config_hash().to_owned(),
            backlogs: Mutex::default(),
            newest: OnceLock::new(),
            began: OnceLock::new(),
        }
    }

    /// Whether queue, database and dead-letter queue answer, or since when and why one does not.
    pub fn health(&self) -> &Health {
        &self.health
    }

    /// How far the pipeline has come, and whether its thread moves.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Notes what a queue holds; `None` when it can't be asked.
    pub fn note_backlog(&self, queue: QueueRole, backlog: Option<Backlog>) {
        self.backlogs.lock().unwrap_or_else(PoisonError::into_inner)[queue as usize] = backlog;
    }

    /// Keeps the keys of the rows that are written last, from now on.
    pub fn keep_newest_keys(&self, pipeline: &Pipeline) {
        let _ = self.newest.set(Newest::new(pipeline));
    }

    /// The keys of the rows that were written last, the newest first; `None` where they are not kept.
    pub fn newest_keys(&self) -> Option<Vec<NewestKey>> {
        self.newest.get().map(Newest::read)
    }

    /// Notes the rows of stored messages, the newest last.
    pub(crate) fn note_keys<'a>(&self, messages: impl Iterator<Item = &'a Rows>) {
        let Some(newest) = self.newest.get() else { return };
        messages.for_each(|rows| newest.note(rows));
    }

    /// Notes that the pipeline receives from now on.
    pub(crate) fn begin(&self) {
        // A pipeline runs once.
        let _ = self.began.set(Instant::now());
        self.progress.runs();
    }

    /// Where to read the bytes in memory from.
    pub(crate) fn note_budgets(&self, bodies: &Arc<ByteBudget>, rows: &Arc<ByteBudget>) {
        // A pipeline runs once.
        let _ = self.budgets.set([Arc::clone(bodies), Arc::clone(rows)]);
    }

    pub(crate) fn called(&self, call: QueueCall, result: CallResult, took: Duration) {
        self.calls.record(call, result, took);
    }

    /// Counts the rows of a committed write.
    pub(crate) fn written(&self, written: &Written) {
        for (table, counts) in self.tables.iter().zip(&written.tables) {
            add(&table.rows, counts.rows);
            add(&table.duplicates, counts.duplicates);
            if let Some(took) = counts.took {
                table.writes.record(took);
            }
        }
    }

    /// `sent_at` of each message, in milliseconds since 1970.
    pub(crate) fn stored(&self, sent_at: &[Option<i64>]) {
        self.counters.stored.add(sent_at.len());
        self.ages.settled(sent_at);
    }

    /// `sent_at` of each message, as above.
    pub(crate) fn skipped(&self, sent_at: &[Option<i64>]) {
        self.counters.skipped.add(sent_at.len());
        self.ages.settled(sent_at);
    }

    /// Counts a dead letter. True for the first of its kind.
    pub(crate) fn dead_lettered(&self, rejection: &Rejection, metadata: &Metadata) -> bool {
        add(&self.dead_lettered[rejection.code as usize], 1);
        self.ages.settled(&[metadata.sent_at]);
        self.rejections.add(rejection, &metadata.message_id)
    }

    /// What was dead-lettered, by kind, the most frequent first.
    pub fn rejections(&self) -> Vec<RejectionReading> {
        self.rejections.read()
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
        self.counters.stored.get() + self.dead_letters() + self.counters.skipped.get()
    }

    fn dead_letters(&self) -> u64 {
        self.dead_lettered.iter().map(get).sum()
    }

    #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
    fn rate(&self) -> f64 {
        let Some(began) = self.began.get() else { return 0.0 };
        self.ended() as f64 / began.elapsed().max(Duration::from_millis(1)).as_secs_f64()
    }
}

impl TableFigures {
    fn new(name: String) -> Self {
        let writes = Histogram::new(histogram::CALLS);
        Self { name, rows: AtomicU64::new(0), duplicates: AtomicU64::new(0), writes }
    }
}

fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
