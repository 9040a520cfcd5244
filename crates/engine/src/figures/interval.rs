//! What happened between two looks at the figures.

use std::sync::{Arc, PoisonError};
use std::time::Instant;

use hdrhistogram::Histogram;

use super::{Figures, Reading, RejectionReading, empty_histogram};

/// Reads figures again and again, each time for what is new.
#[derive(Debug)]
pub struct Interval {
    figures: Arc<Figures>,
    last: Reading,
    rejections: Vec<RejectionReading>,
    latency: Histogram<u64>,
    began: Instant,
}

impl Interval {
    /// Begins with what is counted from now on.
    pub fn new(figures: Arc<Figures>) -> Self {
        let mut interval = Self {
            last: Reading::default(),
            rejections: Vec::new(),
            latency: empty_histogram(),
            began: Instant::now(),
            figures,
        };
        interval.next();
        interval
    }

    /// The counters as they grew since the last look, the gauges as they are, and the kinds of rejections that grew, each
    /// with its growth.
    pub fn next(&mut self) -> (Reading, Vec<RejectionReading>) {
        let now = self.figures.read();
        let seconds = self.began.elapsed().as_secs_f64().max(0.001);
        self.began = Instant::now();
        let mut grown = now.since(&self.last, seconds);
        self.last = now;
        (grown.p50_ms, grown.p99_ms) = self.latencies();
        (grown, self.new_rejections())
    }

    fn latencies(&mut self) -> (u64, u64) {
        let now = self.figures.latency.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut grown = now.clone();
        grown.subtract(&self.latency).expect("counts only grow, within the same bounds");
        self.latency = now;
        (grown.value_at_quantile(0.5), grown.value_at_quantile(0.99))
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
