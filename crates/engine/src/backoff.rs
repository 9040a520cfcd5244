//! Capped exponential backoff with jitter.

use std::time::Duration;

/// Waits between attempts: random between half a bound and the bound which doubles up to a cap, so that many processes
/// that failed together do not come back together.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    bound: Duration,
    cap: Duration,
    attempts: u32,
}

impl Backoff {
    /// For calls that are cheap and usually pass at the second try: 50 ms to 5 s.
    pub(crate) fn quick() -> Self {
        Self { bound: Duration::from_millis(50), cap: Duration::from_secs(5), attempts: 0 }
    }

    /// For messages that wait for something in the database: 100 ms to 30 s.
    pub(crate) fn waiting() -> Self {
        Self { bound: Duration::from_millis(100), cap: Duration::from_secs(30), attempts: 0 }
    }

    /// Failed attempts so far.
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// The next wait.
    pub(crate) fn next(&mut self) -> Duration {
        let wait = self.bound.mul_f64(rand::random_range(0.5..=1.0));
        self.bound = (self.bound * 2).min(self.cap);
        self.attempts = self.attempts.saturating_add(1);
        wait
    }

    /// The attempts worth a line in the log: the first few, then about one a minute.
    pub(crate) fn worth_a_line(&self) -> bool {
        self.attempts.is_power_of_two() || self.attempts.is_multiple_of(16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_cap_and_no_further() {
        let mut backoff = Backoff::quick();
        let waits: Vec<_> = (0..40).map(|_| backoff.next()).collect();
        assert!(waits[0] <= Duration::from_millis(50));
        assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(5)));
        assert!(waits[39] >= Duration::from_millis(2500));
    }
}
