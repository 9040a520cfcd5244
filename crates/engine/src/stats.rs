//! What a pipeline did, counted while it runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use hdrhistogram::Histogram;

use crate::sink::Written;

/// Counters of one pipeline. Every received message ends in exactly one of stored, dead-lettered and skipped,
/// or is given back to the queue.
#[derive(Debug)]
pub struct Stats {
    received: AtomicU64,
    stored: AtomicU64,
    rows: AtomicU64,
    duplicates: AtomicU64,
    dead_lettered: AtomicU64,
    skipped: AtomicU64,
    undeleted: AtomicU64,
    released: AtomicU64,
    latency: Mutex<Histogram<u64>>,
    started: Instant,
}

/// A moment's reading of [`Stats`].
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reading {
    /// Deliveries received.
    pub received: u64,
    /// Messages whose rows are committed.
    pub stored: u64,
    /// Rows sent to the database in committed writes.
    pub rows: u64,
    /// Of these, rows that changed nothing, as [`Written::duplicates`] tells them.
    pub duplicates: u64,
    /// Messages the dead-letter queue accepted.
    pub dead_lettered: u64,
    /// Messages dropped because the pipeline file says so.
    pub skipped: u64,
    /// Settled messages whose delete failed: they will be delivered again.
    pub undeleted: u64,
    /// Deliveries given back to the queue at shutdown.
    pub released: u64,
    /// Messages settled per second since the start.
    pub rate: f64,
    /// From sent to settled, median, in milliseconds.
    pub p50_ms: u64,
    /// From sent to settled, 99th percentile, in milliseconds.
    pub p99_ms: u64,
}

/// Longest latency told apart: a day.
const LONGEST_MS: u64 = 86_400_000;

impl Default for Stats {
    fn default() -> Self {
        Self {
            received: AtomicU64::new(0),
            stored: AtomicU64::new(0),
            rows: AtomicU64::new(0),
            duplicates: AtomicU64::new(0),
            dead_lettered: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            undeleted: AtomicU64::new(0),
            released: AtomicU64::new(0),
            latency: Mutex::new(no_latencies()),
            started: Instant::now(),
        }
    }
}

impl Stats {
    pub(crate) fn received(&self, messages: usize) {
        add(&self.received, messages as u64);
    }

    /// `sent_at` of each message, in milliseconds since 1970.
    pub(crate) fn stored(&self, written: Written, sent_at: impl ExactSizeIterator<Item = Option<i64>>) {
        add(&self.stored, sent_at.len() as u64);
        add(&self.rows, written.rows);
        add(&self.duplicates, written.duplicates);
        self.settled(sent_at);
    }

    /// `sent_at` of each message, as above.
    pub(crate) fn skipped(&self, sent_at: impl ExactSizeIterator<Item = Option<i64>>) {
        add(&self.skipped, sent_at.len() as u64);
        self.settled(sent_at);
    }

    pub(crate) fn dead_lettered(&self, sent_at: Option<i64>) {
        add(&self.dead_lettered, 1);
        self.settled(std::iter::once(sent_at));
    }

    pub(crate) fn undeleted(&self, messages: usize) {
        add(&self.undeleted, messages as u64);
    }

    pub(crate) fn released(&self, messages: usize) {
        add(&self.released, messages as u64);
    }

    /// Messages that ended in one way or another.
    pub fn ended(&self) -> u64 {
        get(&self.stored) + get(&self.dead_lettered) + get(&self.skipped)
    }

    /// All counters now.
    pub fn read(&self) -> Reading {
        Self::total([self])
    }

    /// The counters of several pipelines together.
    pub fn total<'a>(all: impl IntoIterator<Item = &'a Self>) -> Reading {
        let mut total = Reading::default();
        let mut latencies = no_latencies();
        for stats in all {
            total.received += get(&stats.received);
            total.stored += get(&stats.stored);
            total.rows += get(&stats.rows);
            total.duplicates += get(&stats.duplicates);
            total.dead_lettered += get(&stats.dead_lettered);
            total.skipped += get(&stats.skipped);
            total.undeleted += get(&stats.undeleted);
            total.released += get(&stats.released);
            total.rate += stats.rate();
            let latency = stats.latency.lock().unwrap_or_else(PoisonError::into_inner);
            latencies.add(&*latency).expect("all histograms have the same bounds");
        }
        total.p50_ms = latencies.value_at_quantile(0.5);
        total.p99_ms = latencies.value_at_quantile(0.99);
        total
    }

    #[allow(clippy::cast_precision_loss, reason = "a rate for people")]
    fn rate(&self) -> f64 {
        self.ended() as f64 / self.started.elapsed().max(Duration::from_millis(1)).as_secs_f64()
    }

    fn settled(&self, sent_at: impl Iterator<Item = Option<i64>>) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        let mut latency = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        for sent_at in sent_at.flatten() {
            latency.saturating_record(u64::try_from(now - sent_at).unwrap_or(0));
        }
    }
}

fn no_latencies() -> Histogram<u64> {
    Histogram::new_with_max(LONGEST_MS, 2).expect("the bounds are constants in range")
}

fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

fn get(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
