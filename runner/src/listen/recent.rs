//! What happened in the last seconds: rates and ages, from samples that are taken each second.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use engine::{Details, HistogramReading};
use serde::Serialize;

/// Time between two samples.
pub(crate) const EVERY: Duration = Duration::from_secs(1);
/// Samples that are kept: rates are over as many seconds.
const KEPT: usize = 10;

/// The last samples of one pipeline.
#[derive(Debug, Default)]
pub(crate) struct Recent(VecDeque<Sample>);

#[derive(Debug, Clone)]
struct Sample {
    at: Instant,
    counts: [u64; 5],
    ages: HistogramReading,
}

/// Per second, over the last seconds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub(crate) struct Rates {
    received: f64,
    stored: f64,
    dead_lettered: f64,
    skipped: f64,
    rows: f64,
}

/// The ages of messages when they were settled, in seconds; `null` where none was. Estimates out of a histogram.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub(crate) struct Ages {
    p50: Option<f64>,
    p99: Option<f64>,
}

impl Recent {
    /// Keeps a sample, and drops the oldest where there are enough.
    pub(crate) fn keep(&mut self, details: &Details) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(Sample::of(details));
    }

    /// What happened since the oldest sample.
    pub(crate) fn until_now(&self, details: &Details) -> (Rates, Ages) {
        let now = Sample::of(details);
        let Some(oldest) = self.0.front() else { return Default::default() };
        (now.rates_since(oldest), Ages::of(&now.ages.since(&oldest.ages)))
    }
}

impl Sample {
    fn of(details: &Details) -> Self {
        let reading = &details.reading;
        let counts = [
            reading.counts.received,
            reading.counts.stored,
            reading.dead_lettered,
            reading.counts.skipped,
            reading.rows,
        ];
        Self { at: Instant::now(), counts, ages: details.ages.clone() }
    }

    #[allow(clippy::cast_precision_loss, reason = "rates for people")]
    fn rates_since(&self, earlier: &Self) -> Rates {
        let seconds = (self.at - earlier.at).as_secs_f64().max(0.001);
        let mut rates = [0.0; 5];
        for (index, rate) in rates.iter_mut().enumerate() {
            let count = self.counts[index].saturating_sub(earlier.counts[index]);
            *rate = (count as f64 / seconds * 10.0).round() / 10.0;
        }
        let [received, stored, dead_lettered, skipped, rows] = rates;
        Rates { received, stored, dead_lettered, skipped, rows }
    }
}

impl Rates {
    /// Messages that ended in one way or another.
    pub(crate) fn settled(self) -> f64 {
        self.stored + self.dead_lettered + self.skipped
    }
}

impl Ages {
    /// The age that one message in a hundred had, or a greater one.
    pub(crate) fn p99(self) -> Option<f64> {
        self.p99
    }

    /// The ages that a histogram counted.
    pub(crate) fn of(ages: &HistogramReading) -> Self {
        Self { p50: ages.quantile(0.5).map(rounded), p99: ages.quantile(0.99).map(rounded) }
    }
}

/// An estimate in seconds, without digits that mean nothing.
fn rounded(seconds: f64) -> f64 {
    (seconds * 10_000.0).round() / 10_000.0
}
