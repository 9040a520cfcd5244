//! What is in flight: every delivery from its receipt to its settlement.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::OwnedSemaphorePermit;

use crate::fault::Class;
use crate::figures::Figures;
use crate::source::{Backlog, MAX_BATCH, Source};
use pipeline::message::{Delivery, Receipt};

/// A delivery that the engine is responsible for. Until it is dropped it occupies its place in memory, and its visibility
/// timeout is renewed.
#[derive(Debug)]
pub(crate) struct InFlight {
    pub(crate) delivery: Delivery,
    id: u64,
    leases: Arc<Leases>,
    figures: Arc<Figures>,
    _permit: OwnedSemaphorePermit,
}

impl InFlight {
    pub(crate) fn receipt(&self) -> Receipt {
        self.delivery.receipt.clone()
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.leases.entries().remove(&self.id);
        self.figures.left_flight();
    }
}

/// The receipts of everything in flight, and when each has to be renewed.
#[derive(Debug)]
pub(crate) struct Leases {
    entries: Mutex<HashMap<u64, Entry>>,
    next_id: AtomicU64,
    timeout: Duration,
    figures: Arc<Figures>,
}

#[derive(Debug)]
struct Entry {
    receipt: Receipt,
    renew_at: Instant,
}

/// Visibility calls in flight side by side.
const RENEWALS_AT_ONCE: usize = 8;

impl Leases {
    /// `timeout` is the visibility timeout of every delivery.
    pub(crate) fn new(timeout: Duration, figures: Arc<Figures>) -> Arc<Self> {
        Arc::new(Self { entries: Mutex::default(), next_id: AtomicU64::new(0), timeout, figures })
    }

    /// Registers a delivery. It was received just now, so its visibility timeout began at most a moment ago.
    pub(crate) fn take(self: &Arc<Self>, delivery: Delivery, permit: OwnedSemaphorePermit) -> InFlight {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let entry = Entry { receipt: delivery.receipt.clone(), renew_at: self.next_renewal() };
        self.entries().insert(id, entry);
        self.figures.taken_in_flight();
        InFlight { delivery, id, leases: Arc::clone(self), figures: Arc::clone(&self.figures), _permit: permit }
    }

    /// How many deliveries are in flight.
    pub(crate) fn len(&self) -> usize {
        self.entries().len()
    }

    /// Renews the visibility of whatever stays in flight for long; never returns. Half of the timeout is left for failures.
    pub(crate) async fn renew(&self, source: &impl Source) {
        loop {
            tokio::time::sleep((self.timeout / 6).max(Duration::from_millis(200))).await;
            let due = self.due();
            for round in due.chunks(MAX_BATCH * RENEWALS_AT_ONCE) {
                let calls = round.chunks(MAX_BATCH).map(|chunk| self.renew_batch(source, chunk));
                join_all(calls).await;
            }
        }
    }

    async fn renew_batch(&self, source: &impl Source, due: &[(u64, Receipt)]) {
        let receipts: Vec<_> = due.iter().map(|(_, receipt)| receipt.clone()).collect();
        let results = source.change_visibility(&receipts, self.timeout).await;
        for ((id, _), result) in due.iter().zip(results) {
            match result {
                Ok(()) => self.renewed(*id),
                // The receipt has expired: the queue delivers the message again, whatever becomes of this delivery.
                Err(fault) if fault.class == Class::Fatal => {
                    tracing::warn!(%fault, "a message's visibility can't be renewed any more");
                    self.entries().remove(id);
                }
                Err(fault) => tracing::warn!(%fault, "could not renew the visibility of a message; trying again"),
            }
        }
    }

    /// The receipts of everything in flight.
    pub(crate) fn receipts(&self) -> Vec<Receipt> {
        self.entries().values().map(|entry| entry.receipt.clone()).collect()
    }

    fn due(&self) -> Vec<(u64, Receipt)> {
        let now = Instant::now();
        let entries = self.entries();
        let due = entries.iter().filter(|(_, entry)| entry.renew_at <= now);
        due.map(|(id, entry)| (*id, entry.receipt.clone())).collect()
    }

    fn renewed(&self, id: u64) {
        if let Some(entry) = self.entries().get_mut(&id) {
            entry.renew_at = self.next_renewal();
        }
    }

    fn next_renewal(&self) -> Instant {
        Instant::now() + self.timeout / 2
    }

    fn entries(&self) -> MutexGuard<'_, HashMap<u64, Entry>> {
        // No code panics while it holds the lock.
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives deliveries back to the queue at once; how many it took back.
pub(crate) async fn release(source: &impl Source, receipts: &[Receipt]) -> usize {
    let calls = receipts.chunks(MAX_BATCH).map(|chunk| source.change_visibility(chunk, Duration::ZERO));
    join_all(calls).await.into_iter().flatten().flatten().count()
}

/// Counts empty answers since the last message, by which the queue shows that it is empty.
#[derive(Debug, Default)]
pub(crate) struct Idle(AtomicU64);

impl Idle {
    /// Notes an answer with this many messages.
    pub(crate) fn answered(&self, messages: usize) {
        match messages {
            0 => self.0.fetch_add(1, Ordering::Relaxed),
            _ => self.0.swap(0, Ordering::Relaxed),
        };
    }

    fn is_idle(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// Resolves when nothing is in flight, the last long poll was answered empty, and the queue has counted nothing twice in
/// a row. One count is not enough: AWS's counts lag behind, and a message between two calls shows in neither.
pub(crate) async fn drained(leases: &Leases, idle: &Idle, source: &impl Source) {
    const BETWEEN_LOOKS: Duration = Duration::from_millis(400);
    let mut empty_looks = 0;
    while empty_looks < 2 {
        tokio::time::sleep(BETWEEN_LOOKS).await;
        // Looked at before and after: a message may have arrived while the queue counted.
        let empty =
            idle_here(leases, idle) && source.backlog().await.is_ok_and(Backlog::is_empty) && idle_here(leases, idle);
        empty_looks = if empty { empty_looks + 1 } else { 0 };
    }
}

fn idle_here(leases: &Leases, idle: &Idle) -> bool {
    leases.len() == 0 && idle.is_idle()
}
