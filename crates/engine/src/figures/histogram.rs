//! Histograms of durations that add up over processes: the same fixed buckets everywhere.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets, in microseconds; what is longer is in one more bucket.
type Bounds = &'static [u64];

/// From sent to settled: a hundredth of a second to a day.
pub(super) const AGES: Bounds = &[
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    30_000_000,
    60_000_000,
    300_000_000,
    900_000_000,
    3_600_000_000,
    14_400_000_000,
    86_400_000_000,
];

/// The time that a call takes: a millisecond to half a minute.
pub(super) const CALLS: Bounds = &[
    1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000, 30_000_000,
];

/// Counts durations. Writing takes no lock.
#[derive(Debug)]
pub(super) struct Histogram {
    bounds: Bounds,
    buckets: Box<[AtomicU64]>,
    sum: AtomicU64,
}

/// What a histogram holds at one moment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HistogramReading {
    /// Each bucket's upper bound in seconds, and how many durations are in it and in no smaller one. The last bound is
    /// infinite.
    pub buckets: Vec<(f64, u64)>,
    /// All durations together, in seconds.
    pub sum: f64,
}

impl Histogram {
    pub(super) fn new(bounds: Bounds) -> Self {
        let buckets = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, buckets, sum: AtomicU64::new(0) }
    }

    /// Counts one duration.
    pub(super) fn record(&self, duration: Duration) {
        self.record_micros(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX), 1);
    }

    /// Counts a duration of so many microseconds `times` times.
    pub(super) fn record_micros(&self, micros: u64, times: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < micros);
        self.buckets[bucket].fetch_add(times, Ordering::Relaxed);
        self.sum.fetch_add(micros.saturating_mul(times), Ordering::Relaxed);
    }

    #[allow(clippy::cast_precision_loss, reason = "2^53 microseconds are 285 years")]
    pub(super) fn read(&self) -> HistogramReading {
        let bounds = self.bounds.iter().map(|micros| *micros as f64 / 1e6).chain([f64::INFINITY]);
        let counts = self.buckets.iter().map(|count| count.load(Ordering::Relaxed));
        HistogramReading { buckets: bounds.zip(counts).collect(), sum: self.sum.load(Ordering::Relaxed) as f64 / 1e6 }
    }
}

impl HistogramReading {
    /// How many durations were counted.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// What was counted since an earlier reading of the same histogram.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let mut buckets = self.buckets.clone();
        for ((_, count), (_, before)) in buckets.iter_mut().zip(&earlier.buckets) {
            *count = count.saturating_sub(*before);
        }
        Self { buckets, sum: (self.sum - earlier.sum).max(0.0) }
    }

    /// The duration in seconds below which this share of the counted ones is, spread evenly inside its bucket; `None` when
    /// there are none. In the last bucket it is that bucket's lower bound.
    #[allow(clippy::cast_precision_loss, reason = "an estimate for people")]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let wanted = self.count() as f64 * share;
        let (mut below, mut lower) = (0.0, 0.0);
        for (upper, count) in &self.buckets {
            let here = *count as f64;
            if *count > 0 && below + here >= wanted {
                return Some(if upper.is_finite() { lower + (upper - lower) * (wanted - below) / here } else { lower });
            }
            below += here;
            lower = *upper;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_in_the_first_bucket_that_holds_it() {
        let histogram = Histogram::new(CALLS);
        histogram.record(Duration::from_millis(1));
        histogram.record(Duration::from_micros(1_001));
        histogram.record(Duration::from_hours(1));
        let reading = histogram.read();
        assert_eq!(reading.buckets[..2], [(0.001, 1), (0.0025, 1)]);
        assert_eq!(reading.buckets.last(), Some(&(f64::INFINITY, 1)));
        assert_eq!((reading.count(), reading.sum), (3, 3_600.002_001));
    }

    #[test]
    fn quantiles_are_inside_the_bucket_of_their_duration() {
        let histogram = Histogram::new(CALLS);
        assert_eq!(histogram.read().quantile(0.5), None);
        histogram.record_micros(4_000, 98);
        let before = histogram.read();
        histogram.record_micros(60_000_000, 2);
        let reading = histogram.read();
        let median = reading.quantile(0.5).expect("there are some");
        assert!((0.0025..=0.005).contains(&median), "{median}");
        assert_eq!(reading.quantile(0.99), Some(30.0));
        assert_eq!(reading.since(&before).count(), 2);
    }
}
