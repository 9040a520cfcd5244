//! What bounds the messages in memory: their number, and the bytes of their bodies and rows.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use pipeline::message::Delivery;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::bytes::{ByteBudget, Charge};
use crate::figures::Figures;
use crate::source::MAX_BATCH;

/// What bounds the messages in memory. Bodies and rows are apart, so that bodies which wait for their rows can't keep rows
/// from being written.
#[derive(Clone)]
pub(crate) struct Memory {
    /// One permit per message.
    permits: Arc<Semaphore>,
    /// How many pollers wait for room.
    crowd: watch::Sender<usize>,
    bodies: Arc<ByteBudget>,
    rows: Arc<ByteBudget>,
    /// Bytes of a body, as the latest answers had it.
    typical_body: Arc<AtomicUsize>,
}

/// What a poller holds while it receives.
pub(crate) struct Reserved {
    pub(crate) permits: OwnedSemaphorePermit,
    /// For bodies of typical size; the real ones are charged when they are there.
    _bodies: Charge,
}

/// A whole answer's worth.
const PERMITS: u32 = 10;
const _: () = assert!(PERMITS as usize == MAX_BATCH);

impl Memory {
    /// At most so many messages, and so many bytes of their bodies and rows.
    pub(crate) fn new(messages: usize, bytes: usize) -> Self {
        Self {
            permits: Arc::new(Semaphore::new(messages)),
            crowd: watch::Sender::new(0),
            bodies: ByteBudget::new(bytes / 2),
            rows: ByteBudget::new(bytes / 2),
            typical_body: Arc::new(AtomicUsize::new(1 << 10)),
        }
    }

    /// Lets the figures show the bytes that are in memory.
    pub(crate) fn show_in(&self, figures: &Figures) {
        figures.note_budgets(&self.bodies, &self.rows);
    }

    /// Whether there is room for a whole answer.
    pub(crate) fn has_room(&self) -> bool {
        self.permits.available_permits() >= MAX_BATCH
    }

    /// Resolves when somebody waits for room.
    pub(crate) async fn is_wanted(&self) {
        // The sender is `self`, so waiting never fails.
        let _ = self.crowd.subscribe().wait_for(|waiting| *waiting > 0).await;
    }

    /// Waits until there is room for a whole answer.
    pub(crate) async fn reserve(&self) -> Reserved {
        let waiting = Waiting::in_crowd(&self.crowd);
        let permits = Arc::clone(&self.permits).acquire_many_owned(PERMITS).await;
        let typical = self.typical_body.load(Ordering::Relaxed);
        let bodies = self.bodies.reserve(typical * MAX_BATCH).await;
        drop(waiting);
        Reserved { permits: permits.expect("the semaphore is never closed"), _bodies: bodies }
    }

    /// Learns from an answer how large bodies are: at once when they grow, slowly when they shrink.
    pub(crate) fn note_bodies(&self, deliveries: &[Delivery]) {
        let Some(largest) = deliveries.iter().map(|delivery| delivery.body.len()).max() else { return };
        let known = self.typical_body.load(Ordering::Relaxed);
        self.typical_body.store(largest.max(known - known / 8), Ordering::Relaxed);
    }

    /// Accounts for the body of a message that is in memory.
    pub(crate) fn charge_body(&self, bytes: usize) -> Charge {
        self.bodies.charge(bytes)
    }

    /// Waits until there is room for rows, however many a message becomes.
    pub(crate) async fn room_for_rows(&self) -> Charge {
        self.rows.reserve(0).await
    }

    /// Accounts for the rows of a message that are in memory.
    pub(crate) fn charge_rows(&self, bytes: usize) -> Charge {
        self.rows.charge(bytes)
    }
}

/// A poller that waits for room, until it is dropped.
struct Waiting<'a>(&'a watch::Sender<usize>);

impl<'a> Waiting<'a> {
    fn in_crowd(crowd: &'a watch::Sender<usize>) -> Self {
        crowd.send_modify(|waiting| *waiting += 1);
        Self(crowd)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}
