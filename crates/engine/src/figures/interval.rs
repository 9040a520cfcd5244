//! What happened between two looks at the figures.

use std::sync::Arc;
use std::time::Instant;

use super::{Figures, HistogramReading, Reading, RejectionReading};

/// Reads figures again and again, each time for what is new.
#[derive(Debug)]
pub struct Interval {
    figures: Arc<Figures>,
    last: Reading,
    rejections: Vec<RejectionReading>,
    ages: HistogramReading,
    began: Instant,
}

impl Interval {
    /// Begins with what is counted from now on.
    pub fn new(figures: Arc<Figures>) -> Self {
        let mut interval = Self {
            last: Reading::default(),
            rejections: Vec::new(),
            ages: figures.ages.buckets.read(),
            began: Instant::now(),
            figures,
        };
        interval.read_new();
        interval
    }

    /// The counters as they grew since the last look, the gauges as they are, and the kinds of rejections that grew, each
    /// with its growth.
    pub fn read_new(&mut self) -> (Reading, Vec<RejectionReading>) {
        let now = self.figures.read();
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        self.began = Instant::now();
        let mut grown = now.since(&self.last, seconds);
        self.last = now;
        let ages = self.figures.ages.buckets.read();
        let grown_ages = ages.since(&self.ages);
        self.ages = ages;
        (grown.p50_ms, grown.p99_ms) = (milliseconds(&grown_ages, 0.5), milliseconds(&grown_ages, 0.99));
        (grown, self.new_rejections())
    }

    fn new_rejections(&mut self) -> Vec<RejectionReading> {
        let now = self.figures.rejections();
        let mut grown = Vec::new();
        for reading in &now {
            let before = self.rejections.iter().find(|known| known.kind == reading.kind).map_or(0, |known| known.count);
            if reading.count > before {
                grown.push(RejectionReading { count: reading.count - before, ..reading.clone() });
            }
        }
        self.rejections = now;
        grown
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "seconds of at most days, never negative")]
fn milliseconds(ages: &HistogramReading, share: f64) -> u64 {
    (ages.quantile(share).unwrap_or(0.0) * 1000.0).round() as u64
}
