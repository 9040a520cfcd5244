//! How old messages are when they are settled.

use std::sync::{Mutex, MutexGuard, PoisonError};

use hdrhistogram::Histogram as Fine;

use super::histogram::{AGES, Histogram};
use crate::source::unix_ms;

/// The time from sent to settled, counted twice.
#[derive(Debug)]
pub(super) struct Ages {
    /// For many processes together.
    pub(super) buckets: Histogram,
    /// Finer, for the summary of a run.
    fine: Mutex<Fine<u64>>,
}

/// The longest age that is distinguished, in milliseconds: a day.
const LONGEST_MS: u64 = 86_400_000;

impl Ages {
    pub(super) fn new() -> Self {
        Self { buckets: Histogram::new(AGES), fine: Mutex::new(empty()) }
    }

    /// Counts messages that are settled now: when each was sent, in milliseconds since 1970.
    pub(super) fn settled(&self, sent_at: &[Option<i64>]) {
        let now = unix_ms();
        let mut fine = self.fine();
        // The messages of a batch were mostly sent in the same few milliseconds.
        let (mut age, mut times) = (0, 0);
        for sent_at in sent_at.iter().flatten() {
            let own = u64::try_from(now - sent_at).unwrap_or(0);
            if own != age {
                self.add(&mut fine, age, times);
                (age, times) = (own, 0);
            }
            times += 1;
        }
        self.add(&mut fine, age, times);
    }

    /// Adds the finer count to another.
    pub(super) fn add_to(&self, total: &mut Fine<u64>) {
        total.add(&*self.fine()).expect("all histograms have the same bounds");
    }

    fn add(&self, fine: &mut Fine<u64>, milliseconds: u64, times: u64) {
        if times > 0 {
            fine.saturating_record_n(milliseconds, times);
            self.buckets.record_micros(milliseconds.saturating_mul(1_000), times);
        }
    }

    fn fine(&self) -> MutexGuard<'_, Fine<u64>> {
        // No code panics while it holds the lock.
        self.fine.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A histogram of ages to add others to.
pub(super) fn empty() -> Fine<u64> {
    Fine::new_with_max(LONGEST_MS, 2).expect("the bounds are constants in range")
}
