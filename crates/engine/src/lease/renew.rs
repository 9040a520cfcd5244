//! Renewing visibility timeouts, earliest due first.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use pipeline::message::Receipt;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use super::{Leases, State};
use crate::fault::Class;
use crate::source::{MAX_BATCH, Source};

/// SQS keeps a message invisible for 12 hours in all, counted from its receipt.
const LONGEST_INVISIBLE: Duration = Duration::from_hours(12);
/// The longest pause of the renewing thread.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// The thread that renews. Dropped, it ends.
#[derive(Debug)]
pub(crate) struct Renewal {
    _stop: oneshot::Sender<()>,
}

/// A renewal that is due.
struct Due {
    id: u64,
    receipt: Receipt,
    timeout: Duration,
}

impl Renewal {
    /// Starts the thread, with a runtime of its own.
    pub(crate) fn start<S: Source>(leases: Arc<Leases>, source: Arc<S>, pipeline: &str) -> std::io::Result<Self> {
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let work = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = leases.renew(&source) => {}
                    _ = stopped => {}
                }
            });
        };
        std::thread::Builder::new().name(format!("{pipeline} leases")).spawn(work)?;
        Ok(Self { _stop: stop })
    }
}

impl Leases {
    /// Renews whatever stays in flight for half of its timeout; never returns. The other half is left for failures.
    async fn renew<S: Source>(self: Arc<Self>, source: &Arc<S>) {
        let mut calls = JoinSet::new();
        loop {
            // As many calls side by side as are due: with slow calls, one after another would come too late.
            for batch in self.due().chunks_mut(MAX_BATCH) {
                let batch: Vec<Due> = batch.iter_mut().filter_map(Option::take).collect();
                calls.spawn(Arc::clone(&self).renew_batch(Arc::clone(source), batch));
            }
            while calls.try_join_next().is_some() {}
            tokio::time::sleep(self.pause()).await;
        }
    }

    async fn renew_batch<S: Source>(self: Arc<Self>, source: Arc<S>, batch: Vec<Due>) {
        let receipts: Vec<Receipt> = batch.iter().map(|due| due.receipt.clone()).collect();
        // One call has one timeout for all in practice; near the 12 hours the shortest counts.
        let timeout = batch.iter().map(|due| due.timeout).min().unwrap_or(self.timeout);
        let began = Instant::now();
        let results = source.renew(&receipts, timeout).await;
        let mut failed = None;
        for (due, result) in batch.iter().zip(results) {
            match result {
                Ok(()) => self.renewed(due.id, began, timeout),
                Err(fault) => {
                    // An expired receipt is never renewed.
                    if fault.class == Class::Fatal {
                        self.lose(due.id);
                    } else {
                        self.retry(due.id);
                    }
                    failed = Some(fault);
                }
            }
        }
        // One line for a call: a queue that is away fails them all.
        if let Some(fault) = failed {
            tracing::warn!(messages = batch.len(), %fault, "could not renew the visibility timeout of messages");
        }
    }

    /// Takes what is due off the lists.
    fn due(&self) -> Vec<Option<Due>> {
        let now = Instant::now();
        let mut state = self.state();
        let mut due = Vec::new();
        while let Some(id) = state.pop_due(now) {
            let Some(entry) = state.entries.get_mut(&id) else { continue };
            match next_timeout(self.timeout, entry.received.elapsed()) {
                Some(timeout) => due.push(Some(Due { id, receipt: entry.receipt.clone(), timeout })),
                None => entry.lost = true,
            }
        }
        due
    }

    fn pause(&self) -> Duration {
        let state = self.state();
        let first = state.due.front().into_iter().chain(state.retries.first()).map(|(at, _)| *at).min();
        first.map_or(LONGEST_PAUSE, |at| at.saturating_duration_since(Instant::now())).min(LONGEST_PAUSE)
    }

    fn renewed(&self, id: u64, began: Instant, timeout: Duration) {
        let mut state = self.state();
        if let Some(entry) = state.entries.get_mut(&id) {
            // Between the end of its time and this renewal another receiver may have got it.
            entry.lost |= entry.held_until < began;
            entry.held_until = began + timeout;
            state.due.push_back((Instant::now() + timeout / 2, id));
        }
    }

    fn retry(&self, id: u64) {
        let wait = (self.timeout / 10).clamp(Duration::from_millis(100), Duration::from_secs(3));
        let mut state = self.state();
        if state.entries.contains_key(&id) {
            state.retries.insert((Instant::now() + wait, id));
        }
    }

    fn lose(&self, id: u64) {
        if let Some(entry) = self.state().entries.get_mut(&id) {
            entry.lost = true;
        }
    }
}

impl State {
    fn pop_due(&mut self, now: Instant) -> Option<u64> {
        if self.retries.first().is_some_and(|(at, _)| *at <= now) {
            return self.retries.pop_first().map(|(_, id)| id);
        }
        if self.due.front().is_some_and(|(at, _)| *at <= now) {
            return self.due.pop_front().map(|(_, id)| id);
        }
        None
    }
}

/// The timeout to renew with, so long after the receipt; none when the queue would not accept any.
fn next_timeout(usual: Duration, since_receipt: Duration) -> Option<Duration> {
    let left = LONGEST_INVISIBLE.saturating_sub(since_receipt);
    (left >= Duration::from_secs(1)).then(|| usual.min(left))
}

/// Gives deliveries back to the queue at once; how many it took back.
pub(crate) async fn release(source: &impl Source, receipts: &[Receipt]) -> usize {
    let calls = receipts.chunks(MAX_BATCH).map(|chunk| source.change_visibility(chunk, Duration::ZERO));
    join_all(calls).await.into_iter().flatten().flatten().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn before_the_end(milliseconds: u64) -> Duration {
        LONGEST_INVISIBLE.saturating_sub(Duration::from_millis(milliseconds))
    }

    #[test]
    fn no_message_stays_invisible_for_longer_than_twelve_hours_in_all() {
        let usual = Duration::from_secs(30);
        for (since_receipt, timeout) in [
            (Duration::from_secs(15), Some(usual)),
            (before_the_end(31_000), Some(usual)),
            (before_the_end(12_000), Some(Duration::from_secs(12))),
            (before_the_end(900), None),
            (LONGEST_INVISIBLE + usual, None),
        ] {
            assert_eq!(next_timeout(usual, since_receipt), timeout, "{since_receipt:?}");
        }
    }
}
